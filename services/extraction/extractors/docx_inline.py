"""The text inside a paragraph of a Word document.

A table says what is done with an element; one that is not in it is walked through, so that text in an unknown wrapper
is never lost. What cannot stand within a line (text boxes, charts, diagrams) is put aside for after the paragraph.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.extraction.extractors.docx_elements import SKIPPED, find, is_on
from services.extraction.extractors.docx_fields import CHECKED, UNCHECKED, Fields, button_text, form_value, link_of
from services.extraction.extractors.docx_notes import Note
from services.extraction.extractors.docx_shared import Shared
from services.extraction.extractors.equations import equation
from services.extraction.extractors.shifted_text import shifted
from services.extraction.extractors.symbol_fonts import resolve_symbols, symbol
from services.extraction.extractors.xml_parts import attribute, local_name

PAGE_BREAK = "\f"
_STRUCK = "~~"
_SOFT_HYPHEN = "\xad"
_HEXADECIMAL = 16
_LARGEST_CODE = 4


class InlineWalk:
    """Reads paragraphs of one part; ``aside`` holds the elements put aside since they were last taken."""

    def __init__(self, shared: Shared, part: str, text_of_note: Callable[[Note], str]) -> None:
        self._shared = shared
        self._targets = {found.id: found for found in shared.package.relationships(part)}
        self._text_of_note = text_of_note
        self._fields = Fields()
        self._description = ""
        self.aside: list[Any] = []
        self._handlers: Mapping[str, Callable[[Any], str]] = {
            "t": lambda element: self._seen((element.text or "").replace(_SOFT_HYPHEN, "")),
            "tab": lambda _: self._seen("\t"),
            "ptab": lambda _: self._seen("\t"),
            "cr": lambda _: self._seen("\n"),
            "br": lambda element: self._seen(PAGE_BREAK if attribute(element, "type") == "page" else "\n"),
            "noBreakHyphen": lambda _: self._seen("-"),
            "sym": self._symbol,
            "r": self._run,
            "p": lambda element: f"{self._children(element)}\n",
            "instrText": self._code,
            "fldChar": self._field_mark,
            "fldSimple": self._simple_field,
            "hyperlink": self._hyperlink,
            "hlinkClick": self._hyperlink,
            "footnoteReference": lambda element: self.notes(self._shared.footnotes.take(attribute(element, "id"))),
            "endnoteReference": lambda element: self.notes(self._shared.endnotes.take(attribute(element, "id"))),
            "commentReference": lambda element: self.notes(self._shared.comments.take(attribute(element, "id"))),
            "sdt": self._content_control,
            "ruby": self._ruby,
            "oMath": lambda element: equation(element, self.text),
            "oMathPara": lambda element: "\n".join(filter(None, map(self.text, element))),
            "AlternateContent": self._alternative,
            "txbxContent": self._put_aside,
            "chart": self._put_aside,
            "relIds": self._put_aside,
            "docPr": self._picture,
            "cNvPr": self._picture,
            "textpath": lambda element: element.get("string", ""),
            "subDoc": self._subdocument,
            **dict.fromkeys(("shape", "rect", "roundrect", "oval", "group", "image"), self._vml_shape),
        }

    def text(self, element: Any) -> str:
        """Return the text of an element and of all inside it."""
        name = local_name(element)
        if name in SKIPPED:
            return ""
        handler = self._handlers.get(name)
        return handler(element) if handler else self._children(element)

    def paragraph(self, paragraph: Any) -> str:
        """Return the text of a paragraph; a page break in it is a form feed."""
        text = self._children(paragraph).replace(_STRUCK * 2, "")
        self._fields.end_paragraph()
        return text

    def take_aside(self) -> list[Any]:
        """Return what was put aside, and forget it."""
        taken, self.aside = self.aside, []
        return taken

    def target(self, element: Any, name: str = "id") -> str:
        """Return the part that an element's relationship leads to, "" where it leads out of the package."""
        found = self._targets.get(attribute(element, name))
        return found.target if found and not found.external and found.target in self._shared.package else ""

    def notes(self, notes: Iterable[Note]) -> str:
        """Write notes and comments into the line."""
        written = ((note.name, self._text_of_note(note)) for note in notes)
        return "".join(f" [{name}: {text}]" for name, text in written if text)

    def _children(self, element: Any) -> str:
        return "".join(map(self.text, element))

    def _seen(self, text: str) -> str:
        return "" if self._fields.in_code else text

    def _run(self, run: Any) -> str:
        text = self._children(run)
        if not text.strip() or (properties := find(run, "rPr")) is None:
            return text
        named = {local_name(found): found for found in properties}
        if "rFonts" in named:
            text = resolve_symbols(text, attribute(named["rFonts"], "ascii"))
        if "vertAlign" in named:
            text = shifted(text, attribute(named["vertAlign"], "val"))
        struck = any(is_on(properties, name) for name in ("strike", "dstrike") if name in named)
        return f"{_STRUCK}{text}{_STRUCK}" if struck else text

    def _symbol(self, element: Any) -> str:
        code = attribute(element, "char")
        try:
            return self._seen(symbol(attribute(element, "font"), int(code[-_LARGEST_CODE:], _HEXADECIMAL)))
        except ValueError:
            return ""

    def _code(self, element: Any) -> str:
        self._fields.add_code(element.text or "")
        return ""

    def _field_mark(self, element: Any) -> str:
        code = self._fields.mark(attribute(element, "fldCharType"))
        self._link(link_of(code))
        return form_value(element) or self._seen(button_text(code))

    def _simple_field(self, element: Any) -> str:
        self._link(link_of(attribute(element, "instr")))
        return self._children(element)

    def _hyperlink(self, element: Any) -> str:
        found = self._targets.get(attribute(element, "id"))
        if found and found.external:
            self._link(found.target)
        return self._children(element)

    def _link(self, target: str) -> None:
        if target:
            self._shared.links[target] = None

    def _content_control(self, element: Any) -> str:
        """Give the content; a check box's glyph, which depends on its fonts, becomes what HTML's reading shows too."""
        text = self._children(element)
        if find(element, "sdtPr/checkbox") is None or len(text.strip()) > 1:
            return text
        return CHECKED if is_on(element, "sdtPr/checkbox/checked") else UNCHECKED

    def _ruby(self, element: Any) -> str:
        base, reading = (
            self._children(found) if found is not None else ""
            for found in (find(element, "rubyBase"), find(element, "rt"))
        )
        return f"{base}({reading})" if reading else base

    def _alternative(self, element: Any) -> str:
        """Give the first branch that has anything to show: the others are the same for other programs."""
        for branch in element:
            known = len(self.aside)
            text = self._children(branch)
            if text.strip() or len(self.aside) > known:
                return text
        return ""

    def _put_aside(self, element: Any) -> str:
        self.aside.append(element)
        return ""

    def _picture(self, element: Any) -> str:
        return self._described(element.get("descr") or "") + self._children(element)

    def _vml_shape(self, element: Any) -> str:
        self._link(element.get("href", ""))
        return self._described(element.get("alt") or "") + self._children(element)

    def _described(self, description: str) -> str:
        """Give a picture's description; the drawing and the picture in it often carry the same."""
        description = " ".join(description.split())
        again, self._description = description == self._description, description or self._description
        return f"[Picture: {description}]" if description and not again else ""

    def _subdocument(self, element: Any) -> str:
        found = self._targets.get(attribute(element, "id"))
        return f"[Document: {found.target}]" if found else ""
