"""One picture, its text: find out how it must be read on a sample of it, then read it whole.

1. The picture is made grey, dark on light, straight and large enough (``pictures``).
2. A sample is read in the first language. When it reads badly, the picture is turned as its characters stand, the script
   they are of decides the language, and a smoothed picture is tried; whatever reads best goes on.
3. The sample's text tells the language. The whole is read in it; lines that come out badly are tried in other scripts.
4. Lines that nobody could be sure of are dropped: textures and photographs look like letters to Tesseract.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from services.extraction.content import Limits, Warn
from services.extraction.ocr import languages, pictures, tesseract
from services.extraction.ocr.layout import text_of
from services.extraction.ocr.tesseract import Line

_PERCENT = 100
_SURE = 90
"""Mean confidence of a clean page; a fax has 81 as it is and 93 smoothed."""
_WRONG = 75
"""Below this something is wrong with how the picture stands or what it is read as: upside down text has 30 to 55."""
_LEGIBLE = 50
_LOW = 70
_SURE_TURN = 3.0
_SURE_SCRIPT = 2.0
_CLEARLY_BETTER = 8
_RETRIED_LINES = 60
_RETRIED_CHARACTERS = 6


@dataclass(frozen=True, slots=True)
class Recognised:
    """The text of one picture; ``quality`` is the words' mean confidence, 0 to 1; ``warnings`` say what is amiss."""

    text: str
    quality: float
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A way to read a picture, and what a sample of it reads like that way."""

    picture: Image.Image
    language: str
    text: str
    confidence: float

    @classmethod
    def of(cls, picture: Image.Image, language: str) -> "_Attempt":
        lines = tesseract.read_lines(pictures.sample(picture), language)
        return cls(picture, language, "\n".join(line.text for line in lines), _mean_confidence(lines))


def recognise(image: Image.Image, limits: Limits, *, dpi: int | None = None) -> Recognised:
    """Read the text of a picture in any orientation; ``dpi`` is its resolution where that is known.

    Text is "" with ``Warn.OCR_NO_TEXT`` when nothing legible is on it.
    """
    known = languages.available(limits.ocr_languages)
    grey = pictures.to_grey(image)
    if not known or pictures.is_blank(grey):
        return Recognised("", 0.0, (Warn.OCR_NO_TEXT if known else Warn.OCR_LANGUAGE_MISSING,))
    attempt, foreign = _approach(pictures.prepare(grey, dpi), known)
    lines = _in_other_scripts(attempt, _read(attempt, known), known)
    legible = [line for line in lines if line.confidence >= _LEGIBLE]
    return _result(legible, foreign=foreign)


def _result(legible: Sequence[Line], *, foreign: bool) -> Recognised:
    text = text_of(legible)
    quality = _mean_confidence(legible)
    warnings = [Warn.OCR_LANGUAGE_MISSING] if foreign else []
    if not text:
        return Recognised("", 0.0, (*warnings, Warn.OCR_NO_TEXT))
    if quality < _LOW:
        warnings.append(Warn.OCR_LOW_QUALITY)
    return Recognised(text, quality / _PERCENT, tuple(warnings))


def _approach(picture: Image.Image, known: Sequence[str]) -> tuple[_Attempt, bool]:
    """Find how the picture reads best; the second value is whether it is in a script that no known language has."""
    best, foreign = _Attempt.of(picture, known[0]), False
    if best.confidence < _WRONG:
        best, foreign = _upright(best, known)
    if best.confidence < _SURE:
        best = max(best, _Attempt.of(pictures.smoothed(best.picture), best.language), key=_confidence)
    return _in_its_language(best, known), foreign


def _upright(attempt: _Attempt, known: Sequence[str]) -> tuple[_Attempt, bool]:
    """Turn the picture as its characters stand and read them in their script."""
    found = tesseract.find_orientation(attempt.picture)
    script = found.script if found and found.script_certainty >= _SURE_SCRIPT else languages.LATIN
    readers = languages.of_script(script, known)
    turns = (found.turn,) if found and found.turn_certainty >= _SURE_TURN else (0, 90, 180, 270)
    language = languages.with_english(readers[0], known) if readers else attempt.language
    attempts = (_Attempt.of(pictures.turned(attempt.picture, turn), language) for turn in turns)
    best = max(attempt, *attempts, key=_confidence)
    return best, not readers and best.confidence < _WRONG


def _in_its_language(attempt: _Attempt, known: Sequence[str]) -> _Attempt:
    language = languages.of_text(attempt.text, known)
    return replace(attempt, language=languages.with_english(language, known)) if language else attempt


def _read(attempt: _Attempt, known: Sequence[str]) -> list[Line]:
    """Read the whole picture, once more when the text turns out to be in another language than its sample."""
    lines = tesseract.read_lines(attempt.picture, attempt.language)
    whole = replace(attempt, text="\n".join(line.text for line in lines))
    again = _in_its_language(whole, known)
    if again.language == attempt.language:
        return lines
    return max(lines, tesseract.read_lines(again.picture, again.language), key=_mean_confidence)


def _in_other_scripts(attempt: _Attempt, lines: list[Line], known: Sequence[str]) -> list[Line]:
    others = languages.other_scripts(attempt.language, known)
    if not others:
        return lines
    return list(_retried(attempt.picture, lines, "+".join(others)))


def _retried(picture: Image.Image, lines: list[Line], language: str) -> Iterator[Line]:
    left = _RETRIED_LINES
    for line in lines:
        if line.confidence >= _WRONG or len(line.text) < _RETRIED_CHARACTERS or not left:
            yield line
            continue
        left -= 1
        again = tesseract.read_lines(picture.crop(line.box), language)
        better = _mean_confidence(again) >= line.confidence + _CLEARLY_BETTER
        yield replace(line, text=" ".join(a.text for a in again), confidence=_mean_confidence(again)) if better else line


def _mean_confidence(lines: Sequence[Line]) -> float:
    weights = [len(line.text) for line in lines]
    return sum(line.confidence * weight for line, weight in zip(lines, weights, strict=True)) / max(sum(weights), 1)


def _confidence(attempt: _Attempt) -> float:
    return attempt.confidence
