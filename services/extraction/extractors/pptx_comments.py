"""Comments of a presentation, of both kinds: classic ones (ECMA-376 part 1, §19.4) and threads ([MS-PPTX] 2.6)."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.extraction.extractors.pptx_parts import Parts
from services.extraction.extractors.pptx_text import body_text

_UNKNOWN = "unknown"

Authors = Mapping[str, str]


def read_authors(parts: Parts, main: str) -> Authors:
    """Return the names of those who comment, by id; a damaged list leaves them unknown."""
    authors: dict[str, str] = {}
    for part in parts.related(main, "commentAuthors", "authors"):
        root = parts.parse(part)
        authors |= {entry.get("id", ""): entry.get("name", "") for entry in (root if root is not None else ())}
    return authors


def comments_of(root: Any, authors: Authors) -> Iterator[str]:
    """Give the comments of one part as ``[Comment by NAME: …]``, each followed by its replies."""
    for entry in root.iter("{*}cm", "{*}reply"):
        body = entry.find("{*}txBody")
        text = body_text(body) if body is not None else (entry.findtext("{*}text") or "").strip()
        if text:
            yield f"[Comment by {authors.get(entry.get('authorId', '')) or _UNKNOWN}: {text}]"
