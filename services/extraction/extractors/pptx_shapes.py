"""The shapes of a slide: a table says what is read from each kind; a kind that is not in it is passed through."""

from collections.abc import Callable, Mapping
from typing import Any

from services.extraction.extractors.pptx_frames import FrameReader
from services.extraction.extractors.pptx_positions import Inherited, placeholder_of, position_of
from services.extraction.extractors.pptx_text import body_text
from services.extraction.extractors.reading_order import in_reading_order
from services.extraction.extractors.xml_parts import local_name

_TITLES = {"title", "ctrTitle"}
_FOOTERS = {"ftr", "dt", "hdr"}
_UNREAD = {"sldNum", "sldImg"}
_PROPERTIES = {"nvGrpSpPr", "grpSpPr", "nvSpPr", "spPr", "style", "extLst"}


def title_of(slide: Any) -> str | None:
    """Return the text of the slide's title on one line, wherever it stands."""
    for shape in slide.iter("{*}sp"):
        body = shape.find("{*}txBody")
        if body is not None and _kind(shape) in _TITLES:
            return " ".join(body_text(body).split()) or None
    return None


class ShapeWalk:
    """Walks the shapes of one slide. ``footers`` are what it met of footers and dates, which repeat on every slide."""

    def __init__(self, frames: FrameReader) -> None:
        self.footers: list[str] = []
        self._frames = frames
        self._readers: Mapping[str, Callable[[Any], list[str]]] = {
            "sp": self._shape,
            "cxnSp": self._described,
            "pic": self._described,
            "contentPart": self._described,
            "graphicFrame": self._frame,
            "grpSp": self._group,
            "AlternateContent": self._alternatives,
        }
        self._inherited: Inherited = {}

    def blocks(self, slide: Any, inherited: Inherited, *, with_title: bool = True) -> list[str]:
        """Give a slide's text, shape by shape in reading order; ``with_title``: the title first, as a heading."""
        self._inherited = inherited
        tree = slide.find("{*}cSld/{*}spTree")
        shapes = list(tree) if tree is not None else []
        titles = {shape: None for shape in shapes if with_title and _kind(shape) in _TITLES}
        headings = [
            f"# {title}" for title in (" ".join(" ".join(self._read(shape)).split()) for shape in titles) if title
        ]
        return headings + self._in_order([shape for shape in shapes if shape not in titles])

    def _in_order(self, shapes: list[Any]) -> list[str]:
        points = [position_of(_visible(shape), self._inherited) for shape in shapes]
        blocks: list[str] = []
        for shape in in_reading_order(
            shapes, points
        ):  # a loop: groups nest so deep that a comprehension's frames count
            blocks += self._read(shape)
        return blocks

    def _read(self, shape: Any) -> list[str]:
        name = local_name(shape)
        if name in _PROPERTIES:
            return []
        return self._readers.get(name, self._group)(shape)

    def _shape(self, shape: Any) -> list[str]:
        kind = _kind(shape)
        body = shape.find("{*}txBody")
        text = body_text(body) if body is not None else ""
        if kind in _UNREAD:
            return []
        if kind in _FOOTERS:
            self.footers += [text] if text else []
            return []
        return [text] if text else self._described(shape)

    def _described(self, shape: Any) -> list[str]:
        """Give the alternative text of a picture, or of a shape that has no text of its own."""
        properties = shape.find("./{*}*/{*}cNvPr")
        description = (properties.get("descr") or "").strip() if properties is not None else ""
        return [f"[Picture: {description}]"] if description else []

    def _frame(self, frame: Any) -> list[str]:
        return [*self._frames.blocks(frame), *self._described(frame)]

    def _group(self, group: Any) -> list[str]:
        return [*self._described(group), *self._in_order(list(group))]

    def _alternatives(self, alternatives: Any) -> list[str]:
        """Read the first choice that gives anything, else the fallback: the same content, for older programs."""
        return next(filter(None, (self._in_order(list(choice)) for choice in alternatives)), [])


def _kind(shape: Any) -> str | None:
    placeholder = placeholder_of(shape)
    return placeholder.get("type", "obj") if placeholder is not None else None


def _visible(shape: Any) -> Any:
    """Return the element that has the position: alternate content stands where its first choice does."""
    return next(shape.iterchildren(), shape) if local_name(shape) == "AlternateContent" else shape
