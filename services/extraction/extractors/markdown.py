"""Markdown: kept as written, cut at headings so that a citation names its section."""

import re
from collections.abc import Iterator
from pathlib import Path

from services.extraction.content import Limits, Page
from services.extraction.extractors.registry import extracts
from services.extraction.text import decode_file, lines_of

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?P<title>.*?)(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})")


@extracts("text/markdown", suffixes=(".md", ".markdown"))
def extract_markdown(source: Path, limits: Limits) -> Iterator[Page]:
    """One page per run of sections that fits a block, labelled with the first heading in it (CommonMark 4.2)."""
    block: list[str] = []
    size, label, fence = 0, None, ""
    for line in lines_of(decode_file(source), limits.block_characters):
        fence = _fence_after(line, fence)
        heading = None if fence else _HEADING.match(line.rstrip("\r\n"))
        full = size + len(line) > limits.block_characters
        if block and (full or (heading and size > limits.block_characters // 2)):
            yield Page("".join(block), label=label)
            block, size = [], 0
            label = None if heading else label
        if heading and not any(map(str.strip, block)):
            label = heading["title"].strip() or None
        block.append(line)
        size += len(line)
    if block:
        yield Page("".join(block), label=label)


def _fence_after(line: str, fence: str) -> str:
    """Return the code fence that is open after this line: ``#`` inside one is a comment, not a heading."""
    found = _FENCE.match(line)
    if not found:
        return fence
    if not fence:
        return found["fence"]
    closes = found["fence"].startswith(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence
