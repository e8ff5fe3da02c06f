"""A toy shop with fields: a vector, a sequence, two codes that matter only together, and a shelf place."""

from __future__ import annotations

import numpy as np

from hawker.features.examples import Examples, Field
from hawker.features.program import Sheet

WIDTH, LENGTH = 8, 3
VECTOR = tuple(f"text {i}" for i in range(WIDTH))
SEEN = tuple(f"seen {i}" for i in range(LENGTH))
NAMES = ("product", "season", "price", *SEEN, *VECTOR)
FIELDS = (Field("text", "vector", VECTOR), Field("seen", "sequence", SEEN, of="product"))


def shop(
    rows: int = 4000, *, seed: int = 0, text: float = 0.0, seen: float = 0.0, cross: float = 0.0
) -> Examples:
    """Buying depends on a direction of the text, on product 1 seen lately, on (product + season) % 2."""
    rng = np.random.default_rng(seed)
    product, season = rng.integers(0, 6, rows), rng.integers(0, 6, rows)
    vector = rng.normal(3.0, 2.0, (rows, WIDTH))
    codes = rng.integers(0, 6, (rows, LENGTH)).astype(np.float64)
    codes[np.arange(LENGTH) >= rng.integers(0, LENGTH + 1, rows)[:, None]] = np.nan
    score = text * (vector[:, 0] - vector[:, 1]) / 2 + seen * ((codes == 1).any(axis=1) - 0.4)
    score += cross * np.where((product + season) % 2, 1.0, -1.0)
    vector[rng.random(rows) < 0.1] = np.nan
    x = np.column_stack([product, season, rng.lognormal(size=rows), codes, vector]).astype(np.float32)
    index = np.arange(rows, dtype=np.int64)
    y = (rng.random(rows) < 1 / (1 + np.exp(1 - score))).astype(np.float32)
    return Examples(
        NAMES, x, y, index, index // 10, index // 30, np.ones(rows), ("product", "season"), fields=FIELDS
    )


def sheet(rows: int = 40, *, own_sequence: bool = False) -> Sheet:
    """One request: the season and the sequence belong to the shopper, the rest to each candidate."""
    full = shop(rows, seed=9).x
    own = np.array(
        [i for i, name in enumerate(NAMES) if name not in ("season", *(() if own_sequence else SEEN))]
    )
    common = np.full(len(NAMES), np.nan, dtype=np.float32)
    alike = np.setdiff1d(np.arange(len(NAMES)), own)
    common[alike] = full[5, alike]
    return Sheet(NAMES, common, own, np.ascontiguousarray(full[:, own].T))
