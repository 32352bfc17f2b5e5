"""Word's fields (ECMA-376 part 1, 17.16): their results are text, their codes are not, but lead to links."""

import re
from dataclasses import dataclass
from typing import Any

from services.extraction.extractors.docx_elements import find, is_on, number
from services.extraction.extractors.xml_parts import attribute

CHECKED, UNCHECKED = "[x]", "[ ]"
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+(?:"([^"]+)"|([^\s"\\]\S*))', re.IGNORECASE)
_BUTTON = re.compile(r"\s*(?:MACROBUTTON|GOTOBUTTON)\s+\S+\s(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class _Field:
    code: str = ""
    in_result: bool = False


class Fields:
    """The complex fields that are open, inner ones last; they may begin and end in different paragraphs."""

    def __init__(self) -> None:
        self._open: list[_Field] = []

    @property
    def in_code(self) -> bool:
        """Whether what is read now belongs to a code, which nobody sees."""
        return any(not opened.in_result for opened in self._open)

    def add_code(self, text: str) -> None:
        """Take a piece of the innermost field's code."""
        if self._open:
            self._open[-1].code += text

    def mark(self, kind: str) -> str:
        """Pass a ``begin``, ``separate`` or ``end``; return the code of a field if it is complete only now."""
        if kind == "begin":
            self._open.append(_Field())
        elif self._open and kind == "separate":
            self._open[-1].in_result = True
            return self._open[-1].code
        elif self._open and kind == "end":
            ended = self._open.pop()
            return "" if ended.in_result else ended.code
        return ""

    def end_paragraph(self) -> None:
        """Forget codes that do not end with their paragraph: a field left open must not hide the rest."""
        self._open = [opened for opened in self._open if opened.in_result]


def link_of(code: str) -> str:
    """Return where a ``HYPERLINK`` field leads, "" for other fields and for places in the document itself."""
    found = _HYPERLINK.match(code)
    return (found[1] or found[2]) if found else ""


def button_text(code: str) -> str:
    """Return what a field shows that has its text in its code (17.16.5.34): "click here and type" in templates."""
    found = _BUTTON.match(code)
    return found[1].rstrip() if found else ""


def form_value(mark: Any) -> str:
    """Return what a check box or list of a form shows, which is stored where its field begins (17.16.8, 17.16.9)."""
    if (box := find(mark, "ffData/checkBox")) is not None:
        return CHECKED if is_on(box, "checked" if find(box, "checked") is not None else "default") else UNCHECKED
    if (choices := find(mark, "ffData/ddList")) is not None:
        entries = [attribute(entry, "val") for entry in choices.iterfind("{*}listEntry")]
        chosen = number(choices, "result", number(choices, "default"))
        return entries[chosen] if chosen < len(entries) else ""
    return ""
