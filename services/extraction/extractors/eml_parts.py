"""The parts of mail: which hold the body, which hold messages of their own, and what is only listed (RFC 2046)."""

import re
from collections import deque
from collections.abc import Iterator
from email.message import Message

from services.extraction.content import Limits
from services.extraction.extractors.blocks import Block
from services.extraction.extractors.eml_headers import decoded, header, header_lines
from services.extraction.extractors.html import parse
from services.extraction.extractors.html_markup import read_markup
from services.extraction.extractors.html_walk import HtmlWalk
from services.extraction.text import codec_of, decode

_PLAIN, _RICH = "text/plain", "text/html"
_REPORTS = frozenset(("message/delivery-status", "message/disposition-notification", "text/rfc822-headers"))
_SEALED = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
_PARAGRAPHS = re.compile(r"\n(?:[ \t]*\n)+")
_WORDS = re.compile(r"\w+")
_SAYS_AS_MUCH = 0.9
"""Share of the words of the rich body that the plain one must have to be taken in its place."""


class MailReader:
    """Reads one message with those inside it; its lists are complete when ``blocks`` is exhausted."""

    def __init__(self, limits: Limits) -> None:
        self.attachments: list[str] = []
        self.encrypted = self.signed = self.is_cut_off = False
        self._limits = limits
        self._walk = HtmlWalk()
        self._parts = 0
        self._inner: deque[tuple[Message, int]] = deque()
        self._unused: set[int] = set()
        """Identities of bodies that another says as well."""

    @property
    def links(self) -> dict[str, None]:
        """Targets of links in rich bodies."""
        return self._walk.links

    def blocks(self, message: Message) -> Iterator[Block]:
        """Give each message's headers and body, the outermost first; a page's label is the subject."""
        self._inner.append((message, 1))
        while self._inner:
            current, level = self._inner.popleft()
            subject = header(current, "Subject") or ("Message" if level > 1 else None)
            if lines := header_lines(current):
                yield Block(lines, heading=subject, level=level)
            yield from self._body(current, level)

    def _body(self, message: Message, level: int) -> Iterator[Block]:
        """Walk the parts in their order without recursion; what is no body is put where it belongs."""
        waiting = [message]
        while waiting:
            part = waiting.pop()
            self._parts += 1
            if self._parts > self._limits.members:
                self.is_cut_off = True
                return
            kind = part.get_content_type()
            self._note_protection(part, kind)
            children = _children(part)
            if kind == "message/rfc822" and children:
                self._inner.append((children[0], level + 1))
            elif kind in _REPORTS:
                yield from _paragraphs(_report(part, children))
            elif children:
                if kind == "multipart/alternative":
                    self._choose(children)
                waiting += reversed(children)
            elif _is_body(part, kind) or (part is message and kind.startswith("text/")):
                if part is not message and part.get_filename():
                    self.attachments.append(_name(part, kind))
                yield from self._text(part, kind)
            else:
                self.attachments.append(_name(part, kind))

    def _note_protection(self, part: Message, kind: str) -> None:
        sealed = kind in _SEALED
        clear = sealed and str(part.get_param("smime-type", "")).lower().startswith("signed")
        self.signed |= kind == "multipart/signed" or clear
        self.encrypted |= kind == "multipart/encrypted" or (sealed and not clear)

    def _choose(self, alternatives: list[Message]) -> None:
        """Take the plain body where it says as much as the rich one, else that."""
        plain, rich = _first(alternatives, _PLAIN), _first(alternatives, _RICH)
        if plain is None or rich is None:
            return
        said = _words(_plain_text(plain))
        meant = {word for block in self._rich_blocks(rich, HtmlWalk()) for word in _words(block.text)}
        loser = rich if len(meant & said) >= _SAYS_AS_MUCH * len(meant) else plain
        self._unused.add(id(loser))

    def _text(self, part: Message, kind: str) -> Iterator[Block]:
        if id(part) in self._unused:
            return
        if kind == _RICH:
            yield from self._rich_blocks(part, self._walk)
        else:
            yield from _paragraphs(_plain_text(part))

    def _rich_blocks(self, part: Message, walk: HtmlWalk) -> Iterator[Block]:
        markup = read_markup(_content(part), part.get_content_charset())
        return walk.all_blocks(parse(markup, self._limits))


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _plain_text(part: Message) -> str:
    """Decode a plain body; lines that were only broken for sending are joined (RFC 3676)."""
    text = decode(_content(part), codec_of(part.get_content_charset())).replace("\r\n", "\n")
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    joint = "" if str(part.get_param("delsp", "")).lower() == "yes" else " "
    return re.sub(r"(?m)^(?!>|-- $)(.*) \n(?![>\n])", rf"\1{joint}", text)


def _paragraphs(text: str) -> Iterator[Block]:
    return (Block(paragraph.strip("\n")) for paragraph in _PARAGRAPHS.split(text) if paragraph.strip())


def _report(part: Message, children: list[Message]) -> str:
    """Return the fields of a delivery report, which the parser takes for messages without bodies."""
    groups = ("\n".join(f"{name}: {decoded(str(value))}" for name, value in child.raw_items()) for child in children)
    return "\n\n".join(groups) if children else _plain_text(part)


def _is_body(part: Message, kind: str) -> bool:
    """Tell text that is shown as the message from text that was attached; broken multiparts are text too.

    A name alone makes no attachment (RFC 2183, 2.1): programs name bodies as well.
    """
    shown = kind in {_PLAIN, _RICH} or kind.startswith("multipart/")
    return shown and part.get_content_disposition() != "attachment"


def _name(part: Message, kind: str) -> str:
    return decoded(part.get_filename() or "") or kind


def _first(parts: list[Message], kind: str) -> Message | None:
    found = (inner for part in parts for inner in part.walk() if inner.get_content_type() == kind)
    return next((part for part in found if _is_body(part, kind)), None)


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(text.lower()))
