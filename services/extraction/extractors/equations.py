"""Equations of Office documents (OMML, ECMA-376 part 1, §22.1) as text on one line that people and models can read.

``(a+b)/(2)``, ``x^(2)``, ``√(x)``, ``∑_(i=1)^(n) i``. What has no notation of its own is given in reading order.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.extraction.extractors.xml_parts import local_name

TextOf = Callable[[Any], str]
"""Text of an element that is not of mathematics, such as a run's ``w:t``."""

_PROPERTIES = "Pr"


def equation(element: Any, text_of: TextOf) -> str:
    """Return the text of an ``m:oMath`` or of anything inside it."""
    return "".join(_text(child, text_of) for child in element)


def _text(element: Any, text_of: TextOf) -> str:
    name = local_name(element)
    if handler := _HANDLERS.get(name):
        return handler(element, text_of)
    if name in _TRANSPARENT:
        return equation(element, text_of)
    return "" if name.endswith(_PROPERTIES) else text_of(element)


def _argument(element: Any, name: str, text_of: TextOf) -> str:
    found = element.find(f"{{*}}{name}")
    return equation(found, text_of) if found is not None else ""


def _script(sign: str, text: str) -> str:
    return f"{sign}({text})" if text else ""


def _fraction(element: Any, text_of: TextOf) -> str:
    return f"({_argument(element, 'num', text_of)})/({_argument(element, 'den', text_of)})"


def _scripted(element: Any, text_of: TextOf) -> str:
    base, lower, upper = (_argument(element, name, text_of) for name in ("e", "sub", "sup"))
    return f"{base}{_script('_', lower)}{_script('^', upper)}"


def _limit(sign: str) -> Callable[[Any, TextOf], str]:
    return lambda element, text_of: _argument(element, "e", text_of) + _script(sign, _argument(element, "lim", text_of))


def _radical(element: Any, text_of: TextOf) -> str:
    degree, radicand = _argument(element, "deg", text_of), _argument(element, "e", text_of)
    return f"root_({degree})({radicand})" if degree else f"√({radicand})"


def _n_ary(element: Any, text_of: TextOf) -> str:
    """Write a sum, product or integral; without a sign given it is an integral (22.1.2.20)."""
    lower, upper, base = (_argument(element, name, text_of) for name in ("sub", "sup", "e"))
    return f"{_property(element, 'naryPr', 'chr', '∫')}{_script('_', lower)}{_script('^', upper)} {base}"


def _delimited(element: Any, text_of: TextOf) -> str:
    opening, separator, closing = (
        _property(element, "dPr", name, usual) for name, usual in (("begChr", "("), ("sepChr", "|"), ("endChr", ")"))
    )
    arguments = separator.join(equation(found, text_of) for found in element.iterfind("{*}e"))
    return f"{opening}{arguments}{closing}"


def _matrix(element: Any, text_of: TextOf) -> str:
    rows = (", ".join(equation(cell, text_of) for cell in row.iterfind("{*}e")) for row in element.iterfind("{*}mr"))
    return f"[{'; '.join(rows)}]"


def _array(element: Any, text_of: TextOf) -> str:
    return "; ".join(equation(found, text_of) for found in element.iterfind("{*}e"))


def _accent(element: Any, text_of: TextOf) -> str:
    """Put the combining accent behind its base, as Unicode does; a hat when none is given (22.1.2.20)."""
    return _argument(element, "e", text_of) + _property(element, "accPr", "chr", "\u0302")


def _function(element: Any, text_of: TextOf) -> str:
    return f"{_argument(element, 'fName', text_of)}({_argument(element, 'e', text_of)})"


def _property(element: Any, properties: str, name: str, usual: str) -> str:
    """Return a character that the properties set, perhaps to nothing; ``usual`` where they do not."""
    found = element.find(f"{{*}}{properties}/{{*}}{name}")
    if found is None:
        return usual
    return next(iter(found.attrib.values()), "")


_TRANSPARENT = frozenset(
    (
        "oMath",
        "box",
        "borderBox",
        "phant",
        "bar",
        "groupChr",
        "r",
        "e",
        "sub",
        "sup",
        "num",
        "den",
        "deg",
        "lim",
        "fName",
    )
)
_HANDLERS: Mapping[str, Callable[[Any, TextOf], str]] = {
    "f": _fraction,
    "sSup": _scripted,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "sPre": _scripted,
    "limLow": _limit("_"),
    "limUpp": _limit("^"),
    "rad": _radical,
    "nary": _n_ary,
    "d": _delimited,
    "m": _matrix,
    "eqArr": _array,
    "acc": _accent,
    "func": _function,
}
