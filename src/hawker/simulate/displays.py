"""An invented log of display ads, as wide as the public ones: 13 counts, 26 codes, a click or none.

What decides a click is hidden and fixed: an effect of every code and of some counts, and pairs of columns
whose codes like or dislike each other. Codes are as unequally frequent as in real logs: of the widest
column most occur once.
"""

from __future__ import annotations

import numpy as np

from hawker.features.examples import Examples

COUNTS, CODES = 13, 26
COLUMNS = (*(f"count {i}" for i in range(COUNTS)), *(f"code {i}" for i in range(CODES)))
PAIRS = ((0, 5), (3, 9), (2, 12), (7, 1))
_TRUTH = 20_26
_LEVEL = -1.9
_KIN = 2


def log(rows: int, *, seed: int = 0, widest: int = 100_000) -> Examples:
    """Rows of one world; another seed draws other rows of the same. A fifth of the counts is unknown.

    >>> part = log(1000, widest=1000)
    >>> part.x.shape, bool(0.1 < part.y.mean() < 0.4)
    ((1000, 39), True)
    """
    drawn, truth = np.random.default_rng((seed, 1)), np.random.default_rng(_TRUTH)
    counts = np.floor(np.exp(drawn.normal(1.0, 1.5, (rows, COUNTS))))
    counts[drawn.random(counts.shape) < 0.2] = np.nan
    score = np.full(rows, _LEVEL)
    slopes = truth.normal(0.0, 0.15, COUNTS // 2)
    score += np.log1p(np.nan_to_num(counts[:, : COUNTS // 2])) @ slopes
    sizes = np.geomspace(10, widest, CODES).astype(np.int64)
    codes = np.empty((rows, CODES))
    tastes = []
    for column, size in enumerate(sizes):
        codes[:, column] = np.floor(size ** drawn.random(rows)) - 1  # Zipf's law
        place = codes[:, column].astype(np.int64)
        score += truth.normal(0.0, 0.25, size)[place]
        tastes.append(truth.normal(0.0, 0.6, (size, _KIN))[place])
    for first, second in PAIRS:
        score += (tastes[first] * tastes[second]).sum(axis=1)
    index = np.arange(rows, dtype=np.int64)
    return Examples(
        names=COLUMNS,
        x=np.column_stack([counts, codes]).astype(np.float32),
        y=(drawn.random(rows) < 1 / (1 + np.exp(-score))).astype(np.float32),
        time=index * 1_000,
        group=index,
        cluster=index,
        weight=np.ones(rows),
        categorical=COLUMNS[COUNTS:],
    )
