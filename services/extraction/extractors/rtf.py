"""RTF, read by our own reader: the libraries measured lose headings, tables' columns, notes or the encoding."""

from datetime import UTC, datetime
from pathlib import Path

from services.extraction.content import Facts, Items, Limits, Notice, Warn
from services.extraction.extractors.blocks import sections
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.rtf_reader import RtfReader
from services.extraction.media_types import RTF


@extracts(RTF)
def extract_rtf(source: Path, limits: Limits) -> Items:
    """One page per section (a heading and what follows it), long sections in several pages of the same label."""
    reader = RtfReader()
    yield from sections(reader.blocks(source.read_bytes()), limits)
    if reader.is_cut_off:
        yield Notice(Warn.PARTIAL)
    yield Facts(
        title=reader.title or None,
        author=reader.author or None,
        created_at=_created(reader.created),
        links=list(reader.links),
        attachments=list(reader.objects),
    )


def _created(parts: dict[bytes, int]) -> datetime | None:
    """Make the time of ``creatim``, which has no zone; None when it is missing or no time."""
    year, month, day, hour, minute = (parts.get(word, 0) for word in (b"yr", b"mo", b"dy", b"hr", b"min"))
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
