"""Footnotes, endnotes and comments of a Word document, which stand in parts of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.extraction.extractors.xml_parts import attribute, local_name

_ORDINARY = frozenset(("", "normal"))
"""Types of notes that hold text; the others are separators (ECMA-376 part 1, 17.18.33)."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it is to be read: ``name`` says what it is, ``element`` holds its paragraphs, ``part`` is where."""

    part: str
    element: Any
    name: str


class Notes:
    """The footnotes or endnotes of a document. Each is given once, at the first reference to it."""

    def __init__(self, name: str, part: str, root: Any) -> None:
        self._name, self._part = name, part
        self._taken = 0
        self._left = {
            attribute(note, "id"): note
            for note in (root if root is not None else ())
            if attribute(note, "type") in _ORDINARY
        }

    def take(self, note_id: str) -> list[Note]:
        """Return the note of this id, numbered as it is met; nothing when it was taken or never existed."""
        element = self._left.pop(note_id, None)
        if element is None:
            return []
        self._taken += 1
        return [Note(self._part, element, f"{self._name} {self._taken}")]

    def rest(self) -> Iterator[Note]:
        """Give the notes that nothing refers to."""
        for note_id in list(self._left):
            yield from self.take(note_id)


class Comments:
    """The comments of a document. Each is given once, an answer directly after what it answers."""

    def __init__(self, part: str, root: Any, extensions: Any) -> None:
        self._part = part
        comments = list(root.iterchildren("{*}comment")) if root is not None else []
        self._left = {attribute(comment, "id"): comment for comment in comments}
        self._answers: dict[str, list[str]] = {}
        by_paragraph = {attribute(p, "paraId"): attribute(c, "id") for c in comments for p in c.iter("{*}p")}
        for extension in extensions if extensions is not None else ():
            answered = by_paragraph.get(attribute(extension, "paraIdParent"))
            answer = by_paragraph.get(attribute(extension, "paraId"))
            if local_name(extension) == "commentEx" and answered and answer:
                self._answers.setdefault(answered, []).append(answer)

    def take(self, comment_id: str) -> list[Note]:
        """Return the comment of this id and the answers to it; nothing when it was taken or never existed."""
        taken: list[Note] = []
        wanted = [comment_id]
        while wanted:
            current = wanted.pop(0)
            element = self._left.pop(current, None)
            if element is not None:
                taken.append(Note(self._part, element, f"Comment by {attribute(element, 'author') or 'unknown'}"))
                wanted = self._answers.get(current, []) + wanted
        return taken

    def rest(self) -> Iterator[Note]:
        """Give the comments that nothing refers to."""
        for comment_id in list(self._left):
            yield from self.take(comment_id)
