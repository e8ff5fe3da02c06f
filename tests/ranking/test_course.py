"""The one loop: which rows come when, at what pace, when it stops, and what it says on the way."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.ranking.course import Arrays, Course, Plan, Whole, descend


class Steps:
    """A learner that learns nothing: it notes what it is given, and its losses are known beforehand."""

    def __init__(self, losses: list[float], *, of: int = 1, train: float = 0.5, **plan: object) -> None:
        self.plan = Plan(**{"epochs": 3, "batch": 4, **plan})  # type: ignore[arg-type]
        self.losses, self.train, self.share = losses, train, (0, of)
        self.seen: list[list[int]] = []
        self.paces: list[float] = []
        self.place = np.zeros(1)

    def take(self, examples: Examples) -> None:
        self.rows = examples

    def turn(self, epoch: int) -> None:
        self.place[0] = epoch

    def step(self, rows: NDArray[np.int64], *, number: int, pace: float) -> float:
        assert number == len(self.seen)
        self.seen.append(rows.tolist())
        self.paces.append(pace)
        return self.train

    def loss(self) -> float:
        return self.losses[int(self.place[0])]

    def weights(self) -> Arrays:
        return {"place": self.place}

    def memory(self) -> Arrays:
        return {}

    def resume(self, weights: Arrays, memory: Arrays) -> None:
        assert not memory
        self.place = weights["place"].copy()

    def made(self) -> ranking.Model:
        raise AssertionError


def run(learner: Steps, *, rows: int = 10, watched: bool = True, seed: int = 0) -> Course:
    return descend(learner, Whole(toy(rows)), seed=seed, watched=watched)


def test_the_loop_stops_after_its_patience_and_restores_the_best() -> None:
    learner = Steps([5, 3, 4, 2, 6, 7, 1], epochs=7, patience=2)
    assert run(learner) == Course((5, 3, 4, 2, 6, 7), 4)
    assert learner.place[0] == 3


def test_unwatched_all_passes_run_and_the_last_stays() -> None:
    learner = Steps([], epochs=4)
    assert run(learner, watched=False) == Course((), 4)
    assert learner.place[0] == 3


def test_each_pass_sees_every_row_once_in_another_order() -> None:
    learner, again, other = (Steps([3, 2, 1]) for _ in range(3))
    run(learner), run(again), run(other, seed=1)
    passes = [[*chain(*learner.seen[start : start + 3])] for start in (0, 3, 6)]
    assert all(sorted(rows) == list(range(10)) for rows in passes)
    assert passes[0] != passes[1] != passes[2]
    assert [len(rows) for rows in learner.seen[:3]] == [4, 4, 2]
    assert again.seen == learner.seen != other.seen


def test_a_batch_has_two_rows_for_each_process() -> None:
    learner = Steps([1], of=3, epochs=1)
    run(learner, rows=13)
    assert [len(rows) for rows in learner.seen] == [4, 4, 5]
    lonely = Steps([1], epochs=1)
    run(lonely, rows=1)
    assert [len(rows) for rows in lonely.seen] == [1]


def test_the_pace_warms_up_falls_and_is_halved() -> None:
    cosine = Steps([3, 2, 1, 0], epochs=4, schedule="cosine", warm=0.25, batch=2)
    run(cosine, rows=8)
    assert cosine.paces[:5] == [0, 0.25, 0.5, 0.75, 1]
    assert all(np.diff(cosine.paces[4:]) < 0)
    assert 0 < cosine.paces[-1] < 0.05
    plateau = Steps([3, 4, 2, 5, 6], epochs=5, patience=9, schedule="plateau", batch=16)
    run(plateau)
    assert plateau.paces == [1, 1, 0.5, 0.5, 0.25]
    assert Plan(1).pace(0.7) == 1
    with pytest.raises(BadSetting, match=r"no schedule 'cosinus'.*Did you mean 'cosine'"):
        Plan(1, schedule="cosinus")  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match="'warm' is a share"):
        Plan(1, warm=1.0)


@pytest.mark.parametrize("train", [float("nan"), float("inf"), 5.0])
def test_a_diverging_loss_ends_the_training_with_a_remedy(train: float) -> None:
    with pytest.raises(BadInput, match=r"training diverged: after \d+ steps.*smaller rate"):
        run(Steps([], train=train, batch=2), rows=60, watched=False)


def test_a_rate_beyond_reason_saves_nothing(tmp_path: Path) -> None:
    wild = replace(toy(), x=toy().x * np.float32(1e20))
    pytest.importorskip("torch")
    net = ranking.Net(hidden=(8,), norm=False, rate=1e6, batch=32)
    with pytest.raises(BadInput, match=r"diverged.*smaller rate"):
        ranking.train(net, wild, checkpoint=tmp_path)


def test_the_words_of_progress_hold_the_loss() -> None:
    told: list[tuple[str, float]] = []
    ranking.train(
        ranking.Linear(bits=10, epochs=2),
        toy(400),
        progress=lambda *step: told.append(step),  # type: ignore[arg-type]
    )
    losses = [float(words.removeprefix("train, loss ")) for words, _ in told]
    assert 0 < losses[1] < losses[0] < 0.7
    assert [share for _, share in told] == [0.5, 1.0]


@pytest.mark.skipif(not find_spec("tensorboard"), reason="pip install 'hawker[deep]'")
def test_curves_are_what_tensorboard_reads(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    model = ranking.train(
        ranking.Linear(bits=10, epochs=2, patience=5), toy(), valid=toy(600, seed=3), curves=tmp_path
    )
    (file,) = tmp_path.iterdir()
    points = [
        (value.tag, event.step, value.tensor.float_val[0])
        for event in EventFileLoader(str(file)).Load()
        for value in event.summary.value
    ]
    valid = [(step, value) for tag, step, value in points if tag == "loss/valid"]
    assert [step for step, _ in valid] == [1, 2]
    assert [value for _, value in valid] == pytest.approx(model.recipe["course"]["losses"])
    assert {tag for tag, _, _ in points} == {"loss/train", "loss/valid", "pace"}


def test_a_net_on_a_schedule_learns() -> None:
    pytest.importorskip("torch")
    net = ranking.Net(
        hidden=(16,), embedding=4, rate=2e-2, batch=128, epochs=3, schedule="cosine", warm=0.1, patience=3
    )
    model = ranking.train(net, toy(), valid=toy(600, seed=3))
    losses = model.recipe["course"]["losses"]
    assert losses[-1] < losses[0]
    with pytest.raises(BadSetting, match="no schedule"):
        replace(net, schedule="never")  # type: ignore[arg-type]
