"""How likely each of several is the best, by what is believed of each: Thompson's odds, computed.

Thompson sampling draws a value for each from what is believed of it and takes the largest. The chance that
it takes one is an integral, and that chance is what a record needs. So it is computed first, and one
number then draws by it: the propensity on record is exact by construction, whatever the integral's error.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST = 0.01
"""The share of choices that is spread evenly over all there are."""
EAGER = 0.15
"""How much of the uncertainty counts where nothing is known (decision 0046)."""
_NODES = 32
_REACH = 4.0


def best(means: Floats, deviations: Floats, *, least: float = LEAST) -> Floats:
    """The odds that each of several normal values is the largest, `least` of them spread evenly.

    >>> best(np.array([0.0, 0.0]), np.array([0.1, 0.1])).round(3).tolist()
    [0.5, 0.5]
    >>> best(np.array([0.0, 0.3]), np.array([0.1, 0.1])).round(2).tolist()
    [0.02, 0.98]
    """
    found: Floats = _best(means, deviations, least)
    return found


def eagerness(known: Floats | float) -> Floats:
    """How much of the uncertainty counts, by how much of it the best-known option has lost: from 0 to 1.

    While clicks tell next to nothing, trying costs more than it teaches; once one option is well known,
    the others are worth trying in full.

    >>> eagerness(np.array([0.0, 0.5, 1.0])).tolist()
    [0.15, 0.3625, 1.0]
    """
    found: Floats = EAGER + (1.0 - EAGER) * np.clip(known, 0.0, 1.0) ** 2
    return found


def each(means: Floats, deviations: Floats, *, bounds: NDArray[np.int64], least: float = LEAST) -> Floats:
    """The same for many groups at once, each from one of the `bounds` to before the next."""
    odds: Floats = _each(means, deviations, bounds, least)
    return odds


def taken(odds: Floats, draw: float) -> int:
    """Which one a number from [0, 1) draws by these odds."""
    return min(int(np.searchsorted(np.cumsum(odds), draw, side="right")), len(odds) - 1)


@njit(cache=True, error_model="numpy")
def _best(means, deviations, least):  # type: ignore[no-untyped-def]
    """∫ φ(x; own) Π Φ(x; others) dx by the midpoint rule over each one's own range."""
    count = len(means)
    odds = np.empty(count)
    width = 2.0 * _REACH / _NODES
    for one in range(count):
        mass = 0.0
        for node in range(_NODES):
            at = -_REACH + (node + 0.5) * width
            x = means[one] + deviations[one] * at
            chance = math.exp(-0.5 * at * at)
            for other in range(count):
                if other != one:
                    chance *= 0.5 * math.erfc((means[other] - x) / (deviations[other] * 1.4142135623730951))
            mass += chance
        odds[one] = mass
    total = odds.sum()
    for one in range(count):
        odds[one] = least / count + (1.0 - least) * odds[one] / total
    return odds


@njit(cache=True)
def _each(means, deviations, bounds, least):  # type: ignore[no-untyped-def]
    odds = np.empty(len(means))
    for group in range(len(bounds) - 1):
        first, end = bounds[group], bounds[group + 1]
        odds[first:end] = _best(means[first:end], deviations[first:end], least)
    return odds
