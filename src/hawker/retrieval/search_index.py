"""The index of product search: what each term of the catalogue is worth in each product, reckoned beforehand.

BM25 over weighted fields (Robertson, Zaragoza and Taylor 2004, "Simple BM25 extension to multiple
weighted fields"). Since weights and lengths are fixed once the catalogue is, so is what a term adds to a
product's score: a query only adds up columns (Lù 2024, "BM25S").
"""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from hawker.language import analysis
from hawker.records.catalogue import Product, levels

Floats = NDArray[np.float32]
Places = NDArray[np.int32]
_DESCRIBED = 4_000  # characters of a description that are read
_EVERY = ("color", "size", "material", "gender", "age_group", "condition")


@dataclass(frozen=True)
class Weights:
    """What a word counts for by the field it stands in, and how fast more of it stops counting."""

    title: float = 2.0
    brand: float = 2.0
    category: float = 2.5
    attributes: float = 2.5
    description: float = 0.5
    saturation: float = 1.0
    length: tuple[float, ...] = (0.6, 0.4, 0.4, 0.5, 0.75)
    """How much a field's length tells against it: title, brand, category, attributes, description."""

    @property
    def fields(self) -> tuple[float, ...]:
        """The weights in the order of the fields."""
        return (self.title, self.brand, self.category, self.attributes, self.description)


@dataclass(frozen=True)
class Analysed:
    """A product's terms, field after field: `ends` says where each field's end, `lengths` their words."""

    terms: tuple[str, ...]
    ends: tuple[int, ...]
    lengths: tuple[int, ...]
    words: tuple[str, ...]
    """Words as they are written in what is short: for spelling and completion."""


def analysed(product: Product) -> Analysed:
    """Cut a product's fields into terms."""
    attributes = [getattr(product, name) for name in _EVERY]
    attributes += product.attributes.values()
    short = (
        product.title,
        product.brand,
        " ".join(levels(product.category)),
        " ; ".join(attributes),
    )
    found: list[str] = []
    written: list[str] = []
    ends, lengths = [], []
    for text in short:
        terms, count, words = _cut(text)
        found += terms
        ends.append(len(found))
        lengths.append(count)
        written += words
    said, count = analysis.terms(product.description[:_DESCRIBED], fine=False)
    return Analysed((*found, *said), (*ends, len(found) + len(said)), (*lengths, count), tuple(written))


@lru_cache(maxsize=20_000)
def _cut(text: str) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """Terms, how many words, and the words as written; brands, categories and sizes come again and again."""
    terms, count = analysis.terms(text)
    written = [word.text for word in analysis.words(text) if not word.han or len(word.text) > 2]
    return tuple(terms), count, tuple(written)


class Index:
    """Columns of the catalogue by term. Made by `build`, never changed.

    `starts` (terms + 1) bounds each term's rows of `places` (which product, ascending) and `worth` (what
    the term adds there).
    """

    def __init__(
        self,
        products: tuple[Product, ...],
        codes: dict[str, int],
        *,
        starts: NDArray[np.int64],
        places: Places,
        worth: Floats,
        spelt: Mapping[str, int],
        held: Mapping[str, tuple[Product, Analysed]],
    ) -> None:
        self.products = products
        self.codes = codes
        self.starts = starts
        self.places = places
        self.worth = worth
        self.spelt = spelt
        self.held = held

    def __len__(self) -> int:
        return len(self.products)

    def column(self, term: str) -> tuple[Places, Floats]:
        """The products a term stands in, and its worth in each; empty where nobody has it."""
        code = self.codes.get(term, -1)
        if code < 0:
            return self.places[:0], self.worth[:0]
        rows = slice(int(self.starts[code]), int(self.starts[code + 1]))
        return self.places[rows], self.worth[rows]

    def known(self, term: str) -> int:
        """How many products have a term."""
        code = self.codes.get(term, -1)
        return int(self.starts[code + 1] - self.starts[code]) if code >= 0 else 0

    def rarity(self, term: str) -> float:
        """How much it says that a product has this term; as if one had it where nobody does."""
        return float(_rarity(len(self), max(self.known(term), 1)))

    def completions(self, beginning: str, most: int = 12) -> list[str]:
        """The commonest written words that begin so, and go on."""
        first = bisect_left(self._alphabet, beginning)
        last = bisect_left(self._alphabet, beginning + "\U0010ffff", first)
        near = [word for word in self._alphabet[first:last] if word != beginning]
        return sorted(near, key=lambda word: (-self.spelt[word], word))[:most]

    @cached_property
    def _alphabet(self) -> list[str]:
        return sorted(self.spelt)

    @cached_property
    def by_length(self) -> Mapping[int, list[str]]:
        """Written words by how many letters they have, for spelling."""
        found: dict[int, list[str]] = {}
        for word in self._alphabet:
            if word.isalpha() and len(word) > 2:
                found.setdefault(len(word), []).append(word)
        return found

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The place of each product by its id."""
        return {product.id: place for place, product in enumerate(self.products)}

    @property
    def bytes(self) -> int:
        """Memory of the columns."""
        return self.starts.nbytes + self.places.nbytes + self.worth.nbytes


def build(
    products: Iterable[Product], *, weights: Weights | None = None, before: Index | None = None
) -> Index:
    """Index a catalogue. Of an index `before`, products that did not change are not read again."""
    weights = weights or Weights()
    catalogue = tuple(products)
    known = before.held if before is not None else {}
    held: dict[str, tuple[Product, Analysed]] = {}
    codes: dict[str, int] = {}
    spelt: dict[str, int] = {}
    term, row = array("i"), array("q")
    fields = len(weights.fields)
    lengths = np.zeros((len(catalogue), fields), dtype=np.float32)
    for place, product in enumerate(catalogue):
        was = known.get(product.id)
        read = was[1] if was is not None and was[0] == product else analysed(product)
        held[product.id] = (product, read)
        lengths[place] = read.lengths
        start = 0
        for field, end in enumerate(read.ends):
            term.extend([codes.setdefault(one, len(codes)) for one in read.terms[start:end]])
            row.extend(itertools.repeat(place * fields + field, end - start))
            start = end
        for word in set(read.words):
            spelt[word] = spelt.get(word, 0) + 1
    starts, places, worth = _columns(
        np.frombuffer(term, dtype=np.int32), np.frombuffer(row, dtype=np.int64), lengths, len(codes), weights
    )
    return Index(catalogue, codes, starts=starts, places=places, worth=worth, spelt=spelt, held=held)


def _columns(
    term: Places, row: NDArray[np.int64], lengths: Floats, terms: int, weights: Weights
) -> tuple[NDArray[np.int64], Places, Floats]:
    """Count each term in each field of each product, weigh, and file by term: starts, places, worth."""
    size, fields = lengths.shape
    typical = np.maximum(lengths.sum(axis=0) / np.maximum((lengths > 0).sum(axis=0), 1), 1e-9)
    slack = np.array(weights.length, dtype=np.float32)
    share = np.array(weights.fields, dtype=np.float32) / (1.0 - slack + slack * lengths / typical)
    pair = term.astype(np.int64) * (size or 1) + row // fields
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    weighed = share.ravel()[row[order]]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    often = np.add.reduceat(weighed, first) if len(first) else weighed
    holder = pair[first] // (size or 1)
    starts = np.searchsorted(holder, np.arange(terms + 1)).astype(np.int64)
    k = weights.saturation
    rarity = _rarity(size, np.maximum(np.diff(starts), 1)).astype(np.float32)
    worth = rarity[holder] * often * (k + 1.0) / (often + k)
    return starts, (pair[first] % (size or 1)).astype(np.int32), worth.astype(np.float32)


def _rarity(size: int, holding: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """The inverse document frequency, never negative."""
    return np.log1p((size - holding + 0.5) / (holding + 0.5))


def path_codes(products: Sequence[Product]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """The category of each product as a place among the paths there are."""
    paths = {path: place for place, path in enumerate(sorted({one.category for one in products}))}
    return np.array([paths[one.category] for one in products], dtype=np.int32), tuple(paths)
