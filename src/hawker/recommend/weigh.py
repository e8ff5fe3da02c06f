"""How much each part counts in a blend: tried on histories whose next item is held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.recommend.blend import Blend
from hawker.recommend.histories import Codes, Histories
from hawker.recommend.model import Recommender, Scores, top

TRIED = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
_POOL = 100
_ROUNDS = 2


@dataclass(frozen=True)
class Weighed:
    """The weights found, N@10 with them and with each part alone, and on how many histories."""

    weights: dict[str, float]
    ndcg: float
    alone: dict[str, float]
    histories: int


def weigh(
    parts: Mapping[str, Recommender],
    histories: Histories,
    wanted: Codes,
    *,
    again: bool = False,
    now: int = 0,
) -> Weighed:
    """Coordinate ascent on N@10, from the best part alone; a part that does not help gets no weight.

    Each history's candidates are the best hundred of every part. `wanted` is what was taken next.
    """
    pools = [_pool(parts, histories, row, int(wanted[row]), again, now) for row in range(len(histories))]
    width = max((pool.shape[1] for pool in pools), default=1)
    table = np.zeros((len(pools), len(parts), width), dtype=np.float32)  # the wanted item comes first
    for row, pool in enumerate(pools):
        table[row, :, : pool.shape[1]] = pool
    eye = np.eye(len(parts))
    alone = [_ndcg(table, weight) for weight in eye]
    best = eye[int(np.argmax(alone))]
    reached = max(alone, default=0.0)
    for _ in range(_ROUNDS):
        for part in range(len(parts)):
            for value in TRIED:
                tried = best.copy()
                tried[part] = value
                found = _ndcg(table, tried)
                if found > reached:
                    best, reached = tried, found
    weights = {name: float(weight) for name, weight in zip(parts, best, strict=True) if weight}
    return Weighed(weights, reached, dict(zip(parts, alone, strict=True)), len(histories))


def _pool(
    parts: Mapping[str, Recommender], histories: Histories, row: int, wanted: int, again: bool, now: int
) -> Scores:
    """Bent scores of the wanted item and of each part's best: (parts, candidates)."""
    past = histories.past(row, now=now)
    scale = Blend(parts, {}, again)
    scores = [scale.bent(part.scores(past), past) for part in parts.values()]
    chosen = np.unique(np.concatenate([top(found, _POOL) for found in scores]))
    codes = np.concatenate([[wanted], chosen[chosen != wanted]]).astype(np.int32)
    return np.stack([found[codes] for found in scores])


def _ndcg(table: Scores, weight: NDArray[np.float64]) -> float:
    """Mean of 1 / log₂(place + 1), 0 from the eleventh on; ties count against it."""
    scores = np.einsum("rpc,p->rc", table, weight.astype(np.float32))
    place = (scores[:, 1:] >= scores[:, :1]).sum(axis=1) + 1
    hit = (place <= 10) & (scores[:, 0] > 0)
    return float(np.where(hit, 1 / np.log2(place + 1), 0.0).mean()) if len(table) else 0.0
