"""Events as the folds see them: codes and floats, in canonical order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EventArrays:
    """Columns of n events, sorted by (release time, event id).

    `time` is the release time in microseconds; `kind` and `session` are codes; `keys` is
    int32 (n, len(KEYS)) with -1 where an event has none; `values` is float64 (n, 4): one,
    quantity, value in currency units, dwell in seconds.
    """

    time: NDArray[np.int64]
    kind: NDArray[np.int8]
    session: NDArray[np.int64]
    keys: NDArray[np.int32]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time)

    def before(self, moment: int) -> int:
        """How many of them were released strictly before a moment."""
        return int(np.searchsorted(self.time, moment, side="left"))

    def part(self, start: int, stop: int) -> EventArrays:
        """Events start to stop, as views."""
        return EventArrays(
            self.time[start:stop],
            self.kind[start:stop],
            self.session[start:stop],
            self.keys[start:stop],
            self.values[start:stop],
        )
