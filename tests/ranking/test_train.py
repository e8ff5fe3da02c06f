"""What cannot be learned from is refused with place and remedy; the loop keeps the best epoch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.train import Course, descend

SMALL = ranking.Linear(bits=10, epochs=1)


def infinite(rows: Examples) -> Examples:
    x = rows.x.copy()
    x[7, 2] = -np.inf
    return replace(rows, x=x)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda rows: rows.take(np.zeros(len(rows), dtype=bool)),
            "examples: there are no rows.*dates of the split",
        ),
        (infinite, r"infinite values in \['noise a'\].*NaN"),
        (lambda rows: replace(rows, names=("a", "b", "a", "c")), r"more than once: \['a'\]"),
        (
            lambda rows: replace(rows, categorical=("colour",)),
            r"categorical names that are no features: \['colour'\]",
        ),
        (lambda rows: replace(rows, y=rows.y * 2), "labels must be 0 or 1"),
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


class Steps:
    """A learner whose losses are known beforehand."""

    def __init__(self, losses: list[float]) -> None:
        self.losses, self.epoch, self.kept = losses, -1, -1

    def step(self, epoch: int) -> None:
        self.epoch = epoch

    def loss(self) -> float:
        return self.losses[self.epoch]

    def keep(self) -> None:
        self.kept = self.epoch

    def restore(self) -> None:
        self.epoch = self.kept


def test_the_loop_stops_after_its_patience_and_restores_the_best() -> None:
    learner = Steps([5, 3, 4, 2, 6, 7, 1])
    course = descend(learner, epochs=7, patience=2, watched=True)
    assert course == Course((5, 3, 4, 2, 6, 7), 4)
    assert learner.epoch == 3


def test_unwatched_all_epochs_run() -> None:
    learner = Steps([])
    assert descend(learner, epochs=4, patience=1, watched=False) == Course((), 4)
    assert learner.epoch == 3


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
