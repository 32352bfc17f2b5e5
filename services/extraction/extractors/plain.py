"""Plain text, logs, source code: whatever is text and nothing more special."""

from collections.abc import Iterator
from pathlib import Path

from services.extraction.content import Limits, Page
from services.extraction.extractors.blocks import text_blocks
from services.extraction.extractors.registry import extracts


@extracts("text/plain")
def extract_plain(source: Path, limits: Limits) -> Iterator[Page]:
    """One page per block of lines."""
    return text_blocks(source, limits)
