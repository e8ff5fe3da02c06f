"""Who gets which slot at what price: exploration and auction, from numbers that are all on record.

The pipeline calls this for a new decision, the explanation calls it again for an old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker import auction
from hawker.delivery.draw import draw
from hawker.delivery.explore import Bar, explore
from hawker.records.bid import NoBidReason
from hawker.records.decision import Decision
from hawker.records.ids import stamped

Floats = NDArray[np.float64]
PAYS = {1: "click", 2: "purchase"}
"""The outcome that each code of `AdIndex.pays` pays for; 0 pays for impressions."""


@dataclass(frozen=True)
class Rules:
    """What a decision's auction goes by."""

    slots: int
    floor: int
    exploration: float
    most_per_advertiser: int | None
    mechanism: str


@dataclass(frozen=True)
class Beside:
    """Which candidates may not stand together, and which come ahead of the auction.

    `products` are codes (None: all differ), `apart` maps an advertiser's code to those it does not
    stand beside, `guaranteed` are candidates with the share of requests each is due.
    """

    products: NDArray[np.int64] | None = None
    apart: Mapping[int, frozenset[int]] = field(default_factory=dict)
    guaranteed: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Filled:
    """The candidates that got a slot, in order: odds, whether chance drew it, price, who set the price.

    `rivals` is -1 where no rival did; `runner_up` is the best not shown (-1: none); `reasons` counts
    why the others were not.
    """

    order: tuple[int, ...]
    odds: tuple[float, ...]
    by_chance: tuple[bool, ...]
    prices: tuple[int, ...]
    rivals: tuple[int, ...]
    runner_up: int
    reasons: dict[NoBidReason, int]


def rules(decision: Decision) -> Rules:
    """The rules that a decision has on record."""
    return Rules(
        slots=decision.wanted or decision.request.slots or len(decision.slots),
        floor=decision.floor,
        exploration=decision.exploration,
        most_per_advertiser=decision.most_per_advertiser,
        mechanism=decision.mechanism,
    )


def named(now: int, rng: np.random.Generator) -> str:
    """The id of a decision: the first thing its generator draws."""
    return stamped("d", now, int(rng.integers(2**40)))


def paid(pays: NDArray[np.int8], chances: Mapping[str, Floats]) -> Floats:
    """How often an impression of each is paid for: a thousandth, or the chance of what it pays for.

    >>> paid(np.array([0, 1, 2], np.int8), {"click": np.array([0.1, 0.2, 0.3])}).tolist()
    [0.001, 0.2, 0.001]
    """
    rates = np.full(len(pays), 1e-3)
    for code, outcome in PAYS.items():
        if outcome in chances:
            np.copyto(rates, chances[outcome], where=pays == code)
    return rates


def fill(
    bids: NDArray[np.int64],
    rates: Floats,
    *,
    values: Floats,
    advertisers: NDArray[np.int64],
    rules: Rules,
    rng: np.random.Generator,
    beside: Beside | None = None,
) -> Filled:
    """Draw the slots among the candidates that reach the floor, and price them.

    A guaranteed ad takes the first slot with the chance of its share (those of one request are never
    more than one together), at its own bid; the auction fills the rest. What may not stand beside a
    winner neither wins nor sets a price.
    """
    held = beside or _FREE
    if rules.mechanism == "gsp" and not held.apart and not held.guaranteed:
        drawn = draw(
            values,
            bids,
            least=auction.least_prices(rules.floor, rates),
            advertisers=advertisers,
            products=held.products,
            slots=rules.slots,
            exploration=rules.exploration,
            most=rules.most_per_advertiser,
            rng=rng,
        )
        return Filled(*drawn)
    return _apart(bids, rates, values=values, advertisers=advertisers, rules=rules, rng=rng, held=held)


def _apart(
    bids: NDArray[np.int64],
    rates: Floats,
    *,
    values: Floats,
    advertisers: NDArray[np.int64],
    rules: Rules,
    rng: np.random.Generator,
    held: Beside,
) -> Filled:
    """The same with whatever may not stand together, and what comes ahead of the auction."""
    first, due = _ahead(held.guaranteed, rng)
    ahead = (first,) if first >= 0 else ()
    able = (bids >= auction.least_prices(rules.floor, rates)) & (bids > 0)  # a bid of nothing buys nothing
    able[[row for row, _ in held.guaranteed]] = False
    reached, reaching = int(np.count_nonzero(able)), able.copy()
    if first >= 0:
        able &= _beside(first, held, values, advertisers, most=rules.most_per_advertiser)
    admitted = np.flatnonzero(able)
    bar = _bar(held, admitted, advertisers)
    drawn, odds, by_chance = explore(
        values[admitted],
        slots=rules.slots - len(ahead),
        exploration=rules.exploration,
        rng=rng,
        advertisers=advertisers[admitted],
        most_per_advertiser=rules.most_per_advertiser,
        bar=bar,
    )
    kept = _standing(bar, len(admitted), drawn)
    rows = admitted[kept]
    cleared = auction.clear(
        values[rows],
        bids[rows],
        rates=rates[rows],
        slots=rules.slots - len(ahead),
        floor=rules.floor,
        mechanism=rules.mechanism,
        order=np.searchsorted(kept, drawn),
        advertisers=advertisers[rows],
        most_per_advertiser=rules.most_per_advertiser,
    )
    order = (*ahead, *admitted[drawn].tolist())
    twice, promised = _repeats(held, order, reaching, rows), len(held.guaranteed)
    lost = {
        **cleared.reasons,
        NoBidReason.BELOW_FLOOR: len(bids) - reached - promised,
        NoBidReason.NOT_DRAWN: promised - len(ahead),
        NoBidReason.ORGANIC: twice,
        NoBidReason.COMPETITOR: reached - len(rows) - twice,
    }
    return Filled(
        order=order,
        odds=_odds(first, due, odds.tolist()),
        by_chance=(*(False for _ in ahead), *by_chance.tolist()),
        prices=(*(int(bids[row]) for row in ahead), *cleared.prices.tolist()),
        rivals=(*(-1 for _ in ahead), *(_row(rows, rival) for rival in cleared.rivals.tolist())),
        runner_up=_row(rows, cleared.runner_up),
        reasons={reason: count for reason, count in lost.items() if count},
    )


_FREE = Beside()


def _row(rows: NDArray[np.intp], place: int) -> int:
    return int(rows[place]) if place >= 0 else -1


def _repeats(held: Beside, order: tuple[int, ...], reached: NDArray[np.bool_], rows: NDArray[np.intp]) -> int:
    """How many reached the floor and are left out because their product is shown."""
    if held.products is None:
        return 0
    left = reached.copy()
    left[rows] = False
    return int(np.count_nonzero(left & np.isin(held.products, held.products[list(order)])))


def _ahead(
    guaranteed: tuple[tuple[int, float], ...], rng: np.random.Generator
) -> tuple[int, tuple[tuple[int, float], ...]]:
    """The guaranteed ad that takes the first slot (-1: none), and the chance of each.

    Shares that come to more than one are brought down alike. Takes a number from `rng` only where
    something is guaranteed.
    """
    if not guaranteed:
        return -1, ()
    whole = max(1.0, sum(share for _, share in guaranteed))
    due = tuple((row, share / whole) for row, share in guaranteed)
    coin, edge = float(rng.random()), 0.0
    for row, chance in due:
        edge += chance
        if coin < edge:
            return row, due
    return -1, due


def _odds(first: int, due: tuple[tuple[int, float], ...], drawn: list[float]) -> tuple[float, ...]:
    """The propensities of all slots; the auction has the first one only where no guaranteed ad was drawn."""
    if first >= 0:
        return (dict(due)[first], *drawn)
    if due and drawn:
        drawn[0] *= 1.0 - sum(chance for _, chance in due)
    return tuple(drawn)


def _beside(
    first: int, held: Beside, values: Floats, advertisers: NDArray[np.int64], *, most: int | None
) -> NDArray[np.bool_]:
    """The candidates that may stand beside a guaranteed ad; its advertiser's best fill its limit."""
    bar = _bar(held, np.arange(len(values)), advertisers)
    barred = bar(first) if bar else None
    free = np.ones(len(values), np.bool_) if barred is None else ~barred
    if most is not None and advertisers[first] >= 0:
        own = np.flatnonzero((advertisers == advertisers[first]) & free)
        own = own[own != first]
        free[own[np.argsort(-values[own], kind="stable")[most - 1 :]]] = False
    return free


def _bar(held: Beside, rows: NDArray[np.intp], advertisers: NDArray[np.int64]) -> Bar | None:
    """What an ad keeps away: others of its product, and of the advertisers it may not stand beside."""
    if held.products is None and not held.apart:
        return None
    products = None if held.products is None else held.products[rows]
    codes = advertisers[rows]

    def bar(ad: int) -> NDArray[np.bool_] | None:
        same = None if products is None else products == products[ad]
        others = held.apart.get(int(codes[ad]))
        if not others:
            return same
        away = np.isin(codes, list(others))
        return away if same is None else away | same

    return bar


def _standing(bar: Bar | None, count: int, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """The rows that nothing chosen keeps away, and the chosen themselves."""
    free = np.ones(count, np.bool_)
    for ad in chosen.tolist():
        if bar is not None and (barred := bar(ad)) is not None:
            free[barred] = False
    free[chosen] = True
    return np.flatnonzero(free)
