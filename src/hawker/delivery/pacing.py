"""The pacer in service: what campaigns spent, against what their day was planned to cost, sets their pace.

Several processes may pace one shop: all go by the ledger's common spend. Times of a day are a
campaign's own, summer time included.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hawker.auction import Bidding, bidding, pacing, start
from hawker.auction.bidder import SALES, charges
from hawker.delivery import days, paces
from hawker.delivery.days import SLOTS, Floats, Ints
from hawker.delivery.paces import Paces
from hawker.delivery.world import World
from hawker.records.campaign import Campaign, Pricing
from hawker.records.catalogue import on_sale
from hawker.records.decision import Decision, Slot
from hawker.records.events import DAY
from hawker.storage.shop import Shop

FILE = "pacing.msgpack"
_WRITTEN = 300_000_000  # microseconds between two writings of the file
_NEW = 0.3  # the weight of the day just counted


class Purse(Protocol):
    """What the pacer asks of a ledger."""

    def spends(self, days: Collection[int]) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
        """What every campaign was charged: in all, and on some local days."""


@dataclass(frozen=True)
class Setting:
    """The paces of the campaigns of one index, in its order; None where nobody is paced."""

    campaigns: tuple[Campaign, ...]
    pace: Floats | None


@dataclass
class _Bought:
    """What a campaign with a target was promised since the last time: its cost, and conversions or sales."""

    sales: bool
    cost: float = 0.0
    units: float = 0.0


class Pacer:
    """Paces the campaigns of one engine. `advance` may run in a thread of its own, one at a time."""

    def __init__(self, shop: Shop, purse: Purse) -> None:
        self._shop, self._purse = shop, purse
        self._on = shop.settings.pacing
        self._lock = threading.Lock()
        found = paces.kept(shop.state / FILE) if self._on else None
        self._names, self._paces, traffic = found or ((), paces.blank(0), np.zeros(0))
        self._traffic = traffic if len(traffic) == SLOTS else days.traffic(shop)
        self._campaigns: tuple[Campaign, ...] = ()
        self._bidding = bidding(())
        self._counted, self._counting = np.zeros(SLOTS, np.int64), 0
        self._bought: dict[str, _Bought] = {}
        self._written = 0

    def fitted(self, world: World, *, now: int) -> World:
        """The world with a pace for each of its campaigns; those known before go on from where they are.

        May run in a thread of its own, before the world is put in place.
        """
        campaigns = world.index.campaigns
        if world.bidding is None or not self._on:
            return world
        with self._lock:
            changed = self._taken_in(campaigns, now=now)
            self._campaigns, self._bidding = campaigns, world.bidding
            self._names = tuple(campaign.id for campaign in campaigns)
            targeted = np.flatnonzero(np.isfinite(world.bidding.target) & world.bidding.automatic)
            self._bought = {
                self._names[row]: _Bought(bool(world.bidding.aim[row] == SALES)) for row in targeted
            }
        setting = self.advance(now=now) if changed else self.setting()
        return replace(world, pace=setting.pace)

    def fits(self, world: World) -> bool:
        """Whether the paces are those of this world's campaigns, in its order."""
        return world.index.campaigns is self._campaigns or not self._on

    def _taken_in(self, campaigns: tuple[Campaign, ...], *, now: int) -> int:
        """Make the rows those of these campaigns; how many are new or have changed."""
        place = {campaign.id: row for row, campaign in enumerate(self._campaigns)}
        source = np.array([place.get(one.id, -1) for one in campaigns], np.intp)
        for at, row in enumerate(source.tolist()):
            if row >= 0 and self._campaigns[row] != campaigns[at]:
                source[at] = -1
        changed = [campaigns[at] for at in np.flatnonzero(source < 0).tolist()]
        held = self._paces
        if changed:
            totals, by_day = self._spends(changed, now)
            terms, shape = bidding(changed), self._shape(changed, now)
            fresh = _fresh(changed, terms, traffic=shape, now=now, totals=totals, by_day=by_day)
            fresh = paces.carried(held, self._names, fresh=fresh, campaigns=changed)
            source[source < 0] = len(self._names) + np.arange(len(changed))
            held = paces.joined(held, fresh)
        self._paces = paces.columns(held, lambda _, column: column[source])
        return len(changed)

    def setting(self) -> Setting:
        """The paces as they are."""
        held, terms = self._paces, self._bidding
        paced = _paced(held, terms)
        if not self._on or not (paced.any() or terms.automatic.any()):
            return Setting(self._campaigns, None)
        return Setting(self._campaigns, np.where(paced, held.course.pace, start(terms)))

    def decided(self, decision: Decision, *, world: World) -> None:
        """Count a decision: traffic, and what campaigns with a target were promised for their money."""
        self._counted[decision.time // (DAY // SLOTS) % SLOTS] += 1
        if not self._bought:
            return
        for slot in decision.slots:
            bought = self._bought.get(slot.ad.campaign)
            if bought is not None:
                cost, purchases = _expected(slot, decision)
                product = world.catalogue.get(slot.ad.product) if bought.sales else None
                bought.cost += cost
                bought.units += purchases * (on_sale(product) if product else float(not bought.sales))

    def advance(self, *, now: int) -> Setting:
        """Take in what was spent since the last time, and set the paces anew."""
        with self._lock:
            self._count(now)
            campaigns, held = self._campaigns, self._paces
            if not campaigns or not _paced(held, self._bidding).any():
                return self.setting()
            totals, by_day = self._spends(campaigns, now)
            day, until = days.local(campaigns, now)
            turned = day != held.day
            if turned.any():
                held = self._turned(held, turned, now=now, totals=totals, by_day=by_day)
            spent = _spent(campaigns, day, by_day)
            cost = np.maximum(spent - held.spent, 0) / held.scale
            left = np.where(np.isfinite(held.budget), (held.budget - spent) / held.scale, np.inf)
            paid, worth = self._promised(held)
            until = np.maximum(until, held.until)
            course = pacing.advance(
                held.course,
                held.plan,
                since=held.until,
                until=until,
                cost=cost,
                left=left,
                paid=paid,
                worth=worth,
            )
            self._paces = replace(held, course=course, until=until, spent=spent)
            if now - self._written >= _WRITTEN or turned.any():
                self._write(now)
            return self.setting()

    def keep(self) -> None:
        """Write down where every campaign stands, for the next start; `advance` does so now and then."""
        with self._lock:
            if self._campaigns and _paced(self._paces, self._bidding).any():
                self._write(self._written)

    def _write(self, now: int) -> None:
        paces.keep(self._shop.state / FILE, self._names, self._paces, traffic=self._traffic)
        self._written = now

    def _turned(
        self,
        held: Paces,
        turned: NDArray[np.bool_],
        *,
        now: int,
        totals: dict[str, int],
        by_day: dict[tuple[str, int], int],
    ) -> Paces:
        """The rows whose day has turned begin the new one with what the old one taught."""
        campaigns, shape = self._campaigns, self._shape(self._campaigns, now)
        fresh = _fresh(campaigns, self._bidding, traffic=shape, now=now, totals=totals, by_day=by_day)
        plan = pacing.tomorrow(held.course, held.plan, shape=shape, grown=fresh.scale / held.scale)
        plan = replace(plan, grain=fresh.plan.grain)
        begun = replace(
            fresh, plan=plan, course=pacing.begin(plan), spent=_spent(campaigns, fresh.day, by_day)
        )
        return paces.chosen(turned, begun, held)

    def _promised(self, held: Paces) -> tuple[Floats, Floats]:
        """What was paid for, and what the target allows for it, in expectation since the last time."""
        paid, worth = np.zeros(len(self._names)), np.zeros(len(self._names))
        if self._bought:
            for row, name in enumerate(self._names):
                bought = self._bought.get(name)
                if bought is not None:
                    paid[row], worth[row] = bought.cost, bought.units * held.plan.target[row]
                    bought.cost = bought.units = 0.0
        return paid / held.scale, worth / held.scale

    def _spends(
        self, campaigns: Sequence[Campaign], now: int
    ) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
        day, _ = days.local(campaigns, now)
        return self._purse.spends({int(one) for one in np.unique(day)})

    def _shape(self, campaigns: Sequence[Campaign], now: int) -> Floats:
        return days.shapes(campaigns, self._traffic, now=now)

    def _count(self, now: int) -> None:
        """When a day of the world's clock ends, its decisions shape the traffic expected from then on."""
        day = now // DAY
        if day == self._counting:
            return
        total = int(self._counted.sum())
        if self._counting and total >= days.FEW:
            self._traffic = (1 - _NEW) * self._traffic + _NEW * self._counted / total
        self._counting = day
        self._counted[:] = 0


def _fresh(
    campaigns: Sequence[Campaign],
    terms: Bidding,
    *,
    traffic: Floats,
    now: int,
    totals: dict[str, int],
    by_day: dict[tuple[str, int], int],
) -> Paces:
    """Rows for campaigns as if nothing had been learned of them."""
    day, until = days.local(campaigns, now)
    first = start(terms)
    today = _spent(campaigns, day, by_day)
    given = [
        days.budget(campaign, now=now, before=totals.get(campaign.id, 0) - spent)
        for campaign, spent in zip(campaigns, today.tolist(), strict=True)
    ]
    budget = np.array(given, np.float64)
    one = charges(terms, first)
    scale = np.where(np.isfinite(budget), np.maximum(budget, 1.0), np.maximum(100.0 * one, 1.0))
    plan = pacing.unknown(
        first,
        shape=traffic,
        grain=np.minimum(one / scale, 1.0),
        most=np.where(terms.automatic, np.inf, 1.0),
        target=np.where(terms.automatic, terms.target, np.inf),
    )
    return Paces(
        budget=budget,
        scale=scale,
        day=day,
        until=until,
        spent=today,
        terms=np.array([paces.fingerprint(campaign) for campaign in campaigns], np.int64),
        plan=plan,
        course=pacing.begin(plan),
    )


def _paced(held: Paces, terms: Bidding) -> NDArray[np.bool_]:
    """Who has something to pace by: a budget for the day, or a target; never what is guaranteed."""
    target = terms.automatic & np.isfinite(terms.target)
    return (np.isfinite(held.budget) | target) & ~terms.guaranteed


def _spent(campaigns: Sequence[Campaign], days: Ints, by_day: dict[tuple[str, int], int]) -> Ints:
    found = [by_day.get((one.id, day), 0) for one, day in zip(campaigns, days.tolist(), strict=True)]
    return np.array(found, np.int64)


def _expected(slot: Slot, decision: Decision) -> tuple[float, float]:
    """What a slot is expected to cost in micros, and how many purchases it is expected to bring."""
    purchase = _chance(slot, decision, "purchase")
    if slot.pricing == Pricing.CPM:
        return slot.price / 1000, purchase
    return slot.price * (
        _chance(slot, decision, "click") if slot.pricing == Pricing.CPC else purchase
    ), purchase


def _chance(slot: Slot, decision: Decision, outcome: str) -> float:
    """The chance that the record gives a slot's ad of an outcome; none where no model told."""
    if decision.outcome == outcome:
        return slot.probability
    found = decision.candidates
    told = found.others.get(outcome)
    return told[found.ads.index(slot.ad.id)] if told else 0.0
