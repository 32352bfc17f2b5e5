"""What each library finds of the marker documents: ``make bench ARGS=markers``.

A module beside this one describes a format: ``SUFFIX`` of its files, ``document()`` that makes one, ``FEATURES`` (what
is tried → its marker word, which must be found), ``ABSENT`` (what is tried → a word that no reader of the document
sees) and ``PEERS`` (library → text it makes of a file). In the tables ``y`` means found, ``.`` lost, ``2`` found more
than once; of absent words ``y`` means rightly left out and ``shown`` that they were given.
"""

import importlib
import pkgutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from services.extraction.content import Facts, Limits, Page
from services.extraction.detection import detect
from services.extraction.extractors import registry
from services.extraction.extractors.tables import markdown_table
from tests.bench import markers

Reader = Callable[[Path], str]


class Format(Protocol):
    """What a module of this folder gives."""

    SUFFIX: str
    FEATURES: Mapping[str, str]
    ABSENT: Mapping[str, str]
    PEERS: Mapping[str, Reader]

    def document(self) -> bytes:
        """Make the document that holds every marker."""


async def main() -> int:
    """Print a table per format; fail when our own row is not complete."""
    registry.load_all()
    return max(map(_compare, _formats()), default=0)


def _formats() -> Iterator[Format]:
    for module in pkgutil.iter_modules(markers.__path__, f"{markers.__name__}."):
        if module.name != __name__:
            described: Format = importlib.import_module(module.name)
            yield described


def _compare(described: Format) -> int:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"document{described.SUFFIX}"
        source.write_bytes(described.document())
        found = {name: _marks(described, reader, source) for name, reader in _readers(described).items()}
    features = [*described.FEATURES, *(f"no {name}" for name in described.ABSENT)]
    rows = zip(features, *found.values(), strict=True)
    print(f"\n{markdown_table([[described.SUFFIX, *found], *map(list, rows)])}")
    return int(set(found["Satchel"]) != {"y"})


def _readers(described: Format) -> Mapping[str, Reader]:
    return {"Satchel": satchel_text, **described.PEERS}


def _marks(described: Format, reader: Reader, source: Path) -> list[str]:
    try:
        text = reader(source)
    except Exception as error:  # noqa: BLE001 - a peer may fail in any way; the table says so
        return [type(error).__name__] * (len(described.FEATURES) + len(described.ABSENT))
    found = [_mark(text.count(word)) for word in described.FEATURES.values()]
    return found + ["shown" if word in text else "y" for word in described.ABSENT.values()]


def _mark(count: int) -> str:
    return "2" if count > 1 else "y" if count else "."


def satchel_text(source: Path) -> str:
    """Return the text of all pages, then links and attachments, as our extractor gives them."""
    found = registry.find(detect(source, source.suffix).media_type)
    if found is None:
        raise LookupError(source.suffix)
    lines: list[str] = []
    for item in found.extract(source, Limits()):
        if isinstance(item, Page):
            lines.append(item.text)
        elif isinstance(item, Facts):
            lines += [*item.links, *item.attachments]
    return "\n".join(lines)
