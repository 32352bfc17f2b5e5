"""A book's table of contents: the navigation document of EPUB 3, else the NCX of EPUB 2."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.extraction.content import Limits
from services.extraction.extractors.epub_package import DAMAGE, Package, elements, read_xml, resolve
from services.extraction.extractors.html_markup import pieces, read_markup

_MOST_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A title, its level from 1, and the member it leads to."""

    title: str
    level: int
    path: str


def read_toc(archive: zipfile.ZipFile, package: Package, limits: Limits) -> list[Entry]:
    """Return the entries in their order; a damaged table of contents is as none."""
    try:
        entries = list(_from_navigation(archive, package.navigation, limits)) if package.navigation else []
        return entries or (list(_from_ncx(archive, package.ncx)) if package.ncx else [])
    except DAMAGE:
        return []


def _from_navigation(archive: zipfile.ZipFile, path: str, limits: Limits) -> Iterator[Entry]:
    """Read the ``nav`` that is the table of contents; others list pages or landmarks (EPUB 3.3, 7.4)."""
    markup = next(pieces(read_markup(archive.read(path), xhtml=True), limits.depth))
    navs = LexborHTMLParser(markup).css("nav")
    contents = next((nav for nav in navs if "toc" in (nav.attributes.get("epub:type") or "").split()), None)
    for link in (contents.css("li a") if contents else [])[:_MOST_ENTRIES]:
        title = " ".join(link.text().split())
        if title:
            yield Entry(title, max(_lists_around(link), 1), resolve(path, link.attributes.get("href") or ""))


def _lists_around(link: LexborNode) -> int:
    count, node = 0, link.parent
    while node is not None and node.tag != "nav":
        count += node.tag == "ol"
        node = node.parent
    return count


def _from_ncx(archive: zipfile.ZipFile, path: str) -> Iterator[Entry]:
    """Read the ``navMap`` (ANSI/NISO Z39.86, 8)."""
    for point in elements(read_xml(archive, path), "navPoint")[:_MOST_ENTRIES]:
        title = " ".join("".join(point.xpath("string(*[local-name()='navLabel'])")).split())
        source = point.xpath("string(*[local-name()='content']/@src)")
        level = 1 + int(point.xpath("count(ancestor::*[local-name()='navPoint'])"))
        if title:
            yield Entry(title, level, resolve(path, source))
