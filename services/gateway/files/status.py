"""How far a file is, in the seeds' four words."""

from enum import StrEnum, auto

from libs.contracts.records import ExtractionRecord, ExtractionStatus, FileRecord


class ProcessingStatus(StrEnum):
    """``ready``: text was extracted. ``uploaded``: none was to be, or none was found. The others say it themselves."""

    READY = auto()
    UPLOADED = auto()
    PROCESSING = auto()
    ERROR = auto()


def current_run(file: FileRecord, extraction: ExtractionRecord | None) -> ExtractionRecord | None:
    """Return the run the file's latest request asked for; an older one does not count."""
    if extraction is None or file.extract_requested_at is None:
        return None
    return extraction if extraction.requested_at >= file.extract_requested_at else None


def has_text(run: ExtractionRecord | None) -> bool:
    """Whether a run left text to read: of the whole document, or of its pages until reading broke off."""
    return run is not None and run.status.ended and run.char_count > 0


def processing_status(file: FileRecord, extraction: ExtractionRecord | None) -> ProcessingStatus:
    """Derive the status from the records, never from text."""
    if file.extract_requested_at is None:
        return ProcessingStatus.UPLOADED
    run = current_run(file, extraction)
    if run is None or not run.status.ended:
        return ProcessingStatus.PROCESSING
    if run.status is ExtractionStatus.FAILED:
        return ProcessingStatus.ERROR
    return ProcessingStatus.READY if has_text(run) else ProcessingStatus.UPLOADED
