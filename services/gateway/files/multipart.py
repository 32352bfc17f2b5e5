"""Read ``multipart/form-data`` (RFC 7578) as it arrives, however large, holding no more than one read of it.

``multipart`` parses; here are the limits, the deadline for a client that stops sending, and one error for each way a
body can be wrong. Fields come in the order sent. How many bytes a file may have is the consumer's decision, who stops
reading it: the rest is then discarded, up to a bound.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from services.gateway.files.multipart_errors import (
    FormTooLarge,
    MalformedForm,
    NotAForm,
    UnsupportedEncoding,
    UploadStalled,
)
from services.gateway.files.part_head import HEADER_CHARSET, read_head

_KIB = 1024
_MAX_BOUNDARY_CHARS = 70  # RFC 2046 §5.1.1


@dataclass(frozen=True)
class FormLimits:
    """How much form there may be around the files."""

    max_parts: int = 64
    max_part_headers: int = 16
    max_header_bytes: int = 8 * _KIB
    """All headers of one part."""
    max_text_bytes: int = _KIB * _KIB
    """One text field."""
    max_padding_bytes: int = 16 * _KIB
    """What stands before the first boundary, or after the last."""
    max_discarded_bytes: int = 256 * _KIB * _KIB
    """Bytes of files that were not read to their end, all together."""
    idle_timeout: timedelta = timedelta(seconds=30)
    """Longest wait for the next byte."""


@dataclass(frozen=True)
class TextField:
    """A field without a file name. Its name may occur more than once in a form."""

    name: str
    value: str


@dataclass
class FileField:
    """A field with a file name, which is valid Unicode but otherwise as sent, possibly empty (see ``names``).

    ``chunks`` can be read once, before the next field is asked for.
    """

    name: str
    filename: str
    content_type: str
    chunks: AsyncIterator[bytes]


async def read_form(request: web.Request, limits: FormLimits) -> AsyncGenerator[TextField | FileField, None]:
    """Give the fields as they arrive.

    Raises a ``FormError`` (``NotAForm``, ``MalformedForm``, ``FormTooLarge``, ``UnsupportedEncoding`` or
    ``UploadStalled``), also out of a file's ``chunks``; after one there is nothing more to read.
    """
    body = _Body(request, limits)
    while segment := await body.next_segment():
        head = read_head(segment)
        if head.filename is None:
            yield TextField(head.name, await _read_text(body, segment, head.charset, limits))
        else:
            yield FileField(head.name, head.filename, head.content_type, body.content(segment))


async def _read_text(body: "_Body", segment: MultipartSegment, charset: str, limits: FormLimits) -> str:
    text = bytearray()
    async for chunk in body.content(segment):
        text += chunk
        if len(text) > limits.max_text_bytes:
            raise FormTooLarge(f"A text field has more than {limits.max_text_bytes} bytes.")
    try:
        return text.decode(charset)
    except UnicodeDecodeError as error:
        raise MalformedForm("A text field is not in the character set it declares; a file needs a filename.") from error


class _Body:
    """The body as a sequence of segments, each followed by its content."""

    def __init__(self, request: web.Request, limits: FormLimits) -> None:
        self._request = request
        self._limits = limits
        self._parser = PushMultipartParser(
            _boundary(request),
            max_header_size=limits.max_header_bytes,
            max_header_count=limits.max_part_headers,
            max_segment_count=limits.max_parts,
            header_charset=HEADER_CHARSET,
        )
        self._events: Iterator[MultipartSegment | bytes | None] = iter(())
        self._current: MultipartSegment | None = None
        self._silent_bytes = 0
        self._discarded_bytes = 0

    async def next_segment(self) -> MultipartSegment | None:
        """Give the next part, discarding what is left of the current one; ``None`` behind the last."""
        if self._current:
            await self._discard(self._current)
        try:
            segment = await self._next_event()
        except _BodyEnded:
            return None
        assert isinstance(segment, MultipartSegment)  # noqa: S101 - the parser's promise: segment, content, None, again
        if sum(len(name) + len(value) for name, value in segment.headerlist) > self._limits.max_header_bytes:
            raise FormTooLarge(f"A part's headers have more than {self._limits.max_header_bytes} bytes.")
        self._current = segment
        return segment

    async def content(self, segment: MultipartSegment) -> AsyncGenerator[bytes, None]:
        """Give what is left of the segment's content; nothing once another segment was asked for."""
        while self._current is segment:
            event = await self._next_event()
            if isinstance(event, bytes):
                yield event
            else:
                self._current = None

    async def _discard(self, segment: MultipartSegment) -> None:
        async for chunk in self.content(segment):
            self._discarded_bytes += len(chunk)
            if self._discarded_bytes > self._limits.max_discarded_bytes:
                raise FormTooLarge("Too much follows a file that was not accepted.")

    async def _next_event(self) -> MultipartSegment | bytes | None:
        """Give what the parser finds next; raises ``_BodyEnded`` when the form is complete."""
        while True:
            try:
                for event in self._events:
                    self._silent_bytes = 0
                    return event
                self._events = self._parser.parse(await self._read())
            except ParserLimitReached as error:
                raise FormTooLarge(f"{error}.") from error
            except MultipartError as error:
                raise MalformedForm(f"{error}.") from error

    async def _read(self) -> bytes:
        """Give what has arrived; a run of bytes in which the parser finds nothing may not go on for ever."""
        if self._silent_bytes > self._limits.max_padding_bytes + self._limits.max_header_bytes:
            raise MalformedForm("Too many bytes stand outside of the parts.")
        try:
            async with asyncio.timeout(self._limits.idle_timeout.total_seconds()):
                chunk = await self._request.content.readany()
        except TimeoutError as error:
            raise UploadStalled from error
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
            raise MalformedForm("The body ended before it was complete.") from error
        if not chunk:
            self._parser.close()
            raise _BodyEnded
        self._silent_bytes += len(chunk)
        return chunk


class _BodyEnded(Exception):
    """The body was read to its proper end."""


def _boundary(request: web.Request) -> str:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedEncoding("A compressed request body is not supported.")
    content_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    if content_type != "multipart/form-data":
        raise NotAForm
    boundary = options.get("boundary", "")
    if not boundary.isascii() or not 0 < len(boundary) <= _MAX_BOUNDARY_CHARS:
        raise MalformedForm("Content-Type names no usable boundary.")
    return str(boundary)
