"""Implicit matrix factorisation: who took what, as one vector a shopper and one a product.

Hu, Koren and Volinsky (2008): preference p is 1 where a shopper took a product and 0 elsewhere (also where
it was seen and not liked, then with confidence), c = 1 + α · weight; Σ c (p − ⟨x, y⟩)² + λ (Σ|x|² + Σ|y|²)
is minimised for one side at a time, each row by a few steps of conjugate gradients (Takács et al. 2011)
that never write down a matrix of the row.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.errors import BadInput, Corrupt, NotFound
from hawker.features.examples import Examples, Field
from hawker.ranking.ranker import Progress, arrays, possible

DOT = "factor_dot"
_FILE = "factors.npz"
Codes = NDArray[np.int64]
Vectors = NDArray[np.float32]
Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Factorisation:
    """`rank` numbers a vector, `alpha` the confidence a unit of weight adds, `l2` the penalty λ.

    `rounds` over both sides, `steps` of conjugate gradients a row and round.
    """

    rank: int = 32
    alpha: float = 10.0
    l2: float = 1.0
    rounds: int = 12
    steps: int = 3

    def __post_init__(self) -> None:
        possible(self, rank=1, alpha=1e-9, l2=1e-9, rounds=1, steps=1)

    def fit(
        self,
        shoppers: Codes,
        products: Codes,
        weights: Weights | None = None,
        *,
        liked: NDArray[np.bool_] | None = None,
        sizes: tuple[int, int] | None = None,
        seed: int = 0,
        progress: Progress = None,
    ) -> Factors:
        """Vectors from triples: codes from 0, and how often or how much (1 where not said); repeats add up.

        `liked` says which were liked (all where not said). `sizes` is how many shoppers and products there
        are, where the triples do not name the last.
        """
        weights = np.ones(len(shoppers)) if weights is None else np.asarray(weights, dtype=np.float64)
        told = (weights, weights if liked is None else weights * liked)
        sizes = _checked(shoppers, products, weights, sizes)
        mine, theirs = _rows(shoppers, products, told, sizes), _rows(products, shoppers, told, sizes[::-1])
        rng = np.random.default_rng(seed)
        x, y = (rng.normal(0.0, 0.1, (size, self.rank)).astype(np.float32) for size in sizes)
        for number in range(self.rounds):
            _sweep(mine, x, y, self._gram(y), (np.float32(self.alpha), self.steps))
            _sweep(theirs, y, x, self._gram(x), (np.float32(self.alpha), self.steps))
            if progress:
                progress("factors", (number + 1) / self.rounds)
        return Factors(self, x, y)

    def as_of(
        self,
        shoppers: Codes,
        products: Codes,
        time: Codes,
        *,
        liked: NDArray[np.bool_] | None = None,
        fits: int = 8,
        most: int = 100,
        seed: int = 0,
    ) -> NDArray[np.float64]:
        """The column `factor_dot` of rows in order of time, each as it could be known just before: (rows,).

        Products' vectors are fitted `fits` times, after so many equal shares of the rows, to what came
        before; a shopper's is folded in anew for every row, from the `most` latest of the earlier ones. NaN
        where there is none, or the product had none, or nothing was fitted yet.
        """
        if (np.diff(time) < 0).any():
            raise BadInput("Factors as of a moment need rows in order of time.", remedy="Sort them first.")
        sizes = _checked(shoppers, products, np.ones(len(shoppers)), None)
        pleased = np.ones(len(shoppers), dtype=bool) if liked is None else np.asarray(liked, dtype=bool)
        cuts = np.searchsorted(time, time[np.linspace(0, len(time), fits + 2).astype(int)[1:-1]])
        found = np.full(len(shoppers), np.nan)
        before = _before(np.asarray(shoppers, dtype=np.int64), sizes[0])
        for start, stop in pairwise([*np.unique(cuts[cuts > 0]).tolist(), len(time)]):
            made = self.fit(shoppers[:start], products[:start], liked=pleased[:start], sizes=sizes, seed=seed)
            y = made.products.astype(np.float64)
            common = y.T @ y + self.l2 * np.eye(self.rank)
            told = (np.asarray(products, dtype=np.int64), np.asarray(time, dtype=np.int64), pleased, before)
            _folding(found, (start, stop), told, y, common, (self.alpha, most))
        return found

    def _gram(self, vectors: Vectors) -> Vectors:
        """Σ y yᵀ + λ: what every row has in common."""
        return np.asarray(vectors.T @ vectors + np.float32(self.l2) * np.eye(self.rank, dtype=np.float32))


@dataclass(frozen=True)
class Factors:
    """The vectors of shoppers (shoppers, K) and of products (products, K); nobody's are zero."""

    parameters: Factorisation
    shoppers: Vectors
    products: Vectors

    def score(self, shopper: int, products: Codes | None = None) -> NDArray[np.float64]:
        """⟨x, y⟩ of a shopper and some products, or all; 0 for who or what is not known."""
        vectors = self.products if products is None else _taken(self.products, np.asarray(products), 0.0)
        mine = _taken(self.shoppers, np.array([shopper]), 0.0)[0]
        return np.asarray(vectors @ mine, dtype=np.float64)

    def folded(
        self, products: Codes, weights: Weights | None = None, *, liked: NDArray[np.bool_] | None = None
    ) -> Vectors:
        """The vector (K,) of a history, of somebody new perhaps, the products' staying as they are."""
        extra = self.parameters.alpha * (np.ones(len(products)) if weights is None else np.asarray(weights))
        pull = (1 + extra) * (1.0 if liked is None else liked)
        held = _taken(self.products, np.asarray(products), 0.0).astype(np.float64)
        common = self.parameters._gram(self.products).astype(np.float64)
        return np.linalg.solve(common + (held.T * extra) @ held, held.T @ pull).astype(np.float32)

    def dot(self, shoppers: Codes, products: Codes) -> NDArray[np.float64]:
        """⟨x, y⟩ pair by pair (negative codes: unknown); NaN for who or what was not known."""
        mine = _taken(self.shoppers, np.asarray(shoppers), np.nan).astype(np.float64)
        theirs = _taken(self.products, np.asarray(products), np.nan)
        return np.asarray(np.einsum("nk,nk->n", mine, theirs), dtype=np.float64)

    def beside(self, examples: Examples, *, shopper: str, product: str, vectors: bool = False) -> Examples:
        """Examples with the column `factor_dot` more, and with the products' vectors as a field if asked for.

        `shopper` and `product` name the columns that hold their codes. The factors must come from before
        the examples: those fitted on the same rows know the answers.
        """
        codes = [_codes(examples, name) for name in (shopper, product)]
        names, fields = (*examples.names, DOT), examples.fields
        x = np.column_stack([examples.x, self.dot(*codes)]).astype(np.float32)
        if vectors:
            own = tuple(f"factor_{k}" for k in range(self.products.shape[1]))
            names, fields = (*names, *own), (*fields, Field("factors", "vector", own))
            x = np.column_stack([x, _taken(self.products, codes[1], np.nan)])
        return replace(examples, names=names, x=x, fields=fields)

    def save(self, folder: Path) -> None:
        """Write the vectors into a folder; `load` reads them back."""
        folder.mkdir(parents=True, exist_ok=True)
        told: dict[str, Any] = {name: np.array(value) for name, value in asdict(self.parameters).items()}
        np.savez(folder / _FILE, shoppers=self.shoppers, products=self.products, **told)

    @classmethod
    def load(cls, folder: Path) -> Factors:
        """Raises `NotFound`, or `Corrupt` naming the file."""
        path = folder / _FILE
        if not path.is_file():
            raise NotFound(f"There are no factors in '{folder}'.", remedy="Fit them anew.")
        try:
            held = arrays(path)
            told = {name: value.item() for name, value in held.items() if value.ndim == 0}
            return cls(Factorisation(**told), held["shoppers"], held["products"])
        except Exception as error:  # each way of breaking an archive has its own exception
            raise Corrupt(f"'{path}' cannot be read: {error!r}.", remedy="Fit the factors anew.") from error


def _checked(
    shoppers: Codes, products: Codes, weights: NDArray[np.float64], sizes: tuple[int, int] | None
) -> tuple[int, int]:
    if not len(shoppers) or not len(shoppers) == len(products) == len(weights):
        told = f"{len(shoppers)}, {len(products)} and {len(weights)}"
        raise BadInput(f"Factors: shoppers, products and weights are {told}.", remedy="Give equally many.")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise BadInput("Factors: weights must be finite and not negative.")
    if min(shoppers.min(), products.min()) < 0:
        raise BadInput("Factors: codes count from 0.", remedy="Leave out what has no code.")
    least = (int(shoppers.max()) + 1, int(products.max()) + 1)
    if sizes is not None and (sizes[0] < least[0] or sizes[1] < least[1]):
        raise BadInput(f"Factors: the triples name {least} shoppers and products, 'sizes' says {sizes}.")
    return sizes or least


def _rows(
    rows: Codes, columns: Codes, told: tuple[Weights, Weights], sizes: tuple[int, int]
) -> tuple[Codes, Codes, Vectors, Vectors]:
    """By row: where it begins, its columns, their summed weights, and the share of these that is liked."""
    pair, where = np.unique(rows.astype(np.int64) * sizes[1] + columns, return_inverse=True)
    summed, liked = (np.bincount(where.ravel(), part) for part in told)
    share = np.divide(liked, summed, out=np.zeros(len(pair)), where=summed > 0)
    begins = np.searchsorted(pair, np.arange(sizes[0] + 1, dtype=np.int64) * sizes[1])
    return begins, pair % sizes[1], summed.astype(np.float32), share.astype(np.float32)


def _taken(vectors: Vectors, places: Codes, missing: float) -> Vectors:
    """Vectors by place; `missing` in all coordinates where the place or the vector does not exist."""
    known = (places >= 0) & (places < len(vectors))
    found = vectors[np.where(known, places, 0)]
    found[~(known & found.any(axis=1))] = missing
    return found


def _codes(examples: Examples, name: str) -> Codes:
    column = examples.only((name,)).x[:, 0]
    return np.where(np.isnan(column), -1, column).astype(np.int64)


@njit(cache=True, fastmath=True)
def _sweep(rows, x, y, gram, settings):  # type: ignore[no-untyped-def]
    """One side, each row by conjugate gradients from where it stands; who took nothing is zero."""
    begins, columns, weights, liked = rows
    alpha, steps = settings
    rank = x.shape[1]
    r, p, ap = np.empty(rank, np.float32), np.empty(rank, np.float32), np.empty(rank, np.float32)
    for u in range(len(x)):
        start, stop = begins[u], begins[u + 1]
        mine = x[u]
        if start == stop:
            mine[:] = 0
            continue
        _times(gram, y, columns, weights, start, stop, alpha, mine, ap)
        for k in range(rank):
            r[k] = -ap[k]
        for i in range(start, stop):
            for k in range(rank):
                r[k] += liked[i] * (1 + alpha * weights[i]) * y[columns[i], k]
        p[:] = r
        left = np.float32((r * r).sum())
        for _ in range(steps):
            if left < 1e-12:
                break
            _times(gram, y, columns, weights, start, stop, alpha, p, ap)
            length = left / (p * ap).sum()
            for k in range(rank):
                mine[k] += length * p[k]
                r[k] -= length * ap[k]
            before, left = left, np.float32((r * r).sum())
            for k in range(rank):
                p[k] = r[k] + left / before * p[k]


@njit(cache=True, fastmath=True)
def _times(gram, y, columns, weights, start, stop, alpha, v, out):  # type: ignore[no-untyped-def]
    """(gram + Σ α w y yᵀ) v."""
    rank = len(v)
    for k in range(rank):
        total = np.float32(0)
        for j in range(rank):
            total += gram[k, j] * v[j]
        out[k] = total
    for i in range(start, stop):
        dot = np.float32(0)
        for k in range(rank):
            dot += y[columns[i], k] * v[k]
        dot *= alpha * weights[i]
        for k in range(rank):
            out[k] += dot * y[columns[i], k]


@njit(cache=True)
def _before(shoppers, size):  # type: ignore[no-untyped-def]
    """By row, the shopper's row before it; -1 where there is none."""
    last = np.full(size, -1, np.int64)
    found = np.empty(len(shoppers), np.int64)
    for r in range(len(shoppers)):
        found[r] = last[shoppers[r]]
        last[shoppers[r]] = r
    return found


@njit(cache=True)
def _folding(found, span, told, y, common, settings):  # type: ignore[no-untyped-def]
    """⟨x, y⟩ of each row of a span, x solving (common + Σ α y yᵀ) x = Σ (1 + α) p y over what came before."""
    products, time, liked, before = told
    alpha, most = settings
    rank = y.shape[1]
    a, x = np.empty((rank, rank)), np.empty(rank)
    for r in range(span[0], span[1]):
        if not y[products[r]].any():
            continue
        a[:], x[:] = common, 0.0
        at, seen = before[r], 0
        while at >= 0 and seen < most:
            if time[at] < time[r]:
                one = y[products[at]]
                for k in range(rank):
                    for j in range(k + 1):
                        a[k, j] += alpha * one[k] * one[j]
                    if liked[at]:
                        x[k] += (1 + alpha) * one[k]
                seen += 1
            at = before[at]
        if seen:
            _solve(a, x)
            found[r] = 0.0
            for k in range(rank):
                found[r] += x[k] * y[products[r], k]


@njit(cache=True)
def _solve(a, b):  # type: ignore[no-untyped-def]
    """Solve a x = b in place by Cholesky's factors, of the lower half of a."""
    for k in range(len(b)):
        for j in range(k + 1):
            rest = a[k, j]
            for i in range(j):
                rest -= a[k, i] * a[j, i]
            a[k, j] = np.sqrt(rest) if k == j else rest / a[j, j]
    for k in range(len(b)):
        for i in range(k):
            b[k] -= a[k, i] * b[i]
        b[k] /= a[k, k]
    for k in range(len(b) - 1, -1, -1):
        for i in range(k + 1, len(b)):
            b[k] -= a[i, k] * b[i]
        b[k] /= a[k, k]
