"""A shop's recommender: parts fitted on what came before, weighed by what came next, fitted again on all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from hawker import language
from hawker.errors import BadInput
from hawker.recommend.blend import Blend
from hawker.recommend.ease import Ease
from hawker.recommend.habits import Habits
from hawker.recommend.histories import Histories, read
from hawker.recommend.kinds import NEW, NEXT, Recommendations
from hawker.recommend.links import Links
from hawker.recommend.model import Recommender, Scores
from hawker.recommend.nearby import Nearby
from hawker.recommend.neighbours import Neighbours
from hawker.recommend.popular import Popular
from hawker.recommend.sequence import Sequence
from hawker.recommend.weigh import Weighed, weigh
from hawker.storage import vectors as stored
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
_JUDGED = 1500
_LEAST = 50
_EVEN = {"neighbours": 1.0, "nearby": 0.2, "popular": 0.1}
FLOPS = 2.5e10
"""Multiplications a second that one core is trusted with, where the price of a training is guessed."""


@dataclass(frozen=True)
class Course:
    """Which parts are fitted, and how. A part of `None` is left out.

    The network takes part where torch is installed, all items are at most `most_items`, and its training
    is expected to take at most `most_seconds` of one core.
    """

    neighbours: Neighbours = field(default_factory=Neighbours)
    ease: Ease | None = field(default_factory=Ease)
    nearby: Nearby | None = field(default_factory=Nearby)
    sequence: Sequence | None = field(default_factory=Sequence)
    popular: Popular = field(default_factory=Popular)
    trending: Popular = field(default_factory=lambda: Popular(half_life=7.0, against=5.0))
    habits: Habits = field(default_factory=Habits)
    most_items: int = 30_000
    most_seconds: float = 120.0


@dataclass(frozen=True)
class Fitted:
    """A recommender, and how it came about: weights and N@10 of both blends; what was left out and why."""

    recommendations: Recommendations
    weighed: dict[str, Weighed]
    left_out: dict[str, str] = field(default_factory=dict)

    def recipe(self) -> dict[str, Any]:
        """For the model store."""
        blends = {
            name: {"weights": found.weights, "ndcg": found.ndcg, "alone": found.alone, "on": found.histories}
            for name, found in self.weighed.items()
        }
        return {"kind": "recommend", "blends": blends, "left_out": self.left_out}


def fit(
    given: Shop | Histories,
    *,
    vectors: Scores | None = None,
    how: Course | None = None,
    without: Collection[str] = (),
    weighed: Mapping[str, Weighed] | None = None,
    seed: int = 7,
    progress: Progress | None = None,
) -> Fitted:
    """Fit all parts of a shop, or of histories that are at hand.

    `vectors` (items, d) tell what items are; a shop's own are those that serve, else TF-IDF of its
    catalogue. `without` names shoppers of whom nothing is to be read. The parts are weighed anew unless
    weights found earlier are given. Raises `BadInput` without any purchase.
    """
    tell = progress or (lambda _words, _share: None)
    course = how or Course()
    tell("reading histories", 0.0)
    histories = read(given, without=without) if isinstance(given, Shop) else given
    if not len(histories.items):
        raise BadInput("There is no purchase to learn from.", remedy="Ingest behaviour first.")
    if vectors is None and isinstance(given, Shop):
        vectors = described(given, histories.names)
    left_out = _left_out(course, histories, vectors)
    tell("weighing the parts", 0.1)
    found = weighed or _weights(histories, course, vectors=vectors, left_out=left_out, seed=seed)
    tell("fitting the parts", 0.5)
    made = parts(histories, course, vectors=vectors, left_out=left_out, seed=seed)
    blends = {name: _blend(made, one.weights, again=name == NEXT) for name, one in found.items()}
    together = Neighbours(apart=0, near=1.0, back=1.0, from_power=0.5, to_power=0.5, fade=1.0).fit(histories)
    trending = course.trending.fit(histories)
    tell("", 1.0)
    held = Recommendations(
        histories.names,
        blends,
        together,
        cast("Links", made["neighbours"]),
        cast("Links | None", made.get("nearby")),
        trending,
    )
    return Fitted(held, dict(found), left_out)


def parts(
    histories: Histories, course: Course, *, vectors: Scores | None, left_out: Collection[str], seed: int
) -> dict[str, Recommender]:
    """The parts by name, fitted."""
    made: dict[str, Recommender] = {"neighbours": course.neighbours.fit(histories)}
    if course.ease is not None and "ease" not in left_out:
        made["ease"] = course.ease.fit(histories)
    if course.nearby is not None and vectors is not None and "nearby" not in left_out:
        made["nearby"] = course.nearby.fit(vectors)
    if course.sequence is not None and "sequence" not in left_out:
        made["sequence"] = course.sequence.fit(histories, vectors=vectors, seed=seed)
    if "popular" not in left_out:
        made["popular"] = course.popular.fit(histories)
    if "habits" not in left_out:
        made["habits"] = course.habits.fit(histories)
    return made


def described(shop: Shop, names: Collection[str]) -> Scores:
    """A vector for each product of the shop: those that serve, else TF-IDF of the catalogue; else zeros."""
    held = stored.products(shop)
    if held is not None:
        return held.of(list(names))
    known = [shop.catalogue[name] for name in names if name in shop.catalogue]
    made = language.encoder("tfidf", texts=language.meanings(known)).passages(language.meanings(known))
    found = np.zeros((len(names), made.shape[1]), dtype=np.float32)
    found[[place for place, name in enumerate(names) if name in shop.catalogue]] = made
    return found


def held_out(histories: Histories, *, seed: int = 7) -> tuple[Histories, Any]:
    """Some histories without their last basket, and what that basket ended with; of all that have two."""
    before = _before(histories)
    some = np.flatnonzero((before.sizes > 0) & (before.sizes < histories.sizes))
    drawn = np.sort(np.random.default_rng(seed).permutation(some)[:_JUDGED])
    return before.rows(drawn), histories.last()[drawn]


def _blend(made: dict[str, Recommender], weights: Mapping[str, float], *, again: bool) -> Blend:
    """The blend of those parts that could be fitted."""
    held = {name: weights[name] for name in made if name in weights} or {"neighbours": 1.0}
    return Blend({name: made[name] for name in held}, held, again)


def _weights(
    histories: Histories, course: Course, *, vectors: Scores | None, left_out: Collection[str], seed: int
) -> dict[str, Weighed]:
    """The weights of both blends, tried on the last basket of histories."""
    weighed = {NEW: _even(), NEXT: _even("habits")}
    earlier, wanted = held_out(histories, seed=seed)
    if len(earlier):
        before = _before(histories)
        trial = parts(before, course, vectors=vectors, left_out=left_out, seed=seed)
        now = int(histories.time.max(initial=0))
        for name, again in ((NEW, False), (NEXT, True)):
            weighed[name] = _weighed(trial, earlier, wanted, again=again, now=now) or weighed[name]
    return weighed


def _before(histories: Histories) -> Histories:
    """Everything but each shopper's last basket, if it has more than one."""
    ends = np.maximum(histories.start[1:] - 1, 0)
    newest = np.where(histories.sizes > 0, histories.step[ends], -1) if len(histories.items) else ends
    keep = (histories.step < np.repeat(newest, histories.sizes)) | np.repeat(newest == 0, histories.sizes)
    return histories.only(keep)


def _weighed(
    made: dict[str, Recommender], earlier: Histories, wanted: Any, *, again: bool, now: int
) -> Weighed | None:
    """The weights of a blend; None where too few histories can tell."""
    rows = np.arange(len(earlier))
    if not again:
        known = [wanted[row] in earlier[row] for row in rows.tolist()]
        rows = rows[~np.array(known, dtype=bool)]
    if len(rows) < _LEAST:
        return None
    names = [name for name in made if again or name != "habits"]
    chosen = {name: made[name] for name in names}
    found = weigh(chosen, earlier.rows(rows), wanted[rows], again=again, now=now)
    return found if found.weights else None


def _even(*more: str) -> Weighed:
    """Weights where nothing could be tried."""
    return Weighed({**_EVEN, **dict.fromkeys(more, 1.0)}, 0.0, {}, 0)


def _left_out(course: Course, histories: Histories, vectors: Scores | None) -> dict[str, str]:
    """Which parts cannot be had here, and why."""
    found = {}
    if course.ease is not None and find_spec("scipy") is None:
        found["ease"] = "scipy is not installed (hawker[train])"
    if course.nearby is not None and (vectors is None or not vectors.any()):
        found["nearby"] = "nothing is known of what the products are"
    if course.sequence is None:
        return found
    seconds = course.sequence.multiplications(histories) / FLOPS
    if find_spec("torch") is None:
        found["sequence"] = "torch is not installed (hawker[deep])"
    elif len(histories.names) > course.most_items:
        found["sequence"] = f"{len(histories.names)} products are more than {course.most_items}"
    elif seconds > course.most_seconds:
        found["sequence"] = (
            f"training would take about {seconds:.0f} s, {course.most_seconds:.0f} are allowed"
        )
    elif not (histories.sizes > 1).any():
        found["sequence"] = "no shopper has taken two things"
    return found
