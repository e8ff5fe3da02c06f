"""The rough chance that a product is bought in this visit, for thousands of products in one compiled pass.

Only what the formula needs is looked up: each product's own row once, and each category's rows once
however many of its products are on offer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled
from hawker.features.counters import DAY, EPOCH, HEAD, _pack, _slot
from hawker.features.schema import Plan
from hawker.features.state import State

Floats = NDArray[np.float64]
_USED = (
    ("shopper_product", "count"),
    ("shopper_product", "last"),
    ("shopper_product", "first_visit"),
    ("shopper_category", "count"),
    ("category", "bought_28"),
)


def rough(state: State, products: NDArray[np.int32], *, shopper: int, now: int) -> Floats:
    """Two chances joined: bought again, and new to the shopper within a category they know.

    Again: the shopper's own rate of the product per visit since the first purchase, fading over 180
    days. New: the rate of the category times the product's share of what it sold in four weeks.
    """
    places = np.array([state.plan.place(table, column) for table, column in _USED], dtype=np.int64)
    held = state.counters.arrays()
    one = np.zeros(1, dtype=np.int32)
    visits = state.read("shopper", one + np.int32(shopper), now=now)["visits"][0]
    everywhere = state.read("everything", one, now=now)["bought_28"][0]
    out = np.empty(len(products), dtype=np.float64)
    _rough(
        held["index"],
        held["arena"],
        places,
        _rate(state.plan, places[4]),
        products,
        state.codes.of_products("category", products),
        state.windows.read(products)[:, 1],
        shopper,
        float(visits),
        float(everywhere),
        (now - EPOCH) / DAY,
        np.full((len(state.codes["category"]) + 1, 2), -1.0),
        out,
    )
    return out


def _rate(plan: Plan, place: NDArray[np.int64]) -> float:
    """The exponent of a day's decay of one counter."""
    column = plan.table_rows[place[0], 2] + place[1]
    return float(-1.0 / plan.half_lives[plan.column_rows[column, 3]])


@compiled
def _row(index: NDArray[np.uint64], table: int, a: int, b: int) -> np.int64:
    """Where a key's row begins in the arena, or -1."""
    if a < 0 or b < 0:
        return np.int64(-1)
    key = _pack(table, a, b)
    place = _slot(index, key)
    return np.int64(index[place, 1]) if index[place, 0] == key else np.int64(-1)


@compiled
def _rough(
    index: NDArray[np.uint64],
    arena: Floats,
    places: NDArray[np.int64],
    rate: float,
    products: NDArray[np.int32],
    categories: NDArray[np.int32],
    sold: Floats,
    shopper: int,
    visits: float,
    everywhere: float,
    today: float,
    kin: Floats,
    out: Floats,
) -> None:
    for i in range(len(products)):
        c = categories[i]
        if kin[c, 0] < 0.0:
            row = _row(index, places[3, 0], shopper, c)
            count = arena[row + HEAD + places[3, 1]] if row >= 0 else 0.0
            kin[c, 0] = (count + 0.05) / (visits + 5.0)
            row = _row(index, places[4, 0], c, 0)
            kin[c, 1] = 0.0
            if row >= 0:
                elapsed = max(today - arena[row], 0.0)
                kin[c, 1] = arena[row + HEAD + places[4, 1]] * np.exp2(elapsed * rate)
        again = 0.0
        row = _row(index, places[0, 0], shopper, products[i])
        if row >= 0 and arena[row + HEAD + places[0, 1]] > 0.0:
            own = row + HEAD
            first = arena[own + places[2, 1]]
            span = visits - (0.0 if np.isnan(first) else first)
            again = arena[own + places[0, 1]] / (max(span, 0.0) + 2.0)
            again *= np.exp2((arena[own + places[1, 1]] - today) / 180.0)
        fresh = kin[c, 0] * sold[i] / (2.0 * kin[c, 1] + 10.0) + 0.3 * sold[i] / (everywhere + 1000.0)
        out[i] = again + fresh
