"""Which ad takes which slot when some slots are left to chance: ε-greedy, with each choice's odds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Bar = Callable[[int], NDArray[np.bool_] | None]
"""Which ads may not stand beside one that was just chosen; None where all may."""


def explore(
    scores: NDArray[np.float64],
    *,
    slots: int,
    exploration: float,
    rng: np.random.Generator,
    advertisers: NDArray[np.int64] | None = None,
    most_per_advertiser: int | None = None,
    bar: Bar | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]:
    """Choose ads slot by slot: the best that is left, or with chance `exploration` any that is left.

    Returns the indices, the propensity of each given the ones above it, ε/m + (1 - ε)·[best] with
    m ads left, and whether chance drew it. Ties go to the lower index. No advertiser (codes;
    negative: unknown) gets more slots than allowed, and none stands beside what `bar` keeps away.
    Takes 2 · `slots` numbers from `rng`, always.
    """
    coins, draws = rng.random((2, slots)).tolist()
    ranking = np.argsort(-scores, kind="stable")
    codes = advertisers if advertisers is not None and most_per_advertiser is not None else None
    free = np.ones(len(scores), np.bool_)
    taken: dict[int, int] = {}

    def place(ad: int) -> None:
        free[ad] = False
        if bar is not None and (barred := bar(ad)) is not None:
            free[barred] = False
        if codes is not None and codes[ad] >= 0:
            code = int(codes[ad])
            taken[code] = taken.get(code, 0) + 1
            if taken[code] == most_per_advertiser:
                free[codes == code] = False

    chosen, odds, drawn, best = [], [], [], 0
    for coin, draw in zip(coins, draws, strict=True):
        left = int(np.count_nonzero(free))
        if not left:
            break
        while not free[ranking[best]]:
            best += 1
        by_chance = coin < exploration
        ad = int(ranking[np.flatnonzero(free[ranking])[int(draw * left)]] if by_chance else ranking[best])
        chosen.append(ad)
        odds.append(exploration / left + (1.0 - exploration) * (ad == ranking[best]))
        drawn.append(by_chance)
        place(ad)
    order: NDArray[np.intp] = np.array(chosen, dtype=np.intp)
    return order, np.array(odds, dtype=np.float64), np.array(drawn, dtype=np.bool_)
