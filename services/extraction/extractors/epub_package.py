"""An EPUB's package document: what the book is, and which of its files are read in which order (EPUB 3.3, 5)."""

import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from lxml import etree

from services.extraction.content import Facts
from services.extraction.extractors.xml_parts import moment

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    etree.LxmlError,
    EOFError,
    LookupError,
    NotImplementedError,
    ValueError,
    OSError,
)
"""What reading a member raises that is missing, cut off, packed in an unknown way or no XML."""

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_READABLE = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document", "image/svg+xml"))
_FONT_OBFUSCATION = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
_LARGEST_XML_BYTES = 16 << 20


@dataclass(frozen=True)
class Package:
    """What the package document says. Paths are names of members of the archive."""

    facts: Facts
    spine: list[str]
    navigation: str | None
    """The navigation document of EPUB 3."""
    ncx: str | None
    """The table of contents of EPUB 2."""


def open_package(archive: zipfile.ZipFile) -> Package:
    """Find and read the package document. Raises one of ``DAMAGE`` when there is none."""
    path = _package_path(archive)
    root = read_xml(archive, path)
    items = {item.get("id"): item for item in elements(root, "item")}
    media_types = {name: item.get("media-type", "").lower() for name, item in items.items()}
    paths = {name: resolve(path, item.get("href", "")) for name, item in items.items()}
    order = [reference.get("idref") for reference in elements(root, "itemref")]
    navigation = [name for name, item in items.items() if "nav" in item.get("properties", "").split()]
    ncx = [name for name, media_type in media_types.items() if media_type == "application/x-dtbncx+xml"]
    return Package(
        facts=_facts(root),
        spine=list(dict.fromkeys(paths[name] for name in order if media_types.get(name) in _READABLE)),
        navigation=paths[navigation[0]] if navigation else None,
        ncx=paths[ncx[0]] if ncx else None,
    )


def is_encrypted(archive: zipfile.ZipFile, package: Package) -> bool:
    """Tell whether text is locked; fonts are often obfuscated, which hinders no reader (EPUB 3.3, 4.2.6.3.1)."""
    if _ENCRYPTION not in archive.namelist():
        return False
    for entry in elements(read_xml(archive, _ENCRYPTION), "EncryptedData"):
        methods = {method.get("Algorithm") for method in elements(entry, "EncryptionMethod")}
        names = {unquote(reference.get("URI", "")) for reference in elements(entry, "CipherReference")}
        if not methods <= _FONT_OBFUSCATION and names & set(package.spine):
            return True
    return False


def read_xml(archive: zipfile.ZipFile, path: str) -> Any:
    """Parse a member without obeying its declarations. Raises one of ``DAMAGE``."""
    if archive.getinfo(path).file_size > _LARGEST_XML_BYTES:
        raise ValueError(path)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(archive.read(path), parser)
    if root is None:
        raise ValueError(path)
    return root


def elements(root: Any, name: str) -> list[Any]:
    """Find the elements of this local name, whatever their namespace."""
    return list(root.iter(f"{{*}}{name}"))


def resolve(base: str, reference: str) -> str:
    """Name the member that a reference in another member means, without its fragment."""
    path = unquote(reference.partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)) if path else base


def _package_path(archive: zipfile.ZipFile) -> str:
    """Return the path the container names, or the first package document there is."""
    members = archive.namelist()
    named: list[str] = [root.get("full-path", "") for root in elements(read_xml(archive, _CONTAINER), "rootfile")]
    candidates = [path for path in named if path in members] or [path for path in members if path.endswith(".opf")]
    return candidates[0]


def _facts(root: Any) -> Facts:
    def texts(name: str) -> list[str]:
        return [text for element in elements(root, name) if (text := "".join(element.itertext()).strip())]

    language = next(iter(texts("language")), "")
    return Facts(
        title=next(iter(texts("title")), None),
        author=", ".join(texts("creator")) or None,
        language=language.partition("-")[0].lower() or None,
        created_at=next(filter(None, map(_date, texts("date"))), None),
    )


def _date(written: str) -> datetime | None:
    """Read a W3C date, which may be a year or a month alone."""
    return moment(written + "-01-01"[len(written) - 4 :] if len(written) in {4, 7} else written)
