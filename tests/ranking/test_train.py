"""What cannot be learned from is refused with place and remedy; the loop keeps the best epoch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples

SMALL = ranking.Linear(bits=10, epochs=1)


def infinite(rows: Examples) -> Examples:
    x = rows.x.copy()
    x[7, 2] = -np.inf
    return replace(rows, x=x)


def unknown(rows: Examples) -> Examples:
    y = rows.y.copy()
    y[3] = np.nan
    return replace(rows, y=y)


def boundless(rows: Examples) -> Examples:
    return replace(rows, labels={"value": np.full(len(rows), np.inf, dtype=np.float32)})


def infinite_late(rows: Examples) -> Examples:
    """More rows than are looked at in one go; two columns broken, the one that comes first broken last."""
    many = rows.take(np.resize(np.arange(len(rows)), 40_000))
    x = many.x.copy()
    x[17_000, 3], x[39_999, 2] = np.inf, -np.inf
    return replace(many, x=x)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda rows: rows.take(np.zeros(len(rows), dtype=bool)),
            "examples: there are no rows.*dates of the split",
        ),
        (infinite, r"infinite values in \['noise a'\].*NaN"),
        (infinite_late, r"infinite values in \['noise a', 'noise b'\]"),
        (lambda rows: replace(rows, names=("a", "b", "a", "c")), r"more than once: \['a'\]"),
        (
            lambda rows: replace(rows, categorical=("colour",)),
            r"categorical names that are no features: \['colour'\]",
        ),
        (lambda rows: replace(rows, y=rows.y * 2), r"labels must be 0 or 1; row \d+ has 2.*Leave out rows"),
        (unknown, r"labels must be 0 or 1; row 3 has nan, the first of 1\."),
        (boundless, "infinite values in the label 'value'"),
        (lambda rows: replace(rows, weight=rows.weight - 2), "weights must be finite and not negative"),
    ],
)
def test_bad_examples_are_refused(spoil: object, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        ranking.train(SMALL, spoil(toy(200)))  # type: ignore[operator]


def test_a_validation_slice_must_fit_but_may_lack_a_class() -> None:
    with pytest.raises(BadInput, match="valid: there are no rows"):
        ranking.train(SMALL, toy(200), valid=toy(200).take(np.zeros(200, dtype=bool)))
    with pytest.raises(BadInput, match="lack"):
        ranking.train(SMALL, toy(200), valid=replace(toy(200), names=("a", "b", "c", "d")))
    calm = replace(toy(400), y=np.zeros(400, dtype=np.float32))
    model = ranking.train(SMALL, toy(400), valid=calm)
    assert model.recipe["valid"]["auc"] == "only one class is present"


@pytest.mark.parametrize(
    "estimator",
    [ranking.Linear(bits=10, epochs=3), ranking.Trees(trees=3, threads=1)],
    ids=["linear", "trees"],
)
def test_progress_is_told_and_ends_at_one(estimator: object) -> None:
    told: list[tuple[str, float]] = []
    ranking.train(estimator, toy(400), progress=lambda step, share: told.append((step, share)))  # type: ignore[arg-type]
    assert [share for _, share in told] == pytest.approx([1 / 3, 2 / 3, 1])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ranking.Trees("lambda"), "Trees have no objective 'lambda'.*Did you mean 'lambdarank'"),
        (lambda: ranking.Trees(leaves=1), "Trees: 'leaves' must be at least 2, not 1"),
        (lambda: ranking.Linear(rate=float("nan")), "Linear: 'rate' must be at least"),
        (lambda: ranking.Net(dropout=-0.1), "Net: 'dropout' must be at least 0, not -0.1"),
    ],
)
def test_impossible_parameters_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        make()


def test_lambdarank_refuses_a_group_too_large_for_it() -> None:
    crowd = replace(toy(10_001), group=np.zeros(10_001, dtype=np.int64))
    with pytest.raises(BadInput, match=r"group holds 10,001 rows.*Sample its negatives"):
        ranking.train(ranking.Trees("lambdarank", threads=1), crowd)


def test_lambdarank_brings_scattered_groups_together() -> None:
    rows = toy(1000)
    order = np.random.default_rng(0).permutation(1000)
    scattered = rows.take(order[np.argsort(rows.group[order] % 7, kind="stable")])
    together = scattered.take(np.argsort(scattered.group, kind="stable"))
    estimator = ranking.Trees("lambdarank", trees=10, least=10, threads=1)
    left, right = (ranking.train(estimator, part).predict(rows.x) for part in (scattered, together))
    np.testing.assert_array_equal(left, right)


def test_trees_stop_early_on_the_validation_slice() -> None:
    eager = ranking.Trees(trees=400, rate=0.5, least=5, patience=5, threads=1)
    model = ranking.train(eager, toy(600), valid=toy(600, seed=3))
    assert model.recipe["course"]["trees"] < 60


def test_the_package_and_a_served_tree_load_no_training_library(tmp_path: object) -> None:
    ranking.train(ranking.Trees(trees=3, threads=1), toy(400)).save(tmp_path)  # type: ignore[arg-type]
    program = f"""
import sys
import hawker.ranking
import numpy as np
assert not {{"numba", "lightgbm", "torch", "sklearn", "scipy"}} & set(sys.modules), "package"
hawker.ranking.load({str(tmp_path)!r}).predict(np.zeros((1, 4), dtype=np.float32))
assert not {{"lightgbm", "torch", "sklearn"}} & set(sys.modules), "served"
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
