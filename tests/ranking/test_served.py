"""Serving works on rows that share columns, and gives what `predict` gives on the rows in full."""

from __future__ import annotations

import numpy as np
import pytest

from hawker import ranking
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking import Linear, Model, Rule

NAMES = ("visits", "spend", "own", "price", "display", "kin")
OWN = np.array([2, 3, 4, 5])


def sheet(rows: int, *, seed: int = 1) -> Sheet:
    rng = np.random.default_rng(seed)
    own = np.exp(rng.normal(0.0, 6.0, (len(OWN), rows))).astype(np.float32)
    own[rng.random(own.shape) < 0.3] = 0.0
    own[rng.random(own.shape) < 0.2] = np.nan
    own[0] *= np.where(rng.random(rows) < 0.5, -1, 1)
    own[2] = rng.integers(-1, 4, rows)
    common = np.array([3.0, np.nan, np.nan, np.nan, np.nan, np.nan], dtype=np.float32)
    return Sheet(NAMES, common, OWN, own)


def examples(rows: int) -> Examples:
    rng = np.random.default_rng(2)
    x = np.exp(rng.normal(0.0, 3.0, (rows, len(NAMES)))).astype(np.float32)
    x[:, 4] = rng.integers(-1, 4, rows)
    x[rng.random(x.shape) < 0.1] = np.nan
    return Examples(
        names=NAMES,
        x=x,
        y=(rng.random(rows) < 1 / (1 + np.exp(-np.nan_to_num(np.log(np.abs(x[:, 2]) + 1)) + 1))).astype(
            np.float32
        ),
        time=np.arange(rows, dtype=np.int64),
        group=np.arange(rows, dtype=np.int64) // 10,
        cluster=np.arange(rows, dtype=np.int64) // 10,
        weight=np.ones(rows),
        categorical=("display",),
    )


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    given = examples(4_000)
    linear = ranking.train(Linear(bits=12), given, seed=1)
    trees = ranking.train(ranking.Trees(trees=12, leaves=15, threads=1), given, seed=1)
    return {
        "linear": linear,
        "coarse": ranking.train(Linear(bits=8, steps=2), given, seed=1),
        "calibrated": ranking.calibrate(linear, given),
        "trees": trees,
        "blend": ranking.blend([linear, trees], given, weights=[1.0, 1.0]),
        "rule": Rule(NAMES, {"price": 2.0}),
    }


@pytest.mark.parametrize("kind", ["linear", "coarse", "calibrated", "trees", "blend", "rule"])
def test_serving_gives_what_predict_gives_to_the_bit(models: dict[str, Model], kind: str) -> None:
    model, given = models[kind], sheet(700)
    np.testing.assert_array_equal(model.serve(given), model.predict(given.matrix(model.names)))
    assert len(np.unique(model.serve(given))) > 10


def test_more_columns_than_a_model_knows_do_not_disturb_it(models: dict[str, Model]) -> None:
    given = sheet(50)
    wider = Sheet(
        ("first", *NAMES),
        np.append(np.float32(7.0), given.common),
        given.columns + 1,
        given.own,
    )
    np.testing.assert_array_equal(models["linear"].serve(wider), models["linear"].serve(given))
    np.testing.assert_array_equal(models["trees"].serve(wider), models["trees"].serve(given))


def test_a_column_that_is_missing_is_named(models: dict[str, Model]) -> None:
    narrow = Sheet(NAMES[:5], sheet(3).common[:5], OWN[:3], sheet(3).own[:3])
    with pytest.raises(BadInput, match="kin"):
        models["linear"].serve(narrow)
