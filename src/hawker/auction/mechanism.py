"""Who wins and at what price: first price, generalised second price, Vickrey-Clarke-Groves.

Values rank the ads (ties: the lower index first). Prices are in micros of each bid's own unit,
rounded up to a whole micro, never above the bid and never below the floor.
Sources: Edelman, Ostrovsky and Schwarz (2007); Varian (2007); the floor enters VCG as Myerson's
personal reserve, which keeps truth the best reply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.auction.value import Floats, least_prices
from hawker.errors import BadInput, BadSetting, nearest
from hawker.records.bid import NoBidReason

_MECHANISMS = ["gsp", "first", "vcg"]
_CLOSE = 1e-9  # prices this close (relatively) to a whole micro, or to the bid, are taken to be it


@dataclass(frozen=True)
class Cleared:
    """The outcome, best slot first: indices of the winners, their prices, and who set each price.

    `exact` holds the prices before rounding; `rivals` is -1 where the floor set the price (or, in
    a first-price auction, the bid did); `runner_up` is the best ad not shown, -1 where there is none.
    """

    winners: NDArray[np.intp]
    prices: NDArray[np.int64]
    exact: Floats
    rivals: NDArray[np.intp]
    runner_up: int
    reasons: dict[NoBidReason, int]


def clear(
    values: Floats,
    bids: NDArray[np.int64],
    *,
    rates: Floats,
    slots: int,
    floor: int = 0,
    mechanism: str = "gsp",
    increment: int = 0,
    order: NDArray[np.intp] | None = None,
    advertisers: NDArray[np.int64] | None = None,
    most_per_advertiser: int | None = None,
    weights: Floats | None = None,
) -> Cleared:
    """Fill the slots and price them.

    `rates` is how often an impression is paid for (`value.rates`), `floor` micros per thousand
    impressions, `increment` what the second price adds (micros of the bid's unit). `order` is a
    choice already made among ads above the floor (exploration): those win, in that order, each at
    the price of its own rank by value (VCG: out of
    turn, at the floor). `advertisers` are codes (negative: unknown); one never
    raises its own price. `weights` are the slots' worth for VCG, descending (default: all equal).
    """
    if mechanism not in _MECHANISMS:
        raise BadSetting(f"There is no auction '{mechanism}'.", remedy=nearest(mechanism, _MECHANISMS))
    least = least_prices(floor, rates)
    ranking = np.argsort(-values, kind="stable")
    if floor > 0:
        admitted = bids >= least * (1 - _CLOSE)
        ranking = ranking[admitted[ranking]]
    field = _Field(values, bids, least, ranking, advertisers, most_per_advertiser)
    places = field.best(slots) if order is None else field.places(order[:slots].tolist())
    winners = ranking[places]
    if mechanism == "first":
        exact, rivals = bids[winners].astype(np.float64), [-1] * len(places)
    elif mechanism == "gsp":
        exact, rivals = field.second_prices(places, increment=increment)
    else:
        exact, rivals = field.externalities(places, _weights(weights, slots))
    runner_up, limited = field.losers(places, slots=slots)
    reasons = {
        NoBidReason.BELOW_FLOOR: len(bids) - len(ranking),
        NoBidReason.ADVERTISER_LIMIT: limited,
        NoBidReason.OUTRANKED: len(ranking) - len(winners) - limited,
    }
    return Cleared(
        winners=winners,
        prices=_whole(exact, bids[winners]),
        exact=exact,
        rivals=np.array(rivals, dtype=np.intp),
        runner_up=runner_up,
        reasons={reason: count for reason, count in reasons.items() if count},
    )


class _Field:
    """The ads above the floor, best first (`ranking`), with what bounds their places and prices.

    A place is a position in the ranking. Few places decide an auction, so plain lists and loops that
    stop early are faster here than arrays.
    """

    def __init__(
        self,
        values: Floats,
        bids: NDArray[np.int64],
        least: Floats,
        ranking: NDArray[np.intp],
        advertisers: NDArray[np.int64] | None,
        most: int | None,
    ) -> None:
        self.values, self.bids, self.least, self.ranking = values, bids, least, ranking
        self.codes: list[int] | None = None if advertisers is None else advertisers[ranking].tolist()
        self.most = most

    def best(self, slots: int) -> list[int]:
        """The first places of the ranking, no advertiser more often than allowed."""
        if self.most is None or self.codes is None:
            return list(range(min(slots, len(self.ranking))))
        taken: dict[int, int] = {}
        places: list[int] = []
        for place, code in enumerate(self.codes):
            if len(places) == slots:
                break
            if code < 0 or taken.get(code, 0) < self.most:
                taken[code] = taken.get(code, 0) + 1
                places.append(place)
        return places

    def places(self, order: list[int]) -> list[int]:
        """Where the ads of a given order stand in the ranking."""
        ranking = self.ranking.tolist()
        try:
            return [ranking.index(ad) for ad in order]
        except ValueError:
            raise BadInput("The given order holds an ad below the floor.") from None

    def second_prices(self, places: list[int], *, increment: int) -> tuple[Floats, list[int]]:
        """The least that would have kept each winner above its next rival, within floor and bid."""
        prices, rivals = [], []
        for place, rival in zip(places, self._rivals(places), strict=True):
            winner, other = int(self.ranking[place]), int(self.ranking[rival]) if rival >= 0 else -1
            bid, price, value = (
                float(self.bids[winner]),
                float(self.least[winner]),
                float(self.values[winner]),
            )
            beaten = (
                bid * (float(self.values[other]) / value) + increment if other >= 0 and value > 0 else 0.0
            )
            rivals.append(other if beaten > price else -1)
            prices.append(min(max(beaten, price), bid))
        return np.array(prices, dtype=np.float64), rivals

    def _rivals(self, places: list[int]) -> Iterator[int]:
        """For each winner the best place below it that could have had its slot (-1: none)."""
        taken: set[int] = set()
        full: set[int] = set()
        for place in places:
            yield self._next(place, taken=taken, full=full)
            taken.add(place)
            full |= self._filled(taken, place)

    def _next(self, place: int, *, taken: set[int], full: set[int]) -> int:
        codes = self.codes
        own = codes[place] if codes is not None else -1
        for other in range(place + 1, len(self.ranking)):
            if other in taken:
                continue
            if codes is None or not (codes[other] in full or (own >= 0 and codes[other] == own)):
                return other
        return -1

    def _filled(self, taken: set[int], place: int) -> set[int]:
        """The advertiser of a place just taken, where that was the last it may have."""
        if self.codes is None or self.most is None or self.codes[place] < 0:
            return set()
        code = self.codes[place]
        return {code} if sum(self.codes[other] == code for other in taken) >= self.most else set()

    def externalities(self, places: list[int], weights: Floats) -> tuple[Floats, list[int]]:
        """What each winner's presence costs the others, per unit of its slot's weight.

        A winner out of turn (drawn by chance) costs nobody what its bid could change: it pays the
        floor, and the others are priced as if its slot were not there.
        """
        winners = self.ranking[places]
        exact = np.minimum(self.least[winners], self.bids[winners])
        rivals = [-1] * len(places)
        in_turn, free = self._turns(places)
        after = np.append(winners[in_turn], self.ranking[free])
        worth = np.append(weights[in_turn], weights[len(winners) :])
        steps = worth - np.append(worth[1:], 0.0)  # what falling one slot lower loses
        for place, slot in enumerate(in_turn):
            winner = int(winners[slot])
            bid, value = float(self.bids[winner]), float(self.values[winner])
            below = self.values[after[place + 1 : len(worth) + 1]]
            thresholds = np.zeros(len(worth) - place)
            if value > 0:
                thresholds[: len(below)] = below * (bid / value)
            owed = float(steps[place:] @ np.maximum(thresholds, self.least[winner]))
            exact[slot] = min(owed / worth[place] if worth[place] > 0 else 0.0, bid)
            if len(below) and thresholds[0] > self.least[winner]:
                rivals[slot] = int(after[place + 1])
        return exact, rivals

    def _turns(self, places: list[int]) -> tuple[list[int], NDArray[np.bool_]]:
        """Which winners were the best that was open to their slot, and what is open after all of them."""
        codes = None if self.codes is None else np.array(self.codes, np.int64)
        free = np.ones(len(self.ranking), np.bool_)
        in_turn, taken, full = [], set[int](), set[int]()
        for slot, place in enumerate(places):
            if place == int(free.argmax()):
                in_turn.append(slot)
            free[place] = False
            taken.add(place)
            filled = self._filled(taken, place) - full
            if filled and codes is not None:
                full |= filled
                free &= codes != filled.pop()
        return in_turn, free

    def losers(self, places: list[int], *, slots: int) -> tuple[int, int]:
        """The best ad not shown that could have been (-1: none), and how many only a limit kept out."""
        shown = set(places)
        codes, full = self.codes, set[int]()
        for place in places:
            full |= self._filled(shown, place)
        runner_up = -1
        for place in range(len(self.ranking)):
            if place not in shown and (codes is None or codes[place] not in full):
                runner_up = int(self.ranking[place])
                break
        if codes is None or not full:
            return runner_up, 0
        last = max(places) if places and len(places) == slots else len(codes)
        barred = sum(codes[place] in full and place not in shown for place in range(last))
        return runner_up, barred


def _weights(weights: Floats | None, slots: int) -> Floats:
    given = np.ones(slots) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(given) < slots or (given < 0).any() or (np.diff(given) > 0).any():
        raise BadInput(f"VCG needs {slots} slot weights, none negative, none above the one before.")
    return given[:slots]


def _whole(exact: Floats, bids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Up to a whole micro, but never above the bid."""
    whole: NDArray[np.int64] = np.minimum(np.ceil(exact * (1 - _CLOSE)).astype(np.int64), bids)
    return whole
