"""Pages for formats that have none: lines or paragraphs gathered into blocks of a readable size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.extraction.content import Facts, Items, Limits, Page
from services.extraction.text import decode_file, lines_of

_MOST_OUTLINE_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item or table as Markdown.

    ``before`` and ``after`` belong to every piece of a block that has to be cut: a table's header, a code fence.
    ``level`` is that of a heading, whose plain text is ``heading``. A ``tight`` block follows without an empty line.
    A ``new_page`` block begins a page.
    """

    text: str
    heading: str | None = None
    level: int = 1
    before: str = ""
    after: str = ""
    tight: bool = False
    new_page: bool = False

    def __str__(self) -> str:
        return f"{self.before}{self.text}{self.after}"


def table_block(table: str, *, tight: bool = False) -> Block:
    """Make a block of a Markdown table, whose header stands over every piece of it."""
    header, rule, *rows = table.split("\n", 2)
    return Block("\n".join(rows), before=f"{header}\n{rule}\n" if rows else f"{header}\n{rule}", tight=tight)


def sections(blocks: Iterable[Block], limits: Limits) -> Items:
    """Start a page at every heading and where a section passes ``block_characters``; the outline comes last."""
    outline: list[dict[str, Any]] = []
    page: list[str] = []
    size, label, number = 0, None, 1
    for block in blocks:
        for piece in _pieces(block, limits.block_characters):
            length = len(str(piece))
            if page and (piece.heading or piece.new_page or size + length > limits.block_characters):
                yield Page("".join(page), label=label)
                page, size, number = [], 0, number + 1
            if piece.heading:
                label = piece.heading
                if len(outline) < _MOST_OUTLINE_ENTRIES:
                    outline.append({"title": label, "level": piece.level, "page": number})
            page += ["" if not page else "\n" if piece.tight else "\n\n", str(piece)]
            size += length
    if page:
        yield Page("".join(page), label=label)
    yield Facts(outline=outline)


def _pieces(block: Block, longest: int) -> Iterator[Block]:
    """Cut a block that fills more than a page, between lines or words where there are any."""
    if len(str(block)) <= longest or not block.text:
        yield block
        return
    room = max(longest - len(block.before) - len(block.after), longest // 2)
    start = 0
    while start < len(block.text):
        end = _cut(block.text, start, start + room)
        heading = block.heading if not start else None
        new_page = block.new_page and not start
        text = block.text[start:end].strip("\n")
        yield Block(text, heading, block.level, block.before, block.after, new_page=new_page)
        start = end


def _cut(text: str, start: int, end: int) -> int:
    """Find where to cut before ``end``: after the last line break, else after the last space, else there."""
    if end >= len(text):
        return len(text)
    for separator in "\n ":
        found = text.rfind(separator, start, end)
        if found > start:
            return found + 1
    return end


def text_blocks(source: Path, limits: Limits) -> Iterator[Page]:
    """Give a text file as blocks of whole lines, labelled with the lines they hold."""
    return blocks_of_lines(lines_of(decode_file(source), limits.block_characters), limits)


def blocks_of_lines(lines: Iterable[str], limits: Limits) -> Iterator[Page]:
    """Gather lines until the next would pass ``block_characters``; a piece without a line end does not count as one."""
    block: list[str] = []
    size, first, number = 0, 1, 1
    for line in lines:
        if block and size + len(line) > limits.block_characters:
            yield _block(block, first)
            block, size, first = [], 0, number
        block.append(line)
        size += len(line)
        number += line.endswith(("\n", "\r"))
    if block:
        yield _block(block, first)


def _block(block: list[str], first: int) -> Page:
    last = first + sum(line.endswith(("\n", "\r")) for line in block[:-1])
    return Page("".join(block), label=f"lines {first}-{last}")
