"""A campaign's own day: which it is, what it may cost, and when shoppers come that it can reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hawker.records.campaign import Campaign, Strategy, offset_at
from hawker.records.events import DAY
from hawker.retrieval.hours import hours
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

SLOTS = 48
"""Half-hours of the day: the grain of a campaign's plan."""
FEW = 200
"""So many events a day say nothing of when the others come."""
OPEN = 30
"""A total budget without an end is planned to last so many days from each day on."""
MINUTE = 60_000_000
_FAINT = 0.05  # of a shape is even, so that no half-hour is taken to be empty
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def local(campaigns: Sequence[Campaign], now: int) -> tuple[Ints, Floats]:
    """Each campaign's own day, and how much of it is over."""
    offsets = {(one.timezone, one.utc_offset_minutes): one for one in campaigns}
    clocks = {clock: now + offset_at(one, now) * MINUTE for clock, one in offsets.items()}
    local = np.array([clocks[one.timezone, one.utc_offset_minutes] for one in campaigns], np.int64)
    return local // DAY, (local % DAY) / DAY


def budget(campaign: Campaign, *, now: int, before: int) -> float:
    """What a campaign may spend on its present day: its daily budget, or its share of what is left in all.

    A total budget is spread evenly to its end; under an automatic strategy without an end, over `OPEN`
    days; a manual campaign without one spends it as it comes.
    """
    daily = float("inf") if campaign.daily_budget is None else float(campaign.daily_budget)
    if campaign.total_budget is None:
        return daily
    left = float(max(campaign.total_budget - before, 0))
    if campaign.end > now:
        offset = offset_at(campaign, now) * MINUTE
        days = (campaign.end - 1 + offset) // DAY - (now + offset) // DAY + 1
        return min(daily, left / max(days, 1))
    if campaign.strategy is Strategy.MANUAL:
        return min(daily, left) if campaign.daily_budget is not None else daily
    return min(daily, left / OPEN)


def shapes(campaigns: Sequence[Campaign], traffic: Floats, *, now: int) -> Floats:
    """The traffic that each campaign can have on its own day: within its hours and its flight."""
    even = (1 - _FAINT) * traffic / max(float(traffic.sum()), 1e-300) + _FAINT / SLOTS
    rolled: dict[int, Floats] = {}
    rows = np.empty((len(campaigns), SLOTS))
    for row, campaign in enumerate(campaigns):
        offset = offset_at(campaign, now)
        if offset not in rolled:
            rolled[offset] = np.roll(even, round(offset * SLOTS / 1440))
        rows[row] = rolled[offset]
        aim = campaign.targeting
        midnight = (now + offset * MINUTE) // DAY * DAY - offset * MINUTE
        if aim.dayparts or aim.not_dayparts:
            weekday = ((now + offset * MINUTE) // DAY + 3) % 7  # day 0 was a Thursday
            today = slice(weekday * 24, weekday * 24 + 24)
            wanted = hours(aim.dayparts)[today] if aim.dayparts else np.ones(24, np.bool_)
            rows[row] *= np.repeat(wanted & ~hours(aim.not_dayparts)[today], SLOTS // 24)
        if campaign.start > midnight or 0 < campaign.end < midnight + DAY:
            edges = midnight + np.arange(SLOTS) * (DAY // SLOTS)
            rows[row] *= (edges + DAY // SLOTS > campaign.start) & (
                (edges < campaign.end) | (campaign.end <= 0)
            )
    return rows


def traffic(shop: Shop) -> Floats:
    """How the last week's events of a shop spread over the half-hours of the day, UTC; even where few."""
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    query = (
        f"SELECT time // {DAY // SLOTS} % {SLOTS}, count(*) FROM events "
        f"WHERE time > (SELECT max(time) FROM events) - {7 * DAY} GROUP BY 1"
    )
    counted = np.zeros(SLOTS)
    for slot, count in connection.execute(query).fetchall():
        counted[int(slot)] = count
    total = float(counted.sum())
    return counted / total if total >= FEW else np.full(SLOTS, 1.0 / SLOTS)
