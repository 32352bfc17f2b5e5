"""In which order shapes are read: by where they stand on the slide.

Reading order here is: the title; then rows from top to bottom, and within a row from left to right. Shapes whose upper
edges differ by less than a quarter of an inch stand in one row. A group is one shape, its members are ordered among
themselves. A placeholder without a position of its own stands where its layout puts it, or the layout's master.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from services.extraction.extractors.pptx_parts import Parts

_ROW_HEIGHT = 228_600
"""A quarter of an inch in English Metric Units (914,400 to the inch)."""

Point = tuple[int, int]
"""Distance from the top and from the left edge."""

Inherited = Mapping[tuple[str, str], Point]
"""Where placeholders stand, by ``("idx", index)`` and ``("type", type)``."""

Shape = TypeVar("Shape")


class Positions:
    """The positions that layouts and masters give, each read once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: dict[str, Inherited] = {}

    def of_slide(self, part: str) -> Inherited:
        """Return what a slide inherits; a layout that is missing or damaged gives nothing."""
        for layout in self._parts.related(part, "slideLayout")[:1]:
            if layout not in self._known:
                masters = self._parts.related(layout, "slideMaster")[:1]
                self._known[layout] = self._read([*masters, layout])
            return self._known[layout]
        return {}

    def _read(self, parts: Iterable[str]) -> Inherited:
        found: dict[tuple[str, str], Point] = {}
        for part in parts:
            root = self._parts.parse(part)
            for shape in root.iter("{*}sp") if root is not None else ():
                placeholder, own = placeholder_of(shape), _own(shape)
                if placeholder is not None and own is not None:
                    found.update(dict.fromkeys(_keys(placeholder), own))
        return found


def placeholder_of(shape: Any) -> Any | None:
    """Return the ``p:ph`` element of a shape (ECMA-376 part 1, §19.3.1.36)."""
    return shape.find("./{*}*/{*}nvPr/{*}ph")


def in_reading_order(
    shapes: Sequence[Shape], inherited: Inherited, element_of: Callable[[Shape], Any] = lambda shape: shape
) -> list[Shape]:
    """Order shapes by rows as described above; one without any position stands where the file has it, at the end."""
    placed = [(position_of(element_of(shape), inherited), shape) for shape in shapes]
    standing = sorted(((point, shape) for point, shape in placed if point is not None), key=lambda pair: pair[0])
    rows: list[list[tuple[Point, Shape]]] = []
    for point, shape in standing:
        if not rows or point[0] - rows[-1][0][0][0] >= _ROW_HEIGHT:
            rows.append([])
        rows[-1].append((point, shape))
    ordered = [shape for row in rows for _, shape in sorted(row, key=lambda pair: pair[0][1])]
    return ordered + [shape for point, shape in placed if point is None]


def position_of(shape: Any, inherited: Inherited) -> Point | None:
    """Return where a shape stands, by its own word or its layout's."""
    own = _own(shape)
    placeholder = placeholder_of(shape)
    if own is not None or placeholder is None:
        return own
    return next((inherited[key] for key in _keys(placeholder) if key in inherited), None)


def _keys(placeholder: Any) -> list[tuple[str, str]]:
    """Give what a placeholder may be matched by: its index when it has one, and its kind."""
    index, kind = placeholder.get("idx"), placeholder.get("type", "obj")
    return [*([("idx", index)] if index else []), ("type", kind)]


def _own(shape: Any) -> Point | None:
    offset = shape.find(".//{*}xfrm/{*}off")
    if offset is None:
        return None
    try:
        return int(offset.get("y", "")), int(offset.get("x", ""))
    except ValueError:  # a length with a unit, in the strict dialect, or damage
        return None
