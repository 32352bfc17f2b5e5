"""The text records of PowerPoint's binary format ([MS-PPT]): what its slides say, without LibreOffice.

The stream is a tree of records to which every save appends; a directory says where the current copy of each object is
(§2.1.2). A slide's text lies in two places: placeholders in the document's list of slides, where an atom begins each
slide, other shapes in the slide's own container.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.extraction.content import Page

_HEADER = struct.Struct("<HHI")
_WORD = struct.Struct("<I")
_EDIT = struct.Struct("<8xIII")
"""``UserEditAtom``: ``offsetLastEdit``, ``offsetPersistDirectory``, ``docPersistIdRef`` (§2.3.3)."""
_ENTRY = struct.Struct("<I8xI")
"""``SlidePersistAtom``: ``persistIdRef``, ``slideId`` (§2.4.14.5)."""
_CONTAINER = 0xF
_SLIDE_LIST, _SLIDE_ENTRY, _SLIDE_ATOM, _SHOW = 0x0FF0, 0x03F3, 0x03EF, 0x03F9
_TEXT_KIND, _TEXT_CHARS, _TEXT_BYTES = 0x0F9F, 0x0FA0, 0x0FA8
_SLIDES, _NOTES = 0, 2
"""Instances of the list."""
_TITLES = {0, 6}
_HIDDEN = 0x0004
_NOTES_REFERENCE, _SHOW_FLAGS = 16, 10
"""Offsets in ``SlideAtom`` (§2.5.10) and ``SlideShowSlideInfoAtom`` (§2.6.6)."""
_DEEPEST = 32
_MOST_OBJECTS = 1 << 20

Persisted = dict[int, int]
"""Where in the stream each object's current copy begins."""


@dataclass(frozen=True)
class _Record:
    kind: int
    instance: int
    container: bool
    content: memoryview


@dataclass
class _Entry:
    """One slide or page of notes in the document's list."""

    object_id: int
    slide_id: int
    title: str | None = None
    texts: list[str] = field(default_factory=list)


def read_slides(stream: bytes, current_edit: int) -> Iterator[Page]:
    """Give one page per slide; ``current_edit`` is where the last save's record begins.

    Raises ``struct.error``, ``KeyError`` or ``IndexError`` for a damaged stream.
    """
    view = memoryview(stream)
    document, objects = _current_objects(view, current_edit)
    lists = [found for found in _records(_content(view, document)) if found.kind == _SLIDE_LIST]
    notes = {entry.slide_id: entry for found in lists if found.instance == _NOTES for entry in _entries(found)}
    slides = [entry for found in lists if found.instance == _SLIDES for entry in _entries(found)]
    for number, slide in enumerate(slides, 1):
        yield _page(view, objects, slide, notes, number)


def _page(view: memoryview, objects: Persisted, slide: _Entry, notes: dict[int, _Entry], number: int) -> Page:
    records = list(_records(_content(view, objects[slide.object_id])))
    texts = [*slide.texts, *(text for record in records for text in _texts(record))]
    atom = next((record.content for record in records if record.kind == _SLIDE_ATOM), None)
    note = notes.get(_WORD.unpack_from(atom, _NOTES_REFERENCE)[0]) if atom is not None else None
    spoken = (
        [text for record in _records(_content(view, objects[note.object_id])) for text in _texts(record)]
        if note
        else []
    )
    hidden = any(record.kind == _SHOW and record.content[_SHOW_FLAGS] & _HIDDEN for record in records)
    label = f"{slide.title or f'Slide {number}'} (hidden)" if hidden else slide.title
    return Page("\n\n".join([*texts, *(["Notes: " + "\n".join(spoken)] if spoken else [])]), label=label, number=number)


def _current_objects(view: memoryview, edit: int) -> tuple[int, Persisted]:
    """Follow the saves from the last to the first; each lists the objects that it changed (§2.3.4)."""
    objects: Persisted = {}
    document_id = None
    while True:
        earlier, directory, saved_id = _EDIT.unpack_from(_content(view, edit))
        document_id = saved_id if document_id is None else document_id
        words = [word for (word,) in _WORD.iter_unpack(_content(view, directory)[: 4 * _MOST_OBJECTS])]
        position = 0
        while position < len(words):
            first, count = words[position] & 0xFFFFF, words[position] >> 20
            for offset, place in enumerate(words[position + 1 : position + 1 + count]):
                objects.setdefault(first + offset, place)
            position += count + 1
        if not 0 < earlier < edit:
            return objects[document_id], objects
        edit = earlier


def _entries(slide_list: _Record) -> list[_Entry]:
    """Read a list of slides: each atom begins one, text that follows belongs to it."""
    entries: list[_Entry] = []
    kind = None
    for record in _records(slide_list.content):
        if record.kind == _SLIDE_ENTRY:
            entries.append(_Entry(*_ENTRY.unpack_from(record.content)))
        elif record.kind == _TEXT_KIND:
            (kind,) = _WORD.unpack_from(record.content)
        elif entries:
            texts = list(_texts(record))
            entries[-1].texts += texts
            if texts and kind in _TITLES and entries[-1].title is None:
                entries[-1].title = " ".join(texts[0].split())
    return entries


def _texts(record: _Record, depth: int = 0) -> Iterator[str]:
    """Give the text of a record and all below it."""
    text = ""
    if record.kind == _TEXT_CHARS:
        text = bytes(record.content).decode("utf-16-le", "replace")
    elif record.kind == _TEXT_BYTES:
        text = bytes(record.content).decode("latin-1")
    elif record.container and depth < _DEEPEST:
        for inner in _records(record.content):
            yield from _texts(inner, depth + 1)
    if text := text.replace("\r", "\n").replace("\v", "\n").strip():
        yield text


def _records(view: memoryview) -> Iterator[_Record]:
    """Give the records of a container's content, the last one as far as it is there."""
    position = 0
    while position + _HEADER.size <= len(view):
        version, kind, size = _HEADER.unpack_from(view, position)
        position += _HEADER.size
        yield _Record(kind, version >> 4, (version & 0xF) == _CONTAINER, view[position : position + size])
        position += size


def _content(view: memoryview, offset: int) -> memoryview:
    _, _, size = _HEADER.unpack_from(view, offset)
    return view[offset + _HEADER.size : offset + _HEADER.size + size]
