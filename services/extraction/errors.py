"""What can go wrong with a run, and the sentence a user reads for each code of the contract."""

from collections.abc import Mapping

from libs.contracts.records import ExtractionFailure
from services.extraction.content import ErrorCode, Limits


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

MISSING = "The stored content of this file is missing or has changed. Upload it again."
GAVE_UP = "Reading the document was interrupted {attempts} times. Ask for it to be processed again, or upload it anew."


def failure(code: ErrorCode, limits: Limits, seconds: float) -> ExtractionFailure:
    """Describe a failure to the user."""
    message = MESSAGES[code].format(
        hard_pages=limits.hard_pages, unpacked_megabytes=limits.unpacked_bytes // 1_000_000, seconds=round(seconds)
    )
    return ExtractionFailure(code=code.value, message=message)
