"""XML parts of archives, read so that nothing outside the part is ever fetched and no declaration is obeyed.

lxml's own limits are kept: 256 levels of nesting, 10 million characters in one text. Ours bounds what is held at once,
because an element of four characters takes thirty times its size in memory.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any

from lxml import etree

from services.extraction.content import ErrorCode, Reason, Unreadable

_SAFELY: Any = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_MOST_BYTES_AT_ONCE = 16 << 20
"""Size of a part that is read as a whole, and of what may stand between two elements of one that streams by."""
_MOST_DIGITS = 20
"""More would only be cut: Python refuses to read numbers of thousands of digits."""
_LARGEST_NUMBER = 1_000_000_000
_DAMAGE = (
    etree.LxmlError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What archives and parsers raise for members and documents that are missing, cut off or malformed."""


@contextmanager
def damage_is_corrupt() -> Iterator[None]:
    """Turn what reading a damaged part raises into ``Unreadable`` (``corrupt``)."""
    try:
        yield
    except _DAMAGE as error:
        raise Unreadable(ErrorCode.CORRUPT, Reason.NESTING if _is_too_deep(error) else None) from error


def _is_too_deep(error: Exception) -> bool:
    """Tell libxml2's limit by its words, as its code stands for all its limits."""
    return isinstance(error, RecursionError) or "Excessive depth" in str(error)


def parse_part(stream: IO[bytes], *, forgiving: bool = False) -> Any:
    """Return the root element of a part, ``forgiving`` where programs are known to write what is not well-formed.

    Raises ``Unreadable`` for one too large to hold, or with a DOCTYPE.
    """
    metered: Any = _Metered(stream)
    tree = etree.parse(metered, etree.XMLParser(remove_comments=True, remove_pis=True, recover=forgiving, **_SAFELY))
    _refuse_doctype(tree)
    return tree.getroot()


def iterate_part(stream: IO[bytes], *names: str) -> Iterator[Any]:
    """Give the elements of these local names in any namespace, each when it ends; what was given is then forgotten.

    Memory stays constant however many there are. Raises ``Unreadable`` as ``parse_part`` does.
    """
    checked = False
    metered = _Metered(stream)
    tags = [f"{{*}}{name}" for name in names]
    for _, element in etree.iterparse(metered, tag=tags, remove_comments=True, remove_pis=True, **_SAFELY):
        if not checked:
            _refuse_doctype(element.getroottree())
            checked = True
        metered.at_once = 0
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def iterate_children(stream: IO[bytes], container: str, *frequent: str) -> Iterator[Any]:
    """Give what stands directly in the element of this local name that holds the document, in order, as it is read.

    Children are given when one with a ``frequent`` name ends, those of other names before it too; what was given is
    then forgotten. Raises ``Unreadable`` as ``parse_part`` does, and (``corrupt``) where there is no such element.
    """
    given, found = None, False
    metered = _Metered(stream)
    tags = [f"{{*}}{name}" for name in (container, *frequent)]
    for _, element in etree.iterparse(metered, tag=tags, remove_comments=True, remove_pis=True, **_SAFELY):
        if given is None:
            _refuse_doctype(element.getroottree())
        holder = element.getparent()
        if holder is not None and local_name(holder) == container:
            metered.at_once = 0
            yield from _before(element, given)
            yield element
            element.clear()  # and kept, as the parser may still refer to it
            given = element
        elif local_name(element) == container:
            found = True
            yield from (child for child in element if child is not given)
    if not found:
        raise Unreadable(ErrorCode.CORRUPT)


def _before(element: Any, given: Any) -> Iterator[Any]:
    """Take the elements before one out of their parent, and give all but the one ``given`` already."""
    holder = element.getparent()
    while (first := holder[0]) is not element:
        holder.remove(first)
        if first is not given:
            yield first


class _Metered:
    """A stream that ends the document when too much was read since the last element was forgotten."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.at_once = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self.at_once += len(piece)
        if self.at_once > _MOST_BYTES_AT_ONCE:
            raise Unreadable(ErrorCode.TOO_LARGE_UNCOMPRESSED)
        return piece


def local_name(element: Any) -> str:
    """Return an element's name without its namespace, which the strict and transitional dialects give differently."""
    return _local(element.tag)


@lru_cache(maxsize=1_000)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def attribute(element: Any, name: str) -> str:
    """Return an attribute in whatever namespace (``r:id`` has another one in the strict dialect), "" without it."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def whole_number(text: str, otherwise: int, most: int = _LARGEST_NUMBER, *, least: int = 0) -> int:
    """Read a number that is not negative, however many digits it has; the result is from ``least`` to ``most``."""
    found = int(text[:_MOST_DIGITS]) if text.isascii() and text.isdecimal() else otherwise
    return max(min(found, most), least)


def moment(text: str) -> datetime | None:
    """Read a point in time (ISO 8601); without a zone it counts as UTC. None for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _refuse_doctype(tree: Any) -> None:
    if tree.docinfo.internalDTD is not None:
        raise Unreadable(ErrorCode.CORRUPT, Reason.DOCTYPE)
