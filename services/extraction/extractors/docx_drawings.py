"""Charts and diagrams (SmartArt) in documents, as text (ECMA-376 part 1, §21.2 and §21.4)."""

from collections.abc import Iterator
from typing import Any

from services.extraction.extractors.blocks import Block, table_block
from services.extraction.extractors.docx_elements import find
from services.extraction.extractors.tables import markdown_table


def chart_blocks(root: Any) -> Iterator[Block]:
    """Give a chart's title and axes, then the cached values that it draws as a table, one column per series."""
    title = _words(find(root, "chart/title"))
    axes = [_words(axis) for axis in root.iterfind("{*}chart/{*}plotArea/*/{*}title")]
    yield Block("\n".join(filter(None, [f"Chart: {title}".rstrip(": "), *(f"Axis: {axis}" for axis in axes if axis)])))
    series = list(root.iter("{*}ser"))
    columns = [_points(one, "val", "yVal") for one in series]
    categories = next(filter(None, (_points(one, "cat", "xVal") for one in series)), {})
    if series:
        header = ["", *(" ".join(_points(one, "tx").values()) or _words(find(one, "tx")) for one in series)]
        rows = sorted({*categories, *(index for column in columns for index in column)})
        body = [[categories.get(index, ""), *(column.get(index, "") for column in columns)] for index in rows]
        yield table_block(markdown_table([header, *body]))


def diagram_block(root: Any) -> Block:
    """Give a diagram's points as a list."""
    points = (_words(point) for point in root.iterfind("{*}ptLst/{*}pt"))
    return Block("\n".join(f"- {text}" for text in points if text))


def _words(element: Any) -> str:
    """Return the text of the paragraphs in an element, or the value cached of the cell that it refers to."""
    if element is None:
        return ""
    paragraphs = ("".join(text.text or "" for text in found.iter("{*}t")) for found in element.iter("{*}p"))
    return " ".join(filter(None, paragraphs)) or " ".join(value.text or "" for value in element.iter("{*}v"))


def _points(series: Any, *names: str) -> dict[int, str]:
    """Return the cached points of the first of these references, by index; of categories in levels the innermost."""
    for name in names:
        if (reference := find(series, name)) is not None:
            cache = next(reference.iter("{*}lvl"), reference)
            return {_index(point): (value.text or "") for point in cache.iter("{*}pt") for value in point.iter("{*}v")}
    return {}


def _index(point: Any) -> int:
    index = point.get("idx", "")
    return int(index) if index.isascii() and index.isdecimal() and len(index) < 10 else 0  # noqa: PLR2004
