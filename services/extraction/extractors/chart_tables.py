"""Charts of DrawingML (ECMA-376 part 1, §21.2, and the charts of 2014): titles, then the data as a table.

The data are the copies that the chart keeps of the cells it was made from; the workbook itself is an attachment.
"""

from collections.abc import Iterator
from typing import Any

from services.extraction.extractors.number_formats import number_format
from services.extraction.extractors.pptx_text import paragraph_text
from services.extraction.extractors.tables import markdown_table
from services.extraction.extractors.xml_parts import local_name, whole_number

_AXES = {"catAx", "valAx", "dateAx", "serAx", "axis"}
_CATEGORIES, _VALUES = ("cat", "xVal", "strDim"), ("val", "yVal", "numDim")
_MOST_POINTS = 20_000
"""Points of a chart that are read; indexes beyond are damage or an attack."""

Points = dict[int, str]


def chart_blocks(chart: Any) -> Iterator[str]:
    """Give the chart's titles and its table: a row for each category, a column for each series."""
    titles = list(chart.iter("{*}title"))
    for name, of_axes in (("Chart", False), ("Axes", True)):
        texts = [_title(title) for title in titles if (local_name(title.getparent()) in _AXES) is of_axes]
        if any(texts):
            yield f"{name}: {', '.join(filter(None, texts))}"
    series = list(chart.iter("{*}ser", "{*}series"))
    if series:
        yield _table(series, list(chart.iter("{*}data")))


def _title(title: Any) -> str:
    """Return a title written into the chart, or the copy of the cell it shows."""
    written = [paragraph_text(paragraph) for paragraph in title.iter("{*}p")]
    return " ".join(filter(None, written)) or " ".join(_points(title).values())


def _table(series: list[Any], data: list[Any]) -> str:
    """Make the table; charts of 2014 keep their data apart from the series."""
    categories = next(filter(None, (_dimension(one, _CATEGORIES) for one in [*series, *data])), {})
    columns = [_dimension(one, _VALUES) for one in (data or series)]
    sizes = [_dimension(one, ("bubbleSize",)) for one in series]
    names = [_name(one, number) for number, one in enumerate(series, 1)]
    names += [f"{name} (size)" for name, found in zip(names, sizes, strict=False) if found]
    columns += [found for found in sizes if found]
    indexes = sorted({index for points in [categories, *columns] for index in points})
    rows = [[categories.get(index, ""), *(points.get(index, "") for points in columns)] for index in indexes]
    return markdown_table([["", *names], *rows])


def _name(series: Any, number: int) -> str:
    text = series.find("{*}tx")
    return " ".join(_points(text).values()) if text is not None and len(text) else f"Series {number}"


def _dimension(series: Any, names: tuple[str, ...]) -> Points:
    """Return the points of the first of these dimensions; categories of several levels are joined."""
    found = next((child for child in series if local_name(child) in names), None)
    if found is None:
        return {}
    points: Points = {}
    for level in [*found.iter("{*}lvl")][::-1] or [found]:
        for index, text in _points(level).items():
            points[index] = f"{points[index]} / {text}" if index in points else text
    return points


def _points(holder: Any) -> Points:
    """Read the points below an element by index, numbers as their format shows them."""
    code = next((found.text for found in holder.iter("{*}formatCode")), None) or holder.get("formatCode")
    points: Points = {}
    for point in holder.iter("{*}pt"):
        index = whole_number(point.get("idx", ""), _MOST_POINTS)
        value = point.findtext("{*}v") or point.text or ""
        if index < _MOST_POINTS and value.strip():
            points[index] = _shown(value.strip(), code)
    literals = [found.text.strip() for found in holder.iter("{*}v") if found.text]
    return points or dict(enumerate(literals))


def _shown(value: str, code: str | None) -> str:
    try:
        return number_format(code).number(float(value)) if code else value
    except (ValueError, OverflowError):
        return value
