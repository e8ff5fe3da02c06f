"""Which products a shopper has certainly never bought: 4,096 bits a shopper, asked for thousands at once.

A Bloom filter with two hashes: where either bit is not set it was never bought, where both are, look it
up. Of a household with 600 products it lets one stranger in sixteen through. It saves the look-up
of thousands of pairs that are not there, and never changes an answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.events import EventArrays
from hawker.features.schema import KEYS, kinds_mask
from hawker.records.events import EventKind

WORDS = 64
_GOLDEN, _LAST = np.uint64(0x9E3779B97F4A7C15), np.uint64(64 * WORDS - 1)
_FIRST_PLACE, _SECOND_PLACE, _IN_WORD = np.uint64(52), np.uint64(40), np.uint64(6)
_SHOPPER, _PRODUCT = KEYS.index("shopper"), KEYS.index("product")
_BOUGHT = kinds_mask((EventKind.PURCHASE,))


class Bought:
    """One row of bits a shopper, set by purchases and never unset."""

    def __init__(self) -> None:
        self._bits = np.zeros((64, WORDS), dtype=np.uint64)

    def fold(self, events: EventArrays, *, start: int = 0, stop: int | None = None) -> None:
        """Take in events[start:stop]; their order does not matter."""
        end = len(events) if stop is None else stop
        last = int(events.keys[start:end, _SHOPPER].max(initial=-1))
        if last >= len(self._bits):
            more = max(last + 1 - len(self._bits), len(self._bits))
            self._bits = np.concatenate([self._bits, np.zeros((more, WORDS), dtype=np.uint64)])
        _set(self._bits, events.kind, events.keys, start, end)

    def of(self, shopper: int) -> NDArray[np.uint64]:
        """A shopper's bits: (words,)."""
        known = 0 <= shopper < len(self._bits)
        return self._bits[shopper] if known else np.zeros(WORDS, dtype=np.uint64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state as named arrays, for a snapshot."""
        return {"bits": self._bits}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over a snapshot made by `arrays`."""
        self._bits = arrays["bits"].copy()


@njit(cache=True)
def maybe(bits, product):  # type: ignore[no-untyped-def]
    """Whether a product may have been bought by whom these bits belong to."""
    hashed = np.uint64(product) * _GOLDEN
    one, two = (hashed >> _FIRST_PLACE) & _LAST, (hashed >> _SECOND_PLACE) & _LAST
    first, second = bits[one >> _IN_WORD] >> (one & np.uint64(63)), bits[two >> _IN_WORD]
    return (first & (second >> (two & np.uint64(63))) & np.uint64(1)) != np.uint64(0)


@njit(cache=True)
def _set(bits, kind, keys, start, stop):  # type: ignore[no-untyped-def]
    for e in range(start, stop):
        who, product = keys[e, _SHOPPER], keys[e, _PRODUCT]
        if ((np.int64(1) << kind[e]) & _BOUGHT) != 0 and who >= 0 and product >= 0:
            hashed = np.uint64(product) * _GOLDEN
            for shift in (_FIRST_PLACE, _SECOND_PLACE):
                place = (hashed >> shift) & _LAST
                bits[who, place >> _IN_WORD] |= np.uint64(1) << (place & np.uint64(63))
