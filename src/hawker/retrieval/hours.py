"""When units run: from start to end, in the hours of the week they want, on their advertisers' clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hawker.records.campaign import AdGroup, Campaign, Daypart, Targeting, offset_at
from hawker.retrieval.aims import Words, packed

WEEK = 168
MINUTE = 60_000_000
QUARTER = 15 * MINUTE
"""Clocks are put forward or back on a quarter of an hour."""
_NEVER = 2**62
_MONDAY = 3 * 24  # the first of January 1970 was a Thursday


@dataclass(frozen=True)
class Span:
    """What holds from `since` to before `until`: who is in flight, by unit, and whose hour it is, as bits."""

    since: int
    until: int
    running: NDArray[np.bool_]
    open: Words


class Hours:
    """The schedules of all units; what holds at a moment is worked out once until it changes."""

    def __init__(
        self,
        campaigns: Sequence[Campaign],
        groups: Sequence[AdGroup | None],
        owners: NDArray[np.int32],
    ) -> None:
        rows = owners.tolist()
        self._start = np.array([campaign.start for campaign in campaigns], dtype=np.int64)[owners]
        ends = np.array([campaign.end for campaign in campaigns], dtype=np.int64)[owners]
        self._end = np.where(ends > 0, ends, _NEVER)
        weeks: dict[bytes, int] = {}
        picked: list[int] = []
        clocks: dict[tuple[str, int], int] = {}
        self._clocks: list[Campaign] = []
        clock: list[int] = []
        for row, group in zip(rows, groups, strict=True):
            week = _week(campaigns[row].targeting)
            if group is not None:
                week = week & _week(group.targeting)
            picked.append(weeks.setdefault(week.tobytes(), len(weeks)))
            name = (campaigns[row].timezone, campaigns[row].utc_offset_minutes)
            if name not in clocks:
                clocks[name] = len(clocks)
                self._clocks.append(campaigns[row])
            clock.append(clocks[name])
        self._weeks = np.frombuffer(b"".join(weeks), dtype=np.bool_).reshape(-1, WEEK)
        self._week, self._clock = np.array(picked, dtype=np.int64), np.array(clock, dtype=np.int64)
        self.aimed = bool(len(self._weeks)) and not bool(self._weeks.all())
        """Whether any unit runs at some hours only."""
        self._summer = any(campaign.timezone for campaign in self._clocks)
        self._held: Span | None = None

    def at(self, now: int) -> Span:
        """What holds now."""
        held = self._held
        if held is None or not held.since <= now < held.until:
            held = self._held = self._span(now)
        return held

    def _span(self, now: int) -> Span:
        moments = np.concatenate([self._start, self._end])
        since = int(moments[moments <= now].max(initial=-_NEVER))
        until = int(moments[moments > now].min(initial=_NEVER))
        running = (self._start <= now) & (now < self._end)
        if not self.aimed:
            return Span(since, until, running, packed(np.ones(len(running), dtype=np.bool_)))
        offsets = np.array([offset_at(campaign, now) for campaign in self._clocks], dtype=np.int64)
        local = now // MINUTE + offsets
        hour = (local // 60 + _MONDAY) % WEEK
        turn = int((60 - local % 60).min())  # minutes until the next hour strikes anywhere
        begun = now // MINUTE * MINUTE
        change = (now // QUARTER + 1) * QUARTER if self._summer else _NEVER
        return Span(
            max(since, begun),
            min(until, begun + turn * MINUTE, change),
            running,
            packed(self._weeks[self._week, hour[self._clock]]),
        )


@lru_cache(maxsize=4096)
def hours(parts: tuple[Daypart, ...]) -> NDArray[np.bool_]:
    """The hours of the week in some dayparts: (168,), Monday's first.

    >>> np.flatnonzero(hours((Daypart(weekdays=(6,), start=22, end=1),))).tolist()
    [0, 166, 167]
    """
    found = np.zeros(WEEK, dtype=np.bool_)
    for part in parts:
        length = part.end - part.start + (0 if part.end > part.start else 24)
        for day in part.weekdays:
            found[(day * 24 + part.start + np.arange(length)) % WEEK] = True
    found.flags.writeable = False
    return found


def _week(aim: Targeting) -> NDArray[np.bool_]:
    """The hours in which a targeting holds."""
    wanted = hours(aim.dayparts) if aim.dayparts else ~hours(())
    return wanted & ~hours(aim.not_dayparts)
