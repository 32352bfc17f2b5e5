"""Whether a page's text layer is text: a number that decides between it and OCR.

Broken fonts, wrong encodings and old OCR leave layers that only a program takes for text. What gives them away needs no
dictionary: characters that mean nothing, words that no language spells so, letters standing alone in rows, stray signs.
Words of scripts other than Latin, Greek and Cyrillic are not judged, only their characters.
"""

import re

USABLE = 0.6
"""A layer below this is worth the time of OCR."""

_SAMPLE_CHARACTERS = 1_000
"""Taken three times: at the page's beginning, middle and end."""
_LEAST_WORDS = 8
"""Fewer words than this (a number, a formula, a heading) prove nothing."""
_USUAL = 0.1
"""What abbreviations, formulas and program text do to the share of odd words on a sound page."""
_ALL = 0.8
_CONVINCING = 2.0
"""A layer half of which is odd is no text at all."""

_MEANINGLESS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_WORD = re.compile(r"[a-zA-Z\u00c0-\u024f\u0370-\u052f]{4,}")
_VOWELS = (
    r"aeiouyAEIOUY\u00c0-\u00c6\u00c8-\u00cf\u00d2-\u00d6\u00d8-\u00dd\u00e0-\u00e6\u00e8-\u00ef\u00f2-\u00f6\u00f8-\u00fd"
    r"\u00ff-\u0105\u0112-\u011b\u0128-\u0131\u014c-\u0153\u0168-\u0173\u0176-\u0178"
    r"αεηιουωάέήίόύώϊϋΐΰАЕЁИОУЫЭЮЯІЇЄЎаеёиоуыэюяіїєўєѝ"
)
_WITHOUT_VOWEL = re.compile(rf"(?<![^\W\d_])(?:(?![{_VOWELS}])[a-zA-Z\u00c0-\u024f\u03b1-\u052f]){{4,}}(?![^\W\d_])")
_MOSTLY_ACCENTED = re.compile(r"[\u00c0-\u00ff]{4,}")
_ROW_OF_LETTERS = re.compile(r"(?<!\S)(?:[^\W\d_] +){5,}[^\W\d_](?!\S)")
_STRAY_SIGNS = re.compile(r"(?<!\S)[^\w\s.,|•·\u2010-\u2015\u2212\-+=<>*/:&#%]{1,3}(?!\S)")


def text_quality(text: str, *, unmapped: float = 0.0) -> float:
    """Judge a page's text: 1 is text, 0 is nothing that anybody could read.

    ``unmapped`` is the share of glyphs for which the font names no character.
    """
    sample = _sample(text)
    visible = sum(map(len, sample.split()))
    if not visible:
        return 0.0
    meaningless = max(unmapped, len(_MEANINGLESS.findall(sample)) / visible)
    odd = max(0.0, _odd_words(sample) - _USUAL)
    return max(0.0, 1.0 - _CONVINCING * meaningless) * max(0.0, 1.0 - _CONVINCING * odd)


def _sample(text: str) -> str:
    if len(text) <= 3 * _SAMPLE_CHARACTERS:
        return text
    middle = (len(text) - _SAMPLE_CHARACTERS) // 2
    return f"{text[:_SAMPLE_CHARACTERS]} {text[middle : middle + _SAMPLE_CHARACTERS]} {text[-_SAMPLE_CHARACTERS:]}"


def _odd_words(text: str) -> float:
    """Give the share of what stands between spaces that is no word of any language."""
    rows = sum(len(row.split()) for row in _ROW_OF_LETTERS.findall(text))
    signs = len(_STRAY_SIGNS.findall(text))
    spaced = (rows + signs) / max(len(text.split()), _LEAST_WORDS)
    words = _WORD.findall(text)
    if len(words) < _LEAST_WORDS:
        return spaced
    capitals = sum(map(str.isupper, words)) > _ALL * len(words)  # else words in capitals are abbreviations
    unlike = sum(capitals or not word.isupper() for word in _WITHOUT_VOWEL.findall(text))
    return spaced + (unlike + len(_MOSTLY_ACCENTED.findall(text))) / len(words)
