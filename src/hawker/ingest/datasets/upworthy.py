"""Upworthy's randomised tests: news items shown under several headlines, with who saw and who clicked.

A folder that holds `upworthy_clean.parquet` (the exploratory part of the Upworthy Research Archive, Matias,
Munger, Aubin Le Quere and Ebersole 2021, CC BY 4.0) is given by whoever has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, MissingData
from hawker.storage import tables

FILE = "upworthy_clean.parquet"
ATTRIBUTION = (
    "Upworthy Research Archive (Matias, Munger, Aubin Le Quere, Ebersole: The Upworthy Research Archive, a "
    "time series of 32,487 experiments in U.S. media, Scientific Data 8, 2021), exploratory part, CC BY 4.0"
)
_COLUMNS = ("clickability_test_id", "headline", "impressions", "clicks", "test_week")


@dataclass(frozen=True)
class Arms:
    """One row a headline of a test, tests in order of their week, none of them with one headline only.

    Where a test showed a headline with several pictures, its impressions and clicks are summed. `test`
    numbers the tests, `week` is the year and week of each (201442).
    """

    test: NDArray[np.int64]
    headline: tuple[str, ...]
    shown: NDArray[np.int64]
    clicked: NDArray[np.int64]
    week: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.headline)

    def of(self, rows: NDArray[np.bool_]) -> Arms:
        """Some of the rows."""
        held = tuple(text for text, kept in zip(self.headline, rows, strict=True) if kept)
        return Arms(self.test[rows], held, self.shown[rows], self.clicked[rows], self.week[rows])


def read(folder: Path) -> Arms:
    """The file of a folder. Raises `MissingData`, or `BadInput` naming the column that is not there."""
    path = folder / FILE
    if not path.is_file():
        raise MissingData(f"There is no '{path}'.", remedy=f"Put {FILE} into that folder.")
    connection = tables.connect(threads=1)
    held = connection.execute("SELECT * FROM read_parquet($path) LIMIT 0", {"path": str(path)}).description
    missing = sorted(set(_COLUMNS) - {column[0] for column in held or ()})
    if missing:
        raise BadInput(f"{FILE} lacks {', '.join(missing)}.")
    rows = connection.execute(
        "WITH arm AS (SELECT clickability_test_id AS test, headline, sum(impressions) AS shown, "
        "sum(clicks) AS clicked, min(test_week) AS week FROM read_parquet($path) GROUP BY ALL), "
        "whole AS (SELECT *, count(*) OVER (PARTITION BY test) AS arms, "
        "min(week) OVER (PARTITION BY test) AS first FROM arm WHERE shown > 0) "
        "SELECT dense_rank() OVER (ORDER BY first, test) - 1, headline, shown, clicked, first "
        "FROM whole WHERE arms > 1 ORDER BY 1, headline",
        {"path": str(path)},
    ).fetchnumpy()
    test, headline, shown, clicked, week = rows.values()
    numbers = [np.asarray(column, dtype=np.int64) for column in (test, shown, clicked, week)]
    return Arms(numbers[0], tuple(headline.tolist()), *numbers[1:])
