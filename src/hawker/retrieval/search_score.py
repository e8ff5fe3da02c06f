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
RERANKED = 50
"""How many of the best by words are looked at more closely."""


@dataclass(frozen=True)
class Taste:
    """What counts beside words. `covered` is the power of the share of a query that a product meets; `kin`

    and `meaning` are what a product's category and its likeness to the query may add, in shares of the best
    score by words.
    """

    covered: float = 1.0
    kin: float = 0.3
    meaning: float = 0.2


@dataclass(frozen=True)
class Meaning:
    """Products as vectors of unit length (products, size), zeros where unknown, and what embeds a query."""

    matrix: Floats
    embed: Callable[[str], Floats]

    def likeness(self, query: str, rows: NDArray[np.intp]) -> Floats:
        """The cosine of a query with some products; 0 where either is unknown."""
        found: Floats = self.matrix[rows] @ self.embed(query)
        return found


@dataclass(frozen=True)
class Matched:
    """Every product's score by words, and the share of the query's needed words that it has, by rarity."""

    score: Floats
    share: Floats


def match(question: Question, index: Index) -> Matched:
    """Score all products by words: of each word the best of its readings counts."""
    size = len(index)
    score, share = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    whole = 0.0
    for slot in question.slots:
        best = _best(slot, index, size)
        score += best
        if slot.needed:
            heavy = _heft(slot, index)
            whole += heavy
            share += np.float32(heavy) * (best > 0)
    return Matched(score, share / np.float32(whole) if whole else share)


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
    words = (matched.score * matched.share**taste.covered)[rows]
    best = float(words.max(initial=0.0)) or 1.0
    found: Floats = (words / best).astype(np.float32)
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


def _best(slot: Slot, index: Index, size: int) -> Floats:
    """By product, the best that any reading of a word is worth."""
    best = np.zeros(size, dtype=np.float32)
    for reading in slot.readings:
        places, worth = _reading(reading, index)
        best[places] = np.maximum(best[places], worth * np.float32(reading.weight))
    return best


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
