"""How large audiences are, how they overlap, and how their members have answered ads, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.audience.moment import Moment
from hawker.privacy import threshold
from hawker.records.traffic import MARK
from hawker.statistics import Covariances, Estimate, ratio, unknown
from hawker.storage import tables
from hawker.storage.event_log import EventLog

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
LEAST_ANSWERS = 10
"""Clicks (or conversions) of members below which no rate is told: its interval would not be one."""
_KINDS = {"impressions": "ad_impression", "clicks": "ad_click", "conversions": "conversion"}


class Size(Struct, frozen=True):
    """One audience in numbers; `size` None means fewer than the shop's least. `share` is of all shoppers.

    `ctr` is clicks per ad seen, `cvr` conversions per click, of its members in the log; each beside the
    same of everybody. What minors and those who refused did is in neither.
    """

    size: int | None
    share: float | None
    ctr: Estimate
    cvr: Estimate
    ctr_of_all: Estimate
    cvr_of_all: Estimate
    reason: str = ""


class Pair(Struct, frozen=True):
    """Two audiences: how many shoppers are in both, and what share of each that is; None where few are."""

    first: str
    second: str
    both: int | None
    of_first: float | None
    of_second: float | None


class Overlap(Struct, frozen=True):
    """How audiences overlap: each alone, each two, all of them, and any of them."""

    sizes: dict[str, int | None]
    pairs: tuple[Pair, ...]
    all: int | None
    any: int | None


@dataclass(frozen=True)
class Answers:
    """Ads seen, clicked and converted by each shopper code; `everybody` is who may be in an audience."""

    impressions: Floats
    clicks: Floats
    conversions: Floats
    everybody: Codes

    @cached_property
    def of_all(self) -> tuple[Estimate, Estimate]:
        """The rates of everybody."""
        return _rates(self, self.everybody)


def answers(moment: Moment) -> Answers:
    """How each shopper has answered ads, from the log, without what is marked as invalid."""
    connection = tables.connect(threads=1)
    EventLog(moment.shop.events).view(connection)
    counts = ", ".join(f"count(*) FILTER (kind = '{kind}') AS {name}" for name, kind in _KINDS.items())
    listed = ", ".join(f"'{kind}'" for kind in _KINDS.values())
    found = tables.columns(
        connection,
        f"SELECT shopper, {counts} FROM events WHERE kind IN ({listed}) AND shopper <> '' "
        f"AND time < {moment.now} AND NOT starts_with(reason, '{MARK}') GROUP BY shopper",
    )
    find = moment.state.codes["shopper"].find
    codes = np.array([find(str(name)) for name in found["shopper"]], dtype=np.int64)
    known = (codes >= 0) & (codes < moment.count)
    held = {name: np.zeros(moment.count) for name in _KINDS}
    for name, counted in held.items():
        counted[codes[known]] = found[name][known]
    return Answers(**held, everybody=moment.shoppers)


def measured(moment: Moment, members: Codes, seen: Answers, *, rounded: bool = False) -> Size:
    """An audience by its members' codes; `rounded` is how its size is told to others than the shop."""
    least = moment.shop.settings.audiences.least
    size = threshold.told(len(members), least=least, rounded=rounded)
    few = unknown(f"fewer than {least} shoppers")
    ctr, cvr = (few, few) if size is None else _rates(seen, members[moment.allowed[members]])
    share = None if size is None else size / max(len(moment.shoppers), 1)
    reason = f"fewer than {least} shoppers" if size is None else ""
    return Size(size, share, ctr, cvr, *seen.of_all, reason)


def overlap(moment: Moment, members: Mapping[str, Codes], *, rounded: bool = False) -> Overlap:
    """How two audiences or more overlap. To others than the shop no remainder is told that is small."""
    least = moment.shop.settings.audiences.least
    held = {name: frozenset(codes.tolist()) for name, codes in members.items()}

    def told(count: int, *wholes: int) -> int | None:
        if rounded and any(0 < whole - count < least for whole in wholes):
            return None
        return threshold.told(count, least=least, rounded=rounded)

    sizes = {name: told(len(own)) for name, own in held.items()}
    pairs = []
    for first, second in combinations(held, 2):
        one, other = sizes[first], sizes[second]
        both = told(len(held[first] & held[second]), len(held[first]), len(held[second]))
        if both is None or one is None or other is None:
            pairs.append(Pair(first, second, None, None, None))
        else:
            pairs.append(Pair(first, second, both, min(both / one, 1.0), min(both / other, 1.0)))
    every = frozenset.intersection(*held.values()) if held else frozenset()
    some = frozenset().union(*held.values())
    wholes = [len(own) for own in held.values()]
    both_all = told(len(every), *wholes)
    return Overlap(sizes, tuple(pairs), both_all, told(len(some)) if None not in sizes.values() else None)


def _rates(seen: Answers, members: Codes) -> tuple[Estimate, Estimate]:
    impressions, clicks = seen.impressions[members], seen.clicks[members]
    return (
        _rate(clicks, impressions, what="clicks"),
        _rate(seen.conversions[members], clicks, what="conversions"),
    )


def _rate(above: Floats, below: Floats, *, what: str) -> Estimate:
    """A ratio of sums over shoppers, who are the units: what one does, they do not do by chance."""
    met = below > 0
    answered = int(above[met].sum())
    if answered < LEAST_ANSWERS:
        return unknown(f"{answered} {what}; a rate needs at least {LEAST_ANSWERS}", n=int(met.sum()))
    return ratio(Covariances.of(above[met], below[met]))
