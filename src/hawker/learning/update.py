"""Learning on, day by day: new rows are predicted, scored and only then learned; the gate decides.

What is learned is rehearsed with as many older rows, drawn anew each time, so that a few days do not
wash out months. The log itself is the memory: nothing about anybody is kept for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hawker import ranking
from hawker.delivery.build import RANKER
from hawker.errors import BadInput
from hawker.features import match, table
from hawker.features.examples import Examples
from hawker.features.interests import Interests
from hawker.learning import placement
from hawker.learning.examples import examples
from hawker.learning.pipeline import promote
from hawker.learning.replay import load
from hawker.learning.trials import trials
from hawker.ranking import Model
from hawker.ranking.metrics import losses
from hawker.ranking.ranker import Floats
from hawker.records.events import DAY
from hawker.statistics.intervals import Estimate
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
SPANS = 4
MARGIN = 0.01
"""The share of the served model's loss by which an update may at worst be behind it."""
_LEAST = 1000
_APART = 0.2


@dataclass(frozen=True)
class Day:
    """One day (its first microsecond): the log loss of the served model, and of the one that learns on."""

    start: int
    rows: int
    positives: int
    served: float
    updated: float


@dataclass(frozen=True)
class Followed:
    """The model that learned on, day by day; `change` is its log loss less the served one's on the newest.

    `older` is the same on older rows that were not rehearsed: above 0 where something was forgotten.
    """

    model: Model
    days: tuple[Day, ...]
    change: Estimate
    older: Estimate | None
    bound: float

    @property
    def passes(self) -> bool:
        """Whether the update is, at the worst end of its interval, no further behind than the margin."""
        return self.change.high is not None and self.change.high <= self.bound


def follow(
    served: Model,
    rows: Examples,
    *,
    past: Examples | None = None,
    rehearse: float = 1.0,
    even: bool = False,
    utc_offset_minutes: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Followed:
    """Predict, score, learn: a quarter of a day at a time, in order, from the served model on.

    With each span `rehearse` times as many rows of `past` are learned again. `even` lets all rows weigh
    the same while learning, as where calibration puts the rates right. Every figure is of
    predictions made before the row was learned.
    """
    dice = np.random.default_rng(seed)
    apart, memory = _apart(past, dice)
    model, before, now = served, served.on(rows), np.empty(len(rows))
    day = (rows.time + utc_offset_minutes * 60_000_000) // DAY
    spans = list(_spans(rows.time, utc_offset_minutes))
    for number, own in enumerate(spans):
        span = rows.take(own)
        now[own] = model.on(span)
        lesson = _lesson(span, memory, rehearse, dice)
        lesson = replace(lesson, weight=np.ones(len(lesson))) if even else lesson
        model = model.onward(lesson, seed=seed + number)
        if progress:
            progress("learning on", (number + 1) / len(spans))
    newest = _newest(day, rows.y)
    judged = rows.take(newest)
    change = ranking.compare(now[newest], before[newest], judged).log_loss
    lost = losses(before[newest], judged.y.astype(np.float64))
    return Followed(
        model=model,
        days=tuple(_days(day, rows, before, now, utc_offset_minutes)),
        change=change,
        older=ranking.compare(model, served, apart).log_loss if apart is not None else None,
        bound=MARGIN * float(np.average(lost, weights=judged.weight)),
    )


@dataclass(frozen=True)
class Updated:
    """What an update did: the new version beside the one that serves, and whether it serves now."""

    version: str
    served: str
    followed: Followed
    promoted: bool
    reason: str


def update(shop: Shop, *, most: int = 18_000, seed: int = 7, progress: Progress | None = None) -> Updated:
    """Let the served model learn what has happened since it was made; promote it if it passes the gate.

    Raises `BadInput` where nothing serves, nothing is new, or the model cannot learn on.
    """
    store = ModelStore(shop.models)
    version = store.promoted(RANKER)
    if version is None:
        raise BadInput("No model serves yet.", remedy="Train one: hawker train, hawker evaluate --promote")
    served = ranking.load(store.path(RANKER, version))
    rows, since, end = _rows(shop, served, most=most, seed=seed, progress=progress)
    new = rows.take(rows.time >= since)
    if not len(new):
        raise BadInput("Nothing has happened since the model was made.", remedy="Ingest newer events.")
    found = follow(
        served,
        new,
        past=rows.take(rows.time < since),
        even=True,
        utc_offset_minutes=shop.settings.utc_offset_minutes,
        seed=seed,
        progress=progress,
    )
    if found.model is served:
        raise BadInput(f"A model of kind '{served.kind}' cannot learn on.", remedy="Train anew: hawker train")
    found.model.recipe = {**served.recipe, "update": _told(found, version, since=since, end=end, seed=seed)}
    made = store.save(RANKER, found.model.save, found.model.recipe)
    if found.passes:
        promote(shop, made)
    return Updated(made, version, found, found.passes, _reason(found))


def _rows(
    shop: Shop, served: Model, *, most: int, seed: int, progress: Progress | None
) -> tuple[Examples, int, int]:
    """Rows of old trials and of all since the served model's last; where the latter begin and end."""
    split = served.recipe["split"]
    since = int(served.recipe.get("update", {}).get("end", split["test"]))
    replay = load(shop)
    same_space(replay.state.interests, served)
    end = replay.end
    world = placement.world(shop, replay.state, start=split["start"], end=max(end, since + 1))
    new = trials(replay.events, world, start=since, end=end, most=most, seed=seed)
    old = trials(replay.events, world, start=split["start"], end=since, most=max(len(new), 1), seed=seed)
    keep = None if world.outcome == "click" else served.recipe.get("negatives", 25)
    if not new:
        raise BadInput("Nothing has happened since the model was made.", remedy="Ingest newer events.")
    made = examples(replay, world, [*old, *new], negatives=keep, seed=seed, progress=progress)
    return made, since, end


def same_space(interests: Interests | None, served: Model) -> None:
    """Raises `BadInput` where the shop's vectors are not those that a model learned the match in."""
    if interests is not None and not match.speaks(interests, served.recipe):
        raise BadInput(
            "The model that serves learned from the vectors of another encoder.",
            remedy="Train anew: hawker train",
        )


def _apart(past: Examples | None, dice: np.random.Generator) -> tuple[Examples | None, Examples | None]:
    """A fifth of the older shoppers to be judged by, and the rows of the others to rehearse."""
    if past is None or not len(past):
        return None, None
    shoppers = np.unique(past.cluster)
    drawn = (dice.random(len(shoppers)) < _APART)[np.searchsorted(shoppers, past.cluster)]
    apart, memory = past.take(drawn), past.take(~drawn)
    return (apart if len(apart) else None), (memory if len(memory) else None)


def _lesson(span: Examples, memory: Examples | None, rehearse: float, dice: np.random.Generator) -> Examples:
    """New rows and older ones, as many as asked for and there."""
    if memory is None or not rehearse:
        return span
    few = min(round(rehearse * len(span)), len(memory))
    again = memory.take(np.sort(dice.choice(len(memory), few, replace=False)))
    return table.stacked([again, span])


def _spans(time: NDArray[np.int64], utc_offset_minutes: int) -> Iterator[NDArray[np.intp]]:
    """The rows of each span of time that has any, in order."""
    span = (time + utc_offset_minutes * 60_000_000) // (DAY // SPANS)
    order = np.argsort(span, kind="stable")
    return iter(np.split(order, np.flatnonzero(np.diff(span[order])) + 1))


def _newest(day: NDArray[np.int64], y: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The last day, with as many before it as it takes to see a thousand positives."""
    for last in np.unique(day)[::-1]:
        if y[day >= last].sum() >= _LEAST:
            break
    return np.asarray(day >= last)


def _days(
    day: NDArray[np.int64], rows: Examples, before: Floats, now: Floats, utc_offset_minutes: int
) -> Iterator[Day]:
    for one in np.unique(day).tolist():
        own = day == one
        y, weight = rows.y[own].astype(np.float64), rows.weight[own]
        served, updated = (float(np.average(losses(p[own], y), weights=weight)) for p in (before, now))
        start = one * DAY - utc_offset_minutes * 60_000_000
        yield Day(start, int(own.sum()), int(y.sum()), served, updated)


def _reason(found: Followed) -> str:
    """Why the update serves or does not, in words."""
    change = found.change
    if change.high is None:
        return f"its change cannot be told: {change.reason}"
    told = f"log loss {change.value:+.5f} [{change.low:+.5f}, {change.high:+.5f}] on the newest rows"
    return f"{told}, {'within' if found.passes else 'beyond'} the bound of {found.bound:+.5f}"


def _told(found: Followed, version: str, *, since: int, end: int, seed: int) -> dict[str, object]:
    """The update for the recipe."""
    change = found.change
    return {
        "of": version,
        "since": since,
        "end": end,
        "days": len(found.days),
        "rows": sum(one.rows for one in found.days),
        "change": [change.value, change.low, change.high],
        "seed": seed,
    }
