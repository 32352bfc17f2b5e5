"""Word (.docx): our own walk over the package, because every library loses something.

python-docx opens no package with a missing part and none in the strict dialect, and its paragraphs alone are two thirds
of the text; the table of features and libraries stands in ``tests/bench/README.md``.
"""

import zipfile
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from services.extraction.content import ErrorCode, Facts, Items, Limits, Notice, Page, Unreadable, Warn
from services.extraction.extractors.blocks import Block, sections
from services.extraction.extractors.docx_chunks import chunk_blocks
from services.extraction.extractors.docx_shared import Shared, open_document
from services.extraction.extractors.docx_walk import PartWalk
from services.extraction.extractors.ooxml_package import Package
from services.extraction.extractors.registry import Extractor, extracts
from services.extraction.extractors.xml_parts import damage_is_corrupt
from services.extraction.media_types import WORD

_MAIN = "word/document.xml"
_MARGINS = "Headers and footers"


@extracts(WORD, engine="lxml")
def extract_docx(source: Path, limits: Limits) -> Items:
    """One page per section (a heading and what follows it), long ones in several of the same label; margins last."""
    return _open(source, limits, _read_nested)


def _read_nested(source: Path, limits: Limits) -> Items:
    """Read a document inside a document; what is in turn inside it is left out, or they could nest without end."""
    return _open(source, limits, lambda *_: iter((Notice(Warn.PARTIAL),)))


def _open(source: Path, limits: Limits, read_inner: Extractor) -> Items:
    with damage_is_corrupt(), zipfile.ZipFile(source) as archive:
        yield from _read(Package(archive), limits, read_inner)


def _read(package: Package, limits: Limits, read_inner: Extractor) -> Items:
    main = next(iter(package.related("", "officeDocument")), _MAIN)
    if main not in package:
        raise Unreadable(ErrorCode.CORRUPT)
    facts = package.facts()
    yield facts
    document = open_document(package, main, partial(chunk_blocks, limits=limits, read_package=read_inner))
    walk = PartWalk(document, main)
    yield from sections(chain(_body(walk, package, main), _unreferenced(walk, document)), limits)
    yield from _margins(package, document, main)
    yield Facts(links=list(document.links), attachments=[*facts.attachments, *document.attachments])
    yield from document.notices()


def _body(walk: PartWalk, package: Package, main: str) -> Iterator[Block]:
    """Read the body as it is unpacked."""
    for element in package.iterate_children(main, "body", "p", "tbl", "sdt"):
        yield from walk.block(element)


def _unreferenced(walk: PartWalk, document: Shared) -> Iterator[Block]:
    """Give the notes and comments whose references are lost."""
    return walk.remarks(chain(document.footnotes.rest(), document.endnotes.rest(), document.comments.rest()))


def _margins(package: Package, document: Shared, main: str) -> Iterator[Page]:
    """Gather all headers and footers, each text once, behind the body, whose pages they would interrupt."""
    texts: dict[str, None] = {}
    for part in package.related(main, "header", "footer"):
        if (root := document.parse(part)) is not None:
            walk = PartWalk(document, part)
            texts["\n\n".join(str(block) for block in walk.blocks(root))] = None
    if text := "\n\n".join(filter(None, texts)):
        yield Page(text, label=_MARGINS)
