"""The parts of a presentation, of which some may be missing or damaged: those give nothing and are remembered."""

from typing import Any

from services.extraction.content import Reason, Unreadable
from services.extraction.extractors.ooxml_package import Package, Relationship
from services.extraction.extractors.xml_parts import damage_is_corrupt


class Parts:
    """Reads a package part by part, so that no part costs another.

    A document type declaration, which only an attack has, still refuses the whole document.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._damaged = False

    def take_damage(self) -> bool:
        """Say whether a part could not be read since this was last asked."""
        damaged, self._damaged = self._damaged, False
        return damaged

    def parse(self, part: str) -> Any | None:
        """Return the root element of a part, or None for one that is missing or damaged."""
        try:
            with damage_is_corrupt():
                return self._package.parse(part)
        except Unreadable as error:
            if error.reason is Reason.DOCTYPE:
                raise
            self._damaged = True
            return None

    def relationships(self, part: str) -> list[Relationship]:
        """Return the relationships of a part; a damaged list gives none."""
        try:
            with damage_is_corrupt():
                return self._package.relationships(part)
        except Unreadable as error:
            if error.reason is Reason.DOCTYPE:
                raise
            self._damaged = True
            return []

    def related(self, part: str, *kinds: str) -> list[str]:
        """Return the parts, whether they exist or not, to which a part has relationships of these kinds."""
        return [found.target for found in self.relationships(part) if found.kind in kinds and not found.external]
