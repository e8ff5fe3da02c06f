"""Chinese shop reviews that praise or complain, of ten categories: a category, a label, a text.

The data are passed on under no clear terms: `online_shopping_10_cats.csv.gz` is given by whoever has it.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

from hawker.errors import BadInput, MissingData
from hawker.records.markup import clean

FILE = "online_shopping_10_cats.csv.gz"
_COLUMNS = ("cat", "label", "review")


@dataclass(frozen=True)
class Reviews:
    """Texts with their categories and labels (1 praises, 0 complains); of equal texts the first is kept.

    `repeated` and `empty` are the rows left out for these reasons.
    """

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    categories: tuple[str, ...]
    repeated: int
    empty: int

    def __len__(self) -> int:
        return len(self.texts)


def read(folder: Path) -> Reviews:
    """The file of a folder. Raises `MissingData`, or `BadInput` naming the row that does not fit."""
    path = folder / FILE
    if not path.is_file():
        raise MissingData(f"There is no '{path}'.", remedy=f"Put {FILE} into that folder.")
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as stream:
        table = csv.reader(stream)
        head = tuple(next(table, ()))
        if head != _COLUMNS:
            raise BadInput(f"{FILE} has the columns {', '.join(head)}; {', '.join(_COLUMNS)} are wanted.")
        rows = list(table)
    kept: dict[str, tuple[int, str]] = {}
    empty = 0
    for number, row in enumerate(rows, 2):
        if len(row) != len(_COLUMNS) or row[1] not in ("0", "1"):
            raise BadInput(f"{FILE}: row {number} is not a category, 0 or 1, and a text.")
        text = clean(row[2])
        empty += not text
        if text:
            kept.setdefault(text, (int(row[1]), row[0]))
    return Reviews(
        texts=tuple(kept),
        labels=tuple(label for label, _ in kept.values()),
        categories=tuple(category for _, category in kept.values()),
        repeated=len(rows) - len(kept) - empty,
        empty=empty,
    )
