"""Vector neighbours: links to what is described alike, which a product has on its first day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hawker.recommend.links import LENGTH, Links, strongest
from hawker.recommend.model import Scores


@dataclass(frozen=True)
class Nearby:
    """Links to the `most` nearest whose cosine is at least `least`; the link is cosineᵖ, p = `power`."""

    most: int = 200
    least: float = 0.3
    power: float = 4.0
    fade: float = 0.7
    length: int = LENGTH

    def fit(self, vectors: Scores) -> Links:
        """Links from the vectors (items, d); a row of zeros has none."""
        length = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
        unit = (vectors / np.maximum(length, 1e-9)).astype(np.float32)
        held: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        for start in range(0, len(unit), 512):
            near = unit[start : start + 512] @ unit.T
            near = np.where(near >= self.least, near, 0.0) ** np.float32(self.power)
            found = strongest(near, most=self.most, first=start)
            for column, part in zip(held, found, strict=True):
                column.append(part)
        sizes, to, value = held
        first = np.concatenate([[0], *sizes]).cumsum().astype(np.int64)
        return Links(
            first,
            np.concatenate([np.empty(0, np.int32), *to]).astype(np.int32),
            np.concatenate([np.empty(0, np.float32), *value]).astype(np.float32),
            len(vectors),
            self.fade,
            self.length,
        )
