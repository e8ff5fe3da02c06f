"""Implicit factors: blocks are found, the objective is at its minimum, newcomers are folded in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hawker.errors import BadInput, BadSetting, Corrupt, NotFound
from hawker.features.examples import Examples
from hawker.ranking.factors import Factorisation, Factors

SMALL = Factorisation(rank=2, rounds=15, alpha=2.0)
Triples = tuple[np.ndarray, np.ndarray, np.ndarray]  # type: ignore[type-arg]


def blocks(*, seed: int = 0) -> Triples:
    """Forty shoppers of two kinds, thirty products of two kinds; each takes half of what is of its kind."""
    rng = np.random.default_rng(seed)
    shopper, product = (part.ravel() for part in np.meshgrid(np.arange(40), np.arange(30), indexing="ij"))
    taken = (shopper % 2 == product % 2) & (rng.random(1200) < 0.5)
    return shopper[taken], product[taken], rng.integers(1, 4, int(taken.sum())).astype(float)


@pytest.fixture(scope="module")
def factors() -> Factors:
    return SMALL.fit(*blocks())


def objective(factors: Factors, triples: Triples) -> float:
    """What is minimised, written out in full."""
    weight = np.zeros((len(factors.shoppers), len(factors.products)))
    np.add.at(weight, triples[:2], triples[2])
    x, y = factors.shoppers.astype(float), factors.products.astype(float)
    squares = (1 + factors.parameters.alpha * weight) * ((weight > 0) - x @ y.T) ** 2
    return float(squares.sum() + factors.parameters.l2 * ((x**2).sum() + (y**2).sum()))


def test_untaken_products_of_the_own_kind_are_preferred(factors: Factors) -> None:
    shopper, product, _ = blocks()
    for one in range(40):
        score = factors.score(one)
        new = np.setdiff1d(np.arange(30), product[shopper == one])
        own = new[new % 2 == one % 2]
        assert score[own].min() > score[np.setdiff1d(new, own)].max() + 0.2


def test_every_row_is_where_the_objective_is_least() -> None:
    exact = replace(SMALL, rounds=60, steps=4).fit(*blocks())
    least = objective(exact, blocks())
    rng = np.random.default_rng(0)
    for _ in range(20):
        moved = replace(
            exact, shoppers=exact.shoppers + rng.normal(0, 0.01, exact.shoppers.shape).astype(np.float32)
        )
        assert objective(moved, blocks()) > least
    few = replace(SMALL, rounds=3).fit(*blocks())
    assert objective(few, blocks()) > least
    for one in (0, 17):  # the closed form of a row, from the same history
        mine = blocks()[0] == one
        np.testing.assert_allclose(
            exact.folded(blocks()[1][mine], blocks()[2][mine]), exact.shoppers[one], atol=2e-3
        )


def test_repeats_add_up_and_a_seed_repeats(factors: Factors) -> None:
    shopper, product, weight = blocks()
    once = np.repeat(np.arange(len(weight)), weight.astype(int))
    again = SMALL.fit(shopper[once], product[once])
    np.testing.assert_allclose(again.shoppers, factors.shoppers, atol=1e-6)
    other = SMALL.fit(*blocks(), seed=1)
    assert not np.array_equal(other.shoppers, factors.shoppers)


def test_somebody_new_is_folded_in(factors: Factors) -> None:
    vector = factors.folded(np.array([1, 3, 5]))
    score = factors.products @ vector
    rest = np.setdiff1d(np.arange(30), [1, 3, 5])
    assert score[rest[rest % 2 == 1]].min() > score[rest[rest % 2 == 0]].max()
    np.testing.assert_array_equal(factors.folded(np.array([], dtype=np.int64)), 0)


def test_who_is_not_known_scores_nothing_and_has_no_feature(factors: Factors) -> None:
    assert factors.score(99).tolist() == [0] * 30
    assert factors.score(0, np.array([-1, 99])).tolist() == [0, 0]
    told = factors.dot(np.array([0, -1, 0]), np.array([2, 2, 99]))
    assert told[0] == pytest.approx(factors.score(0)[2], abs=1e-6)
    assert np.isnan(told[1:]).all()
    wide = SMALL.fit(*blocks(), sizes=(50, 31))
    assert not wide.shoppers[45].any()
    assert np.isnan(wide.dot(np.array([45]), np.array([3]))).all()


def test_they_stand_beside_examples(factors: Factors) -> None:
    x = np.array([[0, 4], [1, 4], [np.nan, 4]], dtype=np.float32)
    index = np.arange(3)
    rows = Examples(
        ("who", "what"),
        x,
        np.float32([1, 0, 0]),
        index,
        index,
        index,
        np.ones(3),
        categorical=("who", "what"),
    )
    wider = factors.beside(rows, shopper="who", product="what", vectors=True)
    assert wider.names[2:] == ("factor_dot", "factor_0", "factor_1")
    assert wider.x[0, 2] > wider.x[1, 2] + 0.3
    assert np.isnan(wider.x[2, 2])
    np.testing.assert_array_equal(wider.x[:, 3:], np.tile(factors.products[4], (3, 1)))
    assert wider.fields[0].kind == "vector"
    with pytest.raises(BadInput, match="lack"):
        factors.beside(rows, shopper="whose", product="what")


def test_they_are_saved_and_a_broken_file_is_named(factors: Factors, tmp_path: Path) -> None:
    factors.save(tmp_path)
    loaded = Factors.load(tmp_path)
    assert loaded.parameters == SMALL
    np.testing.assert_array_equal(loaded.products, factors.products)
    path = tmp_path / "factors.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(Corrupt, match=r"factors\.npz' cannot be read.*Fit the factors anew"):
        Factors.load(tmp_path)
    with pytest.raises(NotFound, match="no factors"):
        Factors.load(tmp_path / "elsewhere")


def test_what_was_seen_and_not_liked_is_told_from_what_was_not_seen() -> None:
    shopper, product, _ = blocks()
    even = product % 4 < 2  # of what a shopper took, half was a disappointment
    likes = replace(SMALL, rank=4).fit(shopper, product, liked=even)
    own = [likes.score(one)[np.arange(one % 2, 30, 2)] for one in range(40)]
    good = np.arange(0, 30, 2) % 4 < 2
    assert np.mean([score[good].mean() - score[~good].mean() for score in own[::2]]) > 0.3
    mine = shopper == 4
    folded = likes.products @ likes.folded(product[mine], liked=even[mine])
    assert np.corrcoef(folded, likes.score(4))[0, 1] > 0.98


def test_as_of_a_moment_nobody_knows_what_comes_later() -> None:
    shopper, product, _ = blocks()
    order = np.random.default_rng(0).permutation(len(shopper))
    shopper, product, time = shopper[order], product[order], np.arange(len(order)) // 2
    known = SMALL.as_of(shopper, product, time, fits=3)
    half = len(order) // 2
    other = product.copy()
    other[half:] = (other[half:] + 1) % 30
    changed = SMALL.as_of(shopper, other, time, fits=3)
    np.testing.assert_array_equal(changed[: half - half % 2], known[: half - half % 2])
    assert np.isnan(known[: len(order) // 4 - 1]).all()
    assert np.isfinite(known[half:]).mean() > 0.9


def test_as_of_a_moment_is_the_fold_of_the_history_so_far() -> None:
    shopper, product, _ = blocks()
    order = np.random.default_rng(1).permutation(len(shopper))
    shopper, product, time = shopper[order], product[order], np.arange(len(order))
    liked = product % 3 > 0
    known = SMALL.as_of(shopper, product, time, liked=liked, fits=1)
    start = len(order) // 2
    made = SMALL.fit(shopper[:start], product[:start], liked=liked[:start], sizes=(40, 30))
    for row in range(start, len(order), 7):
        mine = np.flatnonzero(shopper[:row] == shopper[row])
        vector = made.folded(product[mine], liked=liked[mine])
        assert known[row] == pytest.approx(float(vector @ made.products[product[row]]), abs=1e-4)
    with pytest.raises(BadInput, match="in order of time"):
        SMALL.as_of(shopper, product, time[::-1])


def test_what_cannot_be_is_refused() -> None:
    shopper, product, weight = blocks()
    with pytest.raises(BadInput, match="equally many"):
        SMALL.fit(shopper, product[:-1], weight)
    with pytest.raises(BadInput, match="not negative"):
        SMALL.fit(shopper, product, -weight)
    with pytest.raises(BadInput, match="count from 0"):
        SMALL.fit(shopper - 1, product, weight)
    with pytest.raises(BadInput, match="'sizes' says"):
        SMALL.fit(shopper, product, weight, sizes=(10, 30))
    with pytest.raises(BadSetting, match="'rank' must be at least 1"):
        Factorisation(rank=0)
