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
        self._make_room(end - start)
        while start < end:
            start, self._end = _take(
                events.time,
                events.kind,
                events.keys,
                events.values,
                start,
                end,
                self._kinds,
                self._times,
                self._products,
                self._amounts,
                self._sums,
                self._end,
            )
            if start < end:
                self._know(int(events.keys[start, _PRODUCT]))

    def advance(self, now: int) -> None:
        """Let go of everything older than `now` less the window."""
        for index, days in enumerate(self.days):
            head = self._heads[index]
            if head < self._end and self._times[head] < now - days * DAY:
                self._heads[index] = _expire(
                    self._times,
                    self._products,
                    self._amounts,
                    self._sums[index],
                    head,
                    self._end,
                    now - days * DAY,
                )

    def read(self, products: NDArray[np.int32]) -> NDArray[np.float64]:
        """Units per product and window: (n, windows)."""
        known = (products >= 0) & (products < self._sums.shape[1])
        picked = self._sums[:, np.where(known, products, 0)] / THOUSANDTHS
        out: NDArray[np.float64] = np.where(known, picked, 0.0).T
        return out

    @property
    def sums(self) -> NDArray[np.int64]:
        """Thousandths of units by window and product code, as they are now."""
        return self._sums

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

    def _make_room(self, more: int) -> None:
        """Room for more sales; what has left every window makes room first."""
        if self._end + more <= len(self._times):
            return
        first = int(self._heads.min())
        live = slice(first, self._end)
        self._heads -= first
        self._end -= first
        for name in ("_times", "_products", "_amounts"):
            old = getattr(self, name)
            grown = np.zeros(2 * (self._end + more), dtype=old.dtype)
            grown[: self._end] = old[live]
            setattr(self, name, grown)

    def _know(self, product: int) -> None:
        """Room for the sums of a product of that code."""
        grown = np.zeros((len(self.days), 2 * (product + 1)), dtype=np.int64)
        grown[:, : self._sums.shape[1]] = self._sums
        self._sums = grown


@compiled
def _take(
    time: NDArray[np.int64],
    kind: NDArray[np.int8],
    keys: NDArray[np.int32],
    values: NDArray[np.float64],
    start: int,
    stop: int,
    kinds: int,
    times: NDArray[np.int64],
    products: NDArray[np.int32],
    amounts: NDArray[np.int64],
    sums: NDArray[np.int64],
    end: int,
) -> tuple[int, int]:
    """Take in sales; returns where it stopped (at a product without a sum yet), and the new end."""
    for e in range(start, stop):
        product = keys[e, _PRODUCT]
        if ((np.int64(1) << kind[e]) & kinds) == 0 or product < 0:
            continue
        if product >= sums.shape[1]:
            return e, end
        amount = np.int64(np.rint(values[e, 1] * THOUSANDTHS))
        times[end], products[end], amounts[end] = time[e], product, amount
        sums[:, product] += amount
        end += 1
    return stop, end


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
