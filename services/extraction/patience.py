"""How long a document may be read: a time for all of it, and more for pages that OCR has to look at."""

from dataclasses import dataclass
from typing import Self

from services.extraction.settings import RunSettings


@dataclass
class Patience:
    """``seconds`` is the time given so far; it grows page by page, never beyond ``longest``."""

    seconds: float
    longest: float
    per_ocr_page: float

    @classmethod
    def of(cls, settings: RunSettings, *, heavy: bool) -> Self:
        """Begin with what a document is given. A short one gains nothing: its slot is wanted back."""
        seconds = (settings.heavy_timeout if heavy else settings.timeout).total_seconds()
        if not heavy:
            return cls(seconds, seconds, 0)
        longest = max(seconds, settings.longest_time.total_seconds())
        return cls(seconds, longest, settings.ocr_page_time.total_seconds())

    def grow(self) -> float:
        """Count a finished OCR page; give the seconds gained."""
        gained = min(self.per_ocr_page, self.longest - self.seconds)
        self.seconds += gained
        return gained
