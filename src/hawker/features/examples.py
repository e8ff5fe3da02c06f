"""Training rows: what was known at each moment, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput


@dataclass(frozen=True)
class Examples:
    """Rows in time order. `x` is float32 (rows, features), NaN where unknown; `y` is 0 or 1.

    `time` is microseconds; `group` is the request whose candidates compete; `cluster` is the
    shopper, the unit of resampling; `weight` undoes the sampling of negatives; `categorical`
    names the columns of `x` that hold codes rather than quantities.
    """

    names: tuple[str, ...]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    time: NDArray[np.int64]
    group: NDArray[np.int64]
    cluster: NDArray[np.int64]
    weight: NDArray[np.float64]
    categorical: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows = len(self.y)
        for name in ("x", "time", "group", "cluster", "weight"):
            if len(getattr(self, name)) != rows:
                raise BadInput(f"Examples: '{name}' has {len(getattr(self, name))} rows, 'y' has {rows}.")
        if self.x.ndim != 2 or self.x.shape[1] != len(self.names):
            raise BadInput(f"Examples: x is {self.x.shape}, but {len(self.names)} features are named.")

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Examples:
        """The rows of a mask or of an index array, in that order."""
        return replace(
            self,
            x=self.x[rows],
            y=self.y[rows],
            time=self.time[rows],
            group=self.group[rows],
            cluster=self.cluster[rows],
            weight=self.weight[rows],
        )

    def split(self, *dates: str) -> tuple[Examples, ...]:
        """Cut by time at ISO dates (UTC): `split(a, b)` gives before a, from a to b, from b on."""
        cuts = [microseconds(date) for date in dates]
        if cuts != sorted(cuts):
            raise BadInput(f"The dates {', '.join(dates)} are not in order.")
        part = np.searchsorted(np.array(cuts), self.time, side="right")
        return tuple(self.take(part == index) for index in range(len(cuts) + 1))


def microseconds(date: str) -> int:
    """An ISO date or timestamp as microseconds since 1970; without a zone it is UTC.

    >>> microseconds("1970-01-02")
    86400000000
    """
    moment = datetime.fromisoformat(date)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)
