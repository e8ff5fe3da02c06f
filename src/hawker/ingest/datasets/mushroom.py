"""Mushrooms, edible and poisonous: the data a contextual bandit eats its way through.

A folder that holds `mushroom/agaricus-lepiota.data` (UCI Mushroom, 1987) is given by whoever has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, MissingData

FILE = Path("mushroom") / "agaricus-lepiota.data"
COLUMNS = 22


@dataclass(frozen=True)
class Mushrooms:
    """`x` is float64 (mushrooms, 1 + letters): a constant, then a one for each column's letter."""

    x: NDArray[np.float64]
    poisonous: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.poisonous)


def read(folder: Path) -> Mushrooms:
    """The file of a folder, with or without a header of column numbers.

    Raises `MissingData`, or `BadInput` naming the line that is none.
    """
    path = folder / FILE
    if not path.is_file():
        raise MissingData(f"There is no '{path}'.", remedy=f"Put {FILE} into that folder.")
    rows = [line.split(",") for line in path.read_text("utf-8").split()]
    if rows and rows[0][0].isdigit():
        rows = rows[1:]
    odd = next((at for at, row in enumerate(rows) if len(row) != COLUMNS + 1 or row[0] not in "ep"), -1)
    if odd >= 0 or not rows:
        raise BadInput(
            f"{path.name}: row {odd + 1} is no mushroom.", remedy=f"Give e or p, then {COLUMNS} letters."
        )
    table = np.array(rows)
    parts = [np.ones((len(table), 1))]
    parts += [(column[:, None] == np.unique(column)).astype(np.float64) for column in table[:, 1:].T]
    return Mushrooms(np.concatenate(parts, axis=1), table[:, 0] == "p")
