"""How well an order finds members: average precision, lift at a share, each with its interval.

Whole shoppers are drawn again. Where the same shoppers are ranked at several moments, they are drawn once
for all of them, so what the moments share counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.statistics import Estimate, unknown
from hawker.statistics.bootstrap import tails

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
METHOD = "bootstrap over shoppers"
SHARES = (0.01, 0.05, 0.1, 0.2)
LEAST = 10
_CELLS = 4_000_000
_WORK = 200_000_000


@dataclass(frozen=True)
class Ranked:
    """Shoppers (their names or codes) with scores, and who of them turned out to be a member."""

    shoppers: NDArray[np.int64] | NDArray[np.str_]
    score: Floats
    member: Mask


class Found(Struct, frozen=True):
    """How well members were found among `shoppers`; `lift` by the share of them that was taken, best first.

    `base` is the share of members: the average precision of chance.
    """

    average_precision: Estimate
    lift: dict[str, Estimate]
    base: float
    members: int
    shoppers: int

    def __str__(self) -> str:
        lifts = "".join(f"\n  lift at {share}: {lift:.2f}" for share, lift in self.lift.items())
        head = f"{self.members} members among {self.shoppers} shoppers ({self.base:.2%})"
        return f"{head}\n  average precision {self.average_precision:.3f}{lifts}"


def judge(ranked: Ranked, *, shares: Sequence[float] = SHARES, resamples: int = 1000, seed: int = 0) -> Found:
    """Average precision and lifts of one order."""
    measures = [precision(ranked), *(_lift(ranked, share) for share in shares)]
    first, *lifts = _estimates([ranked], measures, resamples=resamples, seed=seed)
    named = {f"{share:.0%}": lift for share, lift in zip(shares, lifts, strict=True)}
    count = int(ranked.member.sum())
    return Found(first, named, count / max(len(ranked.score), 1), count, len(ranked.score))


def ratio(
    ours: Sequence[Ranked], theirs: Sequence[Ranked], *, resamples: int = 1000, seed: int = 0
) -> Estimate:
    """The mean average precision of our orders over that of others of the same shoppers, moment by moment."""
    return _between(ours, theirs, lambda a, b: a / b, resamples=resamples, seed=seed)


def mean(orders: Sequence[Ranked], *, resamples: int = 1000, seed: int = 0) -> Estimate:
    """The mean average precision over several moments."""
    return _between(orders, orders, lambda a, _: a, resamples=resamples, seed=seed)


def average_precision(score: Floats, member: Mask) -> float:
    """The mean, over members, of the share of members among all who score as high; NaN without any.

    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]))
    0.8333333333333333
    """
    ranked = Ranked(np.arange(len(score)), score, member)
    return float(precision(ranked)(np.ones((1, len(score))))[0])


Measure = Callable[[Floats], Floats]


def precision(ranked: Ranked) -> Measure:
    """Average precision as a function of weights (resamples, shoppers); equals are one step."""
    order = np.argsort(-ranked.score, kind="stable")
    sorted_score = ranked.score[order]
    last = np.searchsorted(-sorted_score, -sorted_score, side="right") - 1
    member = ranked.member[order]
    places = np.flatnonzero(member)

    def measure(weights: Floats) -> Floats:
        sorted_weights = weights[:, order]
        seen = np.cumsum(sorted_weights, axis=1)[:, last[places]]
        found = np.cumsum(sorted_weights[:, places], axis=1)
        upto = np.searchsorted(places, last[places], side="right") - 1
        own = sorted_weights[:, places]
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = np.where(own > 0, own * found[:, upto] / seen, 0.0)
            mean: Floats = parts.sum(axis=1) / own.sum(axis=1)
        return mean

    return measure


def _lift(ranked: Ranked, share: float) -> Measure:
    """The rate of members among the best share over the rate among all."""
    order = np.argsort(-ranked.score, kind="stable")
    member = ranked.member[order].astype(np.float64)

    def measure(weights: Floats) -> Floats:
        sorted_weights = weights[:, order]
        whole = sorted_weights.sum(axis=1)
        before = np.cumsum(sorted_weights, axis=1) - sorted_weights
        taken = np.clip(share * whole[:, None] - before, 0.0, sorted_weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            lift: Floats = (taken @ member / (share * whole)) / (sorted_weights @ member / whole)
        return lift

    return measure


def _between(
    ours: Sequence[Ranked],
    theirs: Sequence[Ranked],
    of: Callable[[Floats, Floats], Floats],
    *,
    resamples: int,
    seed: int,
) -> Estimate:
    pairs = [(precision(a), precision(b)) for a, b in zip(ours, theirs, strict=True)]
    names, places = np.unique(np.concatenate([one.shoppers for one in ours]), return_inverse=True)
    cuts = np.split(places.ravel(), np.cumsum([len(one.shoppers) for one in ours])[:-1])

    def measure(weights: Floats) -> Floats:
        mine = np.mean([a(weights[:, cut]) for (a, _), cut in zip(pairs, cuts, strict=True)], axis=0)
        other = np.mean([b(weights[:, cut]) for (_, b), cut in zip(pairs, cuts, strict=True)], axis=0)
        return of(mine, other)

    members = min(int(one.member.sum()) for one in ours)
    return _estimate(measure, len(names), members=members, resamples=resamples, seed=seed)


def _estimates(
    ranked: Sequence[Ranked], measures: Sequence[Measure], *, resamples: int, seed: int
) -> list[Estimate]:
    (one,) = ranked
    members = int(one.member.sum())
    return [
        _estimate(measure, len(one.score), members=members, resamples=resamples, seed=seed)
        for measure in measures
    ]


def _estimate(measure: Measure, n: int, *, members: int, resamples: int, seed: int) -> Estimate:
    """A measure with all weights one, and its interval from shoppers drawn again."""
    if members < LEAST:
        return unknown(f"{members} members; resampling needs at least {LEAST}", n=n, method=METHOD)
    rng = np.random.default_rng(seed)
    count = int(min(resamples, max(200, _WORK // max(n, 1))))
    block = max(1, _CELLS // max(n, 1))
    drawn = []
    for start in range(0, count, block):
        size = min(block, count - start)
        picks = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        weights = np.bincount(picks.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)
        drawn.append(measure(weights))
    low, high = np.nanquantile(np.concatenate(drawn), tails(n))
    value = float(measure(np.ones((1, n)))[0])
    return Estimate(value, float(low), float(high), method=METHOD, n=n)
