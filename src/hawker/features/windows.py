"""Exact sliding sums: what a product sold in the last so many days, to the unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS, kinds_mask
from hawker.records.events import EventKind

DAY = 86_400_000_000
THOUSANDTHS = 1000.0
_PRODUCT = KEYS.index("product")


class Windows:
    """Units sold per product over the last `days`, in thousandths (integers: exact in any order).

    `advance(now)` lets go of what is older than the window; reading is as of the last advance.
    """

    def __init__(self, days: tuple[int, ...] = (7, 28)) -> None:
        self.days = days
        self._times = np.zeros(1024, dtype=np.int64)
        self._products = np.zeros(1024, dtype=np.int32)
        self._amounts = np.zeros(1024, dtype=np.int64)
        self._end = 0
        self._heads = np.zeros(len(days), dtype=np.int64)
        self._sums = np.zeros((len(days), 1024), dtype=np.int64)
        self._kinds = kinds_mask((EventKind.PURCHASE,))

    def fold(self, events: EventArrays, *, start: int = 0, stop: int | None = None) -> None:
        """Take in events[start:stop], in canonical order."""
        end = len(events) if stop is None else stop
        part = events.part(start, end)
        rows = np.flatnonzero(
            ((1 << part.kind.astype(np.int64)) & self._kinds != 0) & (part.keys[:, _PRODUCT] >= 0)
        )
        if not len(rows):
            return
        products = part.keys[rows, _PRODUCT]
        amounts = np.rint(part.values[rows, 1] * THOUSANDTHS).astype(np.int64)
        self._room(len(rows), int(products.max()) + 1)
        at = slice(self._end, self._end + len(rows))
        self._times[at], self._products[at], self._amounts[at] = part.time[rows], products, amounts
        self._end += len(rows)
        for sums in self._sums:
            np.add.at(sums, products, amounts)

    def advance(self, now: int) -> None:
        """Let go of everything at or before `now` less the window."""
        for index, days in enumerate(self.days):
            self._heads[index] = _expire(
                self._times,
                self._products,
                self._amounts,
                self._sums[index],
                self._heads[index],
                self._end,
                now - days * DAY,
            )

    def read(self, products: NDArray[np.int32]) -> NDArray[np.float64]:
        """Units per product and window: (n, windows)."""
        known = (products >= 0) & (products < self._sums.shape[1])
        picked = self._sums[:, np.where(known, products, 0)] / THOUSANDTHS
        out: NDArray[np.float64] = np.where(known, picked, 0.0).T
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state as named arrays, for a snapshot; what has left every window is left out."""
        first = int(self._heads.min())
        live = slice(first, self._end)
        return {
            "times": self._times[live],
            "products": self._products[live],
            "amounts": self._amounts[live],
            "heads": self._heads - first,
            "sums": self._sums,
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over a snapshot made by `arrays`."""
        self._times, self._products = arrays["times"].copy(), arrays["products"].copy()
        self._amounts, self._sums = arrays["amounts"].copy(), arrays["sums"].copy()
        self._heads, self._end = arrays["heads"].copy(), len(arrays["times"])

    def _room(self, more: int, products: int) -> None:
        if self._end + more > len(self._times):
            size = 2 * (self._end + more)
            for name in ("_times", "_products", "_amounts"):
                old = getattr(self, name)
                grown = np.zeros(size, dtype=old.dtype)
                grown[: self._end] = old[: self._end]
                setattr(self, name, grown)
        if products > self._sums.shape[1]:
            grown = np.zeros((len(self.days), 2 * products), dtype=np.int64)
            grown[:, : self._sums.shape[1]] = self._sums
            self._sums = grown


@compiled
def _expire(
    times: NDArray[np.int64],
    products: NDArray[np.int32],
    amounts: NDArray[np.int64],
    sums: NDArray[np.int64],
    head: int,
    end: int,
    edge: int,
) -> int:
    while head < end and times[head] < edge:
        sums[products[head]] -= amounts[head]
        head += 1
    return head
