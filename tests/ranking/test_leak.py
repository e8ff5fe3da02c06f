"""Planted leaks are found and named with their remedy; honest features, strong ones too, are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.leak import leaks, refuse

ROWS = 6000


def world(*, seed: int = 0, weight: bool = False) -> Examples:
    """The toy shop, and what people watch for: a request of ten candidates, shoppers of three requests."""
    rows = toy(ROWS, seed=seed)
    if not weight:
        return rows
    kept = (rows.y > 0) | (np.random.default_rng(seed).random(ROWS) < 0.3)
    return replace(rows.take(kept), weight=np.where(rows.y[kept] > 0, 1.0, 1 / 0.3))


def planted(rows: Examples, column: np.ndarray, *, coded: bool = False) -> Examples:
    """One more feature."""
    names = (*rows.names, "planted")
    x = np.column_stack([rows.x, column]).astype(np.float32)
    return replace(rows, names=names, x=x, categorical=(*rows.categorical, *(["planted"] if coded else [])))


def leak(kind: str, rows: Examples) -> tuple[np.ndarray, bool]:
    """A column that knows what it cannot know, and whether it holds codes."""
    rng, y, n = np.random.default_rng(5), rows.y, len(rows)
    noise = rng.normal(size=n)
    columns = {
        "the label itself": y,
        "the label in disguise": 7 - 3 * y,
        "the label with noise": y + 0.2 * noise,
        "both ends": np.where(y > 0, np.sign(noise) * (3 + np.abs(noise)), noise),
        "a receipt number": np.where(y > 0, np.abs(noise), np.nan),
        "a reason for leaving": np.where(y > 0, np.nan, np.abs(noise)),
        "some receipts": np.where((y > 0) & (rng.random(n) < 0.3), np.abs(noise), np.nan),
        "minutes watched": np.where((y > 0) & (rng.random(n) < 0.4), np.abs(noise), 0.0),
        "a state of the order": np.where(y > 0, rng.integers(5, 9, n), rng.integers(0, 5, n)),
        "another outcome": (y > 0) & (rng.random(n) < 0.5),
    }
    return columns[kind], kind == "a state of the order"


@pytest.mark.parametrize("weight", [False, True])
@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("the label itself", "label"),
        ("the label in disguise", "alone"),
        ("the label with noise", "alone"),
        ("both ends", "alone"),
        ("a receipt number", "known"),
        ("a reason for leaving", "known"),
        ("some receipts", "value"),
        ("minutes watched", "value"),
        ("a state of the order", "alone"),
        ("another outcome", "value"),
    ],
)
def test_a_planted_leak_is_named(kind: str, way: str, weight: bool) -> None:
    rows = world(weight=weight)
    column, coded = leak(kind, rows)
    found = leaks(planted(rows, column, coded=coded))
    assert [(one.feature, one.kind) for one in found] == [("planted", way)]
    with pytest.raises(BadInput, match=r"'planted' .*known only afterwards.*trust=\['planted'\]"):
        refuse(planted(rows, column, coded=coded))
    refuse(planted(rows, column, coded=coded), trust=["planted"])


def test_an_outcome_among_the_features_is_one_even_if_it_tells_little() -> None:
    rows = world()
    other = (np.random.default_rng(1).random(ROWS) < 0.2).astype(np.float32)
    found = leaks(planted(replace(rows, labels={"returned": other}), other))
    assert [(one.kind, one.said) for one in found] == [
        ("label", "is an outcome: it equals 'returned' in every row")
    ]


def test_a_count_that_has_counted_this_request_already_is_found_by_its_steps() -> None:
    """Alone it tells little; its change since the shopper's last request tells all."""
    rows = world()
    rows = replace(rows, y=rows.y * (np.random.default_rng(1).random(ROWS) < 0.15))
    request = np.arange(ROWS) // 10
    came = np.zeros(ROWS // 10)
    np.maximum.at(came, request, rows.y)
    shopper = np.arange(ROWS // 10) // 30  # long histories
    per = replace(rows, cluster=shopper[request])
    so_far = np.concatenate([np.cumsum(came[shopper == one]) for one in np.unique(shopper)])
    honest = so_far - came  # before the request
    assert leaks(planted(per, (honest + 40 * (shopper % 7))[request])) == ()
    found = leaks(planted(per, (so_far + 40 * (shopper % 7))[request]))
    assert [(one.feature, one.kind) for one in found] == [("planted", "step")]
    assert found[0].auc.value > 0.95


def test_one_feature_far_ahead_of_all_others_is_found() -> None:
    rows = world()
    column = rows.y + 0.5 * np.random.default_rng(5).normal(size=ROWS)
    kinds = {one.feature: one.kind for one in leaks(planted(replace(rows, x=rows.x * np.nan), column))}
    assert kinds["planted"] == "jump"


@pytest.mark.parametrize("seed", range(6))
def test_honest_features_are_left_alone(seed: int) -> None:
    rows = world(seed=seed)
    rng = np.random.default_rng(seed)
    assert leaks(rows) == ()
    assert leaks(world(seed=seed, weight=True)) == ()
    assert leaks(planted(rows, np.arange(ROWS), coded=True)) == ()  # every row its own code
    assert leaks(planted(rows, rng.integers(0, 900, ROWS), coded=True)) == ()
    assert leaks(planted(rows, np.full(ROWS, np.nan))) == ()
    strong = np.where(rows.x[:, 0] > 0, rows.x[:, 0], np.nan)  # known of earlier buyers only
    assert leaks(planted(rows, strong)) == ()
    assert leaks(replace(planted(rows, rows.y), position="planted")) == ()


def test_with_little_to_go_by_nothing_is_said() -> None:
    rows = world()
    few = rows.take(np.flatnonzero(rows.y > 0)[:10])
    assert leaks(planted(few, few.y)) == ()
    refuse(planted(few, few.y))
