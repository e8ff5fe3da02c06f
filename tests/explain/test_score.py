"""The parts of a score: they add up where they are said to, and name what the model really uses."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from hawker import ranking
from hawker.explain.score import EXACT, GRADIENTS, GROUPED, SHAPLEY, Why, contributions, reason
from hawker.explain.words import word
from hawker.features.assemble import Moment, assemble
from hawker.features.examples import Examples
from hawker.features.state import State
from hawker.ranking import Model, Rule
from hawker.ranking.ranker import Floats, Rows

NAMES = ("own_count", "category_count", "brand_count", "product_units_28", "hour", "colour")
GROUPS = ("own", "category", "brand", "popularity", "timing", "other")


def rows(count: int, *, seed: int = 0) -> Rows:
    return np.abs(np.random.default_rng(seed).normal(2.0, 2.0, (count, len(NAMES)))).astype(np.float32)


def examples(count: int = 1500) -> Examples:
    """Only the shopper's own purchases matter, and a little the brand."""
    x = rows(count)
    chance = 0.05 + 0.5 * (x[:, 0] > 2.5) + 0.1 * (x[:, 2] > 2.5)
    y = (np.random.default_rng(1).random(count) < chance).astype(np.float32)
    row = np.arange(count, dtype=np.int64)
    return Examples(NAMES, x, y, row, row, row, np.ones(count))


@pytest.fixture(scope="module")
def models() -> dict[str, tuple[Model, str]]:
    given = examples()
    linear = ranking.train(ranking.Linear(bits=12, epochs=1), given, seed=1)
    trees = ranking.train(ranking.Trees(trees=20, leaves=8, threads=1), given, seed=1)
    return {
        "rule": (Rule(NAMES, {"own_count": 3.0, "brand_count": 1.0}), EXACT),
        "linear": (linear, EXACT),
        "trees": (trees, SHAPLEY),
        "calibrated trees": (ranking.calibrate(trees, given, method="platt"), SHAPLEY),
        "blend": (ranking.blend([linear, trees], given), SHAPLEY),
        "calibrated linear": (ranking.calibrate(linear, given), EXACT),
    }


@pytest.mark.parametrize(
    "name", ["rule", "linear", "trees", "calibrated trees", "blend", "calibrated linear"]
)
def test_parts_add_up_to_the_score(models: dict[str, tuple[Model, str]], name: str) -> None:
    model, method = models[name]
    x = rows(40, seed=5)
    for row in (0, 17, 39):
        why = contributions(model, x, row=row)
        assert why.method == method
        assert why.score == model.score(x[row : row + 1])[0]
        gap = why.score - why.baseline - sum(part.weight for part in why.parts)
        assert abs(gap) <= 1e-6
        weights = [abs(part.weight) for part in why.parts]
        assert weights == sorted(weights, reverse=True)


@pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
def test_nets_are_explained_by_integrated_gradients_through_their_wrappers() -> None:
    given = examples()
    given.x[:, 5] = np.arange(len(given)) % 4
    coded = replace(given, categorical=("colour",))
    net = ranking.train(ranking.Net(hidden=(16,), epochs=8, batch=64, rate=5e-3), coded, seed=1)
    linear = ranking.train(ranking.Linear(bits=12, epochs=1), coded, seed=1)
    x = coded.x[:40].copy()
    x[3] = [6.0, 2.0, 1.0, 2.0, 2.0, 1.0]
    x[4:, 0] = np.minimum(x[4:, 0], 2.0)
    for model in (net, ranking.calibrate(net, coded), ranking.blend([net, linear], coded)):
        why = contributions(model, x, row=3)
        assert why.method == GRADIENTS
        assert why.parts[0].reason == "own"
        assert why.parts[0].weight > 0
        assert why.score - why.baseline == pytest.approx(sum(part.weight for part in why.parts), abs=0.02)


def test_a_model_that_learned_from_a_position_is_explained_in_its_place() -> None:
    given = examples()
    given.x[:, 4] = np.arange(len(given)) % 3
    for estimator in (ranking.Linear(bits=12, epochs=1), ranking.Trees(trees=20, leaves=8, threads=1)):
        model = ranking.train(estimator, replace(given, position="hour"), seed=1)
        assert "hour" not in model.names
        x = np.delete(given.x[:40], 4, axis=1)
        why = contributions(model, x, row=3)
        assert why.method in (EXACT, SHAPLEY)
        assert why.score - why.baseline == pytest.approx(sum(part.weight for part in why.parts), abs=1e-9)


def test_a_calibration_stretches_all_parts_alike(models: dict[str, tuple[Model, str]]) -> None:
    x = rows(40, seed=5)
    for name in ("trees", "linear"):
        raw = contributions(models[name][0], x, row=3)
        bent = contributions(models[f"calibrated {name}"][0], x, row=3)
        stretch = {part.reason: part.weight for part in bent.parts}
        slopes = [stretch[part.reason] / part.weight for part in raw.parts]
        np.testing.assert_allclose(slopes, slopes[0])
        assert slopes[0] > 0


def test_a_shift_by_field_belongs_to_the_field() -> None:
    given = examples()
    place = np.random.default_rng(2).integers(0, 3, len(given)).astype(np.float32)
    given.x[:, 5] = place
    y = np.where((place == 2) & (np.random.default_rng(3).random(len(given)) < 0.5), 1.0, given.y)
    given = replace(given, y=y.astype(np.float32))
    rule = Rule(NAMES, {"own_count": 1.0})
    model = ranking.calibrate(rule, given, method="platt", by="colour")
    x = given.x[:30]
    row = int(np.flatnonzero(x[:, 5] == 2)[0])
    why = contributions(model, x, row=row)
    shift = {part.reason: part.weight for part in why.parts}["other"]
    assert shift > 0.5
    assert why.score - why.baseline == pytest.approx(sum(part.weight for part in why.parts))


@pytest.mark.parametrize("name", ["linear", "trees", "blend"])
def test_the_heaviest_part_is_what_the_world_turns_on(
    models: dict[str, tuple[Model, str]], name: str
) -> None:
    x = np.repeat(rows(1, seed=5), 20, axis=0)  # alike in all but what they bought themselves
    x[:, 0] = 1.0
    x[3, 0] = 4.0
    why = contributions(models[name][0], x, row=3)
    assert why.parts[0].reason == "own"
    assert why.parts[0].weight > 3 * max((abs(part.weight) for part in why.parts[1:]), default=0.0)


class Product(Model):
    """A score that no sum of parts can tell: own purchases times popularity."""

    kind: ClassVar[str] = "product"
    names = NAMES

    def scored(self, x: Rows) -> Floats:
        return np.asarray(np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 3]), dtype=np.float64)

    def write(self, folder: Path) -> dict[str, Any]:
        raise NotImplementedError(folder)

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Product:
        raise NotImplementedError(folder, head)


def test_a_model_known_by_its_scores_alone_is_explained_by_whole_reasons() -> None:
    x = np.full((5, len(NAMES)), 2.0, dtype=np.float32)
    x[0, 0], x[1:, 4] = 5.0, np.nan
    why = contributions(Product(), x, row=0)
    assert why.method == GROUPED
    assert (why.score, why.baseline) == (10.0, 4.0)
    assert {part.reason: part.weight for part in why.parts} == pytest.approx({"own": 6.0})
    x[0, 3] = 4.0  # 5 × 4 against 2 × 2: what both add together is shared
    why = contributions(Product(), x, row=0)
    assert (why.score, why.baseline) == (20.0, 4.0)
    parts = {part.reason: part.weight for part in why.parts}
    assert parts == pytest.approx({"own": (6 + 12) / 2, "popularity": (4 + 10) / 2})


def test_a_row_like_all_others_has_no_parts() -> None:
    x = np.full((5, len(NAMES)), 2.0, dtype=np.float32)
    assert contributions(Product(), x, row=0).parts == ()


def test_a_sum_with_such_a_model_adds_up_by_reason(models: dict[str, tuple[Model, str]]) -> None:
    blend = ranking.Blend((Product(), models["trees"][0]), np.array([0.3, 1.0]), 0.2)
    x = rows(40, seed=5)
    for model in (blend, ranking.calibrate(blend, examples())):
        why = contributions(model, x, row=3)
        assert why.method == GROUPED
        assert why.score - why.baseline == pytest.approx(sum(part.weight for part in why.parts), abs=1e-9)
        assert {part.reason for part in why.parts} <= set(GROUPS)


def test_one_candidate_alone_has_nothing_to_be_compared_with(models: dict[str, tuple[Model, str]]) -> None:
    for model in (models["trees"][0], Product()):
        why = contributions(model, rows(1), row=0)
        assert isinstance(why, Why)
        assert why.parts == ()
        assert why.score == why.baseline


def test_every_feature_of_ours_belongs_to_a_reason_with_words() -> None:
    names, _ = assemble(State(), Moment(now=1_700_000_000_000_000), np.array([-1], dtype=np.int32))
    groups = {name: reason(name) for name in (*names, "affinity", "display", "mailer")}
    assert [name for name, group in groups.items() if group == "other"] == []
    for group in {*groups.values(), "other"}:
        assert word(group, "en") != word(group, "zh")


def test_reasons_go_by_what_a_feature_is_about() -> None:
    assert tuple(reason(name) for name in NAMES) == GROUPS
