"""Parts of a Word document in another format (``altChunk``, ECMA-376 part 1, 17.17.2), read by that format's extractor.

What is external is never fetched; what would need a converter is left to the list of attachments.
"""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from services.extraction.archives import check_archive
from services.extraction.content import Items, Limits, Page, Unreadable
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.extractors.blocks import Block
from services.extraction.extractors.ooxml_package import Package
from services.extraction.extractors.registry import Extractor


def chunk_blocks(package: Package, part: str, limits: Limits, read_package: Extractor) -> Iterator[Block]:
    """Give the text of such a part, nothing for one that cannot be read; ``read_package`` reads a document in a ZIP."""
    with tempfile.NamedTemporaryFile(suffix=PurePosixPath(part).suffix.lower()) as copy, package.open(part) as stream:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        for item in _items(Path(copy.name), limits, read_package):
            if isinstance(item, Page):
                yield Block(item.text)


def _items(source: Path, limits: Limits, read_package: Extractor) -> Items:
    try:
        if zipfile.is_zipfile(source):
            check_archive(source, limits)
            yield from read_package(source, limits)
        else:
            found = registry.find(detect(source, source.suffix).media_type)
            if found and not found.needs_processes:
                yield from found.extract(source, limits)
    except Unreadable:
        return
