"""The counters behind one request's products, each table read once, whatever it is keyed by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.features.counters import DAY, EPOCH
from hawker.features.state import State

Floats = NDArray[np.float64]
Columns = dict[str, Floats]
_SHARED = frozenset({"shopper", "location", "placement", "everything"})


@dataclass(frozen=True)
class Moment:
    """Who looks, where and when: codes (-1 unknown), `now` in microseconds, local time offset in minutes."""

    now: int
    shopper: int = -1
    location: int = -1
    placement: int = -1
    utc_offset_minutes: int = 0


class View:
    """What the folds say at a moment: `view(table)` gives that table's counters by name.

    Counters that are the same for all products (the shopper's, the store's) come as one value, to be
    spread over the rows; the others as one value a product.
    """

    def __init__(self, state: State, moment: Moment, products: NDArray[np.int32]) -> None:
        self.state = state
        self.moment = moment
        self.products = products
        self._held: dict[str, Columns] = {}
        self._keys = {table.name: table.key for table in state.plan.tables}

    def __call__(self, table: str) -> Columns:
        if table not in self._held:
            key = self._keys[table]
            count = 1 if _SHARED.issuperset(key) else len(self.products)
            codes = [self._codes(part, count) for part in key]
            second = codes[1] if len(codes) > 1 else None
            self._held[table] = self.state.read(table, codes[0], second, now=self.moment.now)
        return self._held[table]

    def since(self, days: Floats) -> Floats:
        """Days from a moment the folds remember until now."""
        elapsed: Floats = (self.moment.now - EPOCH) / DAY - days
        return elapsed

    @property
    def local_days(self) -> float:
        """Days since 1970 on the shop's own clock."""
        return (self.moment.now + self.moment.utc_offset_minutes * 60_000_000) / DAY

    def _codes(self, part: str, count: int) -> NDArray[np.int32]:
        if part == "product":
            return self.products
        if part in _SHARED:
            return np.full(count, 0 if part == "everything" else getattr(self.moment, part), dtype=np.int32)
        return self.state.codes.of_products(part, self.products)


def ratio(above: Floats, below: Floats) -> Floats:
    """One by the other; NaN where the lower is not above 0."""
    out: Floats = above / np.where(below > 0.0, below, np.nan)
    return out
