"""The commonest auction in one compiled pass: ε-greedy slots at generalised second prices.

It draws and prices exactly as `explore` and `auction.clear` do (a test holds them equal), in microseconds.
Anything less common (other mechanisms, competitors, guaranteed ads) goes through those two.
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
_ALL_DIFFER = np.zeros(0, np.int64)
_REASONS = (
    NoBidReason.BELOW_FLOOR,
    NoBidReason.ADVERTISER_LIMIT,
    NoBidReason.OUTRANKED,
    NoBidReason.ORGANIC,
)
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
    products: Ints | None,
    slots: int,
    exploration: float,
    most: int | None,
    rng: np.random.Generator,
) -> Drawn:
    """Rows, odds, whether by chance, prices, rivals, the runner-up, and why the others lost.

    `products` are codes where some repeat: none stands twice, and what its double keeps away sets no price.
    """
    if slots < 0:
        raise BadInput(f"There are no {slots} slots.")
    ints, numbers, runner_up, counts = _draw(
        values,
        bids,
        least,
        advertisers,
        _ALL_DIFFER if products is None else products,
        rng.random((2, slots)),
        exploration,
        -1 if most is None else most,
    )
    why = {reason: count for reason, count in zip(_REASONS, counts, strict=True) if count}
    rows, chance, prices, rivals = ints.tolist()
    by_chance = tuple(bool(one) for one in chance)
    return (tuple(rows), tuple(numbers.tolist()), by_chance, tuple(prices), tuple(rivals), runner_up, why)


@njit(cache=True, error_model="numpy")
def _draw(values, bids, least, advertisers, products, dice, exploration, most):  # type: ignore[no-untyped-def]
    """`ints` is (4, slots filled): row, by chance, price, rival; -1 for `most` is no limit."""
    able = np.empty(len(values), np.int64)
    size = 0
    for i in range(len(values)):
        if bids[i] >= least[i] and bids[i] > 0:
            able[size] = i
            size += 1
    able = able[:size]
    ranking = able[np.argsort(-values[able], kind="mergesort")]
    ints, odds = np.empty((4, dice.shape[1]), np.int64), np.empty(dice.shape[1])
    filled = _choose(ranking, advertisers, products, dice, exploration, most, ints, odds)
    ints, odds = ints[:, :filled], odds[:filled]
    standing = _standing(ranking, products, ints[0])
    free, shown = _price(standing, values, bids, least, advertisers, most, ints)
    runner_up, limited = _losers(standing, free, shown, whole=filled == dice.shape[1])
    outranked = len(standing) - filled - limited
    return ints, odds, runner_up, (len(values) - size, limited, outranked, size - len(standing))


@njit(cache=True)
def _choose(ranking, advertisers, products, dice, exploration, most, ints, odds):  # type: ignore[no-untyped-def]
    """Fill the slots, the best or by chance; how many were filled."""
    free = np.ones(len(ranking), np.bool_)
    shown = np.zeros(len(ranking), np.bool_)
    best = 0
    for slot in range(dice.shape[1]):
        left = free.sum()
        if left == 0:
            return slot
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
        ints[0, slot], ints[1, slot] = ranking[place], by_chance
        odds[slot] = exploration / left + (1.0 - exploration) * (place == best)
        _strike(place, ranking, free, shown, advertisers, most)
        if len(products):
            for other in range(len(ranking)):
                if products[ranking[other]] == products[ranking[place]]:
                    free[other] = False
    return dice.shape[1]


@njit(cache=True)
def _standing(ranking, products, winners):  # type: ignore[no-untyped-def]
    """The ranking without the doubles of the winners' products."""
    if not len(products):
        return ranking
    kept = np.ones(len(ranking), np.bool_)
    for place in range(len(ranking)):
        for winner in winners:
            if products[ranking[place]] == products[winner] and ranking[place] != winner:
                kept[place] = False
    return ranking[kept]


@njit(cache=True, error_model="numpy")
def _price(ranking, values, bids, least, advertisers, most, ints):  # type: ignore[no-untyped-def]
    """Price the winners in their order; what is still free in the end, and what is shown."""
    free = np.ones(len(ranking), np.bool_)
    shown = np.zeros(len(ranking), np.bool_)
    for slot in range(ints.shape[1]):
        row, place = ints[0, slot], 0
        while ranking[place] != row:
            place += 1
        rival = _rival(place, ranking, free, advertisers)
        bid, price = float(bids[row]), least[row]
        beaten = bid * (values[rival] / values[row]) if rival >= 0 and values[row] > 0 else 0.0
        if beaten > price:
            price = beaten
        else:
            rival = -1
        exact = min(price, bid)
        ints[2, slot] = min(np.int64(np.ceil(exact * (1 - _CLOSE))), bids[row])
        ints[3, slot] = rival
        _strike(place, ranking, free, shown, advertisers, most)
    return free, shown


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
    """Take a place, and all of its advertiser where that was the last it may have."""
    free[place], shown[place] = False, True
    code = advertisers[ranking[place]]
    if most < 0 or code < 0:
        return
    own = 0
    for other in range(len(ranking)):
        if shown[other] and advertisers[ranking[other]] == code:
            own += 1
    if own == most:
        for other in range(len(ranking)):
            if advertisers[ranking[other]] == code:
                free[other] = False
