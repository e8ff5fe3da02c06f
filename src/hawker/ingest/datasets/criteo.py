"""Criteo's display ads in their raw form: a click or none, 13 counts, 26 hashed categories, no header.

The challenge's terms forbid passing the data on: a folder that holds `criteo_{train,dev,test}.tsv.gz` is
given by whoever has them.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, MissingData

PARTS = ("train", "dev", "test")
COUNTS, CODES = 13, 26
_FIELDS = 1 + COUNTS + CODES


@dataclass(frozen=True)
class Displays:
    """Rows as they stand in the files, one after another; `part` is the file of each, 0 to 2.

    `counts` (rows, 13) and `codes` (rows, 26) are NaN where the field is empty. Codes are numbered by their
    first appearance in the column.
    """

    clicked: NDArray[np.float32]
    counts: NDArray[np.float32]
    codes: NDArray[np.float32]
    part: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.clicked)


def read(folder: Path) -> Displays:
    """The three files of a folder. Raises `MissingData`, or `BadInput` naming the line that does not fit."""
    lines: list[list[str]] = []
    part: list[int] = []
    for number, name in enumerate(PARTS):
        path = folder / f"criteo_{name}.tsv.gz"
        if not path.is_file():
            raise MissingData(
                f"There is no '{path}'.", remedy=f"Put criteo_{{{','.join(PARTS)}}}.tsv.gz into that folder."
            )
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            rows = [line.rstrip("\n").split("\t") for line in stream]
        odd = next((place for place, row in enumerate(rows) if len(row) != _FIELDS), None)
        if odd is not None:
            raise BadInput(f"{path.name}:{odd + 1} has {len(rows[odd])} fields, {_FIELDS} are wanted.")
        lines += rows
        part += [number] * len(rows)
    table = np.array(lines, dtype=object)
    counts = [[float(value) if value else np.nan for value in row] for row in table[:, 1 : 1 + COUNTS]]
    return Displays(
        clicked=table[:, 0].astype(np.float32),
        counts=np.array(counts, dtype=np.float32),
        codes=np.column_stack([_numbered(column) for column in table[:, 1 + COUNTS :].T]),
        part=np.array(part, dtype=np.int64),
    )


def _numbered(column: NDArray[np.object_]) -> NDArray[np.float32]:
    known: dict[str, int] = {}
    return np.array(
        [known.setdefault(value, len(known)) if value else np.nan for value in column], dtype=np.float32
    )
