"""Packages of Office Open XML: parts in a ZIP and the relationships between them (ECMA-376 part 2).

A relationship can only lead to a part of the same archive: targets are names to look up, never paths to open.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from services.extraction.content import Facts
from services.extraction.extractors.xml_parts import iterate_children, iterate_part, local_name, moment, parse_part

_MACROS = "vbaproject.bin"
_EMBEDDINGS = "/embeddings/"
_SIGNATURES = "_xmlsignatures/"
_CORE_PROPERTIES = {"title": "title", "creator": "author", "language": "language"}


@dataclass(frozen=True, slots=True)
class Relationship:
    """An arrow from a part: ``kind`` is the last word of its type, in which the dialects agree."""

    id: str
    kind: str
    target: str
    """A part's name, or for an external relationship whatever it points to."""
    external: bool


class Package:
    """An open package."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = {_normal(name): name for name in archive.namelist()}

    def __contains__(self, part: str) -> bool:
        return _normal(part) in self._members

    def size(self, part: str) -> int:
        """Return the unpacked size of a part in bytes, 0 for a missing one."""
        name = self._members.get(_normal(part))
        return self._archive.getinfo(name).file_size if name else 0

    def parse(self, part: str) -> Any:
        """Return the root element of a part. Raises ``KeyError`` for a missing one."""
        with self._archive.open(self._members[_normal(part)]) as stream:
            return parse_part(stream)

    def iterate(self, part: str, *names: str) -> Iterator[Any]:
        """Give a part's elements of these local names as they end. Raises ``KeyError`` for a missing part."""
        with self._archive.open(self._members[_normal(part)]) as stream:
            yield from iterate_part(stream, *names)

    def iterate_children(self, part: str, container: str, *frequent: str) -> Iterator[Any]:
        """Give what stands directly in an element as it is read, see ``xml_parts``. Raises ``KeyError`` for no part."""
        with self.open(part) as stream:
            yield from iterate_children(stream, container, *frequent)

    def open(self, part: str) -> IO[bytes]:
        """Open a part to read its bytes. Raises ``KeyError`` for a missing one."""
        return self._archive.open(self._members[_normal(part)])

    def relationships(self, part: str = "") -> list[Relationship]:
        """Return the relationships of a part, of the package itself without one; none when there is no list."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        if listing not in self:
            return []
        return [_relationship(element, folder) for element in self.parse(listing)]

    def related(self, part: str, *kinds: str) -> list[str]:
        """Return the parts that exist and to which a part has relationships of these kinds."""
        found = self.relationships(part)
        return [r.target for r in found if r.kind in kinds and not r.external and r.target in self]

    def facts(self) -> Facts:
        """Return what the package says of itself, and what it contains besides its text."""
        names = list(self._members)
        values: dict[str, Any] = {}
        for part in self.related("", "core-properties")[:1]:
            for element in self.parse(part):
                name, text = local_name(element), (element.text or "").strip()
                if name in _CORE_PROPERTIES and text:
                    values[_CORE_PROPERTIES[name]] = text
                elif name == "created":
                    values["created_at"] = moment(text)
        return Facts(
            **values,
            attachments=[posixpath.basename(self._members[name]) for name in names if _EMBEDDINGS in f"/{name}"],
            macros=any(name.endswith(_MACROS) for name in names),
            signed=any(name.startswith(_SIGNATURES) for name in names),
        )


def _relationship(element: Any, folder: str) -> Relationship:
    external = element.get("TargetMode", "").lower() == "external"
    target = element.get("Target", "")
    if not external:
        target = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")
    return Relationship(element.get("Id", ""), element.get("Type", "").rpartition("/")[2], target, external)


def _normal(name: str) -> str:
    """Part names do not distinguish case (part 2, §6.2.2.3), and some writers use backslashes."""
    return name.replace("\\", "/").lstrip("/").lower()
