"""Shapley values of trees: equal to their definition, to LightGBM's, and to the score they explain."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import lightgbm
import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import Corrupt
from hawker.ranking.ranker import Rows
from hawker.ranking.shapley import Shapley


def rows(count: int, *, seed: int = 0) -> Rows:
    """Twelve features, a tenth unknown; the sixth and seventh are codes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 12)).astype(np.float32)
    x[:, 5], x[:, 6] = rng.integers(0, 60, count), rng.integers(0, 5, count)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def grown(x: Rows, *, trees: int = 20, leaves: int = 31, **settings: object) -> lightgbm.Booster:
    """Trees of a world with an interaction, a curve and codes."""
    known = np.nan_to_num(x)
    odds = known[:, 0] + np.abs(known[:, 1]) * (known[:, 2] > 0) + (known[:, 5] % 7 == 1) - 1
    y = np.random.default_rng(1).random(len(x)) < 1 / (1 + np.exp(-odds))
    given = {"num_leaves": leaves, "num_threads": 1, "verbosity": -1, "seed": 3, "min_data_in_leaf": 5}
    data = lightgbm.Dataset(x, y, categorical_feature=[5, 6])
    return lightgbm.train({"objective": "binary", **given, **settings}, data, num_boost_round=trees)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"leaves": 2},
        {"leaves": 200, "trees": 5},
        {"bagging_fraction": 0.5, "bagging_freq": 1, "feature_fraction": 0.4},
        {"use_missing": False},
        {"max_depth": 3},
        {"min_data_in_leaf": 5000},
    ],
)
def test_they_equal_lightgbms_and_add_up(settings: dict[str, object]) -> None:
    booster = grown(rows(2000), **settings)  # type: ignore[arg-type]
    x = rows(40, seed=5)
    x[0], x[1], x[2, 5], x[3, 5] = np.nan, 0.0, 99, -1
    parts = Shapley.parse(booster.model_to_string(), width=12)
    assert parts is not None
    found = parts(x)
    np.testing.assert_allclose(found, booster.predict(x, pred_contrib=True), atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), booster.predict(x, raw_score=True), atol=1e-9)


def test_they_equal_the_definition() -> None:
    """Every coalition of four features, its value the mean over the paths that it leaves open."""
    x = rows(500)[:, :4]
    booster = lightgbm.train(
        {"objective": "regression", "num_leaves": 12, "verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(x, np.nan_to_num(x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + x[:, 0])),
        num_boost_round=1,
    )
    root = booster.dump_model()["tree_info"][0]["tree_structure"]
    one = np.array([0.3, -0.2, 1.4, 0.0], dtype=np.float32)

    def worth(node: dict, known: frozenset[int]) -> float:  # type: ignore[type-arg]
        if "leaf_value" in node:
            return float(node["leaf_value"])
        sides = [node["left_child"], node["right_child"]]
        if node["split_feature"] in known:
            return worth(sides[not one[node["split_feature"]] <= node["threshold"]], known)
        counts = [side.get("internal_count", side.get("leaf_count")) for side in sides]
        return sum(worth(side, known) * n for side, n in zip(sides, counts, strict=True)) / sum(counts)

    expected = np.zeros(4)
    for i in range(4):
        rest = [j for j in range(4) if j != i]
        for size in range(4):
            share = factorial(size) * factorial(3 - size) / factorial(4)
            for others in combinations(rest, size):
                known = frozenset(others)
                expected[i] += share * (worth(root, known | {i}) - worth(root, known))
    parts = Shapley.parse(booster.model_to_string(), width=4)
    assert parts is not None
    found = parts(one[None, :])[0]
    np.testing.assert_allclose(found[:4], expected, atol=1e-12)
    assert found[4] == pytest.approx(worth(root, frozenset()))


def test_rows_do_not_depend_on_their_neighbours() -> None:
    parts = Shapley.parse(grown(rows(500)).model_to_string(), width=12)
    assert parts is not None
    x = rows(9, seed=2)
    np.testing.assert_array_equal(np.concatenate([parts(x[r : r + 1]) for r in range(9)]), parts(x))
    assert parts(x[:0]).shape == (0, 13)


def test_a_damaged_text_and_zeros_taken_for_unknown() -> None:
    text = grown(rows(500)).model_to_string()
    with pytest.raises(Corrupt, match="Roll back"):
        Shapley.parse(text[: len(text) // 2], width=12)
    zeros = grown(rows(500), zero_as_missing=True).model_to_string()
    assert Shapley.parse(zeros, width=12) is None


def test_trees_tell_the_parts_of_a_row() -> None:
    model = ranking.train(ranking.Trees(trees=20, threads=1), toy(1000), seed=1)
    row = toy(5, seed=3).x[:1]
    told = model.explain(row)
    assert list(told) == [*model.names, "(base)"]
    assert sum(told.values()) == pytest.approx(model.score(row)[0], abs=1e-9)
    assert max(told, key=lambda name: abs(told[name]) * (name != "(base)")) in ("bought", "kind")
