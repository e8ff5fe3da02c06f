"""A table that embeds a query never seen, in microseconds: what an encoder knows, spread over a shop's words.

The encoder reads the shop's commonest words, pairs of words, and fragments of its texts as queries. A ridge
regression then gives every word, pair and piece of a word a vector of its own, such that a text's sum of
these comes near to what the encoder made of it. Pieces carry what was never seen: other forms, misspellings.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import Corrupt
from hawker.language.care import Vectors, unit
from hawker.language.sparse import Rows
from hawker.language.terms import pieces, words
from hawker.statistics import Estimate, Moments, mean, unknown
from hawker.storage import snapshot, vectors
from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
QUERIES = 3_000
"""Texts that the encoder reads for the table."""
_PAIR, _PIECE = 0.5, 2.0  # how much pairs and pieces weigh beside words
_RIDGES = (0.03, 0.1, 0.3, 1.0)
_TURNS, _ENOUGH = 60, 1e-3  # of conjugate gradients: at most so many, until so little is left
_HELD = 8  # one text in so many is held out, to choose the ridge and to tell how near the table comes


class Static:
    """Words to vectors: `vector(query)` is (64,), of unit length, in the space of that name.

    `near` is the cosine between the table's vectors and the encoder's, over texts that it was not fitted to.
    """

    def __init__(self, name: str, terms: Sequence[str], table: Vectors, *, near: Estimate) -> None:
        self.name = name
        self.near = near
        self.terms = tuple(terms)
        self.table = table  # (1 + terms, size): first what every query shares, then each term's own
        self._codes = {term: code for code, term in enumerate(self.terms, 1)}

    def vector(self, query: str) -> NDArray[np.float32]:
        """A query's vector; zeros where none of its words or their pieces is known."""
        codes, weights = weighed(query, self._codes)
        if len(codes) < 2:
            return np.zeros(self.table.shape[1], dtype=np.float32)
        summed = np.array(weights, dtype=np.float32) @ self.table[codes]
        length = float(np.sqrt(summed @ summed))
        found: NDArray[np.float32] = summed / np.float32(length or 1.0)
        return found

    def vectors(self, queries: Sequence[str]) -> Vectors:
        """Those of several: (queries, 64)."""
        rows = [self.vector(query) for query in queries]
        return np.stack(rows) if rows else np.zeros((0, self.table.shape[1]), dtype=np.float32)


class _About(Struct, frozen=True):
    name: str
    near: Estimate
    terms: list[str]


def distil(asked: Sequence[str], found: Vectors, *, space: str) -> Static:
    """Make the table from queries (`terms.vocabulary`) and what they are in the space of that name.

    `found` is (queries, 64): `space.asked(encoder.queries(asked))`. Rows of zeros are left out.
    """
    known = [i for i in range(len(asked)) if found[i].any()]
    texts = [asked[i] for i in known]
    codes = _codes(texts)
    table, near = _fitted(_rows(texts, codes), found[known].astype(np.float64), terms=len(codes) + 1)
    return Static(space, list(codes), table, near=near)


def save(shop: Shop, made: Static) -> None:
    """Keep a table beside the products' vectors of its space."""
    about = msgspec.json.encode(_About(made.name, made.near, list(made.terms)))
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(about, dtype=np.uint8),
        "table": made.table.astype(np.float16),
    }
    snapshot.save(shop.vectors / _file(made.name), arrays)


def load(shop: Shop, space: str | None = None) -> Static | None:
    """The table of a space (None: that of the products' vectors that serve); None where there is none.

    Raises `Corrupt` where it cannot be read.
    """
    if space is None:
        held = vectors.products(shop)
        space = held.name if held else ""
    path = shop.vectors / _file(space)
    if not path.is_file():
        return None
    kept = snapshot.load(path, remedy="Delete it and run: hawker train")
    try:
        about = msgspec.json.decode(kept["about"].tobytes(), type=_About)
        return Static(about.name, about.terms, kept["table"].astype(np.float32), near=about.near)
    except (KeyError, msgspec.DecodeError) as error:
        raise Corrupt(
            f"'{path}' cannot be read: {error}.", remedy="Delete it and run: hawker train"
        ) from error


def weighed(text: str, codes: dict[str, int]) -> tuple[list[int], list[float]]:
    """The known terms of a text with their weights; code 0, which all texts share, comes first.

    Words weigh 1, their pairs half of that, divided by the root of how many words there are; pieces of
    words twice as much, divided by the root of how many are known.
    """
    found = words(text)
    single = [code for word in found if (code := codes.get(word))]
    paired = [code for one, two in pairwise(found) if (code := codes.get(f"{one} {two}"))]
    broken = [code for word in found for piece in pieces(word) if (code := codes.get(f"#{piece}"))]
    whole = 1.0 / max(len(found), 1) ** 0.5
    part = _PIECE / max(len(broken), 1) ** 0.5
    weights = [1.0, *[whole] * len(single), *[_PAIR * whole] * len(paired), *[part] * len(broken)]
    return [0, *single, *paired, *broken], weights


def _codes(texts: Sequence[str]) -> dict[str, int]:
    """The terms of texts that get a vector: every word, and what stands in two texts at least."""
    counted: Counter[str] = Counter()
    single: dict[str, None] = {}
    for text in texts:
        found = words(text)
        single.update(dict.fromkeys(found))
        terms = {f"{one} {two}" for one, two in pairwise(found)}
        counted.update(terms | {f"#{piece}" for word in found for piece in pieces(word)})
    kept = [*single, *sorted(term for term, count in counted.items() if count > 1)]
    return {term: code for code, term in enumerate(kept, 1)}


def _rows(texts: Sequence[str], codes: dict[str, int]) -> Rows:
    held = [weighed(text, codes) for text in texts]
    starts = np.cumsum([0, *(len(found) for found, _ in held)])
    listed = np.array([code for found, _ in held for code in found], dtype=np.int32)
    return Rows(starts, listed, np.array([value for _, weights in held for value in weights]))


def _fitted(rows: Rows, wanted: Floats, *, terms: int) -> tuple[Vectors, Estimate]:
    """The terms' vectors by the ridge that does best on texts held out; then fitted to all."""
    count = len(wanted)
    if not count:
        return np.zeros((terms, wanted.shape[1]), dtype=np.float32), unknown("no text was known")
    held = np.arange(count) % _HELD == _HELD - 1
    if not held.any():
        return _solved(rows, wanted, ridge=_RIDGES[1], terms=terms), unknown("too few texts")
    weight = np.where(held, 0.0, 1.0)
    best, cosines = _RIDGES[0], np.full(int(held.sum()), -2.0)
    for ridge in _RIDGES:
        table = _solved(rows, wanted, ridge=ridge, terms=terms, weight=weight)
        made = unit(rows.times(table.astype(np.float64)))[held]
        alike = (made * wanted[held]).sum(axis=1)
        if alike.mean() > cosines.mean():
            best, cosines = ridge, alike
    return _solved(rows, wanted, ridge=best, terms=terms), mean(Moments.of(cosines))


def _solved(rows: Rows, wanted: Floats, *, ridge: float, terms: int, weight: Floats | None = None) -> Vectors:
    """Ridge regression by conjugate gradients, every column at once; texts of weight 0 are left out."""
    share = np.ones(len(wanted)) if weight is None else weight
    held = np.zeros((terms, wanted.shape[1]))
    left = rows.turned(wanted * share[:, None], words=terms)
    step, size = left.copy(), (left * left).sum(axis=0)
    enough = _ENOUGH**2 * size
    for _ in range(_TURNS):
        if (size <= enough).all():
            break
        across = rows.turned(rows.times(step) * share[:, None], words=terms) + ridge * step
        length = size / np.maximum((step * across).sum(axis=0), 1e-12)
        held += length * step
        left -= length * across
        size, before = (left * left).sum(axis=0), size
        step = left + step * (size / np.maximum(before, 1e-12))
    return held.astype(np.float32)


def _file(space: str) -> str:
    return f"static-{hashlib.md5(space.encode(), usedforsecurity=False).hexdigest()[:12]}.npz"
