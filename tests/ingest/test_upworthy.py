"""The archive's file as rows of headlines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import upworthy
from hawker.storage import tables

ROWS = (
    "('late', 'B', 100, 5, 201402), ('late', 'A', 50, 1, 201402), ('late', 'B', 10, 2, 201402), "
    "('early', 'C', 70, 3, 201301), ('early', 'D', 60, 4, 201302), ('early', 'E', 0, 0, 201301), "
    "('alone', 'F', 90, 9, 201303), ('alone', 'F', 30, 1, 201303)"
)
NAMES = "clickability_test_id, headline, impressions, clicks, test_week"


def written(folder: Path, names: str = NAMES) -> Path:
    path = folder / upworthy.FILE
    tables.connect(threads=1).execute(
        f"COPY (SELECT * FROM (VALUES {ROWS}) AS held({names})) TO '{path}' (FORMAT parquet)"
    )
    return folder


def test_a_headline_of_a_test_is_one_row_and_tests_stand_in_order_of_week(tmp_path: Path) -> None:
    arms = upworthy.read(written(tmp_path))
    assert arms.headline == ("C", "D", "A", "B")
    assert arms.test.tolist() == [0, 0, 1, 1]
    assert arms.shown.tolist() == [70, 60, 50, 110]
    assert arms.clicked.tolist() == [3, 4, 1, 7]
    assert arms.week.tolist() == [201301, 201301, 201402, 201402]


def test_some_of_the_rows(tmp_path: Path) -> None:
    arms = upworthy.read(written(tmp_path))
    late = arms.of(np.array([False, False, True, True]))
    assert (late.headline, late.clicked.tolist(), len(late)) == (("A", "B"), [1, 7], 2)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"Put upworthy_clean\.parquet into that folder"):
        upworthy.read(tmp_path)
    written(tmp_path, NAMES.replace("clicks", "hits"))
    with pytest.raises(BadInput, match="lacks clicks"):
        upworthy.read(tmp_path)
