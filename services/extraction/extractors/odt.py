"""OpenDocument text (.odt): our own walk over ``content.xml``, and the margins of ``styles.xml``."""

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Reason, Unreadable, Warn
from services.extraction.extractors.blocks import Block, sections
from services.extraction.extractors.odf_inline import Gathered
from services.extraction.extractors.odf_package import CONTENT, package_facts, refuse_encrypted
from services.extraction.extractors.odf_styles import Styles
from services.extraction.extractors.odf_text import OdfWalk
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.xml_parts import (
    damage_is_corrupt,
    iterate_children,
    iterate_part,
    local_name,
    parse_part,
)
from services.extraction.media_types import ODF_TEXT

_STYLES = "styles.xml"
_MARGINS = "Headers and footers"


@extracts(ODF_TEXT, engine="lxml")
def extract_odt(source: Path, limits: Limits) -> Items:
    """One page per section (a heading and what follows it), long ones in several of the same label; margins last."""
    with damage_is_corrupt(), zipfile.ZipFile(source) as archive:
        refuse_encrypted(archive)
        yield package_facts(archive)
        yield from _Document(archive).items(limits)


class _Document:
    """One document being read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._gathered = Gathered()
        self._damaged = False
        self._objects: set[str] = set()
        self._common = self._parse(_STYLES)
        self._styles = Styles()

    def items(self, limits: Limits) -> Items:
        """Give the pages, then what was met on them."""
        for styles in self._common if self._common is not None else ():
            self._styles.add(styles)
        with self._archive.open(CONTENT) as stream:
            self._styles.add(next(iterate_part(stream, "automatic-styles"), ()))
        walk = OdfWalk(self._styles, self._gathered, self._object)
        yield from sections(self._body(walk), limits)
        yield from self._margins(walk)
        yield Facts(links=list(self._gathered.links), attachments=list(self._gathered.attachments))
        if self._damaged:
            yield Notice(Warn.PARTIAL)

    def _body(self, walk: OdfWalk) -> Iterator[Block]:
        """Read the body as it is unpacked."""
        with self._archive.open(CONTENT) as stream:
            for element in iterate_children(stream, "text", "p", "h", "list", "table", "section"):
                yield from walk.block(element)

    def _margins(self, walk: OdfWalk) -> Iterator[Page]:
        """Gather the headers and footers of all page styles, each text once, behind the body."""
        texts: dict[str, None] = {}
        for page in self._common.iter("{*}master-page") if self._common is not None else ():
            for margin in page:
                if local_name(margin).startswith(("header", "footer")):
                    texts["\n\n".join(map(str, walk.blocks(margin)))] = None
        if text := "\n\n".join(filter(None, texts)):
            yield Page(text, label=_MARGINS)

    def _object(self, reference: str) -> Any:
        """Return the content of an embedded object, once; one that is a file of another kind is an attachment."""
        name = posixpath.normpath(reference)
        content = posixpath.join(name, CONTENT)
        if content in self._archive.namelist() and content not in self._objects:
            self._objects.add(content)  # or an object could hold itself without end
            return self._parse(content)
        if name in self._archive.namelist():
            self._gathered.attachments[posixpath.basename(name)] = None
        return None

    def _parse(self, name: str) -> Any:
        """Return a part's root, None for one that is missing or damaged, which costs only itself."""
        try:
            with damage_is_corrupt(), self._archive.open(name) as stream:
                return parse_part(stream)
        except Unreadable as error:
            if error.reason is Reason.DOCTYPE or error.code is not ErrorCode.CORRUPT:
                raise
            self._damaged |= name in self._archive.namelist()
            return None
