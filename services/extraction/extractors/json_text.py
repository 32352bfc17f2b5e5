"""JSON: indented when small enough, never changed in what it says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from services.extraction.content import Limits, Page
from services.extraction.extractors.blocks import blocks_of_lines, text_blocks
from services.extraction.extractors.registry import extracts
from services.extraction.text import decode_file

_PRETTY_BYTES = 1 << 20
_DEEPEST_INDENT = 20
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@extracts("application/json", suffixes=(".json",))
def extract_json(source: Path, limits: Limits) -> Iterator[Page]:
    """One page per block of lines, of the indented document when it is small and valid, else of the text as it is."""
    if source.stat().st_size > _PRETTY_BYTES:
        return text_blocks(source, limits)
    text = "".join(decode_file(source))
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text_blocks(source, limits)
    return blocks_of_lines(indent(text).splitlines(keepends=True), limits)


def indent(text: str) -> str:
    """Lay out valid JSON token by token: numbers, duplicate keys and order stay exactly as written (RFC 8259)."""
    parts: list[str] = []
    depth, before = 0, ""
    for piece in _TOKEN.findall(text):
        depth -= piece in "]}"
        if parts and _breaks(before, piece):
            parts.append("\n" + "  " * min(depth, _DEEPEST_INDENT))
        parts.append(_readable(piece))
        depth += piece in "[{"
        before = piece
    return "".join(parts)


def _breaks(before: str, piece: str) -> bool:
    if before in "[{":
        return piece not in "]}"
    return before == "," or piece in "]}"


def _readable(piece: str) -> str:
    """Show escaped letters as themselves, keeping quotes and escapes that JSON needs."""
    if piece.startswith('"') and "\\u" in piece:
        return json.dumps(json.loads(piece), ensure_ascii=False)
    return ": " if piece == ":" else piece
