"""When the invented shoppers come, and what they look at: visits, searches and pages read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.records.events import DAY, SECOND
from hawker.simulate.shops.compose import words
from hawker.simulate.world import Floats, Ints, World

VIEWS = 6  # at most, in one visit
_TYPED, _NAMED = 0.58, 0.54  # the share of visits that search, and that search for some family
_CHUNK = 20_000
_WEEK = (1.0, 0.95, 0.95, 1.0, 1.1, 1.3, 1.25)  # Monday first
_DAY_HOURS = (1, 0, 0, 0, 0, 0, 1, 3, 5, 7, 8, 9, 12, 10, 7, 7, 7, 7, 6, 6, 6, 5, 3, 2)
_EVENING_HOURS = (3, 1, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 5, 4, 3, 3, 3, 4, 6, 9, 14, 16, 13, 8)


@dataclass(frozen=True, eq=False)
class Visits:
    """One entry a visit: who, when, on which day of the log, after which family, with which search.

    `sought` is the family the search names (-1: no search, or one for no family in particular).
    `pages` holds product numbers (visits, VIEWS) in the order they are read, -1 where there are no more.
    """

    shopper: Ints
    time: Ints
    day: Ints
    family: Ints
    query: NDArray[np.object_]
    sought: Ints
    pages: Ints


def visits(world: World, rng: np.random.Generator) -> Visits:
    """Draw every visit of the world's days."""
    shopper, day, time = _arrivals(world, rng)
    family = _wishes(world, shopper, day, rng)
    query, sought = _queries(world, family, rng)
    return Visits(shopper, time, day, family, query, sought, _pages(world, shopper, day, family, rng))


def _arrivals(world: World, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Poisson visits by shopper and day; weekends are fuller, and each shopper keeps certain hours."""
    people = world.people
    monday = ((world.start + DAY // 3) // DAY + 3) % 7  # the first day's place in the week, local time
    rhythm = np.array(_WEEK)[(monday + np.arange(world.days)) % 7]
    count = rng.poisson(people.visits[:, None] * rhythm)  # (S, days)
    shopper = np.repeat(np.arange(len(people.ids)), count.sum(axis=1))
    day = np.repeat(np.tile(np.arange(world.days), len(people.ids)), count.ravel())
    hours = np.cumsum([_DAY_HOURS, _EVENING_HOURS], axis=1)
    shares = (hours / hours[:, -1:])[people.evening[shopper].astype(int)]
    hour = (rng.random((len(shopper), 1)) > shares).sum(axis=1)
    within = rng.integers(0, 3_600_000, len(shopper)) * 1_000
    return shopper, day, world.start + day * DAY + hour * 3_600 * SECOND + within


def _wishes(world: World, shopper: Ints, day: Ints, rng: np.random.Generator) -> Ints:
    """The family each visit is after, by the shopper's interests then."""
    interest = world.people.interest
    wish = np.empty(len(shopper), dtype=np.int64)
    for first in range(0, len(shopper), _CHUNK):
        part = slice(first, first + _CHUNK)
        shares = np.cumsum(interest[world.epoch(day[part]), shopper[part]] ** 1.5, axis=1)
        draws = rng.random((len(shares), 1)) * shares[:, -1:]
        wish[part] = np.minimum((draws > shares).sum(axis=1), shares.shape[1] - 1)
    return wish


def _queries(world: World, family: Ints, rng: np.random.Generator) -> tuple[NDArray[np.object_], Ints]:
    """What was typed ('' where the visit only browses), and the family it names or -1."""
    known: list[list[str]] = [[] for _ in world.goods.family_top]
    for item, number in zip(world.items, world.goods.family.tolist(), strict=True):
        known[number] += [query for query in item.queries if query not in known[number]]
    stray = words(world.shop).stray_queries
    kind = rng.random(len(family))
    pick = rng.random(len(family)) ** 1.6  # the first words of a family are its usual ones
    typed = [
        "" if k > _TYPED else stray[int(p * len(stray))] if k > _NAMED else known[f][int(p * len(known[f]))]
        for f, k, p in zip(family.tolist(), kind.tolist(), pick.tolist(), strict=True)
    ]
    return np.array(typed, dtype=object), np.where(kind > _NAMED, -1, family)


def _pages(world: World, shopper: Ints, day: Ints, family: Ints, rng: np.random.Generator) -> Ints:
    """Products read: mostly of the family sought, by popularity and by what suits the shopper."""
    everything = np.arange(len(world.items))
    pages = np.empty((len(shopper), VIEWS), dtype=np.int64)
    for first in range(0, len(shopper), _CHUNK):
        part = slice(first, first + _CHUNK)
        who = shopper[part, None]
        pull = (
            5.0 * (world.goods.family == family[part, None])
            + 2.0 * world.match(who, everything, day=day[part, None])
            + 0.9 * world.goods.appeal
            + 0.6 * world.suits(who, everything)
            + rng.gumbel(size=(len(who), len(everything)))
        )
        best = np.argpartition(-pull, VIEWS, axis=1)[:, :VIEWS]
        order = np.argsort(-np.take_along_axis(pull, best, axis=1), axis=1)
        pages[part] = np.take_along_axis(best, order, axis=1)
    read = np.minimum(1 + rng.poisson(1.6, len(shopper)), VIEWS)
    return np.where(np.arange(VIEWS) < read[:, None], pages, -1)


def linger(suits: Floats, rng: np.random.Generator) -> Ints:
    """Milliseconds on a page: longer where it suits."""
    return np.clip(rng.lognormal(9.6 + 0.25 * suits, 0.8), 800, 900_000).astype(np.int64)
