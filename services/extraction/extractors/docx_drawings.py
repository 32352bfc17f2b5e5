"""Charts and diagrams (SmartArt) of Word documents as blocks."""

from collections.abc import Iterator
from typing import Any

from services.extraction.extractors.blocks import Block, table_block
from services.extraction.extractors.chart_tables import chart_blocks


def chart(root: Any) -> Iterator[Block]:
    """Give a chart's titles, then its data as a table."""
    for text in chart_blocks(root):
        yield table_block(text) if text.startswith("| ") else Block(text)


def diagram(root: Any) -> Block:
    """Give a diagram's points as a list (ECMA-376 part 1, 21.4.3.5)."""
    points = (_words(point) for point in root.iterfind("{*}ptLst/{*}pt"))
    return Block("\n".join(f"- {text}" for text in points if text))


def _words(point: Any) -> str:
    paragraphs = ("".join(text.text or "" for text in found.iter("{*}t")) for found in point.iter("{*}p"))
    return " ".join(filter(None, paragraphs))
