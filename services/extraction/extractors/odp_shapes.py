"""The shapes of an OpenDocument slide (ODF 1.3 part 3, §10): text, tables, charts, formulas, pictures, groups."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.extraction.content import Unreadable
from services.extraction.extractors.odp_text import ListStyles, lines_of, paragraph_text
from services.extraction.extractors.reading_order import EMU_PER_INCH, Point, in_reading_order
from services.extraction.extractors.tables import markdown_table
from services.extraction.extractors.xml_parts import attribute, damage_is_corrupt, local_name, parse_part, whole_number

_LENGTH = re.compile(r"(-?[\d.]+)(cm|mm|in|pt|pc|px)")
_PER_INCH = {"cm": 2.54, "mm": 25.4, "in": 1.0, "pt": 72.0, "pc": 6.0, "px": 96.0}
_TRANSLATION = re.compile(r"translate\s*\(\s*(\S+?)[\s,]+(\S+?)\s*\)")
_MOST_CELLS = 100_000
"""Cells of a table that are read; more come of rows and columns that repeat without end, by damage or attack."""
_REPEATED_BELOW = {"page-number", "date-time", "footer", "header"}
_UNREAD = {"annotation", "notes", "forms", "enhanced-geometry", "event-listeners", "animations"}
_EXTERNAL = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


@dataclass
class SlideContent:
    """What one slide says."""

    title: str | None = None
    body: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class SlideReader:
    """Reads slides; ``links`` and ``attachments`` are what it met on them, in order and once each."""

    def __init__(self, archive: zipfile.ZipFile, lists: ListStyles) -> None:
        self.links: dict[str, None] = {}
        self.attachments: dict[str, None] = {}
        self._archive = archive
        self._lists = lists

    def read(self, slide: Any) -> SlideContent:
        """Read one slide: the title as a heading, then everything else in reading order."""
        self.links |= {link: None for link in map(_link, slide.iter("{*}a", "{*}event-listener")) if link}
        content = SlideContent()
        shapes = [shape for shape in slide if local_name(shape) not in _UNREAD]
        titles = {shape: None for shape in shapes if attribute(shape, "class") == "title"}
        headings = [" ".join(" ".join(self._shape(shape)).split()) for shape in titles]
        content.title = next(filter(None, headings), None)
        content.body = [f"# {heading}" for heading in headings if heading]
        content.body += self._in_order([shape for shape in shapes if shape not in titles])
        content.comments = [_comment(found) for found in slide.iter("{*}annotation")]
        notes = [text for found in slide.iterfind("{*}notes") for text in self._in_order(list(found))]
        content.notes = ["Notes: " + "\n".join(notes)] if notes else []
        return content

    def _in_order(self, shapes: list[Any]) -> list[str]:
        points = [_position(shape) for shape in shapes]
        blocks: list[str] = []
        for shape in in_reading_order(
            shapes, points
        ):  # a loop: groups nest so deep that a comprehension's frames count
            blocks += self._shape(shape)
        return blocks

    def _shape(self, shape: Any) -> list[str]:
        """Read a shape of any kind: its own paragraphs, what it frames, what it says of itself, its members."""
        name = local_name(shape)
        if name in _UNREAD or attribute(shape, "class") in _REPEATED_BELOW:
            return []
        if name in {"g", "a"}:
            return [*_described(shape), *self._in_order(list(shape))]
        text = "\n".join(lines_of(shape, self._lists))
        framed = [block for child in shape for block in self._framed(child)]
        return [*filter(None, [text]), *framed, *_described(shape)]

    def _framed(self, content: Any) -> Iterator[str]:
        """Read what a frame shows: the first of its alternatives says it all, pictures of them say nothing."""
        name = local_name(content)
        if name == "text-box":
            yield from filter(None, ["\n".join(lines_of(content, self._lists))])
        elif name == "table":
            yield table_text(content)
        elif name == "object":
            yield from self._object(content)
        elif name in {"object-ole", "plugin"}:
            self.attachments[attribute(content, "href")] = None

    def _object(self, content: Any) -> Iterator[str]:
        """Read an embedded chart or formula, a document of its own in the package; anything else is an attachment."""
        folder = posixpath.normpath(attribute(content, "href"))
        try:
            with damage_is_corrupt(), self._archive.open(f"{folder}/content.xml") as stream:
                root = parse_part(stream)
        except Unreadable:
            root = None
        if root is not None and root.find(".//{*}plot-area") is not None:
            yield from _chart(root)
        elif root is not None and local_name(root) == "math":
            yield "".join(part.text or "" for part in root.iter("{*}mi", "{*}mn", "{*}mo", "{*}mtext"))
        else:
            self.attachments[folder] = None


def table_text(table: Any) -> str:
    """Return a table as Markdown; the cells that a merged one covers stay empty, repeated ones are given again."""
    rows: list[list[str]] = []
    left = _MOST_CELLS
    for row in table.iter("{*}table-row"):
        cells: list[str] = []
        for cell in row.iterchildren("{*}table-cell", "{*}covered-table-cell"):
            cells += [_cell_text(cell)] * whole_number(attribute(cell, "number-columns-repeated"), 1, left)
        times = whole_number(attribute(row, "number-rows-repeated"), 1, left // max(len(cells), 1))
        rows += [cells] * times
        left -= times * len(cells)
    return markdown_table(rows)


def _cell_text(cell: Any) -> str:
    return " ".join(filter(None, (paragraph_text(found) for found in cell.iter("{*}p", "{*}h"))))


def _chart(chart: Any) -> Iterator[str]:
    """Give a chart's titles and the table of the data it shows (ODF 1.3 part 3, §11)."""
    titles = [paragraph_text(found) for title in chart.iter("{*}title") for found in title.iter("{*}p")]
    yield f"Chart: {', '.join(filter(None, titles))}" if any(titles) else ""
    yield from map(table_text, chart.iter("{*}table"))


def _described(shape: Any) -> list[str]:
    """Give the alternative text (``svg:desc``, else ``svg:title``)."""
    texts = [shape.findtext("{*}desc"), shape.findtext("{*}title")]
    return [f"[Picture: {text.strip()}]" for text in texts if text and text.strip()][:1]


def _comment(annotation: Any) -> str:
    name = (annotation.findtext("{*}creator") or "unknown").strip()
    text = "\n".join(filter(None, map(paragraph_text, annotation.iter("{*}p"))))
    return f"[Comment by {name}: {text}]" if text else ""


def _link(element: Any) -> str:
    target = attribute(element, "href")
    return target if _EXTERNAL.match(target) else ""


def _position(shape: Any) -> Point | None:
    """Return where a shape stands: its own coordinates, else its translation, else its first member's place."""
    moved = _TRANSLATION.search(attribute(shape, "transform"))
    x, y = (
        (attribute(shape, "x"), attribute(shape, "y"))
        if attribute(shape, "y")
        else moved.groups()
        if moved
        else ("", "")
    )
    left, top = _emu(x), _emu(y)
    if left is not None and top is not None:
        return top, left
    return min(filter(None, map(_position, shape)), default=None) if local_name(shape) in {"g", "a"} else None


def _emu(length: str) -> int | None:
    found = _LENGTH.fullmatch(length)
    try:
        return round(float(found[1]) / _PER_INCH[found[2]] * EMU_PER_INCH) if found else None
    except (ValueError, OverflowError):
        return None
