"""A search finds what is better, can be stopped and taken up again, and shows how it went."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting, MissingExtra
from hawker.features.examples import Examples
from hawker.ranking import space
from hawker.ranking.history import page
from hawker.ranking.rules import Rule
from hawker.ranking.space import Choice, Real, Space, Whole
from hawker.ranking.study import FILE
from hawker.ranking.tune import Tuned, tune

pytest.importorskip("optuna", reason="pip install 'hawker[tune]'")
BAD = ranking.Linear(bits=10, rate=0.003, epochs=2)
AMONG: Space = {"rate": Real(0.002, 0.5), "l1": Real(0.01, 5.0), "steps": Whole(1, 4)}


@pytest.fixture(scope="module")
def tuned() -> Tuned:
    return tune(BAD, toy(1500), trials=14, folds=3, among=AMONG, seed=3)


def test_it_finds_what_is_better(tuned: Tuned) -> None:
    assert len(tuned.attempts) == 14
    assert tuned.estimator != BAD
    assert isinstance(tuned.estimator, ranking.Linear)
    assert tuned.estimator.rate > 0.01
    assert (tuned.estimator.bits, tuned.given) == (10, BAD)
    assert tuned.gain.low is not None
    assert tuned.gain.low > 0
    later = toy(1500, seed=5)
    fitted = [ranking.train(one, toy(1500), seed=1) for one in (tuned.settled, BAD)]
    gained = ranking.compare(fitted[0], fitted[1], later).log_loss
    assert gained.high is not None
    assert gained.high < 0


def test_its_loss_is_the_mean_of_its_folds_judged_by_models_that_did_not_see_them(tuned: Tuned) -> None:
    best = tuned.best
    assert len(best.folds) == 3
    assert best.loss == pytest.approx(np.mean(best.folds))
    expected = [
        ranking.evaluate(tuned.estimator.fit(fit, valid=hold, seed=3 + part), hold).log_loss.value
        for part, (fit, hold) in enumerate(ranking.folds(toy(1500), 3, seed=3))
    ]
    assert best.folds == pytest.approx(expected)


def test_luck_is_told_from_skill_by_a_second_fit(tuned: Tuned) -> None:
    done = sorted((one.loss or 0.0, one.number) for one in tuned.attempts if one.state == "done")
    assert set(tuned.finals) == {0, *(number for _, number in done[:5])}
    both = {number: (loss + tuned.finals[number]) / 2 for loss, number in done if number in tuned.finals}
    assert tuned.best.number == min(both, key=lambda number: both[number])
    losses = [
        ranking.evaluate(tuned.estimator.fit(fit, valid=hold, seed=1003 + part), hold).log_loss.value or 0.0
        for part, (fit, hold) in enumerate(ranking.folds(toy(1500), 3, seed=3))
    ]
    assert tuned.finals[tuned.best.number] == pytest.approx(np.mean(losses))


def test_the_first_attempt_is_the_setting_as_given(tuned: Tuned) -> None:
    assert tuned.values(tuned.attempts[0]) == {"rate": 0.003, "l1": 0.1, "steps": 3}
    assert tuned.attempts[0].state == "done"


def test_what_falls_behind_is_given_up_before_its_last_fold(tuned: Tuned) -> None:
    given_up = [one for one in tuned.attempts if one.state == "pruned"]
    assert given_up
    assert all(len(one.folds) < 3 for one in given_up)
    assert all(one.loss is not None and one.loss > (tuned.best.loss or 0) for one in given_up)
    whole = tune(BAD, toy(1500), trials=8, folds=3, among=AMONG, seed=3, prune="none")
    assert all(len(one.folds) == 3 for one in whole.attempts)
    halved = tune(BAD, toy(1500), trials=8, folds=3, among=AMONG, seed=3, prune="halving")
    assert any(one.state == "pruned" for one in halved.attempts)


def test_the_same_seed_searches_the_same(tuned: Tuned) -> None:
    again = tune(BAD, toy(1500), trials=6, folds=3, among=AMONG, seed=3)
    assert [_told(one) for one in again.attempts] == [_told(one) for one in tuned.attempts[:6]]
    other = tune(BAD, toy(1500), trials=3, folds=3, among=AMONG, seed=4)
    assert other.attempts[1].stored != tuned.attempts[1].stored


SEARCH = """
import sys
from pathlib import Path
from tests.behaviour.rankers import toy
from tests.ranking.test_tune import AMONG, BAD
from hawker.ranking.tune import tune

def tell(step, share):
    print(share, flush=True)

tune(BAD, toy(1500), trials=14, folds=3, among=AMONG, seed=3, folder=Path(sys.argv[1]), progress=tell)
"""


def test_killed_it_goes_on_where_it_stopped(tuned: Tuned, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", SEARCH, str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'src'}"},
    )
    assert child.stdout is not None
    with child.stdout as told:
        for _ in range(5):
            told.readline()
        child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert (tmp_path / FILE).is_file()
    steps: list[str] = []
    whole = tune(
        BAD,
        toy(1500),
        trials=14,
        folds=3,
        among=AMONG,
        seed=3,
        folder=tmp_path,
        progress=lambda step, _share: steps.append(step),
    )
    assert len([step for step in steps if step.startswith("linear")]) < 14
    assert [_told(one) for one in whole.attempts] == [_told(one) for one in tuned.attempts]
    assert whole.estimator == tuned.estimator
    more = tune(BAD, toy(1500), trials=15, folds=3, among=AMONG, seed=3, folder=tmp_path)
    assert [_told(one) for one in more.attempts[:14]] == [_told(one) for one in tuned.attempts]
    assert len(more.attempts) == 15
    elsewhere = tune(BAD, toy(1400), trials=1, folds=3, among=AMONG, seed=3, folder=tmp_path)
    assert elsewhere.name != whole.name
    assert len(elsewhere.attempts) == 1


def test_a_grid_is_walked_to_its_end(tmp_path: Path) -> None:
    among: Space = {"steps": Choice((1, 3)), "l1": Choice((0.1, 2.0))}
    found = tune(BAD, toy(900), trials=50, folds=2, among=among, search="grid", prune="none", folder=tmp_path)
    points = sorted((one["steps"], one["l1"]) for one in map(found.values, found.attempts[1:]))
    assert points == [(1, 0.1), (1, 2.0), (3, 0.1), (3, 2.0)]
    many: Space = {name: Choice(tuple(range(1, 60))) for name in ("bits", "steps", "epochs")}
    with pytest.raises(BadSetting, match=r"more than 20,000 points.*tpe"):
        tune(BAD, toy(900), trials=2, among=many, search="grid")


def test_one_validation_slice_and_random_draws() -> None:
    found = tune(BAD, toy(1500), valid=toy(900, seed=3), trials=6, among=AMONG, search="random")
    assert (found.slices, found.search) == ("one validation slice", "random")
    assert all(len(one.folds) <= 1 for one in found.attempts)
    assert found.gain.low is not None
    assert found.gain.low > 0


@dataclass(frozen=True)
class Fragile:
    """Breaks where `rate` is above a half; its loss falls with `rate`."""

    rate: float = 0.1
    breaks: float = 0.5

    def fit(self, examples: Examples, *, valid: Any = None, seed: int = 0, progress: Any = None) -> Rule:
        del valid, seed, progress
        if self.rate > self.breaks:
            raise BadInput("The loss is no number any more.", remedy="Use a smaller rate.")
        return Rule(examples.names, {"bought": self.rate})


def test_a_setting_that_cannot_be_fitted_is_on_record_as_failed() -> None:
    among: Space = {"rate": Real(0.01, 1.0, log=False)}
    found = tune(Fragile(), toy(900), trials=20, folds=2, among=among, prune="none", seed=1)
    failed = [one for one in found.attempts if one.state == "failed"]
    assert failed
    assert all(found.values(one)["rate"] > 0.5 and "smaller rate" in one.reason for one in failed)
    assert all(found.values(one)["rate"] <= 0.5 for one in found.attempts if one.state == "done")
    assert "×" in page(found)
    with pytest.raises(BadInput, match="smaller rate"):
        tune(Fragile(rate=0.9), toy(900), trials=3, folds=2, among=among)


def test_where_nothing_is_better_the_setting_stays() -> None:
    found = tune(BAD, toy(900), trials=1, folds=2, among=AMONG)
    assert found.estimator == BAD
    assert "as given was the best" in found.gain.reason
    assert "as given was the best" in str(found)


@pytest.mark.parametrize(
    ("estimator", "field"),
    [(replace(BAD, epochs=4), "epochs"), (ranking.Trees(trees=60, threads=1, patience=5), "trees")],
    ids=["linear", "trees"],
)
def test_settled_trains_as_long_as_the_folds_did(estimator: ranking.Estimator, field: str) -> None:
    found = tune(estimator, toy(900), trials=1, folds=2)
    stopped = [
        estimator.fit(fit, valid=hold, seed=part).recipe["course"]["trees" if field == "trees" else "best"]
        for part, (fit, hold) in enumerate(ranking.folds(toy(900), 2, seed=0))
    ]
    assert getattr(found.settled, field) == round(np.mean(stopped))


@pytest.mark.parametrize("kind", sorted(space.SPACES))
def test_the_ranges_are_those_of_their_estimator(kind: str) -> None:
    estimator = getattr(ranking, kind)()
    ranges = space.space(estimator)
    begun = space.start(ranges, estimator)
    assert set(begun) == set(space.SPACES[kind])
    for name, one in ranges.items():
        for value in one.grid(3):
            space.made(estimator, ranges, {name: value})


def test_what_cannot_be_searched_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match=r"no parameter 'rat'.*'rate'"):
        tune(BAD, toy(200), among={"rat": Real(0.1, 1.0)})
    with pytest.raises(BadSetting, match=r"no search 'tp'.*'tpe'"):
        tune(BAD, toy(200), search="tp")  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match=r"No ranges.*Fragile.*space="):
        tune(Fragile(), toy(200))
    with pytest.raises(BadSetting, match="at least 1, not 0"):
        tune(BAD, toy(200), trials=0)
    with pytest.raises(BadInput, match=r"fold 1: all .* labels are 0"):
        tune(BAD, replace(toy(200), y=(np.arange(200) == 0).astype(np.float32)), folds=2)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"hawker\[tune\]"):
        tune(BAD, toy(200), trials=1)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_picture_shows_every_attempt_and_needs_nothing_else(tuned: Tuned, language: str) -> None:
    drawn = page(tuned, language)
    assert not re.search(r"(src|href)=\"(?!data:)", drawn)
    charts = [ElementTree.fromstring(chart) for chart in re.findall(r"<svg.*?</svg>", drawn, re.DOTALL)]
    assert len(charts) == 1 + len(AMONG)
    for chart in charts:
        marks = chart.findall("circle")
        assert len(marks) == len(tuned.attempts)
        assert [mark.get("class") for mark in marks].count("chosen") == 1
        wide, high = map(float, chart.get("viewBox", "").split()[2:])
        assert all(0 < float(m.get("cx", 0)) < wide and 0 < float(m.get("cy", 0)) < high for m in marks)
    whole = [mark for mark in charts[0].findall("circle") if mark.get("class") != "pruned"]
    lowest = sorted(whole, key=lambda mark: -float(mark.get("cy", 0)))[: len(tuned.finals)]
    assert "chosen" in [mark.get("class") for mark in lowest]
    assert ("参数搜索" in drawn) == (language == "zh-CN")


def test_it_is_json_and_words(tuned: Tuned) -> None:
    told = json.loads(json.dumps(tuned.as_json()))
    assert set(told["finals"]) == {str(number) for number in tuned.finals}
    assert told["chosen"]["rate"] == pytest.approx(tuned.values(tuned.best)["rate"])
    assert len(told["attempts"]) == 14
    assert told["gain"]["low"] > 0
    assert "14 settings of Linear on 3 folds by shopper" in str(tuned)


def _told(one: Any) -> tuple[Any, ...]:
    return one.number, dict(one.stored), one.state, one.loss, one.folds, one.passes
