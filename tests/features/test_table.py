"""Training rows as Parquet and pandas: what is read back equals what was written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker.errors import BadInput, UnreadableFile
from hawker.features import table
from hawker.features.examples import Examples, Field


def rich(rows: int = 300, *, seed: int = 0) -> Examples:
    """Toy rows with a sequence, a vector, further outcomes, a position, and names that need quoting."""
    rng = np.random.default_rng(seed)
    plain = toy(rows, seed=seed)
    more = np.column_stack(
        [rng.integers(0, 4, (rows, 2)), rng.normal(size=(rows, 2)), rng.integers(1, 5, rows)]
    )
    more[::7, 0] = np.nan
    return replace(
        plain,
        names=(*plain.names, "last 1", "last 2", 'it\'s "v"[0]', "v[1]", "slot"),
        x=np.column_stack([plain.x, more]).astype(np.float32),
        weight=rng.random(rows) + 0.5,
        fields=(
            Field("last", "sequence", ("last 1", "last 2"), "kind"),
            Field("v", "vector", ('it\'s "v"[0]', "v[1]")),
        ),
        labels={"click": plain.y, "value": rng.random(rows).astype(np.float32)},
        position="slot",
    )


def same(a: Examples, b: Examples) -> None:
    for name in ("x", "y", "time", "group", "cluster", "weight"):
        left, right = getattr(a, name), getattr(b, name)
        assert left.dtype == right.dtype, name
        np.testing.assert_array_equal(left, right, err_msg=name)
    for name in ("names", "categorical", "fields", "position"):
        assert getattr(a, name) == getattr(b, name)
    assert a.labels.keys() == b.labels.keys()
    for name, column in a.labels.items():
        np.testing.assert_array_equal(column, b.labels[name])


@pytest.mark.parametrize("rows", [rich(), toy(50), rich(0)], ids=["rich", "plain", "empty"])
def test_parquet_reads_back_equal(rows: Examples, tmp_path: Path) -> None:
    rows.to_parquet(tmp_path / "rows.parquet")
    same(Examples.from_parquet(tmp_path / "rows.parquet"), rows)


def test_other_tools_read_the_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = rich()
    rows.to_parquet(tmp_path / "rows.parquet")
    read = parquet.read_table(tmp_path / "rows.parquet")
    assert read.column_names == [*rows.names, *table.TOLD, "label_click", "label_value"]
    assert np.array_equal(read["bought"].to_numpy(), rows.x[:, 0])
    assert str(read.schema.field("time").type) == "int64"


def test_pandas_has_codes_as_categories() -> None:
    pytest.importorskip("pandas")
    rows = rich()
    frame = rows.to_pandas()
    assert list(frame.columns) == [*rows.names, *table.TOLD, "label_click", "label_value"]
    assert str(frame["kind"].dtype) == "category"
    np.testing.assert_array_equal(frame["kind"].to_numpy(dtype=np.float32, na_value=np.nan), rows.x[:, 1])
    np.testing.assert_array_equal(frame["noise a"].to_numpy(), rows.x[:, 2])
    assert frame["weight"].sum() == pytest.approx(rows.weight.sum())


def test_what_is_no_table_of_rows_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with pytest.raises(UnreadableFile, match=r"cannot be read as Parquet.*rows\.parquet"):
        table.read(path)
    rich().to_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableFile, match=r"cannot be read as Parquet.*Write the rows again"):
        table.read(path)
    path.write_bytes(content.replace(b'{"format": 1', b'{"format": 9'))
    with pytest.raises(UnreadableFile, match=r"later version.*Upgrade"):
        table.read(path)
    clash = replace(toy(5), names=("bought", "kind", "Y", "noise"))
    with pytest.raises(BadInput, match=r"columns twice: \['y'\].*Rename"):
        clash.to_parquet(path)


def test_rows_are_stacked_only_with_their_like() -> None:
    first, second = rich(20), rich(30, seed=1)
    both = table.stacked([first, second])
    same(both.take(np.arange(20)), first)
    same(both.take(np.arange(20, 50)), second)
    with pytest.raises(BadInput, match="differ in their columns"):
        table.stacked([first, toy(10)])
