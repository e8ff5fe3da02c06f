"""Shares and ratios of sums over shoppers: intervals that know one shopper's rows are alike."""

from __future__ import annotations

from msgspec.structs import replace

from hawker.statistics import Covariances, Estimate, proportion, ratio
from hawker.statistics.intervals import normal

LEAST_IMPRESSIONS = 30
LEAST_CLICKS = 20
LEAST_CONVERSIONS = 10
LEAST_SHOPPERS = 10


def moments(x: str, y: str) -> str:
    """Seven SQL aggregates of a pair of columns by shopper, for `Covariances` and for `alone`."""
    met = f"FILTER ({y} > 0 OR {x} > 0)"
    return (
        f"count(*) {met}, avg({x}) {met}, avg({y}) {met}, regr_syy({x}, {y}) {met}, "
        f"regr_sxx({x}, {y}) {met}, regr_sxy({x}, {y}) {met}, max(greatest({x}, {y}))"
    )


def share(above: int, below: int, *, pair: Covariances, alone: bool) -> Estimate:
    """A share of rows of which one shopper may have many; `alone` where none has."""
    if alone or above == 0:
        return proportion(above, below if alone else pair.n)
    found = ratio(pair)
    if found.value is None or found.low is None or found.high is None:
        return found
    if found.value >= 1:
        return replace(found, low=max(found.low, 0.0))
    return _worth(found, below)


def _worth(found: Estimate, trials: int) -> Estimate:
    """Wilson's interval for clustered trials: as many independent ones as have the same variance."""
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    half = (found.high - found.low) / 2
    value = found.value
    worth = min(trials, normal(found.level) ** 2 * value * (1 - value) / half**2) if half > 0 else found.n
    return replace(proportion(value * worth, worth), value=value, n=found.n, method="clustered wilson")
