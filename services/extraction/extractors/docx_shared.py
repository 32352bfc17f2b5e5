"""What the walks over all parts of one Word document share: its definitions, its notes, and what they gather."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from services.extraction.content import Notice, Reason, Unreadable, Warn
from services.extraction.extractors.blocks import Block
from services.extraction.extractors.docx_notes import Comments, Notes
from services.extraction.extractors.docx_numbering import Numbering
from services.extraction.extractors.docx_styles import Styles
from services.extraction.extractors.ooxml_package import Package
from services.extraction.extractors.xml_parts import damage_is_corrupt

ReadChunk = Callable[["Shared", str], Iterator[Block]]
"""Gives the text of a part in another format; what of it is not read is noted in the document."""


@dataclass(slots=True)
class Shared:
    """One document being read; ``links`` gathers targets in their order, ``attachments`` names parts not read."""

    package: Package
    styles: Styles
    numbering: Numbering
    footnotes: Notes
    endnotes: Notes
    comments: Comments
    read_chunk: ReadChunk
    warnings: set[Warn]
    links: dict[str, None] = field(default_factory=dict)
    attachments: dict[str, None] = field(default_factory=dict)

    def notices(self) -> list[Notice]:
        """Return the warnings gathered until now."""
        return [Notice(warning) for warning in sorted(self.warnings)]

    def parse(self, part: str) -> Any:
        """Return a part's root, None with a warning for one that is missing or damaged."""
        return _parse(self.package, part, self.warnings)


def open_document(package: Package, main: str, read_chunk: ReadChunk) -> Shared:
    """Read what stands beside the main part. What is missing or damaged there costs only itself, with a warning."""
    warnings: set[Warn] = set()

    def first(kind: str) -> tuple[str, Any]:
        part = next(iter(package.related(main, kind)), "")
        return part, _parse(package, part, warnings) if part else None

    return Shared(
        package=package,
        styles=Styles(first("styles")[1]),
        numbering=Numbering(first("numbering")[1]),
        footnotes=Notes("Footnote", *first("footnotes")),
        endnotes=Notes("Endnote", *first("endnotes")),
        comments=Comments(*first("comments"), first("commentsExtended")[1]),
        read_chunk=read_chunk,
        warnings=warnings,
    )


def _parse(package: Package, part: str, warnings: set[Warn]) -> Any:
    try:
        with damage_is_corrupt():
            return package.parse(part)
    except Unreadable as error:
        if error.reason is Reason.DOCTYPE:
            raise
        warnings.add(Warn.PARTIAL)
        return None
