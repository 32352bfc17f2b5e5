"""PowerPoint: every feature that a reader of the slides sees, from the builder that the tests use too."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kreuzberg import extract_file_sync
from markitdown import MarkItDown
from pptx import Presentation

from tests.support import slide_documents

SUFFIX = ".pptx"
FEATURES = slide_documents.FEATURES
ABSENT = slide_documents.ABSENT


def document() -> bytes:
    """Make the deck that holds every marker."""
    return slide_documents.feature_pptx()


def _python_pptx(source: Path) -> str:
    """Do what most programs do with python-pptx: text frames, tables and notes."""
    lines: list[str] = []
    for slide in Presentation(str(source)).slides:
        lines += [line for shape in slide.shapes for line in _shape_lines(shape)]
        if slide.has_notes_slide:
            lines.append(slide.notes_slide.notes_text_frame.text)
    return "\n".join(lines)


def _shape_lines(shape: Any) -> Iterator[str]:
    if shape.has_text_frame:
        yield shape.text_frame.text
    if getattr(shape, "has_table", False):
        yield from (cell.text for row in shape.table.rows for cell in row.cells)


def _markitdown(source: Path) -> str:
    return str(MarkItDown().convert(str(source)).text_content)


def _kreuzberg(source: Path) -> str:
    return str(extract_file_sync(str(source)).content)


PEERS: Mapping[str, Callable[[Path], str]] = {
    "python-pptx, shapes": _python_pptx,
    "markitdown": _markitdown,
    "kreuzberg": _kreuzberg,
}
