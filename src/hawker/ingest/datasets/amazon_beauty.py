"""Amazon Beauty (5-core): what 22,363 people reviewed, in order, and the attributes of 12,101 items.

The release of S3-Rec (Zhou et al. 2020), for research. Times were of days and are not in it: the order within
a day is whatever that release made of it, and which neighbours share a day cannot be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, MissingData

SEQUENCES, ATTRIBUTES = "Beauty.txt", "Beauty_item2attributes.json"


@dataclass(frozen=True)
class Reviews:
    """`items[start[u]:start[u + 1]]` is what user u took, oldest first, as codes from 0.

    `words` names each item's attributes ('a17 a3'), which stand for its text.
    """

    start: NDArray[np.int64]
    items: NDArray[np.int32]
    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, user: int) -> NDArray[np.int32]:
        return self.items[self.start[user] : self.start[user + 1]]


def read(folder: Path) -> Reviews:
    """The two files of a folder. Raises `MissingData`, or `BadInput` naming the line that does not fit."""
    for name in (SEQUENCES, ATTRIBUTES):
        if not (folder / name).is_file():
            raise MissingData(
                f"There is no '{folder / name}'.",
                remedy=f"Put {SEQUENCES} and {ATTRIBUTES} of the S3-Rec release into that folder.",
            )
    rows = []
    for number, line in enumerate((folder / SEQUENCES).read_text("utf-8").splitlines(), start=1):
        fields = line.split()
        if len(fields) < 2 or not all(field.isdigit() for field in fields) or "0" in fields[1:]:
            raise BadInput(f"{SEQUENCES}:{number} is not a user and items counted from 1: '{line[:40]}'.")
        rows.append([int(field) - 1 for field in fields[1:]])
    try:
        held = msgspec.json.decode((folder / ATTRIBUTES).read_bytes(), type=dict[str, list[int]])
    except msgspec.DecodeError as error:
        raise BadInput(f"{ATTRIBUTES}: {error}.", remedy="It maps items to lists of numbers.") from error
    count = max((max(row) for row in rows), default=-1) + 1
    words = [" ".join(f"a{one}" for one in held.get(str(item + 1), [])) for item in range(count)]
    return Reviews(
        start=np.cumsum([0, *map(len, rows)]).astype(np.int64),
        items=np.array([item for row in rows for item in row], dtype=np.int32),
        words=tuple(words),
    )
