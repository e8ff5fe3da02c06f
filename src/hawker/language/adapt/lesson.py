"""What a task is given and what it hands back; and how a history is cut into then, now and later."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hawker.errors import BadInput
from hawker.language.adapt.course import Course, Keeping, Told, Walked, walk
from hawker.language.adapt.histories import Histories, Rows
from hawker.language.adapt.judge import Comparison
from hawker.language.adapt.origin import Origin

TRAINED, JUDGED = 40_000, 4_000
"""Moments that are learned from and that judge, at most, drawn by chance."""
LEAST, PEOPLE = 200, 20
"""Moments to learn from, and shoppers to judge by, at least."""
_VALID, _TEST = 0.8, 0.9


@dataclass(frozen=True)
class Cuts:
    """Moments in [start, valid) are learned from, [valid, test) stop and choose, [test, stop) judge once."""

    start: int
    valid: int
    test: int
    stop: int

    @classmethod
    def of(cls, histories: Histories) -> Cuts:
        """By the order of time: eight tenths, one, one."""
        moments = histories.moments()
        if len(moments) < LEAST:
            raise BadInput(
                f"{len(moments)} visits brought something new after something known; {LEAST} are the least "
                "to adapt an encoder to.",
                remedy="Bring in more of the log: hawker ingest behaviour.",
            )
        valid, test = np.quantile(moments, (_VALID, _TEST), method="nearest")
        return cls(int(moments[0]), int(valid), int(test), int(moments[-1]) + 1)


@dataclass(frozen=True)
class Slices:
    """The rows of each stretch of time."""

    train: Rows
    valid: Rows
    test: Rows


@dataclass(frozen=True)
class Given:
    """All that a task needs: what it learns from, the model it begins with, how it walks."""

    histories: Histories
    cuts: Cuts
    origin: Origin
    course: Course
    folder: Path
    seed: int = 7
    curves: Path | None = None
    progress: Told | None = None
    trained: int = TRAINED
    judged: int = JUDGED
    keeping: Keeping = nullcontext

    def slices(self) -> Slices:
        """The rows; raises `BadInput` where they are of too few shoppers to judge anything."""
        cuts, held = self.cuts, self.histories
        spans = (
            (cuts.start, cuts.valid, self.trained),
            (cuts.valid, cuts.test, self.judged // 2),
            (cuts.test, cuts.stop, self.judged),
        )
        found = Slices(*(held.rows(start, stop, most=most, seed=self.seed) for start, stop, most in spans))
        for name, rows in (("stop", found.valid), ("judge", found.test)):
            people = len(np.unique(rows.shopper))
            if people < PEOPLE:
                raise BadInput(
                    f"Visits of {people} shoppers would {name} the adapting; {PEOPLE} are the least.",
                    remedy="Bring in a longer log.",
                )
        return found

    def walk(self, task: Any, *, name: str) -> Walked:
        """Take the course with a task, of which its name and what it learns from tell it from another."""
        of = {"task": name, "content": self.histories.content, "base": self.origin.name}
        return walk(
            task,
            self.course,
            self.folder,
            of=of,
            seed=self.seed,
            progress=self.progress,
            curves=self.curves,
            keeping=self.keeping,
        )


@dataclass(frozen=True)
class Learned:
    """What came of a task: how it compares (the first comparison decides), and how to write it down."""

    comparisons: tuple[Comparison, ...]
    walked: Walked
    rows: int
    save: Callable[[Path], None]
    serves: bool = True
    """Whether it is an encoder whose vectors may serve."""
