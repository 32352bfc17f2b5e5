"""What .doc and .ppt share: LibreOffice, and an OLE container that is looked into before any program sees it."""

import dataclasses
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import olefile

from services.extraction import converter
from services.extraction.content import ErrorCode, Facts, Items, Notice, Unreadable, Warn
from services.extraction.extractors import registry
from services.extraction.extractors.ole_facts import ole_facts

_OBJECTS = "ObjectPool"
"""Where Word keeps embedded objects, each in a storage of its own."""

LIBREOFFICE = registry.program("libreoffice", converter.version)
DAMAGE = (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError, struct.error)
"""What olefile raises for containers that are cut off, loop or lie about their sizes."""


@contextmanager
def open_container(source: Path) -> Iterator[olefile.OleFileIO]:
    """Open a compound file ([MS-CFB]); whatever its damage raises becomes ``Unreadable`` (``corrupt``)."""
    try:
        with source.open("rb") as file, olefile.OleFileIO(file) as ole:
            yield ole
    except DAMAGE as error:
        raise Unreadable(ErrorCode.CORRUPT) from error


def stream(ole: olefile.OleFileIO, name: str) -> bytes:
    """Return a stream of the root, empty when there is none."""
    content: bytes = ole.openstream(name).read() if ole.exists(name) else b""
    return content


def facts_of(source: Path) -> Items:
    """Give what the container says of the document; damage there costs a warning."""
    try:
        with open_container(source) as ole:
            objects = [path[1] for path in ole.listdir(streams=False, storages=True) if path[:-1] == [_OBJECTS]]
            facts: Facts | Notice = dataclasses.replace(ole_facts(ole), attachments=objects)
    except Unreadable:
        facts = Notice(Warn.METADATA_INCOMPLETE)
    yield facts
