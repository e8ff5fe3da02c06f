"""The fold of what came last: a shopper's last k products, with their kinds and times."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS, kinds_mask
from hawker.records.events import EventKind

_SHOPPER, _PRODUCT = KEYS.index("shopper"), KEYS.index("product")
INTEREST = (
    EventKind.VIEW,
    EventKind.CLICK,
    EventKind.CART,
    EventKind.WISH,
    EventKind.LIKE,
    EventKind.PURCHASE,
)


class Sequences:
    """The last `k` products each shopper touched, newest last, with their kinds and times."""

    def __init__(self, k: int = 50, kinds: tuple[EventKind, ...] = INTEREST) -> None:
        self.k = k
        self._kinds = kinds_mask(kinds)
        self._counts = np.zeros(64, dtype=np.int64)
        self._items = np.full((64, k), -1, dtype=np.int32)
        self._codes = np.full((64, k), -1, dtype=np.int8)
        self._times = np.zeros((64, k), dtype=np.int64)

    def fold(self, events: EventArrays, *, start: int = 0, stop: int | None = None) -> None:
        """Take in events[start:stop], in canonical order."""
        end = len(events) if stop is None else stop
        while start < end:
            start = _remember(
                events.time,
                events.kind,
                events.keys,
                start,
                end,
                self._kinds,
                self._counts,
                self._items,
                self._codes,
                self._times,
            )
            if start < end:
                self._room(int(events.keys[start, _SHOPPER]) + 1)

    def read(self, shopper: int) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int64]]:
        """Products, kinds and times of one shopper, oldest first; empty where there are none."""
        if not 0 <= shopper < len(self._counts):
            return self._items[0, :0], self._codes[0, :0], self._times[0, :0]
        count = int(self._counts[shopper])
        held = min(count, self.k)
        at = (count - held + np.arange(held)) % self.k
        return self._items[shopper, at], self._codes[shopper, at], self._times[shopper, at]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state as named arrays, for a snapshot."""
        return {"counts": self._counts, "items": self._items, "codes": self._codes, "times": self._times}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over a snapshot made by `arrays`."""
        self._counts, self._items = arrays["counts"].copy(), arrays["items"].copy()
        self._codes, self._times = arrays["codes"].copy(), arrays["times"].copy()

    def _room(self, shoppers: int) -> None:
        missing = shoppers - len(self._counts)
        if missing > 0:
            more = max(missing, len(self._counts))
            self._counts = np.concatenate([self._counts, np.zeros(more, dtype=np.int64)])
            self._items = np.concatenate([self._items, np.full((more, self.k), -1, dtype=np.int32)])
            self._codes = np.concatenate([self._codes, np.full((more, self.k), -1, dtype=np.int8)])
            self._times = np.concatenate([self._times, np.zeros((more, self.k), dtype=np.int64)])


@compiled
def _remember(
    time: NDArray[np.int64],
    kind: NDArray[np.int8],
    keys: NDArray[np.int32],
    start: int,
    stop: int,
    kinds: int,
    counts: NDArray[np.int64],
    items: NDArray[np.int32],
    codes: NDArray[np.int8],
    times: NDArray[np.int64],
) -> int:
    """Write each touch over the shopper's oldest; returns where a shopper came without a row yet."""
    for e in range(start, stop):
        who, product = keys[e, _SHOPPER], keys[e, _PRODUCT]
        if ((np.int64(1) << kind[e]) & kinds) == 0 or who < 0 or product < 0:
            continue
        if who >= len(counts):
            return e
        at = counts[who] % items.shape[1]
        items[who, at], codes[who, at], times[who, at] = product, kind[e], time[e]
        counts[who] += 1
    return stop
