"""Extractors that misbehave as parsers do; loaded into the sandbox's template by name, never registered in a service.

Each is chosen by the ending of a text file's name, as every kind of text is.
"""

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from services.extraction.content import Facts, Heavy, Items, Limits, Page
from services.extraction.extractors.registry import extracts

_REPORTS = 3
_PR_GET_NO_NEW_PRIVS = 39


@extracts("text/x-hang", suffixes=(".hang",))
def hang(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Give a page, then never end, in C as a parser would."""
    yield Page("before")
    ctypes.CDLL(None).pause()


@extracts("text/x-spin", suffixes=(".spin",))
def spin(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Burn processor time for ever."""
    yield Page("before")
    while True:
        pass


@extracts("text/x-eat", suffixes=(".eat",))
def eat(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Take memory until there is no more."""
    yield Page("before")
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1024)) * 8192)


@extracts("text/x-eat-natively", suffixes=(".eatc",))
def eat_natively(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Take memory and abort when it is refused, as pdfium does."""
    yield Page("before")
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while block := libc.malloc(8 << 20):
        ctypes.memset(block, 1, 8 << 20)
    os.abort()


@extracts("text/x-abort", suffixes=(".abort",))
def abort(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Give a page, then crash."""
    yield Page("before")
    os.abort()


@extracts("text/x-raise", suffixes=(".raise",))
def fail(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Fail as no extractor foresees."""
    yield Page("before")
    raise ZeroDivisionError


@extracts("text/x-garbage", suffixes=(".garbage",))
def garbage(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Write to the service what is no report, as a parser that was taken over could."""
    yield Page("before")
    os.write(_REPORTS, b"\0\0\0\x05hello")
    time.sleep(3600)


@extracts("text/x-flood", suffixes=(".flood",))
def flood(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Announce a frame of 4 GB and send it."""
    yield Page("before")
    os.write(_REPORTS, b"\xff\xff\xff\xff")
    while True:
        os.write(_REPORTS, b"x" * 65536)


@extracts("text/x-lie", suffixes=(".lie",))
def lie(_source: Path, limits: Limits) -> Iterator[Page]:
    """Report more pages than allowed, past the worker's own caps."""
    yield Page("before")
    for number in range(2, limits.pages + 3):
        body = b'{"kind":"page","number":%d,"text":"x"}' % number
        os.write(_REPORTS, len(body).to_bytes(4, "big") + body)
    time.sleep(3600)


@extracts("text/x-fork", suffixes=(".fork",))
def fork_bomb(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Fork for ever, as far as that is possible."""
    yield Page("before")
    while True:
        os.fork()


@extracts("text/x-fork-allowed", suffixes=(".forks",), needs_processes=True)
def fork_and_hide(source: Path, _limits: Limits) -> Iterator[Page]:
    """Start programs that leave their session and outlive the extractor, as a converter's helpers would."""
    for _ in range(3):
        subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(3600) # {source}"], start_new_session=True)
    yield Page("started")


@extracts("text/x-network", suffixes=(".net",))
def network(source: Path, _limits: Limits) -> Iterator[Page]:
    """Try to reach the address in the document by every means."""
    host, port = source.read_text().split()
    try:
        with socket.create_connection((host, int(port)), timeout=5):
            yield Page("connected")
    except OSError as error:
        yield Page(f"refused: {error}")


@extracts("text/x-look", suffixes=(".look",))
def look_around(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Tell what the extractor has been left with."""
    yield Page(f"environment {dict(os.environ)} descriptors {[*filter(_is_open, range(1024))]}")
    yield Page(f"no new privileges {ctypes.CDLL(None).prctl(_PR_GET_NO_NEW_PRIVS, *[ctypes.c_ulong(0)] * 4)}")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


@extracts("text/x-litter", suffixes=(".litter",))
def litter(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Leave files in the working folder, one of them unreadable."""
    Path("left").mkdir()
    Path("left/behind").write_text("x")
    Path("left").chmod(0)
    yield Page("littered")


@extracts("text/x-slow", suffixes=(".slow",))
def slow(source: Path, _limits: Limits) -> Iterator[Page]:
    """Give a page every tenth of a second, as many as the document says."""
    for number in range(int(source.read_text())):
        time.sleep(0.1)
        yield Page(f"page {number + 1}")


@extracts("text/x-hang-later", suffixes=(".hang3",))
def hang_later(_source: Path, _limits: Limits) -> Iterator[Page]:
    """Give three pages, then never end."""
    for number in range(3):
        yield Page(f"page {number + 1}")
    ctypes.CDLL(None).pause()


@extracts("text/x-scan", suffixes=(".scan",))
def scan(source: Path, _limits: Limits) -> Items:
    """Read as many pages as the document says the way OCR does: heavy, and a while for each."""
    pages = int(source.read_text())
    yield Facts(page_count=pages)
    yield Heavy()
    for number in range(pages):
        time.sleep(0.2)
        yield Page(f"page {number + 1}", ocr=True)
