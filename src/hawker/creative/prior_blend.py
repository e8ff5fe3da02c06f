"""What is expected of a headline from several signs at once, and what a shop's own clicks say of each sign.

The log-odds of being clicked, beside other headlines for the same product, are a sum: what the words promise
(`copy`, from the click prior), how near they come to what the audience looks at (`fit`, a cosine), how
naturally they read to a language model (`fluency`, nats a token), each times a weight, and what none tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.statistics import Estimate, unknown
from hawker.statistics.intervals import normal

Floats = NDArray[np.float64]
SIGNS = ("copy", "fit", "fluency")
_WEIGHTS, _DOUBTS = (1.0, 0.5, 0.025), (0.5, 0.5, 0.04)
_KNOWN = 50.0  # rows that the spread of news headlines counts for beside the shop's own
_TURNS = 12
_HEAVIEST = 20.0  # what one impression may count for, however improbable it was
_FAR = 15.0  # log-odds
_LEAST = 0.02  # the smallest spread that is believed
LEAST = 10
"""Groups of a shop that can be compared, below which weights stay as they are."""


@dataclass(frozen=True)
class Blend:
    """Weights of the signs with their covariance (3, 3), and the spread that they leave unexplained.

    As shipped, a headline's words count in full, give or take a half, since they were learned on news and
    not in this shop. Fit is a guess, in as much doubt as it counts; fluency is what it was on news, which
    is next to nothing. `rest` None is the spread that the click prior left on news.
    """

    weights: Floats = field(default_factory=lambda: np.array(_WEIGHTS))
    doubt: Floats = field(default_factory=lambda: np.diag(np.square(_DOUBTS)))
    rest: float | None = None

    def combined(self, signs: Floats, rest: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of rows of signs (rows, 3); `rest` (rows,) where none was learned."""
        mean: Floats = signs @ self.weights
        left = rest if self.rest is None else np.full(len(signs), self.rest)
        sd: Floats = np.sqrt(np.einsum("ij,jk,ik->i", signs, self.doubt, signs) + left**2)
        return mean, sd


NO_DOUBT = np.zeros((3, 3))
"""Of a blend where headlines are as those that the prior was learned from."""


@dataclass(frozen=True)
class Learned:
    """A blend, each sign's weight in it with its interval, and how much they were learned from.

    `reason` says why the weights stay as they were, where they do.
    """

    blend: Blend
    weights: dict[str, Estimate]
    groups: int
    rows: int
    reason: str = ""


@dataclass(frozen=True)
class Result:
    """How one headline fared beside others of its `group`: the same product, at the same place.

    `propensity` is how probable it was that this one was chosen where these impressions were; `fit` and
    `fluency` are what was known of it then. A headline may have several, of different propensities.
    """

    group: str
    headline: str
    shown: int
    clicked: int
    language: str = "en"
    propensity: float = 1.0
    fit: float = 0.0
    fluency: float = 0.0


@dataclass(frozen=True)
class Fared:
    """One row a headline in a group: what became of it as if all had been shown alike."""

    group: NDArray[np.int64]
    headline: tuple[str, ...]
    language: tuple[str, ...]
    fit: Floats
    fluency: Floats
    shown: Floats
    clicked: Floats

    def __len__(self) -> int:
        return len(self.headline)


def summed(results: Sequence[Result]) -> Fared:
    """Results by headline and group; each impression counts one over its propensity, at most 20-fold.

    `shown` is the number of impressions that would tell as much if they all counted the same.
    """
    if any(not 0 < one.propensity <= 1 or not 0 <= one.clicked <= one.shown for one in results):
        raise BadInput(
            "A result has more clicks than impressions, or a propensity that is no chance.",
            remedy="Give 0 ≤ clicked ≤ shown and 0 < propensity ≤ 1.",
        )
    of: dict[tuple[str, str, str], list[Result]] = {}
    for one in results:
        if one.shown:
            of.setdefault((one.group, one.language, one.headline), []).append(one)
    groups = {group: code for code, group in enumerate(dict.fromkeys(group for group, _, _ in of))}
    sums = np.zeros((len(of), 5))
    for row, held in enumerate(of.values()):
        for one in held:
            each = min(1.0 / one.propensity, _HEAVIEST)
            mass = each * one.shown
            sums[row] += (mass, each * one.clicked, each * mass, mass * one.fit, mass * one.fluency)
    shown, clicked, squares, fit, fluency = sums.T
    worth = shown**2 / squares  # impressions of equal weight that would tell as much
    return Fared(
        group=np.array([groups[group] for group, _, _ in of], dtype=np.int64),
        headline=tuple(headline for _, _, headline in of),
        language=tuple(language for _, language, _ in of),
        fit=fit / shown,
        fluency=fluency / shown,
        shown=worth,
        clicked=clicked / shown * worth,
    )


def learn(signs: Floats, *, fared: Fared, before: Blend, rest: float) -> Learned:
    """The blend after a shop's own results; `signs` (rows, 3) of what `fared`.

    Only differences within a group count. Clicks are binomial about the group's level, the weights Gaussian,
    known before as `before` says, and so is what they leave unexplained: a logistic regression, linearised in
    turns at what is expected, not at what was seen, for that would take few impressions for many clicks. The
    unexplained spread is estimated too, where `rest` counts as 50 rows. Too few groups leave all as it was.
    """
    _, group, sizes = np.unique(fared.group, return_inverse=True, return_counts=True)
    held = sizes[group] > 1
    signs, group, shown, clicked = signs[held], group[held], fared.shown[held], fared.clicked[held]
    groups = len(np.unique(group))
    if groups < LEAST:
        why = f"{groups} groups of two headlines and more; {LEAST} are needed"
        return Learned(before, dict.fromkeys(SIGNS, unknown(why, n=groups)), groups, len(group), why)
    spread, weights, doubt = rest**2, before.weights, before.doubt
    chance = ((np.bincount(group, clicked) + 0.5) / (np.bincount(group, shown) + 1.0))[group]
    for _ in range(_TURNS):
        told = shown * chance * (1.0 - chance)
        noise, logit = 1.0 / told, np.log(chance / (1.0 - chance)) + (clicked - shown * chance) / told
        weight = 1.0 / (noise + spread)
        x, y = (within(column, group, weight) for column in (signs, logit[:, None]))
        known = np.eye(len(SIGNS)) + x.T @ (weight[:, None] * x) @ before.doubt
        doubt = np.asarray(before.doubt @ np.linalg.inv(known), dtype=np.float64)
        weights = before.weights + doubt @ (x.T @ (weight * (y[:, 0] - x @ before.weights)))
        off = y[:, 0] - x @ weights
        level = logit - y[:, 0] + x @ weights + spread * weight * off
        chance = 1.0 / (1.0 + np.exp(-np.clip(level, -_FAR, _FAR)))
        free = 1.0 - weight / np.bincount(group, weight)[group]  # of a row's variance, once its group is out
        own = float((off**2 - noise * free).sum())
        spread = max((own + _KNOWN * rest**2) / (float(free.sum()) + _KNOWN), _LEAST**2)
    blend = Blend(weights, doubt, float(np.sqrt(spread)))
    return Learned(blend, _told(blend, groups), groups, len(group))


def within(columns: Floats, group: NDArray[np.int64], weight: Floats) -> Floats:
    """Columns less their weighted mean in each group."""
    total = np.bincount(group, weight)
    means = [np.bincount(group, weight * column) / np.where(total > 0, total, 1.0) for column in columns.T]
    centred: Floats = columns - np.stack(means, axis=1)[group]
    return centred


def _told(blend: Blend, groups: int) -> dict[str, Estimate]:
    z = normal(0.95)
    sd = np.sqrt(np.diag(blend.doubt))
    return {
        sign: Estimate(float(w), float(w - z * s), float(w + z * s), 0.95, "posterior", groups)
        for sign, w, s in zip(SIGNS, blend.weights, sd, strict=True)
    }
