"""What the folds say that recommendations need: what sells now, what is bought again, a shopper's past."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hawker.features.state import State
from hawker.recommend.histories import Codes, Past
from hawker.records.events import KIND_CODE, EventKind

HOUR = 3_600_000_000
_BOUGHT = KIND_CODE[EventKind.PURCHASE]
_FEW, _SHELF = 5.0, 20.0
Floats = NDArray[np.float64]


class Standing(NamedTuple):
    """Of each product: how it sells now (0: not at all), and the share of its purchases that are repeats."""

    trend: NDArray[np.float32]
    again: Floats


def standing(state: State, products: Codes, categories: Codes, *, now: int) -> Standing:
    """The standing of products, by their codes in the folds (-1: unknown) and codes of their categories (-1).

    What sells is what sold of late, times the share of that over what four weeks let expect; where nothing
    was ever bought, what is looked at. The share of repeats is drawn towards that of the products in the
    same category by five purchases, and this towards the shop's by twenty.
    """
    told = state.read("product", products, now=now)
    recent, usual = told["bought_7"], told["bought_28"] / 4
    trend = recent * (recent + _FEW) / (usual + _FEW) if recent.any() else told["interest_7"]
    count, repeats = told["count"], told["repeats"]
    size = int(categories.max(initial=-1)) + 2  # the last for those of no category
    overall = repeats.sum() / max(count.sum(), 1.0)
    of_shelf = np.bincount(categories % size, weights=repeats, minlength=size) + _SHELF * overall
    of_shelf /= np.bincount(categories % size, weights=count, minlength=size) + _SHELF
    again = (repeats + _FEW * of_shelf[categories % size]) / (count + _FEW)
    scale = max(float(trend.max(initial=0.0)), 1e-300)
    return Standing((trend / scale).astype(np.float32), again)


def past(state: State, shopper: int, places: Codes, *, now: int) -> tuple[Past, bool]:
    """What a shopper bought last, or looked at where nothing was bought; and whether it was bought.

    `places` turns codes of the folds into those of the recommender, -1 drops. What is less than an hour
    apart is one basket.
    """
    items, kinds, times = state.sequences.read(shopper)
    bought = kinds == _BOUGHT
    known = items < len(places)
    codes = np.full(len(items), -1, dtype=np.int32)
    codes[known] = places[items[known]]
    kept = codes >= 0
    purchased = bool((bought & kept).any())
    if purchased:
        kept &= bought
    codes, times = codes[kept], times[kept]
    step = np.concatenate([[0], np.cumsum(np.diff(times) > HOUR)])[: len(times)].astype(np.int64)
    return Past(codes, step, times.astype(np.int64), now), purchased


def ever_bought(state: State, shopper: int, products: Codes, *, now: int) -> NDArray[np.bool_]:
    """Whether a shopper has ever bought each product, by codes of the folds."""
    if shopper < 0 or not len(products):
        return np.zeros(len(products), dtype=bool)
    who = np.full(len(products), shopper, dtype=np.int32)
    found: NDArray[np.bool_] = state.read("shopper_product", who, products, now=now)["count"] > 0
    return found & (products >= 0)
