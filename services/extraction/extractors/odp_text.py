"""Text of OpenDocument paragraphs and lists (ODF 1.3 part 3, §5 and §6)."""

from collections.abc import Iterator, MutableMapping
from typing import Any

from services.extraction.extractors.xml_parts import attribute, local_name, whole_number

_MOST_SPACES = 1_000
_UNREAD = {"annotation", "note-citation", "page-number", "tracked-changes", "ruby-text"}
_INDENT = "  "

ListStyles = MutableMapping[str, set[str]]
"""By the name of a list style, the levels (``"1"``, …) on which it numbers; on the others it has bullets."""


def paragraph_text(paragraph: Any) -> str:
    """Return the text of a paragraph with its spaces, tabs and line breaks."""
    return "".join(_pieces(paragraph)).strip()


def lines_of(container: Any, lists: ListStyles) -> Iterator[str]:
    """Give the paragraphs and list items directly in an element."""
    for child in container:
        name = local_name(child)
        if name in {"p", "h"}:
            yield from filter(None, [paragraph_text(child)])
        elif name == "list":
            yield from _list_lines(child, lists, attribute(child, "style-name"), 1)


def _list_lines(items: Any, lists: ListStyles, style: str, level: int) -> Iterator[str]:
    """Give a list's items, numbered where its style numbers this level; a list in a list is its next level.

    What stands in a list's header has no mark (§5.3.4).
    """
    numbered = str(level) in lists.get(style, ())
    count = 0
    for item in items:
        start = attribute(item, "start-value")
        count = whole_number(start, count + 1) - 1
        for child in item:
            name = local_name(child)
            if name == "list":
                yield from _list_lines(child, lists, attribute(child, "style-name") or style, level + 1)
            elif name in {"p", "h"} and (text := paragraph_text(child)):
                unmarked = local_name(item) == "list-header"
                count += not unmarked
                mark = "" if unmarked else f"{count}. " if numbered else "- "
                yield f"{_INDENT * (level - 1)}{mark}{text}"


def _pieces(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if name == "s":
            yield " " * whole_number(attribute(child, "c"), 1, _MOST_SPACES)
        elif name == "tab":
            yield "\t"
        elif name == "line-break":
            yield "\n"
        elif name not in _UNREAD:
            yield from _pieces(child)
        yield child.tail or ""
