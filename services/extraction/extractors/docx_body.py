"""The walk over a Word document's body: blocks (paragraphs, tables) made of inline text.

Two tables say what is done with an element; whatever is in neither is walked through. Deleted text, field codes and the
fallback copy of alternate content are skipped, because a reader of the document does not see them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

from services.extraction.extractors.docx_styles import Styles
from services.extraction.extractors.tables import markdown_table

_MARKUP_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = frozenset(
    {
        *map(
            qn, ("w:del", "w:moveFrom", "w:delText", "w:instrText", "w:pPr", "w:rPr", "w:tblPr", "w:sectPr", "w:sdtPr")
        ),
        f"{_MARKUP_COMPATIBILITY}Fallback",
    }
)
_PARAGRAPH, _TABLE, _ROW, _CELL = map(qn, ("w:p", "w:tbl", "w:tr", "w:tc"))
_WIDEST_SPAN = 63
"""Word's own limit of columns; a larger ``gridSpan`` is damage or an attack."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or table as Markdown; ``heading`` is its plain text when it is one."""

    text: str
    heading: str | None = None


class BodyWalk:
    """Walks a body with the document's styles at hand."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._inline: Mapping[str, Callable[[Any], str]] = {
            qn("w:t"): lambda element: element.text or "",
            qn("w:tab"): lambda _: "\t",
            qn("w:br"): lambda _: "\n",
            qn("w:cr"): lambda _: "\n",
            qn("w:noBreakHyphen"): lambda _: "-",
        }

    def blocks(self, container: Any) -> Iterator[Block]:
        """Give the blocks inside an element, in reading order, without empty ones."""
        for element in container:
            if element.tag in _SKIPPED:
                continue
            if element.tag == _PARAGRAPH:
                yield from self._paragraph(element)
            elif element.tag == _TABLE:
                if table := markdown_table(list(self._rows(element))):
                    yield Block(table)
            else:
                yield from self.blocks(element)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        text = self._text(paragraph).strip()
        if not text:
            return
        style = _style(paragraph)
        level = self._styles.heading_levels.get(style)
        if level:
            heading = " ".join(text.split())
            yield Block(f"{'#' * min(level, 6)} {heading}", heading)
        else:
            numbered = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
            yield Block(f"- {text}" if numbered or style in self._styles.lists else text)

    def _text(self, element: Any) -> str:
        if element.tag in _SKIPPED:
            return ""
        if handler := self._inline.get(element.tag):
            return handler(element)
        return "".join(map(self._text, element))

    def _rows(self, table: Any) -> Iterator[list[str]]:
        for row in _descendants(table, _ROW):
            cells: list[str] = []
            for cell in _descendants(row, _CELL):
                cells += [self._cell(cell), *[""] * (_span(cell) - 1)]
            yield cells

    def _cell(self, cell: Any) -> str:
        """Join a cell's paragraphs with spaces; a table inside it becomes its cells in reading order."""
        parts: list[str] = []
        for element in _descendants(cell, _PARAGRAPH, _TABLE):
            if element.tag == _TABLE:
                parts += ["; ".join(filter(None, row)) for row in self._rows(element)]
            else:
                parts.append(self._text(element))
        return " ".join(filter(None, map(str.strip, parts)))


def _descendants(element: Any, *tags: str) -> Iterator[Any]:
    """Find the nearest elements of these tags, looking through wrappers such as content controls."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _descendants(child, *tags)


def _style(paragraph: Any) -> str:
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return str(style.get(qn("w:val"), "")) if style is not None else ""


def _span(cell: Any) -> int:
    span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    value = span.get(qn("w:val"), "1") if span is not None else "1"
    return min(max(int(value), 1), _WIDEST_SPAN) if value.isdecimal() else 1
