"""The text inside a paragraph of an OpenDocument text (ODF 1.3 part 3, §6).

A table says what is done with an element; one that is not in it is walked through. What cannot stand within a line
(frames, shapes) is put aside for after the paragraph.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.extraction.extractors.odf_styles import Styles
from services.extraction.extractors.shifted_text import shifted
from services.extraction.extractors.xml_parts import attribute, local_name, whole_number

SKIPPED = frozenset(
    {"tracked-changes", "sequence-decls", "variable-decls", "user-field-decls", "dde-connection-decls", "scripts"}
    | {"note-citation", "annotation-end", "event-listeners", "forms", "creator-initials", "sender-initials", "settings"}
    | {"table-of-content-source", "illustration-index-source", "table-index-source", "object-index-source"}
    | {"user-index-source", "alphabetical-index-source", "bibliography-source", "section-source", "number"}
)
"""What a reader of the document does not see: deleted text, declarations, templates of indexes.

``text:number`` repeats a number that we count ourselves.
"""
ASIDE = frozenset(
    {"frame", "custom-shape", "text-box", "g", "rect", "line", "ellipse", "circle", "polygon", "polyline", "path"}
    | {"connector", "caption", "measure", "regular-polygon"}
)
_SPACES = re.compile(r"[ \t\r\n]+")
_SOFT_HYPHEN = "\xad"
_STRUCK = "~~"
_MOST_SPACES = 1_000


@dataclass(slots=True)
class Gathered:
    """What a document mentions; in its order, each once."""

    links: dict[str, None] = field(default_factory=dict)
    attachments: dict[str, None] = field(default_factory=dict)


class InlineWalk:
    """Reads paragraphs; ``aside`` holds the elements put aside since they were last taken."""

    def __init__(self, styles: Styles, gathered: Gathered, flat: Callable[[Any], str]) -> None:
        self._styles = styles
        self._gathered = gathered
        self._flat = flat
        self._notes: dict[str, int] = {}
        self.aside: list[Any] = []
        self._handlers: Mapping[str, Callable[[Any], str]] = {
            "s": lambda element: " " * whole_number(attribute(element, "c"), 1, _MOST_SPACES),
            "tab": lambda _: "\t",
            "line-break": lambda _: "\n",
            "a": self._link,
            "span": self._span,
            "note": self._note,
            "annotation": self._comment,
            "ruby": self._ruby,
            "hidden-text": lambda element: attribute(element, "string-value") or self.text(element),
            **dict.fromkeys(ASIDE, self._put_aside),
            **dict.fromkeys(SKIPPED, lambda _: ""),
        }

    def text(self, element: Any) -> str:
        """Return the text in an element."""
        pieces = [self._literal(element.text)]
        for child in element:
            handler = self._handlers.get(local_name(child), self.text)
            pieces += handler(child), self._literal(child.tail)
        return "".join(pieces)

    def paragraph(self, paragraph: Any) -> str:
        """Return the text of a paragraph."""
        return self.text(paragraph).replace(_STRUCK * 2, "").strip()

    def one(self, element: Any) -> str:
        """Return the text that an element makes in its place."""
        return self._handlers.get(local_name(element), self.text)(element).strip()

    def take_aside(self) -> list[Any]:
        """Return what was put aside, and forget it."""
        taken, self.aside = self.aside, []
        return taken

    def _literal(self, text: str | None) -> str:
        """White space of the file is one space (6.1.2)."""
        return _SPACES.sub(" ", text).replace(_SOFT_HYPHEN, "") if text else ""

    def _put_aside(self, element: Any) -> str:
        self.aside.append(element)
        return ""

    def _link(self, element: Any) -> str:
        target = attribute(element, "href")
        if target and not target.startswith("#"):
            self._gathered.links[target] = None
        return self.text(element)

    def _span(self, element: Any) -> str:
        text, style = self.text(element), attribute(element, "style-name")
        text = shifted(text, self._styles.shifted.get(style, ""))
        return f"{_STRUCK}{text}{_STRUCK}" if style in self._styles.struck and text.strip() else text

    def _note(self, element: Any) -> str:
        kind = attribute(element, "note-class").capitalize() or "Footnote"
        self._notes[kind] = self._notes.get(kind, 0) + 1
        text = self._flat(element)
        return f" [{kind} {self._notes[kind]}: {text}]" if text else ""

    def _comment(self, element: Any) -> str:
        author = element.findtext("{*}creator") or "unknown"
        text = self._flat(element)
        return f" [Comment by {author}: {text}]" if text else ""

    def _ruby(self, element: Any) -> str:
        base, reading = (
            self.text(found) if found is not None else ""
            for found in (element.find("{*}ruby-base"), element.find("{*}ruby-text"))
        )
        return f"{base}({reading})" if reading else base
