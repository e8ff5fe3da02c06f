"""Short texts ranked for a question: by words (BM25), and by meaning where their vectors are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hawker.language import analysis
from hawker.language.encoder import AUTO, encoder
from hawker.records.catalogue import Product
from hawker.retrieval.search_index import Index, Weights
from hawker.retrieval.search_index import build as indexed
from hawker.retrieval.search_score import Meaning

Floats = NDArray[np.float32]
MEANING = 10.0
"""What likeness counts beside words, in shares of the best score by words."""
LATEST = 200
"""Of a longer question, the characters at its end: what is asked last is what is asked."""
_WEIGHTS = Weights(title=1.0, length=(0.75, 0.4, 0.4, 0.5, 0.75), saturation=1.2)


@dataclass(frozen=True)
class Ranked:
    """One text in its place: `place` is its number among the texts, `score` comparable within one answer."""

    place: int
    score: float


class Passages:
    """Texts, ready to be asked. Without `meaning`, an encoder reads them at the first `rank` that reranks.

    >>> texts = ["Returns are free for 30 days.", "We ship on weekdays."]
    >>> [one.place for one in Passages(texts).rank("free returns?", rerank=False)]
    [0]
    """

    def __init__(self, texts: Sequence[str], *, meaning: Meaning | None = None) -> None:
        self.texts = tuple(texts)
        self._given = meaning

    def __len__(self) -> int:
        return len(self.texts)

    def rank(self, question: str, *, most: int = 10, rerank: bool = True) -> list[Ranked]:
        """The texts that answer best, the best first; with `rerank` meaning counts beside words.

        Nothing is returned that shares neither word nor meaning with the question.
        """
        asked = question[-LATEST:]
        score = self.by_words(asked)
        if rerank and len(self):
            top = float(score.max()) or 1.0
            score = score / np.float32(top) + np.float32(MEANING) * np.clip(
                self._meaning.likeness(asked), 0.0, None
            )
        order = np.argsort(-score, kind="stable")[:most]
        return [Ranked(row, float(score[row])) for row in order.tolist() if score[row] > 0]

    def by_words(self, question: str) -> Floats:
        """The BM25 score of every text; of a word of the question its parts count for less."""
        score = np.zeros(len(self), dtype=np.float32)
        weights: dict[str, float] = {}
        for word in analysis.words(question):
            if word.text in analysis.STOP:
                continue
            weights[word.term] = 1.0
            for term in word.finer:
                weights[term] = max(weights.get(term, 0.0), 0.5)
        for term, weight in weights.items():
            places, worth = self._index.column(term)
            score[places] += np.float32(weight) * worth
        return score

    def known(self, term: str) -> int:
        """How many texts have a term."""
        return self._index.known(term)

    @cached_property
    def _index(self) -> Index:
        return indexed((Product(str(place), text) for place, text in enumerate(self.texts)), weights=_WEIGHTS)

    @cached_property
    def _meaning(self) -> Meaning:
        if self._given is not None:
            return self._given
        made = encoder(AUTO, texts=self.texts)
        return Meaning(made.passages(self.texts), lambda question: made.queries([question])[0])
