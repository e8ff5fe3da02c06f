"""What a product is worth to a query: its words, how much of the query they cover, its kind, its meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.retrieval.search_filters import Shelves
from hawker.retrieval.search_index import Index
from hawker.retrieval.search_query import Question, Reading, Slot

Floats = NDArray[np.float32]
ALIKE = 0.45
"""The cosine from which a product answers a query that no product has much of in words."""
RERANKED = 50
"""How many of the best by words are looked at more closely."""


@dataclass(frozen=True)
class Taste:
    """What counts beside words. `covered` is the power of the share of a query that a product meets; `named`

    is what a category adds that is called as the query is, `kin` one that much of what was found belongs to,
    and `meaning` a product's likeness to the query; all in shares of the best score by words. `vague` is what
    likeness adds to that where no product has much of the query, times the share that all of them lack.
    """

    covered: float = 1.0
    named: float = 0.6
    kin: float = 0.4
    meaning: float = 0.03
    vague: float = 2.0


@dataclass(frozen=True)
class Meaning:
    """Products as vectors of unit length (products, size), zeros where unknown, and what embeds a query."""

    matrix: Floats
    embed: Callable[[str], Floats]

    def likeness(self, query: str, rows: NDArray[np.intp] | slice = slice(None)) -> Floats:
        """The cosine of a query with some products; 0 where either is unknown."""
        found: Floats = self.matrix[rows] @ self.embed(query)
        return found


@dataclass(frozen=True)
class Matched:
    """Every product's score by words, and the share of the query's needed words that it has, by rarity.

    `worth` is both, and how far the query is the name of the product's category: 1 for the best by words.
    """

    score: Floats
    share: Floats
    worth: Floats

    def beside(self, likeness: Floats, weight: float) -> Matched:
        """With what is alike as well, whatever its words, and likeness among what everything is worth."""
        score = np.where(likeness >= ALIKE, np.maximum(self.score, likeness), self.score)
        worth = self.worth + np.float32(weight) * np.clip(likeness, 0.0, None)
        return Matched(score, self.share, np.where(score > 0, worth, np.float32(0.0)))


def match(question: Question, index: Index, shelves: Shelves, taste: Taste) -> Matched:
    """Score all products by words: of each word the best of its readings counts."""
    size = len(index)
    score, share = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    whole = 0.0
    for slot in question.slots:
        best, met = _best(slot, index, size)
        score += best
        if slot.needed:
            heavy = _heft(slot, index)
            whole += heavy
            share += np.float32(heavy) * met
    if whole:
        share /= np.float32(whole)
    worth: Floats = (score * share**taste.covered).astype(np.float32)
    worth /= np.float32(float(worth.max(initial=0.0)) or 1.0)
    if taste.named:
        called = shelves.called({term for slot in question.needed for r in slot.readings for term in r.terms})
        worth += np.float32(taste.named) * called * share
    return Matched(score, share, worth)


def close(
    question: Question,
    matched: Matched,
    rows: NDArray[np.intp],
    *,
    shelves: Shelves,
    meaning: Meaning | None,
    taste: Taste,
) -> Floats:
    """The scores of a few products, looked at closely."""
    found = matched.worth[rows]
    if taste.kin:
        found += np.float32(taste.kin) * kin(found, rows, shelves)
    if meaning is not None and taste.meaning:
        found += np.float32(taste.meaning) * meaning.likeness(question.text, rows)
    return found


def kin(worth: Floats, rows: NDArray[np.intp], shelves: Shelves) -> Floats:
    """How much of what was found, by worth, is of a product's own category, and of those above it."""
    codes = shelves.path.codes[rows]
    weight = np.square(np.clip(worth, 0.0, None))
    shares: dict[tuple[str, ...], float] = {}
    for code, own in zip(codes.tolist(), weight.tolist(), strict=True):
        path = shelves.levels[code] if code >= 0 else ()
        for depth in range(1, len(path) + 1):
            shares[path[:depth]] = shares.get(path[:depth], 0.0) + own
    whole = float(weight.sum()) or 1.0
    likely = np.zeros(len(shelves.levels) + 1, dtype=np.float32)
    for code in set(codes.tolist()) - {-1}:
        path = shelves.levels[code]
        above = [shares[path[:depth]] for depth in range(1, len(path) + 1)]
        likely[code] = sum(above) / len(above) / whole if above else 0.0
    found: Floats = likely[codes]
    return found


def _best(slot: Slot, index: Index, size: int) -> tuple[Floats, Floats]:
    """By product, the best that any reading of a word is worth, and how well the word is met, at most 1."""
    best, met = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    most = 0.0
    for reading in slot.readings:
        places, worth = _reading(reading, index)
        if len(places):
            weight = np.float32(reading.weight)
            best[places] = np.maximum(best[places], worth * weight)
            met[places] = np.maximum(met[places], weight)
            most = max(most, reading.weight)
    return best, met / np.float32(most or 1.0)


def _reading(reading: Reading, index: Index) -> tuple[NDArray[np.int32], Floats]:
    """The products that have every term of a reading, and what these are worth together."""
    places, worth = index.column(reading.terms[0])
    for term in reading.terms[1:]:
        others, further = index.column(term)
        places, here, there = np.intersect1d(places, others, assume_unique=True, return_indices=True)
        worth = worth[here] + further[there]
    return places, worth


def _heft(slot: Slot, index: Index) -> float:
    """How much a word says: the rarity of the first of its readings that anybody has."""
    for reading in slot.readings:
        if all(index.known(term) for term in reading.terms):
            return sum(index.rarity(term) for term in reading.terms)
    return index.rarity("")
