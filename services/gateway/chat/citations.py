"""References of an answer. The rule (design §2.10): a quote counts only if it occurs in the page it names.

What an answer quotes, and each of its sentences, is looked for in the passages that were in the prompt, word for word,
white space aside. What is found becomes a reference with the page's own characters; what is not found becomes nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from services.gateway.chat.models import Reference
from services.gateway.chat.passages import Passage

_SHORTEST_SENTENCE = 12
_SHORTEST_QUOTATION = 4
"""Shorter ones occur everywhere and prove nothing. A quotation marked as such may be shorter than a sentence."""
_MOST_REFERENCES = 50

_QUOTATION = re.compile('["“„«`]([^"“”„«»`\n]+)["”“»`]')
_WIDE_ENDS = "\u3002\uff01\uff1f"  # the full stop, exclamation and question mark of Chinese and Japanese
_SENTENCE_END = re.compile(rf"(?<=[.!?…])\s+|(?<=[{_WIDE_ENDS}])|\n+")
_TRIM = ' \t\r\n.,;:!?…"“”„«»`*_#>-|' + _WIDE_ENDS


def cite(
    answer: str,
    passages: Sequence[Passage],
    names: Mapping[UUID, str],
    *,
    source: str,
    source_id: UUID,
) -> list[Reference]:
    """Return the answer's checked references in the order of the answer, each place of a page once."""
    found: dict[tuple[UUID, int, int, int], Reference] = {}
    for words in _claims(answer):
        place = _find(words, passages)
        if place is None or len(found) == _MOST_REFERENCES:
            continue
        passage, start, end = place
        reference = Reference(
            sequence_number=len(found) + 1,
            file_id=passage.file_id,
            name=names[passage.file_id],
            page=passage.page,
            quote=passage.text[start:end],
            start_char=passage.start + start,
            end_char=passage.start + end,
            url=f"unique://content/{passage.file_id}",
            source=source,
            source_id=source_id,
        )
        found.setdefault((passage.file_id, passage.page, reference.start_char, reference.end_char), reference)
    return list(found.values())


def _claims(answer: str) -> Iterator[str]:
    """Yield what may be a quote: sentence by sentence, the sentence itself and then the quotations in it."""
    for sentence in _SENTENCE_END.split(answer):
        words = sentence.strip(_TRIM)
        if len(words) >= _SHORTEST_SENTENCE:
            yield words
        for quotation in _QUOTATION.findall(sentence):
            if len(quotation.strip(_TRIM)) >= _SHORTEST_QUOTATION:
                yield quotation.strip(_TRIM)


def _find(words: str, passages: Sequence[Passage]) -> tuple[Passage, int, int] | None:
    """Find words in the first passage that holds them, not as part of a longer word or number."""
    before, after = (r"(?<!\w)(?<!\d[.,])", r"(?!\w|[.,]\d)")
    core = r"\s+".join(map(re.escape, words.split()))
    # Scripts without spaces have no longer words to be part of.
    pattern = re.compile((before if words[0].isascii() else "") + core + (after if words[-1].isascii() else ""))
    for passage in passages:
        match = pattern.search(passage.text)
        if match is not None:
            return passage, match.start(), match.end()
    return None
