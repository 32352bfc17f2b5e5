"""Text from pictures: ``recognise(image, limits)``, by Tesseract in this process.

Importing this package loads the library without starting a thread or opening a language, so the template does it once;
languages are opened in the child when a page needs them and stay open for its further pages.
"""

from services.extraction.ocr.pictures import extremes, is_blank, to_grey
from services.extraction.ocr.recognition import Recognised, recognise

__all__ = ["Recognised", "extremes", "is_blank", "recognise", "to_grey"]
