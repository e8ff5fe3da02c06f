"""The auction over whole arrays, as it was first written: slower, and what the present one must equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.auction import Cleared
from hawker.auction.value import Floats, least_prices
from hawker.errors import BadInput
from hawker.records.bid import NoBidReason

_CLOSE = 1e-9  # prices this close (relatively) to a whole micro, or to the bid, are taken to be it


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
    """Fill the slots and price them, by the same arguments as `hawker.auction.clear`."""
    least = least_prices(floor, rates)
    admitted = bids >= least * (1 - _CLOSE)
    ranking = np.argsort(-values, kind="stable")
    ranking = ranking[admitted[ranking]]
    field = _Field(values, bids, least, ranking, advertisers, most_per_advertiser)
    chosen = field.best(slots) if order is None else order[:slots]
    winners = np.asarray(chosen, dtype=np.intp)
    if not admitted[winners].all():
        raise BadInput("The given order holds an ad below the floor.")
    if mechanism == "first":
        exact, rivals = bids[winners].astype(np.float64), np.full(len(winners), -1, np.intp)
    elif mechanism == "gsp":
        exact, rivals = field.second_prices(winners, increment=increment)
    else:
        exact, rivals = field.externalities(winners, _weights(weights, slots))
    runner_up, limited = field.losers(winners, slots=slots)
    reasons = {
        NoBidReason.BELOW_FLOOR: len(bids) - len(ranking),
        NoBidReason.ADVERTISER_LIMIT: limited,
        NoBidReason.OUTRANKED: len(ranking) - len(winners) - limited,
    }
    return Cleared(
        winners=winners,
        prices=_whole(exact, bids[winners]),
        exact=exact,
        rivals=rivals,
        runner_up=runner_up,
        reasons={reason: count for reason, count in reasons.items() if count},
    )


@dataclass(frozen=True)
class _Field:
    """The ads above the floor, best first (`ranking`), with what bounds their places and prices."""

    values: Floats
    bids: NDArray[np.int64]
    least: Floats
    ranking: NDArray[np.intp]
    advertisers: NDArray[np.int64] | None
    most: int | None

    def best(self, slots: int) -> list[int]:
        """The first ads of the ranking, no advertiser more often than allowed."""
        if self.most is None or self.advertisers is None:
            return list(self.ranking[:slots])
        taken: dict[int, int] = {}
        winners: list[int] = []
        for index, code in zip(self.ranking, self.advertisers[self.ranking].tolist(), strict=True):
            if len(winners) == slots:
                break
            if code < 0 or taken.get(code, 0) < self.most:
                taken[code] = taken.get(code, 0) + 1
                winners.append(int(index))
        return winners

    def second_prices(self, winners: NDArray[np.intp], *, increment: int) -> tuple[Floats, NDArray[np.intp]]:
        """The least that would have kept each winner above its next rival, within floor and bid."""
        exact = np.empty(len(winners))
        rivals = np.full(len(winners), -1, np.intp)
        for slot, (winner, rival) in enumerate(self._pairs(winners)):
            bid, least = float(self.bids[winner]), float(self.least[winner])
            price = least
            if rival >= 0 and self.values[winner] > 0:
                beaten = bid * float(self.values[rival] / self.values[winner]) + increment
                if beaten > least:
                    price, rivals[slot] = beaten, rival
            exact[slot] = min(price, bid)
        return exact, rivals

    def _pairs(self, winners: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
        """Each winner with the best ad below it by value that could have had its slot (-1: none)."""
        codes = None if self.advertisers is None else self.advertisers[self.ranking]
        for winner, position, free in self._turns(winners):
            open_to = free[position + 1 :]
            if codes is not None and codes[position] >= 0:
                open_to = open_to & (codes[position + 1 :] != codes[position])
            found = int(open_to.argmax()) if len(open_to) else 0
            yield winner, int(self.ranking[position + 1 + found]) if open_to.any() else -1

    def _turns(self, winners: NDArray[np.intp]) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
        """Each winner in turn, its place in the ranking, and which places were open to it."""
        codes = None if self.advertisers is None else self.advertisers[self.ranking]
        place = np.empty(len(self.bids), np.intp)
        place[self.ranking] = np.arange(len(self.ranking))
        free = np.ones(len(self.ranking), np.bool_)
        taken: dict[int, int] = {}
        for winner in winners.tolist():
            position = int(place[winner])
            yield winner, position, free
            free[position] = False
            if codes is not None and self.most is not None and codes[position] >= 0:
                code = int(codes[position])
                taken[code] = taken.get(code, 0) + 1
                if taken[code] >= self.most:
                    free &= codes != code

    def externalities(self, winners: NDArray[np.intp], weights: Floats) -> tuple[Floats, NDArray[np.intp]]:
        """What each winner's presence costs the others, per unit of its slot's weight.

        A winner out of turn (drawn by chance) costs nobody what its bid could change: it pays the
        floor, and the others are priced as if its slot were not there.
        """
        exact = np.minimum(self.least[winners], self.bids[winners])
        rivals = np.full(len(winners), -1, np.intp)
        free = np.ones(len(self.ranking), np.bool_)
        in_turn = []
        for slot, (_, position, free) in enumerate(self._turns(winners)):
            if position == int(free.argmax()):
                in_turn.append(slot)
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

    def losers(self, winners: NDArray[np.intp], *, slots: int) -> tuple[int, int]:
        """The best ad not shown that could have been (-1: none), and how many only a limit kept out."""
        shown = np.zeros(len(self.bids), np.bool_)
        shown[winners] = True
        lost = ~shown[self.ranking]
        if self.most is None or self.advertisers is None:
            return (int(self.ranking[lost.argmax()]) if lost.any() else -1), 0
        codes, counts = np.unique(self.advertisers[winners], return_counts=True)
        full = codes[(codes >= 0) & (counts >= self.most)]
        barred = lost & np.isin(self.advertisers[self.ranking], full)
        able = lost & ~barred
        last = int(np.flatnonzero(~lost)[-1]) if len(winners) == slots else len(lost)
        return (int(self.ranking[able.argmax()]) if able.any() else -1), int(barred[:last].sum())


def _weights(weights: Floats | None, slots: int) -> Floats:
    given = np.ones(slots) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(given) < slots or (given < 0).any() or (np.diff(given) > 0).any():
        raise BadInput(f"VCG needs {slots} slot weights, none negative, none above the one before.")
    return given[:slots]


def _whole(exact: Floats, bids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Up to a whole micro, but never above the bid."""
    whole: NDArray[np.int64] = np.minimum(np.ceil(exact * (1 - _CLOSE)).astype(np.int64), bids)
    return whole
