"""What can go wrong with a run, and the sentence a user reads for each code of the contract."""

from collections.abc import Mapping

from libs.contracts.records import ExtractionFailure
from services.extraction.content import ErrorCode, Limits, Reason


class LeaseLost(Exception):
    """Somebody else has the run now, or nobody must: whatever we still hold is not ours to write."""


class TooHeavy(Exception):
    """The document turned out to belong into the queue of long ones."""


MESSAGES: Mapping[ErrorCode, str] = {
    ErrorCode.ENCRYPTED: "The document is protected by a password. Remove the protection and upload it again.",
    ErrorCode.CORRUPT: (
        "The document is damaged or not what its name says. Open it in its own program, save it anew and upload that."
    ),
    ErrorCode.TOO_MANY_PAGES: "The document has more than {hard_pages} pages. Split it and upload the parts.",
    ErrorCode.TOO_LARGE_UNCOMPRESSED: (
        "The document unpacks to far more than its size, or to more than {unpacked_megabytes} MB."
        " Remove large embedded content and upload it again."
    ),
    ErrorCode.TIMEOUT: "Reading the document took longer than {seconds} seconds. Split or simplify it and try again.",
    ErrorCode.OUT_OF_MEMORY: "Reading the document took too much memory. Split or simplify it and try again.",
    ErrorCode.UNSUPPORTED_TYPE: (
        "The content is of a type that nothing can be extracted from, although the name promises one."
        " Upload the original document."
    ),
    ErrorCode.INFECTED: "The document contains malware and was not read. Do not open it.",
    ErrorCode.CRASHED: "The program that reads such documents failed on this one. Save it anew or in another format.",
}

REASONS: Mapping[Reason, str] = {
    Reason.ARCHIVE_SIZE: (
        "The document unpacks to more than {unpacked_megabytes} MB. Remove large embedded content and upload it again."
    ),
    Reason.ARCHIVE_RATIO: (
        "The document unpacks to more than {ratio} times its size, as attacks do. Save it anew in its own program."
    ),
    Reason.ARCHIVE_MEMBERS: (
        "The document consists of more than {members} parts. Remove embedded content and upload it again."
    ),
    Reason.SHEET_EXTENT: (
        "A sheet of the document spans more than {cells} cells."
        " Delete empty rows and columns beyond its data, or split it."
    ),
    Reason.IMAGE_PIXELS: "The image has more than {megapixels} million pixels. Scale it down and upload it again.",
    Reason.NESTING: "The document nests its content deeper than programs write it. Save it anew in its own program.",
    Reason.DOCTYPE: "The document declares a document type, which its format forbids. Save it anew in its own program.",
    Reason.CUT_OFF: "The document ends too early: part of it is missing. Upload the complete file.",
}
"""Sentences that say more than the code's own."""

MISSING = "The stored content of this file is missing or has changed. Upload it again."
GAVE_UP = "Reading the document was interrupted {attempts} times. Ask for it to be processed again, or upload it anew."


def failure(code: ErrorCode, reason: Reason | None, limits: Limits, seconds: float) -> ExtractionFailure:
    """Describe a failure to the user; ``seconds`` is the time reading was given."""
    message = (REASONS[reason] if reason else MESSAGES[code]).format(
        hard_pages=limits.hard_pages,
        unpacked_megabytes=limits.unpacked_bytes // 1_000_000,
        ratio=limits.ratio,
        members=limits.members,
        cells=limits.cells,
        megapixels=limits.pixels // 1_000_000,
        seconds=round(seconds),
    )
    return ExtractionFailure(code=code.value, message=message)
