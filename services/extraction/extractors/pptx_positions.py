"""Where the shapes of a slide stand; a placeholder without a position of its own stands where its layout puts it."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.extraction.extractors.pptx_parts import Parts
from services.extraction.extractors.reading_order import Point

Inherited = Mapping[tuple[str, str], Point]
"""Where placeholders stand, by ``("idx", index)`` and ``("type", type)``."""


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
