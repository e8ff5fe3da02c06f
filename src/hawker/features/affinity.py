"""The rough chance that a product is bought in this visit, for thousands of products in one compiled pass.

Only what the formula needs is looked up: each product's own row once, and each category's rows once
however many of its products are on offer.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.bought import maybe
from hawker.features.compiled import compiled
from hawker.features.counters import DAY, EPOCH, HEAD, _home, _pack, _slot
from hawker.features.schema import Plan
from hawker.features.state import State
from hawker.features.windows import THOUSANDTHS

Floats = NDArray[np.float64]
_USED = (
    ("shopper_product", "count"),
    ("shopper_product", "last"),
    ("shopper_product", "first_visit"),
    ("shopper_category", "count"),
    ("shopper", "visits"),
    ("category", "bought_28"),
    ("everything", "bought_28"),
)
_KEY = (("affinity",), None)


def rough(state: State, products: NDArray[np.int32], *, shopper: int, now: int) -> Floats:
    """Two chances joined: bought again, and new to the shopper within a category they know.

    Again: the shopper's own rate of the product per visit since the first purchase, fading over 180
    days. New: the rate of the category times the product's share of what it sold in four weeks.
    """
    out = np.empty(len(products), dtype=np.float64)
    places, rates, spots = _places(state)
    _rough(
        state.counters.index,
        state.counters.arena,
        places,
        rates,
        spots,
        products,
        state.codes.product_table(),
        state.windows.sums,
        state.bought.of(shopper),
        shopper,
        (now - EPOCH) / DAY,
        len(state.codes["category"]),
        out,
    )
    return out


def _places(state: State) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Table and counter of all that is used, the exponents of a day's decay of the last two, and `spots`.

    Those are where the rows of categories were found, -1 where not yet: they never move.
    """
    held = state.programs.get(_KEY)
    if held is None:
        places = np.array([state.plan.place(table, column) for table, column in _USED], dtype=np.int64)
        rates = np.array([_rate(state.plan, place) for place in places[-2:]])
        spots = np.full(2 * len(state.codes["category"]) + 64, -1, dtype=np.int64)
        held = state.programs[_KEY] = (places, rates, spots)
    return cast(tuple[NDArray[np.int64], Floats, NDArray[np.int64]], held)


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


@njit(cache=True, error_model="numpy")
def _rough(  # type: ignore[no-untyped-def]
    index, arena, places, rates, spots, products, product_keys, sums, bought, shopper, today, kinds, out
):
    """Memory sets the pace: whatever lies scattered is asked for in loops that do nothing else.

    So the waits overlap. The arithmetic comes after.
    """
    row = _row(index, places[4, 0], shopper, 0)
    visits = arena[row + HEAD + places[4, 1]] if row >= 0 else 0.0
    everywhere = _now(index, arena, places[6], 0, rates[1], today) + 1000.0
    kind, sold = np.empty(len(products), np.int32), np.empty(len(products))
    for i in range(len(products)):
        kind[i] = product_keys[products[i], 0]
    for i in range(len(products)):
        known = 0 <= products[i] < sums.shape[1]
        sold[i] = sums[1, products[i]] if known else 0
    kin = _kin(index, arena, places, rates[0], spots, kind, (shopper, visits, today, kinds))
    own, all_ = np.empty(len(products)), np.empty(len(products))
    for i in range(len(products)):
        own[i], all_[i] = kin[kind[i], 0], kin[kind[i], 1]
    for i in range(len(products)):
        units = sold[i] / THOUSANDTHS
        out[i] = own[i] * units / all_[i] + 0.3 * units / everywhere
    _again(index, arena, places, products, bought, (shopper, visits, today), out)


@njit(cache=True, error_model="numpy")
def _kin(index, arena, places, rate, spots, kind, who):  # type: ignore[no-untyped-def]
    """By category, where any of its products is asked for: the shopper's own rate, and what it sells."""
    shopper, visits, today, kinds = who
    kin, seen = np.empty((kinds + 1, 2)), np.zeros(kinds + 1, np.bool_)
    asked, count, sink, touched = np.empty(kinds + 1, np.int32), 0, np.uint64(0), 0.0
    for i in range(len(kind)):
        if not seen[kind[i]]:
            seen[kind[i]] = True
            asked[count] = kind[i]
            count += 1
    for j in range(count):
        sink += index[_home(index, _pack(places[3, 0], max(shopper, 0), max(asked[j], 0))), 0]
    rows = np.empty((kinds + 2, 2), np.int64)
    for j in range(count):
        rows[j, 0] = _row(index, places[3, 0], shopper, asked[j])
        known = 0 <= asked[j] < len(spots)
        rows[j, 1] = spots[asked[j]] if known else -1
        if rows[j, 1] < 0:
            rows[j, 1] = _row(index, places[5, 0], asked[j], 0)
            if known:
                spots[asked[j]] = rows[j, 1]
    for j in range(count):
        if rows[j, 0] >= 0:
            touched += arena[rows[j, 0] + HEAD + places[3, 1]]
        if rows[j, 1] >= 0:
            touched += arena[rows[j, 1]] + arena[rows[j, 1] + HEAD + places[5, 1]]
    rows[-1] = np.int64(sink == np.uint64(1)) + np.int64(touched == 1.0)
    for j in range(count):
        own = arena[rows[j, 0] + HEAD + places[3, 1]] if rows[j, 0] >= 0 else 0.0
        kin[asked[j], 0] = (own + 0.05) / (visits + 5.0)
        kin[asked[j], 1] = 2.0 * _brought(arena, places[5], rows[j, 1], rate, today) + 10.0
    return kin


@njit(cache=True, error_model="numpy")
def _again(index, arena, places, products, bought, who, out):  # type: ignore[no-untyped-def]
    """Add the chance that what the shopper has bought before is bought again; few others pass the filter."""
    shopper, visits, today = who
    asked, known, sink, touched = np.empty(len(products), np.int32), 0, np.uint64(0), 0.0
    for i in range(len(products) if shopper >= 0 else 0):
        if products[i] >= 0 and maybe(bought, products[i]):
            asked[known] = i
            known += 1
    for j in range(known):
        sink += index[_home(index, _pack(places[0, 0], shopper, products[asked[j]])), 0]
    rows = np.empty(known + 1, np.int64)
    for j in range(known):
        rows[j] = _row(index, places[0, 0], shopper, products[asked[j]])
    for j in range(known):
        if rows[j] >= 0:
            touched += arena[rows[j] + HEAD + places[0, 1]]
    rows[-1] = np.int64(sink == np.uint64(1)) + np.int64(touched == 1.0)
    for j in range(known):
        if rows[j] >= 0 and arena[rows[j] + HEAD + places[0, 1]] > 0.0:
            held = rows[j] + HEAD
            first = arena[held + places[2, 1]]
            span = visits - (0.0 if np.isnan(first) else first)
            again = arena[held + places[0, 1]] / (max(span, 0.0) + 2.0)
            again *= np.exp2((arena[held + places[1, 1]] - today) / 180.0)
            out[asked[j]] = again + out[asked[j]]


@njit(cache=True, error_model="numpy")
def _now(index, arena, place, key, rate, today):  # type: ignore[no-untyped-def]
    """A decaying counter of a single key, brought to the present; 0 where there is no row."""
    return _brought(arena, place, _row(index, place[0], key, 0), rate, today)


@njit(cache=True, error_model="numpy")
def _brought(arena, place, row, rate, today):  # type: ignore[no-untyped-def]
    """The same of a row that was found, or not (-1)."""
    if row < 0:
        return 0.0
    return arena[row + HEAD + place[1]] * np.exp2(max(today - arena[row], 0.0) * rate)
