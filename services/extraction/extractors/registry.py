"""Which function reads which media type. Importing an extractor's module registers it.

An extractor is a function ``(source: Path, limits: Limits) -> Iterator[Item]``. It imports no settings, network, broker
or store; it runs in a child process that may be killed at any moment and yields pages as it finishes them. It raises
``Unreadable`` for a document that cannot be read; any other exception counts as ``corrupt`` and is logged.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from services.extraction import extractors
from services.extraction.content import Items, Limits

Extractor = Callable[[Path, Limits], Items]
SomeExtractor = TypeVar("SomeExtractor", bound=Extractor)


@dataclass(frozen=True)
class Registration:
    """An extractor and what the sandbox must know of it."""

    extract: Extractor
    engine: str
    engine_version: str
    needs_processes: bool
    heavy: bool


_BY_MEDIA_TYPE: dict[str, Registration] = {}
_TEXT_KINDS: dict[str, str] = {}
_PROGRAMS: dict[str, Callable[[], str]] = {}


def extracts(
    *media_types: str,
    engine: str = "satchel",
    suffixes: Iterable[str] = (),
    needs_processes: bool = False,
    heavy: bool = False,
) -> Callable[[SomeExtractor], SomeExtractor]:
    """Register the decorated function for these media types.

    ``engine`` is the distribution or ``program`` that does the work. ``suffixes`` are file name endings (``.csv``) that
    tell this kind of *text* from others, where content alone cannot. ``needs_processes`` lets the extractor start
    programs. ``heavy`` types take seconds whatever their size; their documents are read in the queue of long ones.
    """

    def register(extractor: SomeExtractor) -> SomeExtractor:
        for media_type in media_types:
            _BY_MEDIA_TYPE[media_type] = Registration(
                extractor, engine, engine_version(engine), needs_processes=needs_processes, heavy=heavy
            )
        _TEXT_KINDS.update(dict.fromkeys(suffixes, media_types[0]))
        return extractor

    return register


def program(name: str, version: Callable[[], str]) -> str:
    """Make a program known as an engine, with what tells its version; give its name."""
    _PROGRAMS[name] = version
    return name


@cache
def engine_version(engine: str) -> str:
    """Version of an installed distribution or program; our own readers have none of their own and say ``1``."""
    if engine in _PROGRAMS:
        return _PROGRAMS[engine]()
    return "1" if engine == "satchel" else metadata.version(engine)


def load_all(extra_modules: Iterable[str] = ()) -> None:
    """Import every module of the package, then ``extra_modules`` (how tests bring extractors that misbehave)."""
    for module in pkgutil.iter_modules(extractors.__path__, f"{extractors.__name__}."):
        importlib.import_module(module.name)
    for name in extra_modules:
        importlib.import_module(name)


def find(media_type: str) -> Registration | None:
    """Return the extractor for a media type, or None when nothing is to be extracted from it."""
    return _BY_MEDIA_TYPE.get(media_type)


def text_kind(suffix: str) -> str | None:
    """Return the media type that a file name ending gives to text, or None when it says nothing."""
    return _TEXT_KINDS.get(suffix)


def is_text_kind(media_type: str) -> bool:
    """Whether some file name ending gives this media type to text."""
    return media_type in _TEXT_KINDS.values()
