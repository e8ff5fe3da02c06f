"""Hillstrom's campaign: 64,000 customers, drawn to get one of two e-mails or none; who came, who bought.

A folder that holds `hillstrom.csv.gz` (Kevin Hillstrom's MineThatData challenge, 2008) is given by whoever
has it. In it everyone who bought had come, and nobody else spent.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, MissingData

FILE = "hillstrom.csv.gz"
NUMBERS = ("recency", "history", "mens", "womens", "newbie")
CODES = ("history_segment", "zip_code", "channel", "segment")
_OUTCOMES = ("visit", "conversion", "spend")


@dataclass(frozen=True)
class Mailing:
    """One row a customer, in the file's order. `names[column]` are the meanings of a column's codes.

    `numbers` (rows, 5) are months since the last purchase, dollars spent in the past year, whether on
    men's and on women's goods, and whether new within the year; `codes` (rows, 4) the band of that
    spending, the kind of place, the channel, and the e-mail that was sent.
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.float32]
    names: dict[str, tuple[str, ...]]
    visited: NDArray[np.float32]
    bought: NDArray[np.float32]
    spent: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.visited)


def read(folder: Path) -> Mailing:
    """The file of a folder. Raises `MissingData`, or `BadInput` naming the column that is not there."""
    path = folder / FILE
    if not path.is_file():
        raise MissingData(f"There is no '{path}'.", remedy=f"Put {FILE} into that folder.")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        head, *lines = csv.reader(stream)
    missing = [name for name in (*NUMBERS, *CODES, *_OUTCOMES) if name not in head]
    if missing or not lines:
        raise BadInput(f"{path.name} lacks {missing or 'rows'}.")
    odd = next((place for place, line in enumerate(lines) if len(line) != len(head)), None)
    if odd is not None:
        raise BadInput(f"{path.name}:{odd + 2} has {len(lines[odd])} fields, {len(head)} are wanted.")
    table = dict(zip(head, np.array(lines, dtype=object).T, strict=True))
    coded = {name: np.unique(table[name].astype(str), return_inverse=True) for name in CODES}
    visited, bought, spent = (table[name].astype(np.float32) for name in _OUTCOMES)
    return Mailing(
        numbers=np.column_stack([table[name].astype(np.float32) for name in NUMBERS]),
        codes=np.column_stack([places.astype(np.float32) for _, places in coded.values()]),
        names={name: tuple(known.tolist()) for name, (known, _) in coded.items()},
        visited=visited,
        bought=bought,
        spent=spent,
    )
