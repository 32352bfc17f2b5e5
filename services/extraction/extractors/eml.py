"""Mail (RFC 5322, MIME): headers and body first, then the messages inside it; attachments are listed, never written."""

from email import message_from_binary_file
from pathlib import Path

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Reason, Unreadable, Warn
from services.extraction.extractors.blocks import sections
from services.extraction.extractors.eml_headers import BoundedHeaders, date_of, header
from services.extraction.extractors.eml_parts import MailReader
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import MAIL


@extracts(MAIL, suffixes=(".eml",))
def extract_eml(source: Path, limits: Limits) -> Items:
    """One page per message or section of its body, long ones in several pages of the same label (the subject)."""
    try:
        with source.open("rb") as file:
            message = message_from_binary_file(file, policy=BoundedHeaders())
    except RecursionError as error:
        raise Unreadable(ErrorCode.CORRUPT, Reason.NESTING) from error
    yield Facts(
        title=header(message, "Subject") or None,
        author=header(message, "From") or None,
        created_at=date_of(message),
    )
    reader = MailReader(limits)
    yield from sections(reader.blocks(message), limits)
    if reader.is_cut_off:
        yield Notice(Warn.PARTIAL)
    yield Facts(
        links=list(reader.links),
        attachments=reader.attachments,
        encrypted=reader.encrypted or None,
        signed=reader.signed or None,
    )
