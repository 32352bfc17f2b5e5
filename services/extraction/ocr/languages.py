"""Which of the configured and installed languages a text is in, or a script can be read with."""

import re
from collections.abc import Sequence

import chardet

from services.extraction.ocr import tesseract

LATIN = "Latin"
_SCRIPTS = {
    "Arabic": ("ara", "fas", "urd", "pus", "uig"),
    "Armenian": ("hye",),
    "Bengali": ("ben",),
    "Cyrillic": ("rus", "ukr", "bel", "bul", "srp", "mkd", "kaz", "kir", "mon", "tgk"),
    "Devanagari": ("hin", "mar", "nep", "san"),
    "Georgian": ("kat",),
    "Greek": ("ell", "grc"),
    "Gujarati": ("guj",),
    "Gurmukhi": ("pan",),
    "Han": ("chi_sim", "chi_tra", "jpn"),
    "Hangul": ("kor",),
    "Hebrew": ("heb", "yid"),
    "Hiragana": ("jpn",),
    "Japanese": ("jpn", "chi_sim", "chi_tra"),
    "Kannada": ("kan",),
    "Katakana": ("jpn",),
    "Khmer": ("khm",),
    "Korean": ("kor",),
    "Malayalam": ("mal",),
    "Tamil": ("tam",),
    "Telugu": ("tel",),
    "Thai": ("tha",),
}
"""Scripts as Tesseract's detection names them, and the languages written in them; all other languages use Latin."""
_NOT_LATIN = frozenset(language for languages in _SCRIPTS.values() for language in languages)
_CODES = dict(
    re.findall(
        r"(\w+)=(\w+)",
        "en=eng de=deu fr=fra es=spa it=ita pt=por nl=nld pl=pol tr=tur cs=ces sk=slk sl=slv hr=hrv hu=hun ro=ron"
        " da=dan sv=swe no=nor fi=fin et=est lv=lav lt=lit vi=vie id=ind ru=rus uk=ukr be=bel bg=bul sr=srp mk=mkd"
        " el=ell ar=ara fa=fas he=heb hi=hin th=tha zh=chi_sim ja=jpn ko=kor",
    )
)
"""ISO 639-1, as chardet speaks, to Tesseract's names."""
_TELLING_CHARACTERS = 40
"""From here on chardet was right for 12 of 14 languages, even where another language's model had misread accents."""


def available(configured: Sequence[str]) -> list[str]:
    """Give the configured languages that are installed, in their order."""
    return [language for language in configured if language in tesseract.installed_languages()]


def of_script(script: str, languages: Sequence[str]) -> list[str]:
    """Give those of the languages that are written in a script."""
    if script in _SCRIPTS:
        return [language for language in languages if language in _SCRIPTS[script]]
    return [language for language in languages if script in {LATIN, "Fraktur"} and language not in _NOT_LATIN]


def of_text(text: str, languages: Sequence[str]) -> str | None:
    """Name which of the languages a text is in; None when it is too short to tell or in none of them."""
    if sum(map(str.isalpha, text)) < _TELLING_CHARACTERS:
        return None
    language = _CODES.get(chardet.detect(text.encode())["language"] or "")
    return language if language in languages else None


def with_english(language: str, languages: Sequence[str]) -> str:
    """Let a language of another script be read together with English, whose words stand in every script's texts."""
    return f"{language}+eng" if language in _NOT_LATIN and "eng" in languages else language


def relatives(language: str, languages: Sequence[str]) -> list[str]:
    """Give the other languages of a language's script."""
    own = language.partition("+")[0]
    script = next((script for script, members in _SCRIPTS.items() if own in members), LATIN)
    return [with_english(other, languages) for other in of_script(script, languages) if other != own]


def other_scripts(language: str, languages: Sequence[str]) -> str | None:
    """Name all languages of other scripts than Latin, where ``language`` is Latin."""
    others = [other for other in languages if other in _NOT_LATIN]
    return "+".join(others) if others and language.partition("+")[0] not in _NOT_LATIN else None
