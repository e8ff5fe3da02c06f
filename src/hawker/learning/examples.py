"""Training rows, made by the same retrieval and the same features as serving, as of each moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import pipeline
from hawker.delivery.world import World
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.learning.replay import Replay, Visits, visits
from hawker.records.decision import Request
from hawker.retrieval.targeting import eligible

Progress = Callable[[str, float], None]


@dataclass
class _Rows:
    """Rows under way, one list entry a request."""

    names: tuple[str, ...] = ()
    x: list[NDArray[np.float32]] = field(default_factory=list)
    y: list[NDArray[np.float32]] = field(default_factory=list)
    weight: list[NDArray[np.float64]] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)

    def whole(self, categorical: tuple[str, ...]) -> Examples:
        """All of them as one table."""
        if not self.x:
            raise BadInput(
                "No request had an eligible ad.", remedy="Check the campaigns' schedule and the flights."
            )
        sizes = [len(labels) for labels in self.y]
        return Examples(
            names=self.names,
            x=np.concatenate(self.x),
            y=np.concatenate(self.y),
            time=np.repeat(np.array(self.time, dtype=np.int64), sizes),
            group=np.repeat(np.array(self.group, dtype=np.int64), sizes),
            cluster=np.repeat(np.array(self.cluster, dtype=np.int64), sizes),
            weight=np.concatenate(self.weight),
            categorical=categorical,
        )


def examples(
    replay: Replay,
    world: World,
    *,
    placement: str,
    start: int,
    end: int,
    most: int = 10_000,
    negatives: int = 60,
    seed: int = 0,
    progress: Progress | None = None,
) -> Examples:
    """What was on offer in store visits from start to end, and whether it was bought: P(purchase | exposed).

    Of each visit's candidates all that were bought and `negatives` others are kept, the others
    weighted so that rates stay true. `most` visits are drawn with the seed. `world` must hold the
    replay's own state, and the replay must not have passed `start`.
    """
    seen = visits(replay.events)
    rng = np.random.default_rng(seed)
    chosen = sample(seen, world, start=start, end=end, most=most, rng=rng)
    made = _Rows()
    for count, visit in enumerate(chosen):
        _visit(made, replay, world, seen, visit, placement=placement, negatives=negatives, rng=rng)
        if progress and count % 200 == 0:
            progress("training rows", count / len(chosen))
    return made.whole(("display", "mailer"))


def sample(
    seen: Visits, world: World, *, start: int, end: int, most: int, rng: np.random.Generator
) -> list[int]:
    """Visits in [start, end) where something is on offer, at most so many, in order of time."""
    within = np.flatnonzero((seen.time >= start) & (seen.time < end))
    names = world.state.codes["location"].names
    offered = [
        int(visit)
        for visit in within
        if seen.location[visit] >= 0
        and world.index.flights.running(names[seen.location[visit]], int(seen.time[visit]))
    ]
    if len(offered) <= most:
        return offered
    return sorted(rng.choice(np.array(offered), most, replace=False).tolist())


def request(seen: Visits, world: World, visit: int, *, placement: str) -> Request:
    """The request that a visit's page would have sent."""
    codes = world.state.codes
    return Request(
        placement=placement,
        shopper=codes["shopper"].names[seen.shopper[visit]],
        location=codes["location"].names[seen.location[visit]],
    )


def _visit(
    made: _Rows,
    replay: Replay,
    world: World,
    seen: Visits,
    visit: int,
    *,
    placement: str,
    negatives: int,
    rng: np.random.Generator,
) -> None:
    now = int(seen.time[visit])
    replay.to(now)
    asked = request(seen, world, visit, placement=placement)
    found = eligible(world.index, asked, now=now, members=world.members, unpriced=world.unpriced)
    kept = pipeline.retrieve(asked, world, found, now=now)
    bought = np.isin(world.index.product[kept.ads], seen.products(replay.events, visit))
    others = np.flatnonzero(~bought)
    drawn = others if len(others) <= negatives else rng.choice(others, negatives, replace=False)
    rows = np.sort(np.concatenate([np.flatnonzero(bought), drawn]))
    made.names, x = pipeline.rows(world, kept.take(rows))
    made.x.append(x)
    made.y.append(bought[rows].astype(np.float32))
    made.weight.append(np.where(bought[rows], 1.0, len(others) / max(len(drawn), 1)))
    made.time.append(now)
    made.group.append(visit)
    made.cluster.append(int(seen.shopper[visit]))
