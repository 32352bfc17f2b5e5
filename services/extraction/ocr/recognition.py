"""One picture, its text: find out how it must be read on a sample of it, then read it whole.

1. The picture is made grey, dark on light, straight and large enough (``pictures``).
2. A sample is read in the first language. When it reads badly, the picture is turned as its characters stand, the
   script they are of decides the language, and a smoothed picture is tried; whatever reads best goes on.
3. The sample's text tells the language. The whole is read in it, unsure lines once more in what else they may be in.
4. Lines that nobody could be sure of are dropped: textures and photographs look like letters to Tesseract.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from services.extraction.content import Limits, Warn
from services.extraction.ocr import languages, pictures, tesseract
from services.extraction.ocr.layout import text_of
from services.extraction.ocr.tesseract import Line

_PERCENT = 100
_SURE = 90
"""Mean confidence of a clean page; a fax has 81 as it is and 93 smoothed."""
_CLEAN = 94
_OTHER_SCRIPT = 85
"""What a line must reach in another script than its page's; the right one gives 95."""
_WRONG = 75
"""Below this something is wrong with how the picture stands or what it is read as: upside down text has 30 to 55."""
_LEGIBLE = 60
_WORD_CHARACTERS = 4
_LOW = 70
_MOST_OF_IT = 0.8
_FEW_CHARACTERS = 60
_CONVINCING_CHARACTERS = 12
_CLEARLY_MORE = 1.02
_SURE_TURN = 3.0
_SURE_SCRIPT = 2.0
_CLEARLY_BETTER = 2
_RETRIED_LINES = 60
_RETRIED_CHARACTERS = 6
_SHORT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Recognised:
    """The text of one picture; ``quality`` is the words' mean confidence, 0 to 1; ``warnings`` say what is amiss."""

    text: str
    quality: float
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A way to read a picture, and what a sample of it reads like that way.

    ``weight`` is how much was read how surely: a page that stands wrong may give a single stroke of great confidence.
    """

    picture: Image.Image
    language: str
    text: str
    confidence: float
    weight: float

    @property
    def convincing(self) -> bool:
        """Whether the picture seems to stand upright and be of the language's script."""
        return self.confidence >= _WRONG and len(self.text) >= _CONVINCING_CHARACTERS

    @classmethod
    def of(cls, picture: Image.Image, language: str) -> "_Attempt":
        band = pictures.sample(picture)
        lines = tesseract.read_lines(band, language)
        if band is not picture:
            lines = [
                line for line in lines if line.box[1] > 0 and line.box[3] < band.height
            ] or lines  # none cut through
        weight = sum(len(line.text) * max(line.confidence - _LEGIBLE, 0) for line in lines)
        return cls(picture, language, _joined(lines), _mean_confidence(lines), weight)


def recognise(image: Image.Image, limits: Limits, *, dpi: int | None = None) -> Recognised:
    """Read the text of a picture in any orientation; ``dpi`` is its resolution where that is known.

    Text is "" with ``Warn.OCR_NO_TEXT`` when nothing legible is on it.
    """
    known = languages.available(limits.ocr_languages)
    grey = pictures.to_grey(image)
    if not known or pictures.is_blank(grey):
        return Recognised("", 0.0, (Warn.OCR_NO_TEXT if known else Warn.OCR_LANGUAGE_MISSING,))
    attempt, foreign = _approach(pictures.prepare(grey, dpi), known)
    least = _WRONG if foreign else _LEGIBLE
    lines = _read(attempt, known)
    return _result([line for line in lines if _is_legible(line, least)], lines, foreign=foreign)


def _is_legible(line: Line, least: float) -> bool:
    """Whether a line is to be believed; a spot looks like a letter or two more easily than like a word."""
    return line.confidence >= (least if len(line.text) >= _WORD_CHARACTERS else _SURE)


def _result(legible: Sequence[Line], lines: Sequence[Line], *, foreign: bool) -> Recognised:
    text = text_of(legible)
    quality = _mean_confidence(legible)
    warnings = [Warn.OCR_LANGUAGE_MISSING] if foreign else []
    if not text:
        return Recognised("", 0.0, (*warnings, Warn.OCR_NO_TEXT))
    if quality < _LOW or _characters(legible) < _MOST_OF_IT * _characters(lines):
        warnings.append(Warn.OCR_LOW_QUALITY)
    return Recognised(text, quality / _PERCENT, tuple(warnings))


def _approach(picture: Image.Image, known: Sequence[str]) -> tuple[_Attempt, bool]:
    """Find how the picture reads best; the second value is whether it is in a script that no known language has."""
    best, foreign = _Attempt.of(picture, known[0]), False
    if not best.convincing:
        best, foreign = _upright(best, known)
    # A clean page in the wrong language looks unclean, so the text's own comes first where it can be told already.
    if (language := languages.of_text(best.text, known)) and not best.language.startswith(language):
        best = max(best, _Attempt.of(best.picture, languages.with_english(language, known)), key=_weight)
    return _in_its_language(_smoothed(best), known), foreign


def _smoothed(attempt: _Attempt) -> _Attempt:
    """Smooth what is not clean, and more what is not even sure then, if that helps."""
    for radius, enough in ((1, _CLEAN), (2, _SURE)):
        if attempt.confidence < enough:
            smoothed = pictures.smoothed(attempt.picture, radius)
            attempt = max(attempt, _Attempt.of(smoothed, attempt.language), key=_weight)
    return attempt


def _upright(attempt: _Attempt, known: Sequence[str]) -> tuple[_Attempt, bool]:
    """Turn the picture as its characters stand and read them in their script."""
    found = tesseract.find_orientation(attempt.picture)
    if found is None or found.turn_certainty < _SURE_TURN:
        return _upright_by_trial(attempt, known), False
    script = found.script if found.script_certainty >= _SURE_SCRIPT else languages.LATIN
    readers = languages.of_script(script, known)
    language = languages.with_english(readers[0], known) if readers else attempt.language
    turned = _Attempt.of(pictures.turned(attempt.picture, found.turn), language)
    best = max(attempt, turned, key=_weight)
    return best, not readers and best.confidence < _WRONG


def _upright_by_trial(attempt: _Attempt, known: Sequence[str]) -> _Attempt:
    """Try languages, then turns, where there is too little to tell how it stands.

    A photograph has something like letters in every direction: a turn must read surely.
    """
    if 0 < len(attempt.text) <= _FEW_CHARACTERS:
        attempt = _surest(attempt, known)
    if attempt.convincing:
        return attempt
    turned = (_Attempt.of(pictures.turned(attempt.picture, turn), attempt.language) for turn in (90, 180, 270))
    best = max(attempt, *turned, key=_weight)
    return best if best.confidence >= _SURE else attempt


def _in_its_language(attempt: _Attempt, known: Sequence[str]) -> _Attempt:
    """Decide by the text, or where that does not tell by how sure each language of the script is of it."""
    if language := languages.of_text(attempt.text, known):
        return replace(attempt, language=languages.with_english(language, known))
    sure = len(attempt.text) > _SHORT_CHARACTERS and attempt.confidence >= _SURE
    if sure or attempt.confidence < _LEGIBLE:
        return attempt
    return _surest(attempt, known)


def _surest(attempt: _Attempt, known: Sequence[str]) -> _Attempt:
    """Try every language of the script; a few words are unsure in the wrong one, and quickly read."""
    relatives = [_Attempt.of(attempt.picture, other) for other in languages.relatives(attempt.language, known)]
    best = max([attempt, *relatives], key=_weight)
    return best if best.weight > attempt.weight * _CLEARLY_MORE else attempt


def _read(attempt: _Attempt, known: Sequence[str]) -> list[Line]:
    """Read the whole picture, anew when most of it is in another language than its sample; then its unsure lines."""
    lines = tesseract.read_lines(attempt.picture, attempt.language)
    language = languages.of_text(_joined(lines), known)
    if language and not attempt.language.startswith(language):
        again = tesseract.read_lines(attempt.picture, languages.with_english(language, known))
        if _mean_confidence(again) > _mean_confidence(lines):
            attempt, lines = replace(attempt, language=language), again
    retried = 0
    for index, line in enumerate(lines):
        other = _other_language(line, attempt.language, known)
        if other and retried < _RETRIED_LINES:
            lines[index] = _again(attempt.picture, line, *other)
            retried += 1
    return lines


def _other_language(line: Line, language: str, known: Sequence[str]) -> tuple[str, float] | None:
    """Name what an unsure line should rather be read in, if anything, and how sure it must be then."""
    if line.confidence >= _SURE or len(line.text) < _RETRIED_CHARACTERS:
        return None
    if line.confidence < _LOW and (others := languages.other_scripts(language, known)):
        return others, _OTHER_SCRIPT
    own = languages.of_text(line.text, known)
    return (own, line.confidence + _CLEARLY_BETTER) if own and not language.startswith(own) else None


def _again(picture: Image.Image, line: Line, language: str, least: float) -> Line:
    again = tesseract.read_lines(pictures.cut_out(picture, line.box), language, single=True)
    confidence = _mean_confidence(again)
    if confidence < least:
        return line
    return replace(line, text=" ".join(part.text for part in again), confidence=confidence)


def _joined(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines)


def _mean_confidence(lines: Sequence[Line]) -> float:
    return sum(line.confidence * len(line.text) for line in lines) / max(_characters(lines), 1)


def _characters(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _weight(attempt: _Attempt) -> float:
    return attempt.weight
