"""What a bid is worth per impression: bids of three kinds made comparable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hawker.records.campaign import Pricing

Floats = NDArray[np.float64]


def per_thousand(pricing: Sequence[str]) -> NDArray[np.bool_]:
    """Which bids are for a thousand impressions; the others are for a click or a conversion."""
    return np.array([name == Pricing.CPM for name in pricing], dtype=np.bool_)


def rates(thousand: NDArray[np.bool_], probabilities: Floats) -> Floats:
    """How often one impression is paid for: a thousandth, or the chance of the priced outcome.

    >>> rates(np.array([True, False]), np.array([0.3, 0.02])).tolist()
    [0.001, 0.02]
    """
    return np.where(thousand, 1e-3, probabilities)


def values(bids: NDArray[np.int64], rates: Floats, *, quality: Floats | float = 1.0) -> Floats:
    """The expected value of an impression in micros, times the ad's quality: what ranks ads.

    >>> values(np.array([2_000_000, 100_000]), np.array([0.001, 0.02])).tolist()
    [2000.0, 2000.0]
    """
    return bids * rates * quality


def least_prices(floor: int, rates: Floats) -> Floats:
    """The price, in each bid's own unit, whose expected revenue is the floor per thousand impressions.

    Infinite for an outcome that never comes, unless there is no floor.
    """
    if floor <= 0:
        return np.zeros(len(rates))
    with np.errstate(divide="ignore"):
        return floor / 1000 / rates
