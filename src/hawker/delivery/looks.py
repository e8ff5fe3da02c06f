"""Closer looks at some of a request's candidates: taken live, written on record, and taken again from it.

A model in stages (`ranking.Cascade`) scores a few candidates by features that the others are never given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.features.program import Sheet

Rows = NDArray[np.intp]
Look = tuple[Rows, Sheet]


@dataclass(frozen=True)
class Looks:
    """Works out the features of some candidates when asked, and remembers what it gave."""

    work: Callable[[Rows, tuple[str, ...]], Sheet]
    taken: list[Look] = field(default_factory=list)

    def __call__(self, rows: Rows, names: tuple[str, ...]) -> Sheet:
        found = self.work(rows, names)
        self.taken.append((rows, found))
        return found


@dataclass(frozen=True)
class Remembered:
    """Gives the looks of a record again; what was not looked at is unknown."""

    taken: tuple[Look, ...]

    def __call__(self, rows: Rows, names: tuple[str, ...]) -> Sheet:
        for looked, found in self.taken:
            if found.names == names and np.array_equal(looked, rows):
                return found
        blank = np.full(len(names), np.nan, dtype=np.float32)
        whole = np.full((len(names), len(rows)), np.nan, dtype=np.float32)
        return Sheet(names, blank, np.arange(len(names)), whole)

    @property
    def names(self) -> frozenset[str]:
        """All features that were looked at."""
        return frozenset(name for _, found in self.taken for name in found.names)


def whole(sheet: Sheet, names: tuple[str, ...]) -> NDArray[np.float32]:
    """Rows in full, with what closer looks told of some: float32 (rows, names), NaN where nobody looked."""
    here = set(sheet.names)
    out = np.full((len(sheet), len(names)), np.nan, dtype=np.float32)
    held = [place for place, name in enumerate(names) if name in here]
    out[:, held] = sheet.matrix(tuple(names[place] for place in held))
    for rows, found in sheet.look.taken if isinstance(sheet.look, Looks | Remembered) else ():
        more = [place for place, name in enumerate(names) if name not in here and name in found.names]
        out[rows[:, None], np.array(more, dtype=np.intp)] = found.matrix(
            tuple(names[place] for place in more)
        )
    return out
