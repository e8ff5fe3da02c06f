"""The commonest auction in one compiled pass: ε-greedy slots at generalised second prices.

It draws and prices exactly as `explore` and `auction.clear` do (a test holds them equal), in microseconds.
Anything less common (other mechanisms, ads that may not stand together) goes through those two.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.records.bid import NoBidReason

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_CLOSE = 1e-9
Drawn = tuple[
    tuple[int, ...],
    tuple[float, ...],
    tuple[bool, ...],
    tuple[int, ...],
    tuple[int, ...],
    int,
    dict[NoBidReason, int],
]


def draw(
    values: Floats,
    bids: Ints,
    *,
    least: Floats,
    advertisers: Ints,
    slots: int,
    exploration: float,
    most: int | None,
    rng: np.random.Generator,
) -> Drawn:
    """Rows, odds, whether by chance, prices, rivals, the runner-up, and why the others lost."""
    if slots < 0:
        raise BadInput(f"There are no {slots} slots.")
    ints, numbers, runner_up, counts = _draw(
        values,
        bids,
        least,
        advertisers,
        rng.random((2, slots)),
        exploration,
        -1 if most is None else most,
    )
    below, limited, outranked = counts
    reasons = {
        NoBidReason.BELOW_FLOOR: below,
        NoBidReason.ADVERTISER_LIMIT: limited,
        NoBidReason.OUTRANKED: outranked,
    }
    rows, chance, prices, rivals = ints.tolist()
    why = {reason: count for reason, count in reasons.items() if count}
    by_chance = tuple(bool(one) for one in chance)
    return (tuple(rows), tuple(numbers.tolist()), by_chance, tuple(prices), tuple(rivals), runner_up, why)


@njit(cache=True, error_model="numpy")
def _draw(values, bids, least, advertisers, dice, exploration, most):  # type: ignore[no-untyped-def]
    """`ints` is (4, slots filled): row, by chance, price, rival; -1 for `most` is no limit."""
    slots, count = dice.shape[1], len(values)
    able = np.empty(count, np.int64)
    size = 0
    for i in range(count):
        if bids[i] >= least[i] and bids[i] > 0:
            able[size] = i
            size += 1
    able = able[:size]
    ranking = able[np.argsort(-values[able], kind="mergesort")]
    free = np.ones(size, np.bool_)
    shown = np.zeros(size, np.bool_)
    ints, odds = np.empty((4, slots), np.int64), np.empty(slots)
    left, best, filled = size, 0, 0
    for slot in range(slots):
        if left == 0:
            break
        while not free[best]:
            best += 1
        by_chance = dice[0, slot] < exploration
        place = best
        if by_chance:
            nth = np.int64(dice[1, slot] * left)
            place = -1
            while nth >= 0:
                place += 1
                if free[place]:
                    nth -= 1
        row = ranking[place]
        rival = _rival(place, ranking, free, advertisers)
        bid, price = float(bids[row]), least[row]
        if rival >= 0 and values[row] > 0:
            beaten = bid * (values[rival] / values[row])
            if beaten > price:
                price = beaten
            else:
                rival = -1
        else:
            rival = -1
        exact = min(price, bid)
        ints[0, slot], ints[1, slot], ints[3, slot] = row, by_chance, rival
        ints[2, slot] = min(np.int64(np.ceil(exact * (1 - _CLOSE))), bids[row])
        odds[slot] = exploration / left + (1.0 - exploration) * (place == best)
        filled += 1
        left -= _strike(place, ranking, free, shown, advertisers, most)
    runner_up, limited = _losers(ranking, free, shown, whole=filled == slots)
    return ints[:, :filled], odds[:filled], runner_up, (count - size, limited, size - filled - limited)


@njit(cache=True)
def _losers(ranking, free, shown, whole):  # type: ignore[no-untyped-def]
    """The best not shown that could have been (-1: none), and how many only a limit kept out."""
    size = len(ranking)
    runner_up, limited, last = -1, 0, size
    if whole:
        last = 0
        for place in range(size):
            if shown[place]:
                last = place
    for place in range(size):
        if shown[place]:
            continue
        if free[place]:
            if runner_up < 0:
                runner_up = ranking[place]
        elif place < last:
            limited += 1
    return runner_up, limited


@njit(cache=True)
def _rival(place, ranking, free, advertisers):  # type: ignore[no-untyped-def]
    """The best ad below a place that could have had it: not taken, not full, not the winner's own."""
    own = advertisers[ranking[place]]
    for other in range(place + 1, len(ranking)):
        if free[other] and not (own >= 0 and advertisers[ranking[other]] == own):
            return ranking[other]
    return -1


@njit(cache=True)
def _strike(place, ranking, free, shown, advertisers, most):  # type: ignore[no-untyped-def]
    """Take a place, and all of its advertiser where that was the last it may have; how many went."""
    free[place], shown[place] = False, True
    gone, code = 1, advertisers[ranking[place]]
    if most < 0 or code < 0:
        return gone
    own = 0
    for other in range(len(ranking)):
        if shown[other] and advertisers[ranking[other]] == code:
            own += 1
    if own == most:
        for other in range(len(ranking)):
            if free[other] and advertisers[ranking[other]] == code:
                free[other] = False
                gone += 1
    return gone
