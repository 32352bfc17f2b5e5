"""OpenDocument presentations (.odp): the slides of ``content.xml`` as they stream by (ODF 1.3 part 3, §9.1.4)."""

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.extraction.content import ErrorCode, Facts, Items, Limits, Page, Unreadable
from services.extraction.extractors.odf_package import CONTENT, package_facts, refuse_encrypted
from services.extraction.extractors.odp_shapes import SlideReader
from services.extraction.extractors.odp_text import ListStyles
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.xml_parts import attribute, damage_is_corrupt, iterate_part, local_name
from services.extraction.media_types import ODF_PRESENTATION

_READ = ("style", "list-style", "footer-decl", "date-time-decl", "page")
_PAGE = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}page"


@extracts(ODF_PRESENTATION)
def extract_odp(source: Path, limits: Limits) -> Items:
    """One page per slide, hidden ones included: text in reading order, then comments, then notes."""
    with damage_is_corrupt(), zipfile.ZipFile(source) as archive:
        refuse_encrypted(archive)
        yield package_facts(archive)
        deck = _Deck(archive)
        yield from deck.pages(limits)
        yield deck.facts()


class _Deck:
    """What is known of one presentation: styles and declarations come before the slides that use them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._hidden: set[str] = set()
        self._footers: dict[str, str] = {}
        self._outline: list[dict[str, Any]] = []
        self._lists: ListStyles = {}
        self._reader = SlideReader(archive, self._lists)
        self._count = 0

    def pages(self, limits: Limits) -> Iterator[Page]:
        """Read the slides in their order; raises ``Unreadable`` where there are none or too many."""
        with self._archive.open(CONTENT) as stream:
            for element in iterate_part(stream, *_READ):
                if element.tag == _PAGE:
                    self._count += 1
                    yield self._slide(element)
                else:
                    self._learn(element)
                if self._count > limits.hard_pages:
                    raise Unreadable(ErrorCode.TOO_MANY_PAGES)
        if not self._count:
            raise Unreadable(ErrorCode.CORRUPT)

    def facts(self) -> Facts:
        """Return what only reading everything shows."""
        reader = self._reader
        names = [posixpath.basename(name) for name in reader.attachments]
        return Facts(page_count=self._count, links=list(reader.links), attachments=names, outline=self._outline)

    def _learn(self, element: Any) -> None:
        kind, name = local_name(element), attribute(element, "name")
        if kind == "style":
            if any(attribute(child, "visibility") == "hidden" for child in element):
                self._hidden.add(name)
        elif kind == "list-style":
            self._lists[name] = {attribute(level, "level") for level in element if _numbers(level)}
        else:
            self._footers[name] = (element.text or "").strip()

    def _slide(self, slide: Any) -> Page:
        content = self._reader.read(slide)
        if content.title:
            self._outline.append({"title": content.title, "level": 1, "page": self._count})
        footers = [self._footers.pop(attribute(slide, use), "") for use in ("use-footer-name", "use-date-time-name")]
        label = content.title
        if attribute(slide, "style-name") in self._hidden:
            label = f"{content.title or f'Slide {self._count}'} (hidden)"
        blocks = [*content.body, *footers, *content.comments, *content.notes]
        return Page("\n\n".join(filter(None, blocks)), label=label, number=self._count)


def _numbers(level: Any) -> bool:
    return local_name(level) == "list-level-style-number" and bool(attribute(level, "num-format"))
