"""Words that pdfium found cut at a line's end.

pdfium puts a mark (U+0002 or U+FFFE, by call) where a hyphen ends a line and drops the line break; it cannot tell a
hyphen that only breaks the word from one that belongs to it. We join, so that searches and citations find the word,
unless the page itself shows the hyphenated word elsewhere or the parts look like a compound (``U-Net``, ``VGG-16``).
"""

import re

_BROKEN = re.compile(r"(?P<before>\w*)[\x02\ufffe][\r\n]*(?P<after>\w*)")


def join_hyphenated(text: str) -> str:
    """Resolve every mark in a page's text."""
    return _BROKEN.sub(lambda found: _resolve(found, text), text)


def _resolve(found: re.Match[str], text: str) -> str:
    before, after = found["before"], found["after"]
    hyphenated = f"{before}-{after}"
    broken_only = after[:1].islower() and before[-1:].isalpha() and len(before) > 1
    return before + after if broken_only and hyphenated not in text else hyphenated
