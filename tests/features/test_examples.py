"""Training rows are cut by time, taken by rows, and refused where they do not fit together."""

from __future__ import annotations

import numpy as np
import pytest

from hawker.errors import BadInput
from hawker.features.examples import Examples, microseconds
from hawker.records.events import DAY


def examples(rows: int = 10, *, names: tuple[str, ...] = ("a", "b")) -> Examples:
    """One row a day from 2021-01-01 on."""
    return Examples(
        names=names,
        x=np.arange(2 * rows, dtype=np.float32).reshape(rows, 2),
        y=np.zeros(rows, dtype=np.float32),
        time=microseconds("2021-01-01") + np.arange(rows) * DAY,
        group=np.arange(rows),
        cluster=np.arange(rows) % 3,
        weight=np.ones(rows),
    )


def test_a_split_puts_a_date_into_the_later_part() -> None:
    train, hold, test = examples().split("2021-01-04", "2021-01-06")
    assert [len(train), len(hold), len(test)] == [3, 2, 5]
    assert hold.time[0] == microseconds("2021-01-04")
    assert test.x[0].tolist() == [10, 11]


def test_rows_are_taken_by_mask_or_by_place() -> None:
    made = examples()
    assert made.take(made.cluster == 1).group.tolist() == [1, 4, 7]
    assert made.take(np.array([7, 0])).group.tolist() == [7, 0]


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(BadInput, match="3 features are named"):
        examples(names=("a", "b", "c"))
    with pytest.raises(BadInput, match="not in order"):
        examples().split("2021-02-01", "2021-01-01")


def test_a_date_without_a_zone_is_utc() -> None:
    assert microseconds("2021-01-01T01:00:00+01:00") == microseconds("2021-01-01")
