"""Training rows are cut by time, taken by rows, and refused where they do not fit together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hawker.errors import BadInput
from hawker.features.examples import Examples, Field, microseconds
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


def _wide() -> Examples:
    made = examples()
    rows = len(made)
    seen = Field("recent", "sequence", ("recent.0", "recent.1"), of="product")
    told = Field("text", "vector", ("text.0", "text.1"))
    names = ("product", "place", *seen.columns, *told.columns)
    x = np.arange(rows * len(names), dtype=np.float32).reshape(rows, len(names))
    return replace(
        made,
        names=names,
        x=x,
        categorical=("product",),
        fields=(seen, told),
        labels={"click": np.arange(rows, dtype=np.float32)},
        position="place",
    )


def test_labels_follow_their_rows() -> None:
    wide = _wide()
    assert wide.take(np.array([2, 0])).labels["click"].tolist() == [2.0, 0.0]


def test_columns_are_chosen_with_what_belongs_to_them() -> None:
    few = _wide().only(("text.1", "product", "text.0"))
    assert few.names == ("text.1", "product", "text.0")
    assert few.x[1].tolist() == [11.0, 6.0, 10.0]
    assert [one.name for one in few.fields] == ["text"]  # the sequence lost its columns
    assert few.position == ""
    assert few.categorical == ("product",)
    with pytest.raises(BadInput, match="price"):
        _wide().only(("price",))


def test_a_field_of_columns_that_are_not_there_is_refused() -> None:
    with pytest.raises(BadInput, match="'recent' names no such column"):
        replace(_wide(), fields=(Field("recent", "sequence", ("recent.9",), of="product"),))
    with pytest.raises(BadInput, match="not a category"):
        replace(_wide(), categorical=())
    with pytest.raises(BadInput, match="'shelf' to be the position"):
        replace(_wide(), position="shelf")
    with pytest.raises(BadInput, match="label 'click'"):
        replace(_wide(), labels={"click": np.zeros(1, np.float32)})
