"""One picture, its text."""

from dataclasses import dataclass

from PIL import Image

from services.extraction.content import Limits, Warn
from services.extraction.ocr import tesseract

_DPI = 200
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Recognised:
    """The text of one picture; ``quality`` is the words' mean confidence, 0 to 1; ``warnings`` say what is amiss."""

    text: str
    quality: float
    warnings: tuple[Warn, ...] = ()


def recognise(image: Image.Image, limits: Limits, *, dpi: int | None = None) -> Recognised:
    """Read the text of a picture in any orientation; ``dpi`` is its resolution where that is known.

    Text is "" with ``Warn.OCR_NO_TEXT`` when nothing legible is on it.
    """
    engine = tesseract.engine(limits.ocr_languages[0])
    engine.SetImage(image.convert("L"))
    engine.SetSourceResolution(dpi or _DPI)
    text = engine.GetUTF8Text().strip()
    if not text:
        return Recognised("", 0.0, (Warn.OCR_NO_TEXT,))
    return Recognised(text, engine.MeanTextConf() / _PERCENT)
