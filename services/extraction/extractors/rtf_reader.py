"""The reader of RTF (RTF 1.9.1): follows groups and destinations, and gives paragraphs and tables as Markdown.

Shown is what a word processor shows: results of fields and not their codes, one of several copies of a picture or
shape, no deleted text. Notes and comments stand where they are referred to; headers and footers are given once. Hidden
text is included. Nothing here recurses, and unbalanced braces end groups that are not there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from services.extraction.extractors.blocks import Block
from services.extraction.extractors.rtf_characters import CHARACTERS, SYMBOLS
from services.extraction.extractors.rtf_charsets import Encodings
from services.extraction.extractors.rtf_paragraphs import Paragraphs, joined
from services.extraction.extractors.rtf_state import (
    BODY,
    CAPTURED,
    DATA,
    PASSED_THROUGH,
    PROPERTIES,
    SKIPPED,
    UNSEEN,
    State,
)
from services.extraction.extractors.rtf_tokens import Token, tokens
from services.extraction.extractors.shifted_text import shifted

_HEADING_STYLE = re.compile(r"heading ([1-9])\b", re.IGNORECASE)
_HYPERLINK = re.compile(r"""\s*HYPERLINK\s+"?(?P<target>[^"\s\\]+)""", re.IGNORECASE)
_SHOWN_PROPERTIES = frozenset(("wzDescription", "gtextUNICODE"))
"""Of pictures and shapes: the alternative text, and the letters of WordArt."""


class _Group(NamedTuple):
    """What is restored at the end of a group, and what its text was captured for."""

    state: State
    text: list[str]
    captured: bytes


class RtfReader:
    """Reads one document; what it says of itself is complete when ``blocks`` is exhausted."""

    def __init__(self) -> None:
        self.title = self.author = ""
        self.created: dict[bytes, int] = {}
        """Year to minute by the control words of ``\\creatim``."""
        self.links: dict[str, None] = {}
        self.objects: dict[str, None] = {}
        self.paragraphs = Paragraphs()
        self._state = State()
        self._text = self.paragraphs.text
        self._captured = BODY
        self._groups: list[_Group] = []
        self._encodings = Encodings()
        self._style_levels: dict[int, int] = {}
        self._starred = False
        self._skip = 0
        self._pending = bytearray()
        """Bytes of the current encoding: a letter may consist of several, written in different ways."""
        self._property = self._commenter = ""
        self._handlers: Mapping[bytes, Callable[[int], None]] = {
            b"u": self._unicode,
            b"f": self._select_font,
            b"plain": self._plain,
            b"par": self._end_paragraph,
            b"sect": self._end_paragraph,
            b"page": self._end_paragraph,
            b"cell": self._end_cell,
            b"row": self._end_row,
        }

    @property
    def is_cut_off(self) -> bool:
        """Whether groups were still open where the document ended."""
        return bool(self._groups)

    def blocks(self, source: bytes) -> Iterator[Block]:
        """Give the document's blocks as they are completed; footers come last."""
        for token in tokens(source):
            if token.kind in {"text", "hex"}:
                self._bytes(token.value)
            else:
                self._decode_pending()
                self._control(token)
                yield from self.paragraphs.completed()
        self._decode_pending()
        yield from self.paragraphs.rest()

    def _control(self, token: Token) -> None:
        starred, self._starred = self._starred, False
        if token.kind == "word":
            self._skip = 0
            self._word(token.value, token.number, starred=starred)
        elif token.kind == "brace":
            self._skip = 0
            self._begin() if token.value == b"{" else self._end()
        elif token.value == b"*":
            self._starred = True
        elif self._skip:
            self._skip -= 1
        elif token.value in b"\r\n":
            self._end_paragraph(0)
        else:
            self._append(SYMBOLS.get(token.value, ""))

    def _word(self, word: bytes, number: int | None, *, starred: bool) -> None:
        if word in CAPTURED or word in DATA or word in PASSED_THROUGH or word in SKIPPED or starred:
            self._destination(word)
        elif word in CHARACTERS:
            self._append(CHARACTERS[word])
        elif change := PROPERTIES.get(word):
            self._set(**change(1 if number is None else number))
        elif handler := self._handlers.get(word):
            handler(1 if number is None else number)
        elif self._encodings.declare(word, number):
            return
        elif self._state.destination == b"creatim" and number is not None:
            self.created[word] = number

    def _begin(self) -> None:
        self._groups.append(_Group(self._state, self._text, self._captured))
        self._captured = BODY
        if self._state.destination == b"stylesheet":
            self._capture(b"style")

    def _end(self) -> None:
        if not self._groups:
            return
        captured, text, state = self._captured, self._text, self._state
        self._state, self._text, self._captured = self._groups.pop()
        if captured:
            self._complete(captured, joined(text), state)

    def _destination(self, word: bytes) -> None:
        around = self._state.destination
        if word == b"ud" and len(self._groups) > 1:
            self._set(destination=self._groups[-2].state.destination)
        elif around == UNSEEN or word in PASSED_THROUGH:
            return
        elif word in CAPTURED:
            self._capture(word)
        else:
            self._set(destination=word if word in DATA else UNSEEN)

    def _capture(self, word: bytes) -> None:
        self._set(destination=BODY, position="")
        self._captured, self._text = word, []

    def _complete(self, captured: bytes, text: str, state: State) -> None:
        """Use what a group held, now that it has ended."""
        text = text.strip()
        if captured == b"style":
            heading = _HEADING_STYLE.match(text)
            self._style_levels[state.style] = state.level or (int(heading[1]) if heading else 0)
        elif captured.startswith((b"header", b"footer")):
            self.paragraphs.add_margin(text, foot=captured.startswith(b"footer"))
        elif captured in {b"listtext", b"pntext"}:
            self.paragraphs.marker = text
        elif text:
            self._complete_text(captured, text, state)

    def _complete_text(self, captured: bytes, text: str, state: State) -> None:
        if captured == b"title":
            self.title = text
        elif captured == b"author":
            self.author = text
        elif captured == b"objclass":
            self.objects[text] = None
        elif captured in {b"atnauthor", b"atnid"}:
            self._commenter = text if captured == b"atnauthor" else self._commenter or text
        elif captured in {b"shptxt", b"dptxbxtext"}:
            self.paragraphs.add_box(text)
        elif captured == b"sn":
            self._property = text
        elif captured == b"fldinst" and (found := _HYPERLINK.match(text)):
            self.links[found["target"]] = None
        elif inserted := self._inserted(captured, text, state):
            self._text.append(inserted)

    def _inserted(self, captured: bytes, text: str, state: State) -> str:
        """Return what stands in the text for a group that was captured."""
        text = " ".join(text.split())
        if captured == b"footnote":
            return f" [{'Endnote' if state.endnote else 'Footnote'}: {text}]"
        if captured == b"annotation":
            author, self._commenter = self._commenter, ""
            return f" [Comment by {author}: {text}]" if author else f" [Comment: {text}]"
        return f" {text} " if captured == b"sv" and self._property in _SHOWN_PROPERTIES else ""

    def _bytes(self, value: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(value))
            self._skip -= skipped
            value = value[skipped:]
        if self._state.destination == BODY and not self._state.deleted:
            self._pending += value

    def _decode_pending(self) -> None:
        if self._pending:
            text = self._pending.decode(self._state.codec or self._encodings.of_document, "replace")
            self._text.append(shifted(text, self._state.position))
            self._pending.clear()

    def _append(self, text: str) -> None:
        if self._state.destination == BODY and not self._state.deleted:
            self._text.append(shifted(text, self._state.position))

    def _set(self, **properties: Any) -> None:
        self._state = replace(self._state, **properties)

    def _unicode(self, number: int) -> None:
        self._append(chr(number & 0xFFFF))
        self._skip = self._state.fallback

    def _select_font(self, number: int) -> None:
        self._encodings.named_font = number
        if self._state.destination != b"fonttbl":
            self._set(codec=self._encodings.of_font(number))

    def _plain(self, _: int) -> None:
        self._set(codec=self._encodings.of_font(self._encodings.default_font), deleted=False, position="")

    def _end_paragraph(self, _: int) -> None:
        state = self._state
        if self._text is not self.paragraphs.text or state.in_table:
            self._append("\n")
        elif state.destination == BODY:
            self.paragraphs.end(state.level or self._style_levels.get(state.style, 0), state.list_level)

    def _end_cell(self, _: int) -> None:
        if self._text is self.paragraphs.text:
            self.paragraphs.end_cell()
        else:
            self._append("; ")

    def _end_row(self, _: int) -> None:
        if self._text is self.paragraphs.text:
            self.paragraphs.end_row()
