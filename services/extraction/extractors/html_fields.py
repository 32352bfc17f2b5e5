"""What stands for elements that have no text of their own: pictures, form fields, line breaks."""

from collections.abc import Callable, Mapping

from selectolax.lexbor import LexborNode

_MARKED = frozenset(("checkbox", "radio"))
_WITHOUT_TEXT = frozenset(("hidden", "password", "file", "color", "range"))

AROUND: Mapping[str, tuple[str, str]] = {
    "q": ("“", "”"),
    "del": ("~~", "~~"),
    "s": ("~~", "~~"),
    "strike": ("~~", "~~"),
    "rt": ("(", ")"),
    "text": ("", " "),
    "title": ("", " "),
    "option": ("", " "),
    "button": (" ", " "),
    "select": (" ", " "),
    "textarea": (" ", " "),
}
"""What is put before and after an element's text where its effect on the page would be lost otherwise."""


def instead_of(tag: str, node: LexborNode) -> str:
    """Return the text that stands for an element besides its children's."""
    handler = _HANDLERS.get(tag)
    return handler(node) if handler else ""


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()


def _alternative(node: LexborNode) -> str:
    """Return the text that an author gave to read in the picture's place (HTML 4.8.4.4)."""
    return _attribute(node, "alt") or _attribute(node, "title")


def _field(node: LexborNode) -> str:
    kind = _attribute(node, "type").lower()
    if kind in _MARKED:
        return _mark(chosen="checked" in node.attributes)
    if kind in _WITHOUT_TEXT:
        return ""
    return f" {_attribute(node, 'value') or _attribute(node, 'placeholder') or _attribute(node, 'alt')} "


def _option(node: LexborNode) -> str:
    return _mark(chosen="selected" in node.attributes) + ("" if node.child else _attribute(node, "label"))


def _group(node: LexborNode) -> str:
    return f"{_attribute(node, 'label')}: "


def _mark(*, chosen: bool) -> str:
    return "[x] " if chosen else "[ ] "


_HANDLERS: Mapping[str, Callable[[LexborNode], str]] = {
    "br": lambda _: "\n",
    "img": _alternative,
    "area": _alternative,
    "input": _field,
    "option": _option,
    "optgroup": _group,
}
