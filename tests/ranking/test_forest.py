"""The fast evaluator answers as LightGBM does, to the last bit."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hawker.errors import Corrupt
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.forest import Forest
from hawker.ranking.trees import Trees, TreesModel


def grown(leaves: int, *, known: bool = False, codes: int = 40, rows: int = 3000) -> TreesModel:
    """Trees over three quantities (one sparse, one far from zero) and a column of codes."""
    rng = np.random.default_rng(leaves)
    x = rng.normal(size=(rows, 4)).astype(np.float32)
    x[:, 1] = np.where(rng.random(rows) < 0.8, 0, rng.exponential(size=rows))
    x[:, 2] = rng.integers(0, codes, rows)
    x[:, 3] = 1e6 + 100 * x[:, 3]
    if not known:
        x[rng.random(x.shape) < 0.1] = np.nan
    lean = np.nan_to_num(x[:, 0]) + np.isin(x[:, 2], [3, 7, codes - 1]) - (np.nan_to_num(x[:, 1]) > 1)
    y = (rng.random(rows) < 1 / (1 + np.exp(-lean))).astype(np.float32)
    zeros = np.zeros(rows, dtype=np.int64)
    examples = Examples(tuple("abcd"), x, y, zeros, zeros, zeros, np.ones(rows), categorical=("c",))
    return Trees(trees=40, leaves=leaves, least=5, rate=0.1, smooth=1.0, threads=1).fit(examples)


def reference(model: TreesModel, x: np.ndarray) -> np.ndarray:
    booster = lightgbm.Booster(model_str=model.text)
    return np.asarray(booster.predict(x, raw_score=True, num_threads=1))


SMALL, LARGE, KNOWN = grown(31), grown(64), grown(20, known=True)
strange = st.sampled_from(
    [np.nan, 0.0, -0.0, -1.0, -0.5, 39.0, 40.0, 1e6, 2.7, 1e12, 1e-36, -1e-38, 3e38, -3e38]
)
cells = st.one_of(strange, st.floats(-50, 50, width=32))


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 9), st.just(4)), elements=cells))
@pytest.mark.parametrize("model", [SMALL, LARGE, KNOWN], ids=["31 leaves", "64 leaves", "no unknown"])
def test_any_row_is_answered_as_by_lightgbm(model: TreesModel, x: np.ndarray) -> None:
    np.testing.assert_array_equal(model.score(x), reference(model, x))


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(0, 70), st.just(4)), elements=cells),
    st.sets(st.integers(0, 3)),
)
@pytest.mark.parametrize("model", [SMALL, LARGE, KNOWN], ids=["31 leaves", "64 leaves", "no unknown"])
def test_a_request_is_answered_as_row_by_row(model: TreesModel, x: np.ndarray, shared: set[int]) -> None:
    """Whatever the candidates have in common, one word of them or more."""
    alike = sorted(shared) if len(x) else []
    x[:, alike] = x[:1, alike]
    common = np.full(4, np.nan, dtype=np.float32)
    common[alike] = x[0, alike] if len(x) else np.nan
    own = np.setdiff1d(np.arange(4), alike)
    given = Sheet(
        ("z", *"abcd"), np.append(np.float32(1), common), own + 1, np.ascontiguousarray(x[:, own].T)
    )
    np.testing.assert_array_equal(model.served(given), model.score(x))


@pytest.mark.parametrize("model", [SMALL, LARGE, KNOWN], ids=["31 leaves", "64 leaves", "no unknown"])
def test_rows_on_the_thresholds_fall_to_the_same_side(model: TreesModel) -> None:
    forest = Forest.parse(model.text)
    assert forest is not None
    assert (forest.first >= 0).any()
    x = np.zeros((len(forest.threshold), 4), dtype=np.float32)
    x[np.arange(len(x)), forest.feature] = forest.threshold
    for side in (np.float32(-np.inf), np.float32(np.inf)):
        for nearby in (x, np.nextafter(x, side)):
            np.testing.assert_array_equal(model.score(nearby), reference(model, nearby))
            few = Sheet(tuple("abcd"), x[0], np.arange(4), np.ascontiguousarray(nearby[:64].T))
            np.testing.assert_array_equal(model.served(few), model.score(nearby[:64]))


def test_many_codes_are_looked_up_one_by_one() -> None:
    model = grown(31, codes=1500, rows=20_000)
    forest = Forest.parse(model.text)
    assert forest is not None
    assert 32 * forest.count.max() > 1024
    rng = np.random.default_rng(3)
    x = rng.normal(size=(100, 4)).astype(np.float32)
    x[:, 2] = rng.choice([3, 7, 1499, 40, 1600, -1, np.nan], 100)
    given = Sheet(tuple("abcd"), x[0], np.arange(4), np.ascontiguousarray(x.T))
    np.testing.assert_array_equal(model.served(given), reference(model, x))


def test_blocks_of_rows_do_not_matter() -> None:
    x = np.random.default_rng(0).normal(size=(1100, 4)).astype(np.float32)
    whole = SMALL.score(x)
    for size in (1, 511, 512, 513, 1024):
        np.testing.assert_array_equal(SMALL.score(x[:size]), whole[:size])


def test_few_leaves_take_half_the_mask() -> None:
    kinds = [Forest.parse(model.text).masks.dtype for model in (SMALL, LARGE)]  # type: ignore[union-attr]
    assert kinds == [np.uint32, np.uint64]


def test_trees_of_one_leaf_are_a_constant() -> None:
    rng = np.random.default_rng(0)
    zeros = np.zeros(60, dtype=np.int64)
    y = (np.arange(60) % 3 == 0).astype(np.float32)
    x = rng.normal(size=(60, 1)).astype(np.float32)
    model = Trees(trees=3, least=50, threads=1).fit(Examples(("a",), x, y, zeros, zeros, zeros, np.ones(60)))
    np.testing.assert_allclose(model.predict(x), 1 / 3)
    np.testing.assert_array_equal(model.score(x), reference(model, x))


def test_more_leaves_are_left_to_lightgbm() -> None:
    model = grown(80)
    assert Forest.parse(model.text) is None
    x = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    np.testing.assert_array_equal(model.score(x), reference(model, x))


def test_a_broken_text_is_named() -> None:
    with pytest.raises(Corrupt, match=r"trees cannot be read.*Roll back"):
        Forest.parse(SMALL.text.replace("leaf_value", "leaf_valve"))
    with pytest.raises(Corrupt, match="trees cannot be read"):
        Forest.parse(SMALL.text[: SMALL.text.index("Tree=20")])
