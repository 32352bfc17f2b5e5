"""What RTF groups inherit and restore, and the kinds of groups that are not running text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

BODY, UNSEEN = b"", b"unseen"
"""Destinations of text: the document itself, and nothing at all."""

PASSED_THROUGH = frozenset(
    b"rtf field fldrslt object result shp shpinst shpgrp do picprop shppict sp background ud"
    b" mmath moMath moMathPara mr nesttableprops".split()
)
"""Destinations that hold, or may hold, what a reader sees; an unknown ``\\*`` destination does not."""

CAPTURED = frozenset(
    b"title author fldinst footnote annotation atnauthor atnid listtext pntext header headerl headerr headerf footer"
    b" footerl footerr footerf sn sv objclass shptxt dptxbxtext".split()
)
"""Destinations whose text is taken as a whole when their group ends."""

SKIPPED = frozenset(
    b"colortbl nonshppict shprslt nonesttables xe tc rxe txe objdata pntxta pntxtb themedata generator atnref atndate"
    b" mmathPict keywords subject operator doccomm manager company category hlinkbase vern upr private".split()
)
DATA = frozenset((b"fonttbl", b"stylesheet", b"info", b"creatim", b"pict"))
"""Destinations with something to be read in them, although their own text is not shown."""


@dataclass(frozen=True, slots=True)
class State:
    """Properties in force; a group begins with those around it and cannot change them."""

    destination: bytes = BODY
    codec: str | None = None
    """Encoding of the font in use; None for the document's own."""
    fallback: int = 1
    """Bytes that follow ``\\u`` for readers without Unicode."""
    deleted: bool = False
    position: str = ""
    """Of the text: superscript, subscript or neither."""
    endnote: bool = False
    in_table: bool = False
    style: int = 0
    level: int = 0
    """Of the heading that the paragraph is, from 1; 0 where only its style may tell."""
    list_level: int = 0


_BODY_LEVEL = 9
_DEEPEST_LIST = 8

PROPERTIES: Mapping[bytes, Callable[[int], dict[str, Any]]] = {
    b"uc": lambda number: {"fallback": max(number, 0)},
    b"deleted": lambda number: {"deleted": bool(number)},
    b"super": lambda number: {"position": "superscript" if number else ""},
    b"sub": lambda number: {"position": "subscript" if number else ""},
    b"nosupersub": lambda _: {"position": ""},
    b"ftnalt": lambda _: {"endnote": True},
    b"pard": lambda _: {"in_table": False, "style": 0, "level": 0, "list_level": 0},
    b"intbl": lambda number: {"in_table": bool(number)},
    b"s": lambda number: {"style": number},
    b"outlinelevel": lambda number: {"level": number + 1 if 0 <= number < _BODY_LEVEL else 0},
    b"ilvl": lambda number: {"list_level": min(max(number, 0), _DEEPEST_LIST)},
}
"""What control words change of the state, given their parameter or 1."""
