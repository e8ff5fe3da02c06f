"""Where each shopper's interest points: decayed means of the vectors of what they touched, a fold.

Three readings of one state: the *long-term* interest (half-life of two months), the *recent* one (three
days), and up to four *several* interests: the mean of trail shoes and baby food tells little of either.
The several are clustered as events come: each event begins a cluster of its own, and where there is one too
many, the two whose union costs least variance (Ward, 1963) are joined. Their sums add up to the long-term
interest, so that is not kept again. 1,384 bytes a shopper at 64 dimensions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.counters import DAY
from hawker.features.events import EventArrays
from hawker.features.history import INTEREST
from hawker.features.schema import KEYS, kinds_mask
from hawker.records.events import EventKind
from hawker.storage.vectors import products as serving

if TYPE_CHECKING:
    from hawker.features.encode import Codes
    from hawker.storage.shop import Shop

Vectors = NDArray[np.float32]
SEVERAL = 4
LONG, RECENT = 60.0, 3.0
_SHOPPER, _PRODUCT = KEYS.index("shopper"), KEYS.index("product")
_PAIRS = SEVERAL * (SEVERAL + 1) // 2


class Interests:
    """One row a shopper, folded from `vectors`: float32 (n, d), zeros where nothing is known of a product.

    `ids` names the products of the vectors' rows; without it row and product code are the same. `space`
    is the name given: two of one space can be compared. `name` adds a digest of all vectors and ids: it
    tells two folds apart, and changes with every new product. Half-lives are in days.
    """

    def __init__(
        self,
        vectors: Vectors,
        *,
        name: str,
        ids: Sequence[str] | None = None,
        half_life: float = LONG,
        recent: float = RECENT,
        kinds: tuple[EventKind, ...] = INTEREST,
    ) -> None:
        self.vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self.ids = None if ids is None else tuple(ids)
        self.space = name
        self.name = f"{name}/{_digest(self.vectors, self.ids)}"
        self.rows = _known(self.vectors, np.arange(len(self.vectors), dtype=np.int32))
        self._rates = np.array([-1.0 / half_life, -1.0 / recent])
        self._kinds = kinds_mask(kinds)
        self._held = _blank(64, self.vectors.shape[1])

    @property
    def size(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    @property
    def bytes_each(self) -> int:
        """Bytes of memory a shopper takes."""
        return sum(array[0].nbytes for array in self._held.values())

    def align(self, codes: Codes) -> None:
        """Find the vector of each product by its code; products without a code get one."""
        if self.ids is not None:
            places = codes["product"].codes(self.ids)
            rows = np.full(len(codes["product"]), -1, dtype=np.int32)
            rows[places] = np.arange(len(self.ids), dtype=np.int32)
            self.rows = _known(self.vectors, rows)

    def fold(self, events: EventArrays, *, start: int = 0, stop: int | None = None) -> None:
        """Take in events[start:stop], in canonical order, one after another."""
        end = len(events) if stop is None else stop
        last = int(events.keys[start:end, _SHOPPER].max(initial=-1))
        if last >= len(self):
            more = _blank(max(last + 1 - len(self), len(self)), self.size)
            self._held = {name: np.concatenate([held, more[name]]) for name, held in self._held.items()}
        held = self._held
        _fold(
            (events.time, events.kind, events.keys, start, end, self._kinds),
            (self.vectors, self.rows, self._rates),
            (held["sums"], held["weights"], held["recent"], held["products"], held["last"]),
        )

    def __len__(self) -> int:
        return len(self._held["last"])

    def read(self, shopper: int) -> Vectors:
        """The long-term interest of one shopper: (d,), of unit length; zeros where nothing is known.

        Decay moves a mean's numerator and denominator alike, so it does not depend on the moment.
        """
        known = 0 <= shopper < len(self)
        return _unit(self._held["sums"][shopper].sum(axis=0) if known else np.zeros(self.size, np.float32))

    def recent(self, shopper: int) -> Vectors:
        """The recent interest, in the same form."""
        known = 0 <= shopper < len(self)
        return _unit(self._held["recent"][shopper] if known else np.zeros(self.size, np.float32))

    def several(self, shopper: int) -> tuple[Vectors, Vectors]:
        """Up to four interests (k, d), of unit length, the largest first, and their shares: (k,)."""
        if not 0 <= shopper < len(self):
            return np.zeros((0, self.size), np.float32), np.zeros(0, np.float32)
        weights = self._held["weights"][shopper]
        order = np.argsort(-weights, kind="stable")
        order = order[weights[order] > 0.0]
        units = [_unit(self._held["sums"][shopper, place]) for place in order]
        shares: Vectors = weights[order] / np.float32(max(weights.sum(), np.finfo(np.float32).tiny))
        return np.array(units, np.float32).reshape(len(order), self.size), shares

    def readings(self, shopper: int) -> Vectors:
        """All of one shopper for a match: (6, d) long-term, recent and the several, zeros where none is."""
        out = np.zeros((2 + SEVERAL, self.size), dtype=np.float32)
        if 0 <= shopper < len(self):
            _readings(self._held["sums"][shopper], self._held["recent"][shopper], out)
        return out

    def matrix(self) -> Vectors:
        """The long-term interests of all shoppers, by code: (shoppers, d)."""
        sums = self._held["sums"].sum(axis=1)
        length = np.sqrt(np.einsum("nd,nd->n", sums, sums))[:, None]
        unit: Vectors = np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
        return unit

    def of_products(self, products: NDArray[np.int32]) -> Vectors:
        """The vectors of some products by code: (n, d), zeros where there is none."""
        known = (products >= 0) & (products < len(self.rows))
        rows = np.where(known, self.rows[np.where(known, products, 0)], -1) if len(self.rows) else products
        out = np.zeros((len(products), self.size), dtype=np.float32)
        out[rows >= 0] = self.vectors[rows[rows >= 0]]
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state as named arrays, one row a shopper, for a snapshot."""
        return dict(self._held)

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over a snapshot made by `arrays`."""
        self._held = {name: arrays[name].copy() for name in self._held}


def of(shop: Shop) -> Interests | None:
    """Interests by the products' vectors that serve, nothing folded yet; None where products have none."""
    found = serving(shop)
    return None if found is None else Interests(found.matrix, name=found.name, ids=found.ids)


def _blank(shoppers: int, size: int) -> dict[str, NDArray[Any]]:
    return {
        "sums": np.zeros((shoppers, SEVERAL, size), dtype=np.float32),
        "weights": np.zeros((shoppers, SEVERAL), dtype=np.float32),
        "recent": np.zeros((shoppers, size), dtype=np.float32),
        "products": np.zeros((shoppers, _PAIRS), dtype=np.float64),  # of the several with one another
        "last": np.zeros(shoppers, dtype=np.int64),
    }


def _unit(vector: Vectors) -> Vectors:
    wide = vector.astype(np.float64)
    length = float(np.sqrt(wide @ wide))
    unit: Vectors = (vector / length if length else vector).astype(np.float32)
    return unit


def _known(vectors: Vectors, rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """The rows, -1 where a vector says nothing: all zeros, or no number."""
    says: NDArray[np.bool_] = np.isfinite(vectors).all(axis=1) & (vectors != 0.0).any(axis=1)
    held = np.flatnonzero(rows >= 0)
    out = rows.copy()
    out[held[~says[rows[held]]]] = -1
    return out


def _digest(vectors: Vectors, ids: tuple[str, ...] | None) -> str:
    """What tells two sets of vectors apart, whoever made them."""
    made = hashlib.blake2b(vectors.tobytes(), digest_size=6)
    made.update("\x1f".join(ids or ()).encode())
    return made.hexdigest()


@njit(cache=True)
def _fold(events, known, held):  # type: ignore[no-untyped-def]
    """Let the past of a shopper fade, and add one vector to what is left."""
    time, kind, keys, start, stop, kinds = events
    vectors, rows, rates = known
    sums, weights, recent, products, last = held
    for e in range(start, stop):
        who, product = keys[e, _SHOPPER], keys[e, _PRODUCT]
        if ((np.int64(1) << kind[e]) & kinds) == 0 or who < 0 or product < 0:
            continue
        if product >= len(rows) or rows[product] < 0:
            continue
        days = (time[e] - last[who]) / DAY
        if days > 0.0:
            _fade(sums[who], weights[who], products[who], np.exp2(days * rates[0]))
            recent[who] *= np.float32(np.exp2(days * rates[1]))
        last[who] = time[e]
        vector = vectors[rows[product]]
        for d in range(len(vector)):
            recent[who, d] += vector[d]
        _join(sums[who], weights[who], products[who], vector)


@njit(cache=True)
def _fade(sums, weights, products, factor):  # type: ignore[no-untyped-def]
    small = np.float32(factor)
    for k in range(SEVERAL):
        weights[k] *= small
        for d in range(sums.shape[1]):
            sums[k, d] *= small
    for p in range(_PAIRS):
        products[p] *= factor * factor


@njit(cache=True)
def _pair(i, j):  # type: ignore[no-untyped-def]
    """Where the product of two clusters stands among the ten."""
    low, high = min(i, j), max(i, j)
    return high * (high + 1) // 2 + low


@njit(cache=True)
def _dot(a, b):  # type: ignore[no-untyped-def]
    """Eight sums side by side, in a fixed order."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0.0)
    whole = len(a) // 8 * 8
    for d in range(0, whole, 8):
        s0 += a[d] * b[d]
        s1 += a[d + 1] * b[d + 1]
        s2 += a[d + 2] * b[d + 2]
        s3 += a[d + 3] * b[d + 3]
        s4 += a[d + 4] * b[d + 4]
        s5 += a[d + 5] * b[d + 5]
        s6 += a[d + 6] * b[d + 6]
        s7 += a[d + 7] * b[d + 7]
    for d in range(whole, len(a)):
        s0 += a[d] * b[d]
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


@njit(cache=True)
def _join(sums, weights, products, vector):  # type: ignore[no-untyped-def]
    """Begin a cluster with the vector, or, where there is no place, join the cheapest pair of five."""
    with_, free = np.zeros(SEVERAL + 1), -1
    for k in range(SEVERAL):
        with_[k] = _dot(sums[k], vector) if weights[k] > 0.0 else 0.0
        if weights[k] <= 0.0 and free < 0:
            free = k
    with_[SEVERAL] = _dot(vector, vector)
    if free >= 0:
        _put(sums, weights, products, vector, free, with_)
        return
    first, second, least = 0, SEVERAL, np.inf
    for j in range(1, SEVERAL + 1):
        for i in range(j):
            cost = _cost(weights, products, with_, i, j)
            if cost < least:
                first, second, least = i, j, cost
    if second == SEVERAL:
        for k in range(SEVERAL):
            if k != first:
                products[_pair(first, k)] += with_[k]
        products[_pair(first, first)] += 2.0 * with_[first] + with_[SEVERAL]
        weights[first] += np.float32(1.0)
        for d in range(len(vector)):
            sums[first, d] += vector[d]
        return
    for k in range(SEVERAL):
        if k != first and k != second:
            products[_pair(first, k)] += products[_pair(second, k)]
    products[_pair(first, first)] += 2.0 * products[_pair(first, second)] + products[_pair(second, second)]
    with_[first] += with_[second]
    weights[first] += weights[second]
    for d in range(len(vector)):
        sums[first, d] += sums[second, d]
    _put(sums, weights, products, vector, second, with_)


@njit(cache=True)
def _put(sums, weights, products, vector, place, with_):  # type: ignore[no-untyped-def]
    """A cluster of one vector at a place that is free."""
    for k in range(SEVERAL):
        if k != place:
            products[_pair(place, k)] = with_[k]
    products[_pair(place, place)] = with_[SEVERAL]
    weights[place] = np.float32(1.0)
    for d in range(len(vector)):
        sums[place, d] = vector[d]


@njit(cache=True)
def _cost(weights, products, with_, i, j):  # type: ignore[no-untyped-def]
    """The variance that the union of two clusters adds (Ward); the fifth is the new vector."""
    own = np.float64(weights[i])
    other = np.float64(weights[j]) if j < SEVERAL else 1.0
    square = products[_pair(j, j)] if j < SEVERAL else with_[SEVERAL]
    between = products[_pair(i, j)] if j < SEVERAL else with_[i]
    apart = products[_pair(i, i)] / (own * own) + square / (other * other) - 2.0 * between / (own * other)
    return own * other / (own + other) * max(apart, 0.0)


@njit(cache=True)
def _readings(sums, recent, out):  # type: ignore[no-untyped-def]
    """Unit vectors, where there is anything to say."""
    for k in range(SEVERAL):
        for d in range(sums.shape[1]):
            out[0, d] += sums[k, d]
            out[2 + k, d] = sums[k, d]
    for d in range(len(recent)):
        out[1, d] = recent[d]
    for r in range(len(out)):
        length = np.sqrt(np.float64(_dot(out[r], out[r])))
        if length > 0.0:
            for d in range(out.shape[1]):
                out[r, d] = np.float32(out[r, d] / length)
