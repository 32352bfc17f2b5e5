"""BM25, the relevance of a passage to a question (Robertson & Zaragoza 2009, in Lucene's form).

``score = Σ idf · tf · (k1 + 1) / (tf + k1 · (1 - b + b · length / average length))`` over the question's words, with
``idf = ln(1 + (N - n + 0.5) / (n + 0.5))``, which is never negative: common words weigh little by themselves, so no
list of stop words is needed.
"""

import math
from collections import Counter
from collections.abc import Sequence

from services.gateway.chat.terms import Analyzer, analyzer

K1, B = 1.2, 0.75

Counts = Sequence[tuple[int, int]]
"""How often a passage holds the question's words: (index of the word, times), absent words left out."""


class Question:
    """A question's distinct words, the first ``most_words`` of them.

    They keep their index over all languages, so that passages of different languages compare.
    """

    def __init__(self, text: str, *, most_words: int = 200) -> None:
        self.words = tuple(dict.fromkeys(analyzer(None)(text)))[:most_words]

    def count(self, passage: str, analyze: Analyzer) -> tuple[int, Counts]:
        """Return a passage's length in terms and its counts of the question's words."""
        terms = Counter(analyze(passage))
        times = ((index, terms["".join(analyze(word))]) for index, word in enumerate(self.words))
        return terms.total(), tuple(pair for pair in times if pair[1])


class Corpus:
    """What BM25 knows of all passages together; it grows with each one and holds none."""

    def __init__(self) -> None:
        self._passages = 0
        self._total_length = 0
        self._holding: Counter[int] = Counter()

    def add(self, length: int, counts: Counts) -> None:
        """Take a passage into account."""
        self._passages += 1
        self._total_length += length
        self._holding.update(index for index, _ in counts)

    def score(self, length: int, counts: Counts) -> float:
        """Return a passage's relevance; 0 when it holds no word of the question."""
        if not counts:
            return 0.0
        weight = K1 * (1 - B + B * length * self._passages / self._total_length)
        return sum(self._rarity(index) * times * (K1 + 1) / (times + weight) for index, times in counts)

    def _rarity(self, index: int) -> float:
        holding = self._holding[index]
        return math.log(1 + (self._passages - holding + 0.5) / (holding + 0.5))
