"""Implicit matrix factorisation: who took what, as one vector a shopper and one a product.

Hu, Koren and Volinsky (2008): preference p is 1 where a shopper took a product and 0 elsewhere, with
confidence c = 1 + α · weight; Σ c (p − ⟨x, y⟩)² + λ (Σ|x|² + Σ|y|²) is minimised for one side at a time,
each row by a few steps of conjugate gradients (Takács et al. 2011) that never write down a matrix of the row.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
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
        weights: NDArray[np.float64] | None = None,
        *,
        sizes: tuple[int, int] | None = None,
        seed: int = 0,
        progress: Progress = None,
    ) -> Factors:
        """Vectors from triples: codes from 0, and how often or how much (1 where not said); repeats add up.

        `sizes` is how many shoppers and products there are, where the triples do not name the last.
        """
        weights = np.ones(len(shoppers)) if weights is None else np.asarray(weights, dtype=np.float64)
        sizes = _checked(shoppers, products, weights, sizes)
        mine, theirs = (
            _rows(shoppers, products, weights, sizes),
            _rows(products, shoppers, weights, sizes[::-1]),
        )
        rng = np.random.default_rng(seed)
        x, y = (rng.normal(0.0, 0.1, (size, self.rank)).astype(np.float32) for size in sizes)
        for number in range(self.rounds):
            _sweep(mine, x, y, self._gram(y), (np.float32(self.alpha), self.steps))
            _sweep(theirs, y, x, self._gram(x), (np.float32(self.alpha), self.steps))
            if progress:
                progress("factors", (number + 1) / self.rounds)
        return Factors(self, x, y)

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

    def folded(self, products: Codes, weights: NDArray[np.float64] | None = None) -> Vectors:
        """The vector (K,) of a history, of somebody new perhaps, the products' staying as they are."""
        extra = self.parameters.alpha * (np.ones(len(products)) if weights is None else np.asarray(weights))
        held = _taken(self.products, np.asarray(products), 0.0).astype(np.float64)
        common = self.parameters._gram(self.products).astype(np.float64)
        return np.linalg.solve(common + (held.T * extra) @ held, held.T @ (1 + extra)).astype(np.float32)

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
    rows: Codes, columns: Codes, weights: NDArray[np.float64], sizes: tuple[int, int]
) -> tuple[Codes, Codes, Vectors]:
    """By row: where it begins, its columns, and their summed weights."""
    pair, where = np.unique(rows.astype(np.int64) * sizes[1] + columns, return_inverse=True)
    summed = np.bincount(where.ravel(), weights).astype(np.float32)
    begins = np.searchsorted(pair, np.arange(sizes[0] + 1, dtype=np.int64) * sizes[1])
    return begins, pair % sizes[1], summed


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
    begins, columns, weights = rows
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
                r[k] += (1 + alpha * weights[i]) * y[columns[i], k]
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
