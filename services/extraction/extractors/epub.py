"""EPUB: the parts of a book in their reading order, each read as a web page, under the names the book gives them."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from services.extraction.archives import open_archive
from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Unreadable, Warn
from services.extraction.extractors.blocks import sections
from services.extraction.extractors.epub_package import DAMAGE, Package, is_encrypted, open_package
from services.extraction.extractors.epub_toc import Entry, read_toc
from services.extraction.extractors.html import parse
from services.extraction.extractors.html_markup import read_markup
from services.extraction.extractors.html_walk import HtmlWalk
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import EPUB

_EXTERNAL = ("http://", "https://", "mailto:")


@extracts(EPUB, engine="selectolax")
def extract_epub(source: Path, limits: Limits) -> Items:
    """One page per section (a heading and what follows it), labelled as the table of contents or the heading says.

    Nothing is unpacked to disk; names that lead out of the book lead nowhere. Raises ``Unreadable``: ``encrypted``
    where rights management locks the text, ``corrupt`` where there is no book.
    """
    with open_archive(source) as archive:
        try:
            package = open_package(archive)
            if is_encrypted(archive, package):
                raise Unreadable(ErrorCode.ENCRYPTED)
        except DAMAGE as error:
            raise Unreadable(ErrorCode.CORRUPT) from error
        yield package.facts
        book = _Book(archive, package, limits, read_toc(archive, package, limits))
        yield from book.pages()
        yield Facts(
            outline=book.outline(), links=[link for link in book.walk.links if link.lower().startswith(_EXTERNAL)]
        )


@dataclass
class _Book:
    """A book that is being read: where its parts begin, and what headings they have, is known as they pass."""

    archive: zipfile.ZipFile
    package: Package
    limits: Limits
    contents: list[Entry]
    walk: HtmlWalk = field(default_factory=HtmlWalk)
    first_pages: dict[str, int] = field(default_factory=dict)
    headings: list[dict[str, Any]] = field(default_factory=list)

    def pages(self) -> Iterator[Page | Notice]:
        """Give the pages of all parts; a part that is missing or damaged costs only itself."""
        titles = {entry.path: entry.title for entry in reversed(self.contents)}
        number = 0
        for path in self.package.spine:
            self.first_pages[path] = number + 1
            try:
                content = self.archive.read(path)
            except DAMAGE:
                yield Notice(Warn.UNREADABLE_PAGES)
                continue
            for item in self._sections(content):
                if isinstance(item, Page):
                    number += 1
                    yield replace(item, label=item.label or titles.get(path))
                elif isinstance(item, Facts):
                    before = self.first_pages[path] - 1
                    self.headings += [{**entry, "page": entry["page"] + before} for entry in item.outline]

    def outline(self) -> list[dict[str, Any]]:
        """Return the table of contents, or the headings where the book has none."""
        listed = [
            {"title": entry.title, "level": entry.level, "page": self.first_pages[entry.path]}
            for entry in self.contents
            if entry.path in self.first_pages
        ]
        return listed or self.headings

    def _sections(self, content: bytes) -> Items:
        trees = parse(read_markup(content, xhtml=True), self.limits)
        return sections(self.walk.all_blocks(trees), self.limits)
