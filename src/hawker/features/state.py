"""Everything the folds know at one moment: counters, windows, sequences and interest vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadSetting, Corrupt, nearest
from hawker.features.arrival import Arrival
from hawker.features.bought import Bought
from hawker.features.counters import Counters
from hawker.features.encode import Codes, Vocabulary
from hawker.features.events import EventArrays
from hawker.features.history import Sequences
from hawker.features.interests import Interests
from hawker.features.schema import Plan, Table, plan
from hawker.features.standard import STANDARD
from hawker.features.windows import Windows
from hawker.storage import snapshot

FORMAT = 5


class State:
    """The live state, and the replayed one: the same object, fed the same events in the same order.

    `watermark` is the moment up to which everything released has been folded: events released
    strictly before it are in, none after.
    """

    def __init__(self, codes: Codes | None = None, *, tables: tuple[Table, ...] = STANDARD) -> None:
        self.codes = codes or Codes()
        self.plan: Plan = plan(tables)
        self._places = {table.name: index for index, table in enumerate(tables)}
        self.counters = Counters(self.plan)
        self.windows = Windows()
        self.sequences = Sequences()
        self.bought = Bought()
        self.interests: Interests | None = None
        self.watermark = 0
        self.programs: dict[tuple[tuple[str, ...], tuple[str, ...] | None], object] = {}
        """Formulas laid out for this plan, kept by those who make them."""

    def adopt(self, interests: Interests | None) -> None:
        """Fold interests as well from now on, by these products' vectors; nothing may be folded yet."""
        self.interests = interests
        if interests is not None:
            interests.align(self.codes)

    def fold(self, events: EventArrays, *, start: int = 0, stop: int | None = None) -> None:
        """Take in events[start:stop], in canonical order."""
        self.counters.fold(events, start=start, stop=stop)
        self.windows.fold(events, start=start, stop=stop)
        self.sequences.fold(events, start=start, stop=stop)
        self.bought.fold(events, start=start, stop=stop)
        if self.interests is not None:
            self.interests.fold(events, start=start, stop=stop)

    def advance(self, moment: int) -> None:
        """Say that all that was released before `moment` has been folded."""
        self.watermark = max(self.watermark, moment)
        self.windows.advance(self.watermark)

    def catch_up(self, arrival: Arrival, now: int) -> int:
        """Fold the events whose turn has come by wall time `now`; returns how many there were."""
        ready = arrival.ready(now)
        if ready:
            self.fold(self.codes.encode(ready, tolerance=arrival.tolerance))
        self.advance(arrival.watermark)
        return len(ready)

    def read(
        self, table: str, a: NDArray[np.int32], b: NDArray[np.int32] | None = None, *, now: int
    ) -> dict[str, NDArray[np.float64]]:
        """The counters of one table for keys (a[i], b[i]) as of `now`, by name."""
        index = self.place(table)
        out = self.counters.read(index, a, a if b is None else b, now)
        return {column.name: out[:, i] for i, column in enumerate(self.plan.tables[index].columns)}

    def place(self, table: str) -> int:
        """The index of a table; raises `BadSetting` naming the nearest."""
        found = self._places.get(table)
        if found is None:
            raise BadSetting(f"There is no fold table '{table}'.", remedy=nearest(table, list(self._places)))
        return found

    def save(self, path: Path) -> None:
        """Write a snapshot, whole or not at all."""
        arrays: dict[str, NDArray[Any]] = {"product_keys": self.codes.product_keys}
        for part, holder in self._parts():
            arrays |= {f"{part}.{name}": array for name, array in holder.arrays().items()}
        names = {name: vocabulary.names for name, vocabulary in self.codes.vocabularies.items()}
        about = {
            "format": FORMAT,
            "watermark": self.watermark,
            "vocabularies": names,
            "tables": [repr(table) for table in self.plan.tables],
            "interests": self.interests.name if self.interests else "",
        }
        arrays["about"] = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8)
        snapshot.save(path, arrays)

    def load(self, path: Path) -> bool:
        """Take over a snapshot; False where there is none, or it was made by another schema or encoder.

        False leaves the state as it was: fold the event log from its beginning.
        """
        if not path.is_file():
            return False
        remedy = "Delete it; it is made again from the event log."
        arrays = snapshot.load(path, remedy=remedy)
        try:
            return self._take(arrays)
        except (ValueError, KeyError) as error:
            raise Corrupt(f"'{path.name}' is not a snapshot of the folds: {error}.", remedy=remedy) from error

    def _take(self, arrays: dict[str, NDArray[Any]]) -> bool:
        about = json.loads(arrays["about"].tobytes().decode())
        if about["format"] != FORMAT or about["tables"] != [repr(table) for table in self.plan.tables]:
            return False
        if self.interests is not None and about["interests"] != self.interests.name:
            return False
        self.codes.vocabularies = {name: Vocabulary(names) for name, names in about["vocabularies"].items()}
        self.codes.product_keys = arrays["product_keys"]
        if self.interests is not None:
            self.interests.align(self.codes)
        for part, holder in self._parts():
            own = {k.partition(".")[2]: v for k, v in arrays.items() if k.startswith(f"{part}.")}
            holder.restore(own)
        self.watermark = int(about["watermark"])
        self.programs.clear()
        return True

    def _parts(self) -> list[tuple[str, Counters | Windows | Sequences | Bought | Interests]]:
        interests = [("interests", self.interests)] if self.interests is not None else []
        return [
            ("counters", self.counters),
            ("windows", self.windows),
            ("sequences", self.sequences),
            ("bought", self.bought),
            *interests,
        ]
