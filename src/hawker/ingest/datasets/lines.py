"""What published logs of purchases come down to, where only texts and their order matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Lines:
    """One purchase a row: who, when (microseconds), in which visit, and what, as a row of `texts`."""

    texts: tuple[str, ...]
    shopper: NDArray[np.int64]
    time: NDArray[np.int64]
    visit: NDArray[np.int64]
    thing: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.thing)
