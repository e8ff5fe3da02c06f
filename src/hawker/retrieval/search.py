"""Product search: words first, the best few looked at closely, then the shop's own rules, then a page.

made = search.build(shop.catalogue.values())
found = made.find("runing shoes under 50")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hawker.language import analysis
from hawker.records.catalogue import Product, levels
from hawker.records.search import Filters, Pin, SearchRules, Sort
from hawker.retrieval.search_filters import Facets, Mask, Shelves
from hawker.retrieval.search_index import Index, Weights
from hawker.retrieval.search_index import build as indexed
from hawker.retrieval.search_query import Question, read
from hawker.retrieval.search_score import RERANKED, Matched, Meaning, Taste, close, match

Floats = NDArray[np.float32]
ENOUGH = 0.6
"""The share of a query that a result has, unless too few have it."""
FEW = 10


@dataclass(frozen=True)
class Hit:
    """One result: its score (that of the best by words is about 1) and the query's words that it meets."""

    product: Product
    score: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """One page of results, and what is to be said of all of them.

    `total` is how many there are, `relaxed` says that too few met enough of the query, so that any of its
    words was enough; `filters` are those asked for and those that the query's price words set.
    """

    hits: tuple[Hit, ...]
    total: int
    question: Question
    filters: Filters
    facets: Facets
    relaxed: bool = False
    worth: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32), repr=False)
    """What each product of the catalogue is worth by words, 0 for what is no result: for ads."""

    def relevant(self, rows: NDArray[np.intp], least: float) -> NDArray[np.intp]:
        """Those of some products that are worth a share of the best result, the best first."""
        worth = self.worth[rows]
        fit = worth >= max(least * float(self.worth.max(initial=0.0)), 1e-9)
        chosen: NDArray[np.intp] = rows[fit][np.argsort(-worth[fit], kind="stable")]
        return chosen


class Search:
    """A catalogue, ready to be searched. Made by `build`; never changed, so threads may share it."""

    def __init__(
        self,
        index: Index,
        rules: SearchRules,
        *,
        meaning: Meaning | None = None,
        popular: Mapping[str, float] | None = None,
        taste: Taste | None = None,
    ) -> None:
        self.index = index
        self.rules = rules
        self.taste = taste or Taste()
        self.meaning = meaning
        self.shelves = Shelves(index.products)
        self._synonyms = _synonyms(rules.synonyms)
        self._boost = _boost(rules.boost, index.products)
        self._pins = {_spelt(pin.query): pin for pin in rules.pins}
        known = popular or {}
        self._popular = np.array([known.get(one.id, 0.0) for one in index.products], dtype=np.float32)

    def __len__(self) -> int:
        return len(self.index)

    def find(
        self,
        query: str,
        *,
        filters: Filters | None = None,
        sort: Sort = Sort.RELEVANCE,
        start: int = 0,
        size: int = 24,
        facets: bool = True,
    ) -> Found:
        """The results `start` to `start + size` of a query; without words, all products there are.

        A query may be anything; what is in it beyond the first 400 characters is not looked at.
        """
        question = read(query, self.index, self._synonyms)
        asked = _narrowed(filters or Filters(), question)
        mask = self.shelves.mask(asked)
        if self.rules.hide_out_of_stock:
            mask &= self.shelves.sold
        pin = self._pins.get(_spelt(question.text))
        matched = self._matched(question)
        worded, relaxed = self._worded(question, matched, mask, pin)
        order, scores = self._ordered(question, matched, mask & worded)
        first = self._pinned(pin, mask)
        if sort is not Sort.RELEVANCE:
            order = order[self._sorted(order, sort)]
        elif len(first):
            order = np.concatenate([first, order[~np.isin(order, first)]])
        shown = order[start : start + size]
        return Found(
            hits=tuple(self._hit(row, question, scores) for row in shown.tolist()),
            total=len(order),
            question=question,
            filters=asked,
            facets=self.shelves.facets(worded & self._sellable, asked) if facets else Facets(),
            relaxed=relaxed,
            worth=np.where(mask & worded, matched.worth, np.float32(0.0)),
        )

    def _matched(self, question: Question) -> Matched:
        """Every product by words; the less of the query any product has of them, the more by meaning too."""
        matched = match(question, self.index, self.shelves, self.taste)
        best = float(matched.share.max(initial=0.0))
        if self.meaning is None or not question.slots or best >= ENOUGH:
            return matched
        return matched.beside(self.meaning.likeness(question.text), self.taste.vague * (1.0 - best))

    @property
    def _sellable(self) -> Mask:
        return self.shelves.sold if self.rules.hide_out_of_stock else np.ones(len(self), dtype=np.bool_)

    def _worded(self, question: Question, matched: Matched, mask: Mask, pin: Pin | None) -> tuple[Mask, bool]:
        """The products that have enough of the words; any of them where too few have."""
        if not question.slots:
            worded, relaxed = np.full(len(self), question.blank), False
        else:
            worded = matched.share >= ENOUGH
            relaxed = int((worded & mask).sum()) < FEW
            if relaxed:
                fuller = matched.score > 0
                relaxed = int((fuller & mask).sum()) > int((worded & mask).sum())
                worded = fuller
        if pin is not None:
            worded = worded & ~np.isin(np.arange(len(self)), self.rows(pin.never))
        return worded, relaxed

    def _ordered(self, question: Question, matched: Matched, mask: Mask) -> tuple[NDArray[np.intp], Floats]:
        """The products of a mask, the best first, and every product's score (0 for all others)."""
        rows = np.flatnonzero(mask)
        scores = np.zeros(len(self), dtype=np.float32)
        if not question.slots:
            scores[rows] = self._popular[rows]
            return rows[np.argsort(-self._popular[rows], kind="stable")], scores
        words = matched.worth[rows] * self._boost[rows]
        most = min(RERANKED, len(rows))
        if not most:
            return rows, scores
        order = rows[np.lexsort((-self._popular[rows], -words))]
        scores[rows] = words
        best = order[:most].copy()
        near = (
            close(question, matched, best, shelves=self.shelves, meaning=self.meaning, taste=self.taste)
            * self._boost[best]
        )
        order[:most] = best[np.argsort(-near, kind="stable")]
        scores[best] = near
        return order, scores

    def _sorted(self, rows: NDArray[np.intp], sort: Sort) -> NDArray[np.intp]:
        """Rows by price or by popularity; those without a price last."""
        if sort is Sort.POPULAR:
            return np.argsort(-self._popular[rows], kind="stable")
        price = self.shelves.price[rows].astype(np.float64)
        unknown = price <= 0
        keyed = price if sort is Sort.CHEAPEST else -price
        return np.lexsort((keyed, unknown))

    def _pinned(self, pin: Pin | None, mask: Mask) -> NDArray[np.intp]:
        rows = self.rows(pin.first) if pin is not None else np.zeros(0, dtype=np.intp)
        return rows[mask[rows]]

    def rows(self, names: Iterable[str]) -> NDArray[np.intp]:
        """The places of those of some products that the catalogue has."""
        numbers = self.index.numbers
        return np.array([numbers[name] for name in names if name in numbers], dtype=np.intp)

    def _hit(self, row: int, question: Question, scores: Floats) -> Hit:
        met = tuple(
            slot.text
            for slot in question.needed
            if any(all(self._has(row, term) for term in reading.terms) for reading in slot.readings)
        )
        return Hit(self.index.products[row], float(scores[row]), met)

    def _has(self, row: int, term: str) -> bool:
        places, _ = self.index.column(term)
        at = int(np.searchsorted(places, row))
        return at < len(places) and int(places[at]) == row


def build(
    products: Iterable[Product],
    *,
    rules: SearchRules | None = None,
    meaning: Meaning | None = None,
    popular: Mapping[str, float] | None = None,
    weights: Weights | None = None,
    taste: Taste | None = None,
    before: Search | None = None,
) -> Search:
    """Make a catalogue searchable; products that did not change since a search made `before` are not read.

    `popular` is how often each product sells: what decides where words do not.

    >>> tea = Product("t", "Green tea", category="Grocery > Tea", brand="Leaf")
    >>> socks = Product("s", "Wool socks", category="Clothing > Socks")
    >>> [hit.product.id for hit in build([tea, socks]).find("gren teas").hits]
    ['t']
    """
    index = indexed(products, weights=weights, before=before.index if before is not None else None)
    return Search(index, rules or SearchRules(), meaning=meaning, popular=popular, taste=taste)


def _narrowed(filters: Filters, question: Question) -> Filters:
    """Filters with the bounds that the query itself sets."""
    bounds = question.bounds
    least = max(filters.least, bounds.least)
    both = [most for most in (filters.most, bounds.most) if most]
    return replace(filters, least=least, most=min(both, default=0))


def _spelt(query: str) -> str:
    """A query in the one spelling that pins are compared in."""
    return " ".join(word.term for word in analysis.words(analysis.plain(query)))


def _synonyms(given: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The other terms of each term."""
    found: dict[str, tuple[str, ...]] = {}
    for together in given:
        named = [word.term for text in together for word in analysis.words(text)]
        for one in named:
            found[one] = (*found.get(one, ()), *(other for other in named if other != one))
    return found


def _boost(given: Mapping[str, float], products: Sequence[Product]) -> Floats:
    """What each product's score is multiplied by, for its id, its brand and its categories."""
    found = np.ones(len(products), dtype=np.float32)
    if given:
        for row, product in enumerate(products):
            path = levels(product.category)
            paths = [" > ".join(path[:depth]) for depth in range(1, len(path) + 1)]
            for name in (product.id, product.brand, *paths):
                found[row] *= given.get(name, 1.0)
    return found
