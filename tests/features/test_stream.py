"""A stream reads every row of its parts once a pass, shuffled by the seed, and never holds them all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting, NotFound
from hawker.features import table
from hawker.features.examples import Examples
from hawker.features.stream import Stream


def laid_down(rows: Examples, folder: Path, *, parts: int) -> Examples:
    for number, own in enumerate(np.array_split(np.arange(len(rows)), parts)):
        rows.take(own).to_parquet(folder / f"part-{number:03d}.parquet")
    return rows


def test_a_pass_holds_every_row_once_in_an_order_of_its_own(tmp_path: Path) -> None:
    rows = laid_down(toy(3000), tmp_path, parts=7)
    stream = Stream(tmp_path, buffer=900)
    assert (len(stream), stream.positives) == (3000, int(rows.y.sum()))
    first, again, other = (
        table.stacked([*stream.parts(seed=4, epoch=epoch)]).time // 60_000_000 for epoch in (0, 0, 1)
    )
    assert np.array_equal(np.sort(first), np.arange(3000))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert all(len(part) <= 900 for part in stream.parts(seed=4, epoch=0))
    assert np.array_equal(table.stacked([*stream]).x, rows.x, equal_nan=True)


def test_neighbours_are_far_apart_after_shuffling(tmp_path: Path) -> None:
    laid_down(toy(4000), tmp_path, parts=20)
    order = next(Stream(tmp_path, buffer=1000).parts(seed=1, epoch=0)).time // 60_000_000
    assert len(set((order // 200).tolist())) >= 4
    assert np.abs(np.diff(order)).mean() > 500


def test_a_sample_is_drawn_evenly_from_all_parts(tmp_path: Path) -> None:
    laid_down(toy(4000), tmp_path, parts=4)
    stream = Stream(tmp_path)
    sample = stream.sample(seed=2, most=800)
    assert 650 < len(sample) < 950
    by_part = np.bincount(sample.time // 60_000_000 // 1000)
    assert by_part.min() > 130
    assert len(stream.sample(most=9999)) == 4000
    assert np.array_equal(stream.sample(seed=2, most=800).time, sample.time)


@pytest.mark.parametrize(
    "estimator",
    [
        ranking.Linear(bits=12, epochs=2),
        pytest.param(
            ranking.Net(hidden=(16,), embedding=4, batch=128, rate=1e-2, epochs=2),
            marks=pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'"),
        ),
    ],
    ids=["linear", "net"],
)
def test_a_model_of_a_stream_is_as_good_as_one_of_memory(
    estimator: ranking.Estimator, tmp_path: Path
) -> None:
    rows = laid_down(toy(4000), tmp_path, parts=5)
    stream = Stream(tmp_path, buffer=1500)
    model, again = (ranking.train(estimator, stream, seed=3) for _ in range(2))
    whole = ranking.train(estimator, rows, seed=3)
    test = toy(4000, seed=1)
    assert np.array_equal(model.on(test), again.on(test))
    gap = ranking.compare(model, whole, test).log_loss
    assert gap.value is not None
    assert abs(gap.value) < 0.01
    assert ranking.evaluate(model, test).auc.low > 0.7  # type: ignore[operator]
    assert model.recipe["rows"] == 4000
    assert {name: model.recipe[name] for name in ("from", "to", "positives", "categorical")} == {
        name: whole.recipe[name] for name in ("from", "to", "positives", "categorical")
    }


def test_what_cannot_be_streamed_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no training rows.*learning\.parts\.write"):
        Stream(tmp_path)
    laid_down(toy(400), tmp_path, parts=2)
    with pytest.raises(BadInput, match=r"Trees needs all rows at once.*stream\.sample"):
        ranking.train(ranking.Trees(trees=3, threads=1), Stream(tmp_path))
    with pytest.raises(BadSetting, match="'buffer' must be at least 2"):
        Stream(tmp_path, buffer=1)
    replace(toy(10), names=("a", "kind", "b", "c")).to_parquet(tmp_path / "part-9.parquet")
    with pytest.raises(BadInput, match=r"other columns than 'part-000"):
        Stream(tmp_path)


def test_a_bad_part_is_named_when_its_turn_comes(tmp_path: Path) -> None:
    laid_down(toy(400), tmp_path, parts=2)
    bad = toy(50)
    bad.x[3, 0] = np.inf
    bad.to_parquet(tmp_path / "part-9.parquet")
    with pytest.raises(BadInput, match=r"infinite values in \['bought'\]"):
        ranking.train(ranking.Linear(bits=8), Stream(tmp_path, buffer=100))


PEAK = """
import sys
from pathlib import Path
from hawker import ranking
from hawker.features.stream import Stream

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

linear = ranking.Linear(bits=10, epochs=1)
ranking.train(linear, Stream({small!r}, buffer=8_000))
before = peak()
stream = Stream({large!r}, buffer=8_000)
ranking.train(linear, stream)
print(before, peak(), len(stream) * len(stream.names) * 4 / 2**20)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc to read peak memory")
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    part = replace(
        toy(4000),
        names=tuple(f"f{i}" for i in range(60)),
        categorical=(),
        x=rng.integers(0, 9, (4000, 60)).astype(np.float32),
    )
    for folder, parts in (("small", 3), ("large", 30)):
        (tmp_path / folder).mkdir()
        part.to_parquet(tmp_path / folder / "part-0.parquet")
        for number in range(1, parts):
            (tmp_path / folder / f"part-{number}.parquet").hardlink_to(tmp_path / folder / "part-0.parquet")
    program = PEAK.format(small=str(tmp_path / "small"), large=str(tmp_path / "large"))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after, whole = map(float, done.stdout.split())
    assert whole > 25
    assert after - before < 12
