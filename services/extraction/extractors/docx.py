"""Word (.docx): our own walk over python-docx's package, because python-docx's paragraphs alone lose a third.

The walk is a table from element to handler, block level and inline level. An element without a handler is passed
through: its children are walked, so that text inside an unknown wrapper is never lost.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from docx.opc.exceptions import OpcError
from docx.package import Package
from lxml import etree

from services.extraction.archives import refuse_doctype
from services.extraction.content import ErrorCode, Facts, Items, Limits, Page, Unreadable
from services.extraction.extractors.docx_body import Block, BodyWalk
from services.extraction.extractors.docx_styles import read_styles
from services.extraction.extractors.registry import extracts
from services.extraction.media_types import WORD

_DAMAGED = (
    OpcError,
    etree.LxmlError,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    AttributeError,
    RecursionError,
    EOFError,
)
"""What python-docx and lxml raise for packages with missing, cut-off or malformed parts."""

_MACROS = "application/vnd.ms-office.vbaProject"


@extracts(WORD, engine="python-docx")
def extract_docx(source: Path, limits: Limits) -> Items:
    """One page per section (a heading and what follows it), long sections in several pages of the same label."""
    refuse_doctype(source)
    try:
        package = Package.open(str(source))
        document = package.main_document_part
        body = document.element.body
        yield _facts(package)
        walk = BodyWalk(read_styles(document))
        yield from _sections(walk.blocks(body), limits)
    except _DAMAGED as error:
        raise Unreadable(ErrorCode.CORRUPT) from error


def _facts(package: Package) -> Facts:
    properties = package.core_properties
    return Facts(
        title=properties.title or None,
        author=properties.author or None,
        created_at=properties.created,
        language=properties.language or None,
        macros=any(part.content_type == _MACROS for part in package.iter_parts()),
    )


def _sections(blocks: Iterator[Block], limits: Limits) -> Iterator[Page]:
    """Start a page at every heading, and where a section passes ``block_characters``."""
    page: list[str] = []
    size, label = 0, None
    for block in blocks:
        full = size + len(block.text) > limits.block_characters
        if page and (full or block.heading):
            yield Page("\n\n".join(page), label=label)
            page, size = [], 0
        if block.heading:
            label = block.heading
        page.append(block.text)
        size += len(block.text)
    if page:
        yield Page("\n\n".join(page), label=label)
