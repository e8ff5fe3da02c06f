"""Who and what is never profiled, and how a profile is taken out of the folds again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hawker.features.counters import HEAD, LARGEST, _rehash
from hawker.features.schema import KEYS
from hawker.records.catalogue import within

__all__ = ["Protection", "clear", "forget", "within"]

if TYPE_CHECKING:
    from hawker.features.state import State

_SHOPPER, _CATEGORY = KEYS.index("shopper"), KEYS.index("category")


@dataclass
class Protection:
    """Events of minors, and those with products of special categories, are folded as nobody's.

    `special` are category paths, each with all below it; `minors` are codes of shoppers.
    """

    special: tuple[str, ...] = ()
    minors: set[int] = field(default_factory=set)
    _marked: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, dtype=np.bool_))

    def apply(self, keys: NDArray[np.int32], categories: list[str]) -> None:
        """Take the shopper out of the events' keys; `categories` are the names of category codes."""
        if self.minors:
            keys[np.isin(keys[:, _SHOPPER], list(self.minors)), _SHOPPER] = -1
        if self.special:
            if len(self._marked) != len(categories) + 1:
                marks = [within(name, self.special) for name in categories]
                self._marked = np.array([*marks, False], dtype=np.bool_)
            keys[self._marked[keys[:, _CATEGORY]], _SHOPPER] = -1


def forget(state: State, shoppers: Iterable[str], *, sessions: Iterable[str] = ()) -> int:
    """Take shoppers out of a state with all that was folded of them; returns the rows removed.

    Their names, and those of these sessions, are forgotten too: who comes back begins anew.
    """
    codes = clear(state, shoppers)
    for name in shoppers:
        state.codes["shopper"].forget(name)
    for name in sessions:
        state.codes["session"].forget(name)
    return codes


def clear(state: State, shoppers: Iterable[str]) -> int:
    """Remove what was folded of shoppers, but not their names; returns the rows removed."""
    found = (state.codes["shopper"].find(name) for name in shoppers)
    codes = np.array([code for code in found if code >= 0], dtype=np.int64)
    if not len(codes):
        return 0
    removed = _counters(state, codes)
    for part, blank in (("sequences", -1), ("interests", 0), ("bought", 0)):
        holder = getattr(state, part)
        for name, array in holder.arrays().items() if holder is not None else ():
            held = codes[codes < len(array)]
            array[held] = blank if name in {"items", "codes"} else 0
    return removed


def _counters(state: State, codes: NDArray[np.int64]) -> int:
    """Rows whose key holds one of the shoppers leave the index, and their numbers the arena."""
    held = state.counters.arrays()
    index, rows = held["index"], state.plan.table_rows
    packed = index[:, 0]
    table = (packed >> np.uint64(58)).astype(np.int64) - 1
    a = ((packed >> np.uint64(29)) & np.uint64(LARGEST)).astype(np.int64)
    b = (packed & np.uint64(LARGEST)).astype(np.int64)
    gone = (rows[table, 0] == _SHOPPER) & np.isin(a, codes)
    gone |= (rows[table, 1] == _SHOPPER) & np.isin(b, codes)
    gone &= packed != 0
    for place, width in zip(index[gone, 1].astype(np.int64), rows[table[gone], 3], strict=True):
        held["arena"][place : place + HEAD + width] = 0.0
    left = np.zeros_like(index)
    _rehash(np.ascontiguousarray(index[~gone]), left)
    used = held["used"].copy()
    used[0] -= int(gone.sum())
    state.counters.restore({"index": left, "arena": held["arena"], "used": used})
    return int(gone.sum())
