"""OpenDocument packages: what a document says of itself, and whether it can be read at all (ODF 1.3 part 2)."""

import re
import zipfile
from typing import Any

from services.extraction.content import ErrorCode, Facts, Unreadable
from services.extraction.extractors.xml_parts import local_name, moment, parse_part

CONTENT = "content.xml"
_MANIFEST, _META, _SIGNATURES = "META-INF/manifest.xml", "meta.xml", "META-INF/documentsignatures.xml"
_MACROS = ("Basic/", "Scripts/")
_MANIFEST_BYTES = 4 << 20
_ENCRYPTED = re.compile(rb"<(?:[\w.-]+:)?encryption-data[\s/>]")
_NAMES = {"title": "title", "creator": "author", "initial-creator": "author", "language": "language"}


def refuse_encrypted(archive: zipfile.ZipFile) -> None:
    """Refuse a package whose manifest says that parts are encrypted (§4.8); without a manifest nothing says so.

    The manifest is searched rather than parsed: some writers do not declare its namespace, others give it a DOCTYPE.
    """
    if _MANIFEST not in archive.namelist():
        return
    with archive.open(_MANIFEST) as stream:
        if _ENCRYPTED.search(stream.read(_MANIFEST_BYTES)):
            raise Unreadable(ErrorCode.ENCRYPTED)


def package_facts(archive: zipfile.ZipFile) -> Facts:
    """Return title, author and creation, and whether there are macros and signatures."""
    names = archive.namelist()
    values: dict[str, Any] = {}
    if _META in names:
        with archive.open(_META) as stream:
            for element in parse_part(stream).iter():
                name, text = local_name(element), (element.text or "").strip()
                if name in _NAMES and text:
                    values.setdefault(_NAMES[name], text)
                elif name == "creation-date":
                    values["created_at"] = moment(text)
    return Facts(**values, macros=any(name.startswith(_MACROS) for name in names), signed=_SIGNATURES in names)
