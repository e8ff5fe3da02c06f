"""What is known of each variant's click rate, from its own clicks and from those of all others.

A variant's effect is the logarithm of its click rate against its product's. Effects lie around what a prior
score says of them, each placement's around the variant's own, each segment's around its placement's: three
levels, so that a cell with few clicks takes what it lacks from above. Given the spreads of the levels the
posterior is that of a Poisson count on a Gaussian tree, its mode found by scoring; how far effects spread,
and how much the prior score is worth, are learned from all products at once (empirical Bayes), so a
score that says nothing soon counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_STEPS = 4
_ROUNDS = 3
_FEWEST = 1e-9
_WORTHS = np.linspace(0.0, 0.9, 10)
_DOUBT = 0.5  # of the logarithm of the spread, beforehand
_NOTHING = 0.75  # how likely it is beforehand that a score says nothing
_SPREADS = np.exp(np.linspace(np.log(0.03), np.log(1.0), 15))
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)


@dataclass(frozen=True)
class Spread:
    """How far effects spread: `total` in one cell, `worth` the correlation of score and effect.

    Of the variance that the score leaves, the share `below` lies half between the placements of a variant
    and half between the segments of a placement. By default variants differ by a seventh, scores say little.
    """

    total: float = 0.15
    worth: float = 0.1
    below: float = 0.3

    @property
    def slope(self) -> float:
        """What one standard deviation of the score adds to an effect."""
        return self.worth * self.total

    @property
    def own(self) -> float:
        """The variance of a variant's effect around what its score says."""
        return (1.0 - self.below) * self.whole

    @property
    def lower(self) -> float:
        """The variance of a level around the one above it."""
        return 0.5 * self.below * self.whole

    @property
    def whole(self) -> float:
        """The variance of an effect in a cell around what the score says of it, before anything is seen."""
        return max(self.total**2 * (1.0 - self.worth**2), 1e-8)


@dataclass(frozen=True)
class Cells:
    """Counts by (variant, placement, segment), one row each, none twice; all but the counts are codes from 0.

    `product` is by variant. `shown` and `clicked` may have decayed, so they need not be whole.
    """

    product: Ints
    variant: Ints
    placement: Ints
    segment: Ints
    shown: Floats
    clicked: Floats

    @cached_property
    def place(self) -> tuple[Ints, Ints]:
        """By row the code of (variant, placement), and by that code the variant."""
        wide = int(self.placement.max(initial=0)) + 1
        keys, codes = np.unique(self.variant * wide + self.placement, return_inverse=True)
        return codes.astype(np.int64), keys // wide

    @cached_property
    def around(self) -> tuple[Ints, Ints, Ints]:
        """By row the codes of its product, of that and its placement, and of all three."""
        product = self.product[self.variant]
        where = _paired(product, self.placement)
        return _paired(product, np.zeros_like(product)), where, _paired(where, self.segment)


@dataclass(frozen=True)
class Level:
    """Effects of one level: mean and variance."""

    mean: Floats
    variance: Floats


@dataclass(frozen=True)
class Posterior:
    """What is known at each level: of variants, of variants in a placement, and of the rows of `Cells`.

    Below a level of which nothing was seen the mean is the level's, the variance larger by `spread.lower`.
    """

    variants: Level
    places: Level
    rows: Level
    spread: Spread


def posterior(cells: Cells, score: Floats, spread: Spread) -> Posterior:
    """The effects given the counts; `score` is by variant, standardised (0: says nothing).

    >>> counts = Cells(*(np.array(one) for one in ([0, 0], [0, 1], [0, 0], [0, 0], [9e4, 9e4], [900, 1800])))
    >>> found = posterior(counts, np.zeros(2), Spread(total=0.5)).rows.mean
    >>> round(float(found[1] - found[0]), 1)
    0.7
    """
    effect = (spread.slope * score)[cells.variant]
    found = None
    for _ in range(_ROUNDS):
        expected = cells.shown * _bases(cells, effect)
        found = _scored(cells, expected, spread.slope * score, effect, spread)
        effect = found.rows.mean
    assert found is not None
    return found


def learned(cells: Cells, score: Floats, *, start: Spread | None = None) -> Spread:
    """How far effects spread and what the score is worth, by the likelihood of all products' counts.

    A product's own rate is integrated out. What is returned is the mean over a grid, each point as likely
    as the counts say. Beforehand spreads are near `start`'s, and the score more likely says nothing.
    """
    first = start or Spread()
    totals = _Totals.of(cells, score)
    logs = np.array([[totals.likelihood(total, worth) for worth in _WORTHS] for total in _SPREADS])
    logs -= 0.5 * (np.log(_SPREADS / first.total) / _DOUBT)[:, None] ** 2
    something = np.exp(-_WORTHS[1:] / max(3 * first.worth, 0.1))
    slab = (1.0 - _NOTHING) * something / something.sum()
    logs += np.log(np.concatenate([[_NOTHING], slab]))
    mass = np.exp(logs - logs.max())
    mass /= mass.sum()
    total = float(np.sqrt((mass.sum(axis=1) * _SPREADS**2).sum()))
    return Spread(total, float((mass.sum(axis=0) * _WORTHS).sum()), first.below)


@dataclass(frozen=True)
class _Totals:
    """By variant what was clicked and expected in all cells, of those products that were clicked at all."""

    product: Ints
    clicked: Floats
    expected: Floats
    score: Floats

    @classmethod
    def of(cls, cells: Cells, score: Floats) -> _Totals:
        count = len(cells.product)
        clicked = np.bincount(cells.variant, cells.clicked, minlength=count).astype(np.float64)
        base = _bases(cells, np.zeros(len(cells.variant)))
        expected = np.bincount(cells.variant, cells.shown * base, minlength=count).astype(np.float64)
        any_clicked = np.bincount(cells.product, clicked)[cells.product] > 0.5
        kept = (expected > 0) & any_clicked
        codes = np.unique(cells.product[kept], return_inverse=True)[1].astype(np.int64)
        return cls(codes, clicked[kept], expected[kept], score[kept])

    def likelihood(self, spread: float, worth: float) -> float:
        """The logarithm, of negative binomial counts: each product's rate is integrated out by quadrature."""
        if not len(self.product):
            return 0.0
        shape = 1.0 / np.expm1(max(spread**2 * (1.0 - worth**2), 1e-6))
        mean = self.expected * np.exp(worth * spread * self.score)
        clicks = np.bincount(self.product, self.clicked)
        level, width = np.log(clicks / np.bincount(self.product, mean)), 1.0 / np.sqrt(clicks)
        found = np.empty((len(_NODES), len(clicks)))
        for node, at in enumerate(_NODES):
            there = mean * np.exp(level + width * at)[self.product]
            terms = self.clicked * np.log(there / (shape + there)) - shape * np.log1p(there / shape)
            found[node] = np.bincount(self.product, terms) + 0.5 * at**2 + np.log(_WEIGHTS[node])
        peak = found.max(axis=0)
        whole = peak + np.log(np.exp(found - peak).sum(axis=0))
        return float(whole.sum() + _rising(shape, self.clicked).sum())


def _rising(shape: float, count: Floats) -> Floats:
    """log Γ(shape + count) − log Γ(shape), by Stirling's series eight above."""
    return _gamma(shape + count) - float(_gamma(np.array([shape]))[0])


def _gamma(x: Floats) -> Floats:
    lifted = x + 8.0
    series = (lifted - 0.5) * np.log(lifted) - lifted + 0.5 * np.log(2 * np.pi) + 1 / (12 * lifted)
    series -= 1 / (360 * lifted**3)
    steps = sum(np.log(x + step) for step in range(8))
    found: Floats = series - steps
    return found


def _bases(cells: Cells, effect: Floats) -> Floats:
    """By row the click rate of its product there if it were shown in average words.

    The shop's rate in the placement, times what the product, then the product there, then the product
    there among the segment have had of clicks against that: each ratio drawn to one while little is known.
    """
    weighted = cells.shown * np.exp(effect)
    shown = np.bincount(cells.placement, weighted)
    rate = np.maximum(np.bincount(cells.placement, cells.clicked), 0.5) / np.maximum(shown, 1.0)
    base: Floats = rate[cells.placement]
    for group, strength in zip(cells.around, (1.0, 10.0, 10.0), strict=True):
        clicked = np.bincount(group, cells.clicked)
        expected = np.bincount(group, weighted * base)
        base = base * ((clicked + strength) / (expected + strength))[group]
    return base


def _scored(cells: Cells, expected: Floats, prior: Floats, effect: Floats, spread: Spread) -> Posterior:
    """Fisher scoring on the tree: up and down it once a step, which is exact for Gaussian observations."""
    place, variant = cells.place
    first, low = 1.0 / spread.own, spread.lower
    for _ in range(_STEPS):
        weight: Floats = np.maximum(expected * np.exp(np.clip(effect, -5, 5)), _FEWEST)
        seen = effect + (cells.clicked - weight) / weight
        up: Floats = 1.0 / (1.0 / weight + low)
        at = np.bincount(place, up, minlength=len(variant))
        seen_at = np.bincount(place, up * seen, minlength=len(variant)) / at
        rise = np.asarray(1.0 / (1.0 / at + low), np.float64)
        whole = np.asarray(first + np.bincount(variant, rise, minlength=len(prior)), np.float64)
        heard_of = np.bincount(variant, rise * seen_at, minlength=len(prior))
        mean = np.asarray((first * prior + heard_of) / whole, np.float64)
        down, told = _cavity(whole[variant], mean[variant], rise, seen_at, low)
        at_whole: Floats = at + down
        at_mean: Floats = (at * seen_at + down * told) / at_whole
        sink, heard = _cavity(at_whole[place], at_mean[place], up, seen, low)
        row_whole: Floats = weight + sink
        step = (weight * seen + sink * heard) / row_whole - effect
        effect = effect + np.clip(step, -1.0, 1.0)
    return Posterior(
        Level(mean, 1.0 / whole), Level(at_mean, 1.0 / at_whole), Level(effect, 1.0 / row_whole), spread
    )


def _cavity(whole: Floats, mean: Floats, own: Floats, said: Floats, low: float) -> tuple[Floats, Floats]:
    """What a level above says to one below, less what that one has said itself: precision and mean."""
    rest = np.maximum(whole - own, _FEWEST)
    return 1.0 / (1.0 / rest + low), (whole * mean - own * said) / rest


def _paired(one: Ints, other: Ints) -> Ints:
    """A code for each pair of codes."""
    wide = int(other.max(initial=0)) + 1
    codes: Ints = np.unique(one * wide + other, return_inverse=True)[1].astype(np.int64)
    return codes
