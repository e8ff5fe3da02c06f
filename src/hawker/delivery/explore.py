"""Which ad takes which slot when some slots are left to chance: ε-greedy, with each choice's odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def explore(
    scores: NDArray[np.float64],
    *,
    slots: int,
    exploration: float,
    rng: np.random.Generator,
    advertisers: NDArray[np.int64] | None = None,
    most_per_advertiser: int | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Choose ads slot by slot: the best that is left, or with chance `exploration` any that is left.

    Returns the indices, the propensity of each given the ones above it, ε/m + (1 - ε)·[best] with
    m ads left, and whether chance drew it. Ties go to the lower index. No advertiser (codes;
    negative: unknown) gets more slots than allowed. Takes 2 · `slots` numbers from `rng`, always.
    """
    coins, draws = rng.random((2, slots)).tolist()
    ranking = np.argsort(-scores, kind="stable")
    if advertisers is None or most_per_advertiser is None:
        codes, most = None, 0
    else:
        codes, most = advertisers[ranking], most_per_advertiser
    left = len(ranking)
    closed: list[int] = []  # places in the ranking that are gone, ascending
    chosen, odds, drawn = [], [], []
    taken: dict[int, int] = {}
    for coin, draw in zip(coins, draws, strict=True):
        if not left:
            break
        by_chance = coin < exploration
        best = _open(0, closed)
        place = _open(int(draw * left), closed) if by_chance else best
        chosen.append(place)
        odds.append(exploration / left + (1.0 - exploration) * (place == best))
        drawn.append(by_chance)
        gone = [place]
        if codes is not None and codes[place] >= 0:
            code = int(codes[place])
            taken[code] = taken.get(code, 0) + 1
            if taken[code] >= most:
                gone = np.flatnonzero(codes == code).tolist()
        closed = sorted({*closed, *gone})
        left = len(ranking) - len(closed)
    order: NDArray[np.intp] = ranking[np.array(chosen, dtype=np.intp)]
    return order, np.array(odds, dtype=np.float64), np.array(drawn, dtype=np.bool_)


def _open(rank: int, closed: list[int]) -> int:
    """The place of the rank-th candidate that is not closed."""
    place = rank
    for gone in closed:
        if gone > place:
            break
        place += 1
    return place
