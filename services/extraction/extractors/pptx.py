"""PowerPoint (.pptx): our own walk over the package, because a library that opens it as a whole loses it as a whole.

Slides are read one by one as parts of the archive: a damaged or missing slide costs a warning, not the others. Text of
masters and layouts is not the author's and is left out; footers and dates are given once, slide numbers never.
"""

import dataclasses
import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Unreadable, Warn
from services.extraction.extractors.ooxml_package import Package, Relationship
from services.extraction.extractors.pptx_comments import comments_of, read_authors
from services.extraction.extractors.pptx_frames import FrameReader
from services.extraction.extractors.pptx_parts import Parts
from services.extraction.extractors.pptx_positions import Positions
from services.extraction.extractors.pptx_shapes import ShapeWalk, title_of
from services.extraction.extractors.registry import extracts
from services.extraction.extractors.xml_parts import damage_is_corrupt, whole_number
from services.extraction.media_types import POWERPOINT

_FALSE = {"0", "false"}
_LARGEST_FIRST_NUMBER = 9_999
"""What PowerPoint takes; more is damage or an attack."""
_MEDIA = {"audio", "video", "media", "oleObject", "package"}


@extracts(POWERPOINT)
def extract_pptx(source: Path, limits: Limits) -> Items:
    """One page per slide, hidden ones included: text in reading order, then comments, then notes."""
    with damage_is_corrupt(), zipfile.ZipFile(source) as archive:
        package = Package(archive)
        main = _main_part(package)
        presentation = package.parse(main)
        slides = list(_slide_parts(package, main, presentation))
        if len(slides) > limits.hard_pages:
            raise Unreadable(ErrorCode.TOO_MANY_PAGES)
        yield dataclasses.replace(package.facts(), page_count=len(slides))
        yield from _Deck(package, main).pages(slides, _first_number(presentation))


def _main_part(package: Package) -> str:
    main = package.related("", "officeDocument")
    if not main:
        raise Unreadable(ErrorCode.CORRUPT)
    return main[0]


def _slide_parts(package: Package, main: str, presentation: Any) -> Iterator[str]:
    """Give the slides in the order of the presentation; the names of their parts say nothing about it."""
    targets = {found.id: found.target for found in package.relationships(main) if not found.external}
    for entry in presentation.iterfind("{*}sldIdLst/{*}sldId"):
        yield targets.get(_relationship_id(entry), "")


def _relationship_id(entry: Any) -> str:
    """Return ``r:id``, which stands beside an ``id`` without a namespace."""
    return next((value for key, value in entry.attrib.items() if key.endswith("}id")), "")


def _first_number(presentation: Any) -> int:
    """Return the number the first slide shows (ECMA-376 part 1, §19.2.1.26); 0 is counted as 1, as pages are."""
    return whole_number(presentation.get("firstSlideNum", ""), 1, _LARGEST_FIRST_NUMBER, least=1)


class _Deck:
    """What the slides of one presentation share."""

    def __init__(self, package: Package, main: str) -> None:
        self._parts = Parts(package)
        self._positions = Positions(self._parts)
        self._authors = read_authors(self._parts, main)
        self._footers: set[str] = set()
        self._links: dict[str, None] = {}
        self._attachments = dict.fromkeys(package.facts().attachments)
        self._outline: list[dict[str, Any]] = []

    def pages(self, slides: list[str], first: int) -> Items:
        """Read slide after slide; what they link to and contain is known at the end."""
        readable = not slides
        for number, part in enumerate(slides, first):
            root = self._parts.parse(part)
            readable |= root is not None
            page = Page("", number=number) if root is None else self._slide(part, root, number)
            if self._parts.take_damage():
                yield Notice(Warn.UNREADABLE_PAGES)
            yield page
        if not readable:
            raise Unreadable(ErrorCode.CORRUPT)
        yield Facts(links=list(self._links), attachments=list(self._attachments), outline=self._outline)

    def _slide(self, part: str, root: Any, number: int) -> Page:
        title = title_of(root)
        if title:
            self._outline.append({"title": title, "level": 1, "page": number})
        blocks = [*self._body(part, root), *self._comments(part), *self._notes(part)]
        hidden = root.get("show") in _FALSE
        label = f"{title or f'Slide {number}'} (hidden)" if hidden else title
        return Page("\n\n".join(filter(None, blocks)), label=label, number=number)

    def _body(self, part: str, root: Any) -> Iterator[str]:
        walk = self._walk(part)
        yield from walk.blocks(root, self._positions.of_slide(part))
        for footer in walk.footers:
            if footer not in self._footers:
                self._footers.add(footer)
                yield footer

    def _comments(self, part: str) -> Iterator[str]:
        for found in self._parts.related(part, "comments"):
            root = self._parts.parse(found)
            if root is not None:
                yield from comments_of(root, self._authors)

    def _notes(self, part: str) -> Iterator[str]:
        for notes in self._parts.related(part, "notesSlide")[:1]:
            root = self._parts.parse(notes)
            if root is not None and (blocks := self._walk(notes).blocks(root, {}, with_title=False)):
                yield "Notes: " + "\n".join(blocks)

    def _walk(self, part: str) -> ShapeWalk:
        relationships = self._parts.relationships(part)
        self._note(relationships)
        return ShapeWalk(FrameReader(self._parts, {found.id: found for found in relationships}))

    def _note(self, relationships: list[Relationship]) -> None:
        """Keep what a slide links to and what is embedded in it, by name."""
        for found in relationships:
            if found.kind == "hyperlink" and found.external:
                self._links[found.target] = None
            elif found.kind in _MEDIA:
                self._attachments[posixpath.basename(found.target.replace("\\", "/"))] = None
