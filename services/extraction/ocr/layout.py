"""Lines put together to a page's text: paragraphs apart, words cut at a line's end whole again."""

import re
from collections.abc import Iterable

from services.extraction.extractors.hyphens import join_hyphenated
from services.extraction.ocr.tesseract import Line

_HYPHEN_AT_END = re.compile(r"(?<=\w)[-\u00ad\u2010]\n(?=\w)")
_MARK = "\ufffe"
"""What ``hyphens`` takes for a word cut at the end of a line."""


def text_of(lines: Iterable[Line]) -> str:
    """Give one line per line and an empty one before each paragraph; gaps between columns are tabs."""
    text = "".join(("\n\n" if line.begins_paragraph else "\n") + line.text for line in lines)
    return join_hyphenated(_HYPHEN_AT_END.sub(_MARK, text)).strip()
