"""Makes jobs from the records that ask for them, alike wherever one is published."""

from libs.contracts.messages import ExtractFile
from libs.contracts.records import FileRecord

HEAVY_MEDIA_TYPES = frozenset(
    {
        "application/msword",
        "application/vnd.ms-powerpoint",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "image/webp",
    }
)
"""Types whose documents take seconds whatever their size: OCR, converters. Others turn out heavy when they are read."""


def extraction_job(file: FileRecord) -> ExtractFile:
    """Make the job that the file's latest request asks for; raises ``ValueError`` when there was none."""
    if file.extract_requested_at is None:
        raise ValueError("nobody asked for this file's extraction")
    return ExtractFile(
        file_id=file.id,
        sha256=file.sha256,
        requested_at=file.extract_requested_at,
        tenant=f"{file.app_id}/{file.owner}",
        heavy=file.media_type in HEAVY_MEDIA_TYPES,
    )
