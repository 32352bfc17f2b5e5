"""Parts of a Word document in another format (``altChunk``, ECMA-376 part 1, 17.17.2), read by that format's extractor.

What is external is never fetched. What cannot be read here, or only by long work such as OCR or a converter, is listed
among the attachments, with a warning.
"""

import posixpath
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from services.extraction.archives import check_archive
from services.extraction.content import ErrorCode, Heavy, Items, Limits, Notice, Page, Unreadable, Warn
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.extractors.blocks import Block
from services.extraction.extractors.docx_shared import Shared
from services.extraction.extractors.registry import Extractor


def chunk_blocks(document: Shared, part: str, limits: Limits, read_package: Extractor) -> Iterator[Block]:
    """Give the text of such a part as far as it can be read here; ``read_package`` reads a document in a ZIP."""
    suffix = PurePosixPath(part).suffix.lower()
    with tempfile.NamedTemporaryFile(suffix=suffix) as copy, document.package.open(part) as stream:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        try:
            for item in _items(Path(copy.name), limits, read_package):
                if isinstance(item, Page):
                    yield Block(item.text)
                elif isinstance(item, Notice):
                    document.warnings.add(item.warning)
        except Unreadable:
            document.warnings.add(Warn.PARTIAL)
            document.attachments[posixpath.basename(part)] = None


def _items(source: Path, limits: Limits, read_package: Extractor) -> Items:
    """Give what the part's extractor gives. Raises ``Unreadable``, also for what would take long."""
    if zipfile.is_zipfile(source):
        check_archive(source, limits)
        yield from read_package(source, limits)
        return
    found = registry.find(detect(source, source.suffix).media_type)
    if found is None or found.needs_processes:
        raise Unreadable(ErrorCode.UNSUPPORTED_TYPE)
    for item in found.extract(source, limits):
        if isinstance(item, Heavy):
            raise Unreadable(ErrorCode.UNSUPPORTED_TYPE)
        yield item
