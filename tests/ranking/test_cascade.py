"""A light model chooses, a heavy one scores what is chosen, and nothing fallen stands above what was kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.behaviour.rankers import NAMES, Rankers, toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking import Cascade, Model, Rule
from hawker.ranking.cascade_served import below, best

LIGHT = ("bought", "kind")


@dataclass(frozen=True)
class Both:
    """Both stages fitted to the same examples, the light one to two of the columns."""

    keep: int = 5

    def fit(
        self,
        examples: Examples,
        *,
        valid: Examples | None = None,  # noqa: ARG002
        seed: int = 0,
        progress: object = None,  # noqa: ARG002
    ) -> Model:
        light = ranking.Linear(bits=10).fit(examples.only(LIGHT), seed=seed)
        heavy = ranking.Trees(trees=60, least=20, threads=1).fit(examples, seed=seed)
        return Cascade(light, heavy, self.keep)


class TestCascade(Rankers):
    estimator = Both()


@pytest.fixture(scope="module")
def cascade() -> Cascade:
    model = ranking.train(Both(), toy(), seed=7)
    assert isinstance(model, Cascade)
    return model


def sheet(rows: int, *, seed: int = 5) -> Sheet:
    blank = np.full(len(NAMES), np.nan, dtype=np.float32)
    return Sheet(
        NAMES, blank, np.arange(len(NAMES)), np.ascontiguousarray(toy(max(rows, 1), seed=seed).x[:rows].T)
    )


def test_the_kept_have_the_heavy_score_and_the_fallen_stand_below_in_the_light_order(
    cascade: Cascade,
) -> None:
    given = sheet(60)
    x = given.matrix(NAMES)
    light, heavy = cascade.light.score(x[:, :2]), cascade.heavy.score(x)
    kept = np.sort(np.argsort(-light, kind="stable")[:5])
    fallen = np.setdiff1d(np.arange(60), kept)
    served = cascade.served(given)
    np.testing.assert_array_equal(served[kept], heavy[kept])
    assert served[fallen].max() < served[kept].min()
    assert (served[fallen] <= light[fallen]).all()
    order = np.argsort(light[fallen], kind="stable")
    rises = np.diff(light[fallen][order]) > 1e-9
    assert (np.diff(served[fallen][order])[rises] > 0).all()


def test_calibration_around_it_keeps_both(cascade: Cascade) -> None:
    given = sheet(80)
    p = ranking.calibrate(cascade, toy(seed=2)).serve(given)
    raw = cascade.served(given)
    order = np.argsort(raw, kind="stable")
    assert (np.diff(p[order])[np.diff(raw[order]) > 1e-9] > 0).all()


def test_few_candidates_are_all_kept(cascade: Cascade) -> None:
    for rows in (0, 1, 5):
        given = sheet(rows)
        np.testing.assert_array_equal(cascade.serve(given), cascade.heavy.serve(given))
    assert (cascade.serve(sheet(6)) != cascade.heavy.serve(sheet(6))).sum() == 1


def test_only_the_kept_are_looked_at_closer(cascade: Cascade) -> None:
    whole, asked = sheet(40), []

    def look(rows: np.ndarray, names: tuple[str, ...]) -> Sheet:
        asked.append((len(rows), names))
        return sheet(40).closer(rows, names)

    first = Sheet(LIGHT, whole.common[:2], np.arange(2), whole.own[:2], look=look)
    np.testing.assert_array_equal(cascade.serve(first), cascade.serve(whole))
    assert cascade.first == LIGHT
    assert ranking.calibrate(cascade, toy(seed=2)).first == LIGHT
    assert asked == [(5, NAMES)]


def test_stages_may_follow_one_another(cascade: Cascade) -> None:
    three = Cascade(Rule(("bought",), {"bought": 1.0}), cascade, keep=20)
    assert three.first == ("bought",)
    served = three.served(sheet(60))
    kept = np.sort(np.argsort(-three.light.score(sheet(60).matrix(("bought",))), kind="stable")[:20])
    np.testing.assert_array_equal(served[kept], cascade.served(sheet(60).closer(kept, NAMES)))


@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=40), st.data())
def test_whatever_the_light_scores_are_the_fallen_stand_below(
    light: list[float], data: st.DataObject
) -> None:
    scores = np.array(light)
    keep = data.draw(st.integers(1, len(light) - 1))
    kept = np.sort(np.argsort(-scores, kind="stable")[:keep])
    np.testing.assert_array_equal(best(scores, keep), kept)
    heavy = np.array(data.draw(st.lists(st.floats(-30, 30), min_size=keep, max_size=keep)))
    got = below(scores, kept, heavy)
    fallen = np.setdiff1d(np.arange(len(light)), kept)
    assert got[fallen].max() < heavy.min()
    order = np.argsort(scores[fallen], kind="stable")
    assert (np.diff(got[fallen][order]) >= 0).all()


def test_agreement_is_the_share_of_the_best_that_is_kept(cascade: Cascade) -> None:
    rows = toy(2000, seed=3)
    whole = replace(rows, group=np.arange(2000) // 40)
    share = cascade.agreement(whole, top=5)
    assert 0.3 < share < 1
    assert Cascade(cascade.light, cascade.heavy, keep=30).agreement(whole, top=5) > share
    itself = Cascade(cascade.heavy, cascade.heavy, keep=5)
    assert itself.agreement(whole, top=5) == 1
    with pytest.raises(BadInput, match=r"more than the 5 rows.*whole requests"):
        cascade.agreement(replace(rows, group=np.arange(2000)))


def test_it_keeps_one_at_least(cascade: Cascade) -> None:
    with pytest.raises(BadSetting, match="at least 1, not 0"):
        Cascade(cascade.light, cascade.heavy, keep=0)


def test_what_is_saved_serves_the_same(cascade: Cascade, tmp_path: Path) -> None:
    cascade.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).serve(sheet(60)), cascade.serve(sheet(60)))


def test_a_light_model_is_distilled_from_the_heavy_one(cascade: Cascade) -> None:
    rows = replace(toy(4000, seed=3), y=np.zeros(4000, np.float32))  # labels play no part
    light = ranking.distil(cascade.heavy, rows, most=2, seed=1)
    assert light.names == LIGHT
    fresh = toy(2000, seed=4)
    gap = light.on(fresh.only(LIGHT)) - cascade.heavy.on(fresh)
    assert np.abs(gap).mean() < 0.05
    whole = replace(fresh, group=np.arange(2000) // 40)
    assert Cascade(light, cascade.heavy, keep=10).agreement(whole, top=5) > 0.5, "by chance: a quarter"
    named = ranking.distil(cascade.heavy, rows, names=("noise a", "bought"))
    assert named.names == ("noise a", "bought")
    with pytest.raises(BadInput, match="no rows to distil from"):
        ranking.distil(cascade.heavy, rows.take(np.zeros(4000, dtype=bool)))
