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
    codes = advertisers[ranking] if advertisers is not None and most_per_advertiser is not None else None
    free = np.ones(len(ranking), np.bool_)  # places of the ranking that are still open
    left, best = len(ranking), 0
    chosen, odds, drawn = [], [], []
    taken: dict[int, int] = {}
    for coin, draw in zip(coins, draws, strict=True):
        if not left:
            break
        while not free[best]:
            best += 1
        by_chance = coin < exploration
        place = int(np.flatnonzero(free)[int(draw * left)]) if by_chance else best
        chosen.append(place)
        odds.append(exploration / left + (1.0 - exploration) * (place == best))
        drawn.append(by_chance)
        free[place] = False
        left -= 1
        if codes is not None and codes[place] >= 0:
            code = int(codes[place])
            taken[code] = taken.get(code, 0) + 1
            if taken[code] == most_per_advertiser:
                free &= codes != code
                left = int(np.count_nonzero(free))
    order: NDArray[np.intp] = ranking[np.array(chosen, dtype=np.intp)]
    return order, np.array(odds, dtype=np.float64), np.array(drawn, dtype=np.bool_)
