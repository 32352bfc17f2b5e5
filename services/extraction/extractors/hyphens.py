"""Words that pdfium found cut at a line's end.

pdfium puts a mark (U+0002 or U+FFFE, by call) where a hyphen ends a line and drops the line break; it cannot tell a
hyphen that only breaks the word from one that belongs to it. We join, so that searches and citations find the word,
unless the page itself shows the hyphenated word elsewhere or the parts look like a compound (``U-Net``, ``VGG-16``).
"""

import re

_MARK = re.compile(r"[\x02\ufffe][\r\n]*")
_LAST_WORD, _FIRST_WORD = re.compile(r"\w*\Z"), re.compile(r"\w*")
_LONGEST_PART = 50


def join_hyphenated(text: str) -> str:
    """Resolve every mark in a page's text."""
    before, *rest = _MARK.split(text)
    joined = [before]
    for after in rest:
        joined += (_joint(before, after, text), after)
        before = after
    return "".join(joined)


def _joint(before: str, after: str, text: str) -> str:
    """Decide between nothing and a hyphen for the place between two parts of a text."""
    first = _LAST_WORD.findall(before[-_LONGEST_PART:])[0]
    second = _FIRST_WORD.findall(after[:_LONGEST_PART])[0]
    broken_only = second[:1].islower() and first[-1:].isalpha() and len(first) > 1
    return "" if broken_only and f"{first}-{second}" not in text else "-"
