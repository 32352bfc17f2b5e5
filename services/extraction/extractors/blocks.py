"""Pages for formats that have none: lines gathered into blocks of a readable size."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from services.extraction.content import Limits, Page
from services.extraction.text import decode_file, lines_of


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
