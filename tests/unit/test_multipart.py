"""Forms as clients send them, cut wherever a network may cut them."""

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import pytest
from aiohttp import StreamReader, web
from aiohttp.test_utils import make_mocked_request

from services.gateway.files.multipart import FileField, FormLimits, TextField, read_form
from services.gateway.files.multipart_errors import (
    FormError,
    FormTooLarge,
    MalformedForm,
    NotAForm,
    UnsupportedEncoding,
    UploadStalled,
)

FORM = {"Content-Type": "multipart/form-data; boundary=b0undary"}
TRICKY = b"\r\n--b0undar\r\n--b0undaryx\r\n\r--b0undary\r\n-\n--b0undary--\0\xff"
"""Content that holds everything but the delimiter, CR LF and two hyphens before the boundary and CR LF behind it."""


@dataclass(frozen=True)
class ReadFile:
    """A file field with all of its bytes."""

    name: str
    filename: str
    content_type: str
    content: bytes


class Arrivals:
    """A request's body that arrives in these reads; then it ends, or stays silent."""

    def __init__(self, reads: Iterable[bytes], *, ends: bool = True) -> None:
        self._reads = [read for read in reads if read]
        self._ends = ends

    async def readany(self) -> bytes:
        """Give one read, as ``aiohttp.StreamReader`` does."""
        if not self._reads and not self._ends:
            await asyncio.Event().wait()
        return self._reads.pop(0) if self._reads else b""


def request_of(body: Arrivals, headers: dict[str, str] | None = None) -> web.Request:
    reader = cast("StreamReader", body)
    return make_mocked_request("POST", "/", headers=FORM if headers is None else headers, payload=reader)


def part(headers: bytes, content: bytes) -> bytes:
    return b"--b0undary\r\n" + headers + b"\r\n\r\n" + content + b"\r\n"


def text(name: bytes, value: bytes) -> bytes:
    return part(b'Content-Disposition: form-data; name="' + name + b'"', value)


def file(filename: bytes, content: bytes, *extra: bytes) -> bytes:
    disposition = b'Content-Disposition: form-data; name="file"; filename="' + filename + b'"'
    return part(b"\r\n".join([disposition, *extra]), content)


END = b"--b0undary--\r\n"


async def read_all(reads: Iterable[bytes], limits: FormLimits | None = None) -> list[TextField | ReadFile]:
    fields: list[TextField | ReadFile] = []
    async for field in read_form(request_of(Arrivals(reads)), limits or FormLimits()):
        if isinstance(field, FileField):
            content = b"".join([chunk async for chunk in field.chunks])
            fields.append(ReadFile(field.name, field.filename, field.content_type, content))
        else:
            fields.append(field)
    return fields


async def filename_of(disposition_rest: bytes) -> str:
    body = part(b'Content-Disposition: form-data; name="file"; ' + disposition_rest, b"x") + END
    [field] = await read_all([body])
    assert isinstance(field, ReadFile)
    return field.filename


MIXED = (
    text(b"message", "Grüße".encode())
    + file(b"a.bin", TRICKY.replace(b"\r\n--b0undaryx", b"\r\n--b0undarx"), b"Content-Type: Application/PDF; x=y")
    + text(b"wait", b"")
    + file(b"empty.txt", b"")
    + END
)
MIXED_FIELDS = [
    TextField("message", "Grüße"),
    ReadFile("file", "a.bin", "application/pdf", TRICKY.replace(b"\r\n--b0undaryx", b"\r\n--b0undarx")),
    TextField("wait", ""),
    ReadFile("file", "empty.txt", "application/octet-stream", b""),
]


async def test_fields_come_in_the_order_sent() -> None:
    assert await read_all([MIXED]) == MIXED_FIELDS


async def test_a_cut_at_any_byte_changes_nothing() -> None:
    for cut in range(1, len(MIXED)):
        assert await read_all([MIXED[:cut], MIXED[cut:]]) == MIXED_FIELDS


async def test_single_bytes_change_nothing() -> None:
    assert await read_all(MIXED[index : index + 1] for index in range(len(MIXED))) == MIXED_FIELDS


async def test_random_reads_of_random_content_change_nothing() -> None:
    source = random.Random(7)  # noqa: S311 - a repeatable choice of cuts, not a secret
    for _ in range(50):
        content = bytes(source.choices(b"\r\n-b0", k=source.randrange(2000))).replace(b"--b0u", b"")
        body, reads = file(b"r", content) + END, []
        while body:
            size = source.randrange(1, 90)
            reads.append(body[:size])
            body = body[size:]
        assert await read_all(reads) == [ReadFile("file", "r", "application/octet-stream", content)]


async def test_a_file_that_is_not_read_is_skipped() -> None:
    body = file(b"a", b"x" * 5000) + text(b"after", b"still there") + END
    reads = [body[start : start + 700] for start in range(0, len(body), 700)]
    names = [field.name async for field in read_form(request_of(Arrivals(reads)), FormLimits())]
    assert names == ["file", "after"]


async def test_chunks_of_a_passed_file_give_nothing_more() -> None:
    fields = read_form(request_of(Arrivals([file(b"a", b"x" * 50), text(b"after", b"value") + END])), FormLimits())
    first = await anext(fields)
    assert isinstance(first, FileField)
    assert await anext(fields) == TextField("after", "value")
    assert [chunk async for chunk in first.chunks] == []


async def test_what_may_be_skipped_is_bounded() -> None:
    body = [file(b"a", b"x" * 5000), END]
    with pytest.raises(FormTooLarge):
        _ = [field async for field in read_form(request_of(Arrivals(body)), FormLimits(max_discarded_bytes=4999))]


async def test_a_large_file_is_never_held_whole() -> None:
    head, tail = file(b"a", b"!").split(b"!")
    block = bytes(1 << 20)

    tracemalloc.start()
    try:
        size = 0
        async for field in read_form(request_of(Arrivals([head, *([block] * 64), tail + END])), FormLimits()):
            assert isinstance(field, FileField)
            async for chunk in field.chunks:
                size += len(chunk)
        assert size == 64 << 20
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("disposition_rest", "filename"),
    [
        ('filename="Übersicht 中文.pdf"'.encode(), "Übersicht 中文.pdf"),
        ('filename="Übersicht.pdf"'.encode("latin-1"), "Übersicht.pdf"),
        (b"filename=\"fallback.pdf\"; filename*=UTF-8''%e2%82%ac%20rates.pdf", "€ rates.pdf"),
        (b"filename*=utf-8'en'%e2%82%ac.pdf", "€.pdf"),
        (b"filename*=iso-8859-1''%A3.pdf", "£.pdf"),
        (b"filename=\"a; filename*=utf-8''b.exe\"", "a; filename*=utf-8''b.exe"),
        (b'filename="say %22hi%22.txt"', 'say "hi".txt'),
        (b'filename="say \\"hi\\".txt"', 'say "hi".txt'),
        (b'filename="a\\..\\b.pdf"', "a\\..\\b.pdf"),
        (b'filename="../../etc/passwd"', "../../etc/passwd"),
        (b'filename="100%.txt"', "100%.txt"),
        (b"filename=plain.txt", "plain.txt"),
        (b'filename=""', ""),
        (b'filename="\xed\xa0\x80.txt"', "\xed\xa0\x80.txt"),
        (b'filename="' + b"n" * 5000 + b'.txt"', "n" * 5000 + ".txt"),
    ],
)
async def test_file_names_arrive_as_valid_unicode_otherwise_untouched(disposition_rest: bytes, filename: str) -> None:
    received = await filename_of(disposition_rest)
    assert received == filename
    received.encode()


DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a"'
HOSTILE: dict[str, tuple[type[FormError], bytes]] = {
    "nothing at all": (MalformedForm, b""),
    "no boundary in it": (MalformedForm, b"hello"),
    "another boundary": (MalformedForm, b"--other\r\n\r\n"),
    "cut in the headers": (MalformedForm, b"--b0undary\r\nContent-Disp"),
    "cut in the content": (MalformedForm, file(b"a", b"content")[:-4]),
    "cut before the last boundary": (MalformedForm, file(b"a", b"content")),
    "no disposition": (MalformedForm, part(b"Content-Type: text/plain", b"x") + END),
    "attachment": (MalformedForm, part(b'Content-Disposition: attachment; name="a"', b"x") + END),
    "two dispositions": (MalformedForm, part(DISPOSITION + b"\r\n" + DISPOSITION, b"x") + END),
    "no name": (MalformedForm, part(b"Content-Disposition: form-data", b"x") + END),
    "empty name": (MalformedForm, text(b"", b"x") + END),
    "control character in a name": (MalformedForm, text(b"a\0b", b"x") + END),
    "NUL in a file name": (MalformedForm, file(b"a\0.pdf", b"x") + END),
    "NUL in an extended file name": (
        MalformedForm,
        part(b"Content-Disposition: form-data; name=\"f\"; filename*=utf-8''a%00b", b"x") + END,
    ),
    "file name in another character set than declared": (
        MalformedForm,
        part(b"Content-Disposition: form-data; name=\"f\"; filename*=utf-8''%ff", b"x") + END,
    ),
    "header without a colon": (MalformedForm, part(DISPOSITION + b"\r\nnonsense", b"x") + END),
    "header with a bare line feed": (MalformedForm, part(DISPOSITION + b"\nX: y", b"x") + END),
    "nested multipart": (MalformedForm, file(b"a", b"x", b"Content-Type: multipart/mixed; boundary=i") + END),
    "file in a text field": (MalformedForm, text(b"message", b"%PDF\xff\xfe") + END),
    "unknown character set": (
        MalformedForm,
        part(b'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-7', b"x") + END,
    ),
    "endless preamble": (MalformedForm, b"x" * 60_000 + file(b"a", b"x") + END),
    "too many headers": (FormTooLarge, file(b"a", b"x", *[b"X-%d: y" % number for number in range(16)]) + END),
    "long header": (FormTooLarge, file(b"a", b"x", b"X: " + b"y" * 8200) + END),
    "long headers": (FormTooLarge, file(b"a", b"x", *[b"X-%d: " % number + b"y" * 900 for number in range(10)]) + END),
    "header that never ends": (FormTooLarge, b"--b0undary\r\nX: " + b"y" * 60_000),
    "long text": (FormTooLarge, text(b"a", b"y" * (1024 * 1024 + 1)) + END),
    "too many parts": (FormTooLarge, b"".join(text(b"a", b"x") for _ in range(65)) + END),
    "base64": (UnsupportedEncoding, file(b"a", b"eA==", b"Content-Transfer-Encoding: Base64") + END),
    "quoted-printable": (UnsupportedEncoding, file(b"a", b"x", b"Content-Transfer-Encoding: quoted-printable") + END),
    "gzip part": (UnsupportedEncoding, file(b"a", b"x", b"Content-Encoding: gzip") + END),
}


@pytest.mark.parametrize("read_size", [1_000_000, 4096, 61])
@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_bodies_are_refused_with_a_reason(name: str, read_size: int) -> None:
    error, body = HOSTILE[name]
    with pytest.raises(error) as caught:
        await read_all(body[start : start + read_size] for start in range(0, len(body), read_size))
    assert str(caught.value)


async def test_what_follows_the_last_boundary_is_bounded() -> None:
    with pytest.raises(MalformedForm):
        await read_all([file(b"a", b"x") + END, *([b"x" * 4096] * 7)])


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (NotAForm, {}),
        (NotAForm, {"Content-Type": "application/json"}),
        (NotAForm, {"Content-Type": "multipart/mixed; boundary=b0undary"}),
        (MalformedForm, {"Content-Type": "multipart/form-data"}),
        (MalformedForm, {"Content-Type": "multipart/form-data; boundary="}),
        (MalformedForm, {"Content-Type": "multipart/form-data; boundary=" + "x" * 71}),
        (UnsupportedEncoding, FORM | {"Content-Encoding": "gzip"}),
    ],
)
async def test_a_request_that_is_no_form_is_refused_unread(error: type[FormError], headers: dict[str, str]) -> None:
    silent = request_of(Arrivals([], ends=False), headers)
    with pytest.raises(error):
        await anext(read_form(silent, FormLimits()))


@pytest.mark.parametrize("arrived", [b"", b"--b0und", file(b"a", b"content")[:-4]])
async def test_a_client_that_stops_sending_is_given_up(arrived: bytes) -> None:
    limits = FormLimits(idle_timeout=timedelta(milliseconds=20))
    fields = read_form(request_of(Arrivals([arrived], ends=False)), limits)
    with pytest.raises(UploadStalled):
        await skim(fields)


async def skim(fields: AsyncIterator[TextField | FileField]) -> None:
    async for field in fields:
        if isinstance(field, FileField):
            async for _ in field.chunks:
                pass


async def test_a_boundary_may_be_quoted_and_a_short_preamble_is_skipped() -> None:
    body = b"preamble\r\n" + text(b"a", b"b").replace(b"b0undary", b"b 0?") + b"--b 0?--"
    request = request_of(Arrivals([body]), {"Content-Type": 'multipart/form-data; charset=utf-8; boundary="b 0?"'})
    assert [field async for field in read_form(request, FormLimits())] == [TextField("a", "b")]


async def test_latin_1_text_is_read_when_it_says_so() -> None:
    headers = b'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=ISO-8859-1'
    assert await read_all([part(headers, b"\xfc") + END]) == [TextField("a", "ü")]
