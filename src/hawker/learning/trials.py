"""Moments at which something was on offer and we know what came of it: what models learn from.

Two kinds. A *store visit*: everything promoted in that store was on offer, and the basket says what was
bought. A *slate*: the ads a page really showed, and the clicks say which was taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.delivery.world import World
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS
from hawker.records.decision import Request
from hawker.records.events import DAY, KIND_CODE, EventKind

WINDOW = DAY
_SHOPPER, _PRODUCT, _LOCATION, _PLACEMENT = (
    KEYS.index(name) for name in ("shopper", "product", "location", "placement")
)


@dataclass(frozen=True)
class Trial:
    """One moment: the request a page would have sent, and the products that were then taken (codes).

    `shopper` is a code. `ads` are the positions of the ads that were really shown, or None where
    everything eligible was on offer. `bought` are those of a slate's products that the shopper bought
    within a day of seeing them (None: nobody has looked). `name` is the visit or slate (a number, the
    group of its rows).
    """

    name: int
    time: int
    shopper: int
    request: Request
    taken: NDArray[np.int32]
    ads: NDArray[np.int32] | None = None
    bought: NDArray[np.int32] | None = None


def trials(
    events: EventArrays,
    world: World,
    *,
    start: int,
    end: int,
    most: int | None = None,
    placement: str = "store",
    seed: int = 0,
) -> list[Trial]:
    """The trials of the world's outcome from start to end, in order of time; `most` drawn by the seed."""
    if world.outcome == "click":
        return _drawn(slates(events, world, start=start, end=end), most, seed)
    return _drawn(visits(events, world, start=start, end=end, placement=placement), most, seed)


def visits(
    events: EventArrays, world: World, *, start: int, end: int, placement: str = "store"
) -> list[Trial]:
    """Store visits (sessions with a purchase, at their first one) where something is in flight."""
    rows = _of(events, EventKind.PURCHASE)
    order = rows[np.argsort(events.session[rows], kind="stable")]
    found = []
    for own in _runs(events.session[order], order):
        first = own[0]
        time, location = int(events.time[first]), int(events.keys[first, _LOCATION])
        if not start <= time < end or location < 0:
            continue
        asked = _request(events, world, int(first), placement=placement)
        if world.index.flights.running(asked.location, time):
            taken = np.unique(events.keys[own, _PRODUCT])
            shopper = int(events.keys[first, _SHOPPER])
            found.append(Trial(int(events.session[first]), time, shopper, asked, taken))
    return sorted(found, key=lambda trial: (trial.time, trial.name))


def slates(events: EventArrays, world: World, *, start: int, end: int) -> list[Trial]:
    """Pages that showed ads: the impressions of one session, placement and moment, and what was clicked.

    A click belongs to the last impression of its product before it in the session.
    """
    shown = _of(events, EventKind.AD_IMPRESSION)
    clicked, sold = _clicked(events, shown), _sold(events, shown)
    by_product = {int(product): ad for ad, product in enumerate(world.index.product) if product >= 0}
    group = np.column_stack([events.session[shown], events.time[shown], events.keys[shown, _PLACEMENT]])
    order = np.lexsort((np.arange(len(shown)), group[:, 2], group[:, 0], group[:, 1]))
    _, label = np.unique(group[order], axis=0, return_inverse=True)
    found = []
    together = np.argsort(label.ravel(), kind="stable")
    for own in _runs(label.ravel()[together], order[together]):
        first = shown[own[0]]
        time = int(events.time[first])
        if not start <= time < end:
            continue
        products = events.keys[shown[own], _PRODUCT]
        ads = [by_product[product] for product in products.tolist() if product in by_product]
        if not ads:
            continue
        code = int(events.keys[first, _PLACEMENT])
        asked = _request(events, world, int(first), placement=world.state.codes["placement"].names[code])
        taken = products[clicked[own]]
        shopper = int(events.keys[first, _SHOPPER])
        bought = products[sold[own]]
        found.append(Trial(int(first), time, shopper, asked, taken, np.array(ads, dtype=np.int32), bought))
    return sorted(found, key=lambda trial: (trial.time, trial.name))


def _of(events: EventArrays, kind: EventKind) -> NDArray[np.intp]:
    """Rows of one kind that name a session and a product."""
    named = (events.session >= 0) & (events.keys[:, _PRODUCT] >= 0)
    return np.flatnonzero((events.kind == KIND_CODE[kind]) & named)


def _runs(labels: NDArray[np.int64], rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Cut rows where their (sorted) label changes."""
    if not len(rows):
        return []
    return np.split(rows, np.flatnonzero(labels[1:] != labels[:-1]) + 1)


def _clicked(events: EventArrays, shown: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which impressions were clicked."""
    answer = np.zeros(len(shown), dtype=np.bool_)
    rows = np.concatenate([shown, _of(events, EventKind.AD_CLICK)])
    place = np.concatenate([np.arange(len(shown)), np.full(len(rows) - len(shown), -1)])
    latest: dict[tuple[int, int], int] = {}
    for index in np.argsort(rows, kind="stable").tolist():
        row, key = rows[index], (int(events.session[rows[index]]), int(events.keys[rows[index], _PRODUCT]))
        if place[index] >= 0:
            latest[key] = int(place[index])
        elif key in latest and events.kind[row] == KIND_CODE[EventKind.AD_CLICK]:
            answer[latest[key]] = True
    return answer


def _sold(events: EventArrays, shown: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which impressions were followed within a day by a purchase of their product, by whom they reached."""
    bought = _of(events, EventKind.PURCHASE)
    pair = events.keys[:, _SHOPPER].astype(np.int64) << 32 | events.keys[:, _PRODUCT]
    order = np.lexsort((events.time[bought], pair[bought]))
    pairs, times = pair[bought][order], events.time[bought][order]
    answer = np.zeros(len(shown), dtype=np.bool_)
    for index, row in enumerate(shown.tolist()):
        first, last = np.searchsorted(pairs, pair[row]), np.searchsorted(pairs, pair[row], side="right")
        next_ = first + np.searchsorted(times[first:last], events.time[row])
        answer[index] = (
            events.keys[row, _SHOPPER] >= 0 and next_ < last and times[next_] <= events.time[row] + WINDOW
        )
    return answer


def _request(events: EventArrays, world: World, row: int, *, placement: str) -> Request:
    codes = world.state.codes
    shopper, location = int(events.keys[row, _SHOPPER]), int(events.keys[row, _LOCATION])
    return Request(
        placement=placement,
        shopper=codes["shopper"].names[shopper] if shopper >= 0 else "",
        location=codes["location"].names[location] if location >= 0 else "",
    )


def _drawn(found: list[Trial], most: int | None, seed: int) -> list[Trial]:
    if most is None or len(found) <= most:
        return found
    kept = np.random.default_rng(seed).choice(len(found), most, replace=False)
    return [found[index] for index in np.sort(kept)]
