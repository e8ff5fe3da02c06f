"""A day of auctions with a known optimum: the world in which pacing is judged.

One buyer with one budget meets 60,000 second-price auctions. Traffic swells and ebbs over 48 slots,
prices drift in a phase of their own, and each price is known only after the bid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hawker.errors import extra
from hawker.records.money import MICROS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SLOTS = 48
AUCTIONS = 60_000
YESTERDAY = 1000
"""A day's yesterday is the day of its seed plus this: the same law, another draw."""
SPIKED = slice(20, 27)
SHOCKED = slice(24, SLOTS)


@dataclass(frozen=True)
class Market:
    """One day: what each auction is worth and costs, in order, and where its slots begin.

    `values` are units of currency, `prices` whole micros; auctions `bounds[s]` to before
    `bounds[s + 1]` happen in slot `s`.
    """

    values: Floats
    prices: Ints
    bounds: Ints

    def __len__(self) -> int:
        return len(self.values)


def day(seed: int, *, spike: float = 1.0, shock: float = 1.0, auctions: int = AUCTIONS) -> Market:
    """The day of a seed; with `spike` times the traffic in slots 20 to 26, `shock` times the prices from

    slot 24 on.

    >>> quiet, busy = day(3), day(3, spike=3.0)
    >>> len(quiet), len(busy) > 70_000
    (60000, True)
    """
    rng = np.random.default_rng(seed)
    traffic = 1.0 + 0.8 * np.sin(np.linspace(0.0, 2.0 * np.pi, SLOTS) - 1.5)
    drift = np.exp(0.25 * np.sin(np.linspace(0.0, 4.0 * np.pi, SLOTS) + rng.uniform(0.0, 6.0)))
    counts = rng.multinomial(auctions, traffic / traffic.sum())
    counts[SPIKED] = np.rint(counts[SPIKED] * spike)
    drift[SHOCKED] *= shock
    values = 100.0 * rng.lognormal(-4.0, 0.8, counts.sum())
    prices = values**0.4 * rng.lognormal(-0.2, 0.7, len(values)) * np.repeat(drift, counts)
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Market(values, np.maximum(np.rint(prices * MICROS), 1).astype(np.int64), bounds)


def budget(market: Market, ratio: float) -> int:
    """The budget that goes with a day: so many times 35 % of all its prices, in whole micros."""
    return int(ratio * 0.35 * int(market.prices.sum()))


def optimum(market: Market, budget: int, *, target: float = math.inf) -> float:
    """The most value a budget could have bought at no more than `target` micros a unit on average.

    The best per price first, the last one by a part: for one budget and one target on the average the
    linear programme's exact answer (Dantzig 1957), since both bind at a ratio of value and price.
    """
    order = np.argsort(-market.values / market.prices, kind="stable")
    cost, worth = np.cumsum(market.prices[order]), np.cumsum(market.values[order])
    allowed = (cost <= budget) & (cost <= target * worth)
    whole = len(order) if allowed.all() else int(allowed.argmin())
    paid, won = (int(cost[whole - 1]), float(worth[whole - 1])) if whole else (0, 0.0)
    if whole == len(order):
        return won
    price, value = int(market.prices[order[whole]]), float(market.values[order[whole]])
    part = (budget - paid) / price
    if price > target * value:
        part = min(part, (target * won - paid) / (price - target * value))
    return won + value * part


def programme(market: Market, budget: int, *, target: float = math.inf) -> float:
    """The same optimum from the linear programme itself, solved by HiGHS; slow, and to be sure."""
    optimize = extra("scipy.optimize", "train")
    prices = market.prices / MICROS
    rows, bounds = [prices], [budget / MICROS]
    if math.isfinite(target):
        rows.append(prices - target / MICROS * market.values)
        bounds.append(0.0)
    found = optimize.linprog(
        -market.values, A_ub=np.stack(rows), b_ub=bounds, bounds=(0.0, 1.0), method="highs"
    )
    return -float(found.fun)


@dataclass(frozen=True)
class Seen:
    """What some auctions came to: the time of the day (0 to 1) after them, cost, what is left, value."""

    until: float
    cost: int
    left: int
    value: float


class Buyer(Protocol):
    """Who buys: bids before prices are known, and hears what came of it."""

    def bids(self, values: Floats) -> Ints:
        """Bids in micros for the next auctions; 0 stays away."""

    def saw(self, seen: Seen) -> None:
        """The outcome of the auctions since the last time."""


@dataclass(frozen=True)
class Bought:
    """What a day came to: the value won, the micros spent."""

    value: float
    spent: int


def run(market: Market, buyer: Buyer, *, budget: int, steps: int = 10) -> Bought:
    """A day of second-price auctions; the buyer may think again `steps` times in every slot.

    A bid counts up to what is left of the budget, so that no price can exceed it.
    """
    left, value = budget, 0.0
    for slot in range(SLOTS):
        edges = np.linspace(market.bounds[slot], market.bounds[slot + 1], steps + 1).astype(np.int64)
        for step, (first, last) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
            values, prices = market.values[first:last], market.prices[first:last]
            won = _affordable(buyer.bids(values) >= prices, prices, left=left)
            cost, gained = int(prices[won].sum()), float(values[won].sum())
            left, value = left - cost, value + gained
            buyer.saw(Seen((slot + (step + 1) / steps) / SLOTS, cost, left, gained))
    return Bought(value, budget - left)


def _affordable(won: NDArray[np.bool_], prices: Ints, *, left: int) -> NDArray[np.intp]:
    """Which auctions are won, one after another, when each can cost no more than is then left."""
    places = np.flatnonzero(won)
    if int(prices[places].sum()) <= left:
        return places
    kept = []
    for place in places.tolist():
        if prices[place] <= left:
            left -= int(prices[place])
            kept.append(place)
    return np.array(kept, dtype=np.intp)
