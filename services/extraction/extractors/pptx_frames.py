"""Graphic frames: tables, charts, diagrams (SmartArt) and embedded objects."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.extraction.extractors.chart_tables import chart_blocks
from services.extraction.extractors.ooxml_package import Relationship
from services.extraction.extractors.pptx_parts import Parts
from services.extraction.extractors.pptx_text import body_text
from services.extraction.extractors.tables import markdown_table
from services.extraction.extractors.xml_parts import attribute

_TRUE = {"1", "true"}


class FrameReader:
    """Reads the frames of one slide, whose relationships lead to the parts they show."""

    def __init__(self, parts: Parts, targets: Mapping[str, Relationship]) -> None:
        self._parts = parts
        self._targets = targets

    def blocks(self, frame: Any) -> list[str]:
        """Give what a frame shows; a part that is missing or damaged gives nothing."""
        return [
            *(table_text(table) for table in frame.iter("{*}tbl")),
            *(block for found in frame.iter("{*}chart") for block in self._chart(attribute(found, "id"))),
            *(block for found in frame.iter("{*}relIds") for block in self._diagram(attribute(found, "dm"))),
            *(f"[Embedded object: {kind}]" for kind in self._objects(frame)),
        ]

    def _objects(self, frame: Any) -> Iterator[str]:
        """Give the kinds of embedded objects, once each however many alternatives name them."""
        return iter(dict.fromkeys(found.get("progId") for found in frame.iter("{*}oleObj") if found.get("progId")))

    def _part(self, relationship_id: str) -> Any | None:
        target = self._targets.get(relationship_id)
        return None if target is None or target.external else self._parts.parse(target.target)

    def _chart(self, relationship_id: str) -> Iterator[str]:
        chart = self._part(relationship_id)
        if chart is not None:
            yield from chart_blocks(chart)

    def _diagram(self, relationship_id: str) -> Iterator[str]:
        """Give the text of a diagram's points (ECMA-376 part 1, §21.4.3); its drawing repeats them."""
        diagram = self._part(relationship_id)
        points = diagram.iterfind("{*}ptLst/{*}pt/{*}t") if diagram is not None else ()
        texts = [body_text(text) for text in points]
        yield "\n".join(f"- {text}" for text in texts if text)


def table_text(table: Any) -> str:
    """Return a table as Markdown; the cells that a merged one covers stay empty."""
    return markdown_table([[_cell(cell) for cell in row.iterfind("{*}tc")] for row in table.iterfind("{*}tr")])


def _cell(cell: Any) -> str:
    covered = cell.get("hMerge") in _TRUE or cell.get("vMerge") in _TRUE
    body = cell.find("{*}txBody")
    return "" if covered or body is None else body_text(body)
