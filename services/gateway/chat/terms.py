"""Cut text into the terms that retrieval compares.

Words are runs of letters, digits and combining marks, without case and without the accents of European scripts. Scripts
that put no spaces between words (Chinese, Japanese, Korean, Thai and their neighbours) give overlapping pairs of
characters instead, as search engines do where they have no dictionary. A language may add its own folding of words.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

Analyzer = Callable[[str], list[str]]
"""Gives the terms of a text, in order and with repetitions."""

_MARKS = "".join(chr(code) for code in range(0x300, 0xFFFF) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\uac00-\ud7af"  # Korean
    "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana, Han
)
_WORD = re.compile(rf"[\w{_MARKS}]+")
_RUN = re.compile(rf"[{_UNSPACED}{_MARKS}]+|[^{_UNSPACED}]+")
_ACCENT = re.compile("[\u0300-\u036f]+")
_SHORTEST_FOLDED = 4


def analyzer(language: str | None) -> Analyzer:
    """Return the analyzer for a language (ISO 639-1); one without rules of its own gets words as they are."""
    fold = _FOLDINGS.get((language or "")[:2].lower(), _unchanged)
    return lambda text: [fold(term) for term in _terms(text)]


def _terms(text: str) -> Iterator[str]:
    for word in _WORD.findall(_normalised(text)):
        if word.isascii():
            yield word.strip("_") or word
            continue
        for run in _RUN.findall(word):
            yield from _pairs(run) if re.match(f"[{_UNSPACED}]", run) else (run,)


def _normalised(text: str) -> str:
    if text.isascii():
        return text.lower()
    bare = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKC", bare).casefold()


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for start in range(len(run) - 1):
        yield run[start : start + 2]


def _unchanged(term: str) -> str:
    return term


def _fold_english(term: str) -> str:
    """Harman's S stemmer (1991): plurals meet their singulars, nothing else changes."""
    if len(term) < _SHORTEST_FOLDED or not term.endswith("s") or not term.isalpha():
        return term
    if term.endswith("ies") and not term.endswith(("eies", "aies")):
        return term[:-3] + "y"
    if term.endswith("es") and not term.endswith(("aes", "ees", "oes")):
        return term[:-1]
    return term if term.endswith(("us", "ss")) else term[:-1]


_FOLDINGS: Mapping[str, Callable[[str], str]] = {"en": _fold_english}
