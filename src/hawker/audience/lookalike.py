"""Whoever is like those on a list: similarity and classifiers, blended as held-out members ask.

A list says who belongs and of nobody that they do not (learning from positive and unlabelled cases, Elkan
and Noto 2008): classifiers tell members from others drawn at random, among whom some would belong. So what
is told of held-out members takes each undiscovered one for a miss, and is a floor. Members and others are
dealt into folds; every shopper is scored by fits that did not see them. The blend of a fold is the simplest
that does nearly best on the other folds, so its figures are those of a choice not made on them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.audience.judged import Found, Ranked, average_precision, judge
from hawker.audience.moment import Moment, Scores
from hawker.audience.traits import Scale, Traits, traits
from hawker.audience.verdict import Verdict, Way
from hawker.errors import extra
from hawker.features.examples import Examples

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Fit = Callable[[Floats, Mask, int], Callable[[Floats], Floats]]
LEAST_SEED = 20
"""Members whose likes can be looked for; fewer would say more of their chances than of their likeness."""
LEAST_REST = 50
FOLDS = 5
OTHERS = 20_000
"""At most so many others are drawn to tell members from, and at most so many members are used."""
MANY = 200  # members from which on trees have something to split
STRAIGHT, LOOSER = 1.0, 6.0
"""How much a logistic regression is let go, over half the number of shoppers."""
_NEARLY = 0.9
"""Of the most that any blend finds; few members tell blends apart badly, so the simplest is taken."""


@dataclass(frozen=True)
class Lookalike:
    """Everyone not on the list, by how much they are like those who are; or the `reason` why not.

    `score` is the share of these shoppers whom one is more alike than. `found` tells how the held-out
    members were found among the others, `blend` what each part weighs.
    """

    shoppers: tuple[str, ...] = ()
    score: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    seed: int = 0
    found: Found | None = None
    blend: dict[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def scores(self) -> Scores:
        """The same for whoever makes a list of it."""
        return Scores(self.shoppers, self.score, self.reason, self.verdict)

    @property
    def verdict(self) -> Verdict | None:
        """How well the held-out members were found, in the form that is kept."""
        found = self.found
        if found is None:
            return None
        return Verdict(
            Way.HELD_OUT,
            (found.average_precision.low or 0.0) > found.base,
            {
                "average_precision": found.average_precision,
                **{f"lift_{at}": lift for at, lift in found.lift.items()},
            },
            found.members,
            found.shoppers,
            found.base,
            parts=tuple(name for name, weight in self.blend.items() if weight),
        )

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        parts = ", ".join(f"{name} {weight:.2g}" for name, weight in self.blend.items() if weight)
        return f"{len(self.shoppers)} shoppers like {self.seed} ({parts}); held out: {self.found}"


def lookalike(moment: Moment, seed: Collection[str], *, random: int = 7) -> Lookalike:
    """Rank everyone who may be profiled and is not on the list by likeness to those on it."""
    known = traits(moment)
    names = moment.state.codes["shopper"].names
    return alike(known, [names[code] for code in known.shoppers], seed, random=random)


def alike(known: Traits, names: list[str], seed: Collection[str], *, random: int = 7) -> Lookalike:
    """`lookalike` of traits; `names` are those of their rows. Needs scikit-learn and LightGBM."""
    wanted = frozenset(seed)
    member = np.array([name in wanted for name in names], dtype=bool)
    reason = _unfit(member, known)
    if reason:
        return Lookalike(seed=int(member.sum()), reason=reason)
    rng = np.random.default_rng(random)
    rows = np.sort(np.concatenate([_drawn(np.flatnonzero(side), rng) for side in (member, ~member)]))
    x = inputs(known, rows)
    here = member[rows]
    fits = _fits(int(here.sum()))
    held, fold = _held_out(fits, x[rows], here, rng)
    honest = np.zeros(len(rows))
    for part in range(FOLDS):
        others = fold != part
        weights = _best(held[others], here[others])
        honest[~others] = held[~others] @ weights
    found = judge(Ranked(rows, honest, here), seed=random)
    weights = _best(held, here)
    parts = [fit(x[rows], here, random)(x) for fit in fits.values()]
    whole = np.column_stack([_levelled(part) for part in parts]) @ weights
    rest = np.flatnonzero(~member)
    score = (_ranks(whole[rest]) / max(len(rest) - 1, 1)).astype(np.float32)
    return Lookalike(
        tuple(names[row] for row in rest),
        score,
        int(member.sum()),
        found,
        dict(zip(fits, weights.tolist(), strict=True)),
    )


def inputs(known: Traits, rows: NDArray[np.intp]) -> Floats:
    """Traits as the classifiers take them, on the scale of some rows: (shoppers, names and tastes)."""
    tastes = known.tastes.astype(np.float64)
    centre, spread = tastes[rows].mean(axis=0), tastes[rows].std(axis=0)
    scaled = (tastes - centre) / np.where(spread > 1e-9, spread, np.inf)
    return np.column_stack([Scale.of(known.x[rows])(known.x), np.clip(scaled, -4.0, 4.0)])


def _unfit(member: Mask, known: Traits) -> str:
    """Why there can be no answer; '' where there can."""
    count = int(member.sum())
    if count < LEAST_SEED:
        return f"{count} members of the list are known to the shop; likeness needs at least {LEAST_SEED}"
    if len(known) - count < LEAST_REST:
        return f"{len(known) - count} shoppers are not on the list; at least {LEAST_REST} are needed"
    return ""


def _drawn(rows: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    return rows if len(rows) <= OTHERS else rng.choice(rows, OTHERS, replace=False)


def _fits(members: int) -> dict[str, Fit]:
    """The parts of a blend, by name; trees only where members are many."""
    straight, looser = (_logistic(strength) for strength in (STRAIGHT, LOOSER))
    found: dict[str, Fit] = {"straight": straight, "similarity": _similarity, "looser": looser}
    if members >= MANY:
        found["trees"] = _trees
    return found


def _similarity(x: Floats, member: Mask, random: int) -> Callable[[Floats], Floats]:  # noqa: ARG001
    """Along the line from the average shopper to the average member."""
    centre = x[member].mean(axis=0)
    return lambda rows: np.asarray(rows @ centre, dtype=np.float64)


def _logistic(strength: float) -> Fit:
    """Logistic regression under a ridge that does not depend on how many others were drawn."""

    def fit(x: Floats, member: Mask, random: int) -> Callable[[Floats], Floats]:
        linear = extra("sklearn.linear_model", "train")
        model = linear.LogisticRegression(
            C=strength * 2 / len(x), class_weight="balanced", max_iter=500, random_state=random
        ).fit(x, member)
        return lambda rows: np.asarray(model.decision_function(rows), dtype=np.float64)

    return fit


def _trees(x: Floats, member: Mask, random: int) -> Callable[[Floats], Floats]:
    """Small boosted trees, members and others of equal weight."""
    from hawker import ranking

    names = tuple(f"trait_{i}" for i in range(x.shape[1]))
    weight = np.where(member, 0.5 / member.sum(), 0.5 / (~member).sum()) * len(x)
    rows = np.arange(len(x), dtype=np.int64)
    y = member.astype(np.float32)
    examples = Examples(names, x.astype(np.float32), y, rows, rows, rows, weight)
    how = ranking.Trees(trees=80, leaves=4, rate=0.05, least=20, columns=0.3, rows=0.6, threads=1)
    model = how.fit(examples, seed=random)
    return lambda given: model.score(given.astype(np.float32))


def _held_out(
    fits: dict[str, Fit], x: Floats, member: Mask, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Each part's score of every shopper by a fit that did not see them, and the fold they were in."""
    fold = np.empty(len(x), dtype=np.int64)
    for side in (member, ~member):
        fold[side] = rng.permutation(np.arange(int(side.sum())) % FOLDS)
    held = np.zeros((len(x), len(fits)))
    for part in range(FOLDS):
        own = fold == part
        for k, fit in enumerate(fits.values()):
            held[own, k] = _levelled(fit(x[~own], member[~own], part)(x[own]))
    return held, fold


def _best(held: Floats, member: Mask) -> Floats:
    """The simplest blend that finds nearly as many as the best: few parts, the earlier ones first."""
    parts = held.shape[1]
    blends = [np.isin(np.arange(parts), chosen).astype(np.float64) for chosen in _subsets(parts)]
    found = [average_precision(held @ blend, member) for blend in blends]
    return blends[next(i for i, value in enumerate(found) if value >= _NEARLY * max(found))]


def _subsets(parts: int) -> list[tuple[int, ...]]:
    return [one for size in range(1, parts + 1) for one in itertools.combinations(range(parts), size)]


def _levelled(score: Floats) -> Floats:
    """On one level with other parts: standardised."""
    spread = float(score.std())
    level: Floats = (score - score.mean()) / (spread if spread > 1e-12 else 1.0)
    return level


def _ranks(score: Floats) -> Floats:
    """How many score less; equals get the middle."""
    order = np.sort(score)
    ranks: Floats = (
        np.searchsorted(order, score, side="left") + np.searchsorted(order, score, side="right") - 1
    ) / 2
    return ranks
