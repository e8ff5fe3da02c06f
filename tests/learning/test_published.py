"""Published data sets become rows as their protocols say: in order of time, cut where they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hawker import ranking
from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.ingest.datasets.movielens import Ratings
from hawker.learning import published
from hawker.learning.ratings import history
from hawker.learning.resemblance import resemblance


def ratings(n: int = 2000, *, people: int = 40, films: int = 60, seed: int = 0) -> Ratings:
    """Person p likes film f where both are even or both odd; a fifth of the ratings are noise."""
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, people, n), rng.integers(0, films, n)
    liked = ((user % 2) == (item % 2)) ^ (rng.random(n) < 0.2)
    kinds = np.zeros((films, 3), dtype=bool)
    kinds[np.arange(films), np.arange(films) % 3] = True
    return Ratings(
        user=user,
        item=item,
        stars=np.where(liked, 5.0, 2.0),
        time=np.sort(rng.integers(0, 10**6, n)),
        title=tuple(f"film {film} of {('love', 'war')[film % 2]}" for film in range(films)),
        year=np.where(np.arange(films) == 0, np.nan, 1990.0 + np.arange(films) % 9),
        genres=("Comedy", "Drama", "War"),
        kinds=kinds,
        age=rng.integers(10, 70, people).astype(np.float64),
        woman=rng.random(people) < 0.5,
        occupation=rng.integers(0, 5, people),
        zip=np.full(people, 1.0),
    )


def test_slices_follow_each_other_in_time() -> None:
    slices = published.rated(ratings())
    assert [len(part) for part in (slices.train, slices.valid, slices.test)] == [1440, 160, 400]
    assert slices.train.time.max() <= slices.valid.time.min()
    assert slices.valid.time.max() <= slices.test.time.min()


def test_each_table_holds_the_one_before() -> None:
    bare, known, fielded = (published.rated(ratings(), table=t).train for t in ("plain", "history", "fields"))
    assert known.names[: len(bare.names)] == bare.names == bare.categorical
    assert fielded.names[: len(known.names)] == known.names
    assert [field.name for field in fielded.fields] == ["title", "liked"]
    np.testing.assert_array_equal(fielded.only(known.names).x, known.x)
    with pytest.raises(BadSetting, match="history"):
        published.rated(ratings(), table="histories")  # type: ignore[arg-type]


@pytest.mark.parametrize("table", ["factors", "fields", "text"])
def test_no_column_knows_what_came_later_or_in_the_same_second(table: Any) -> None:
    given = ratings()
    cut = int(np.searchsorted(given.time, given.time[1200]))
    stars = given.stars.copy()
    stars[cut:] = 7.0 - stars[cut:]
    before, after = (whole(published.rated(r, table=table)) for r in (given, replace(given, stars=stars)))
    same = given.time <= given.time[cut]
    np.testing.assert_array_equal(before.x[same], after.x[same])
    assert (np.nan_to_num(before.x[~same]) != np.nan_to_num(after.x[~same])).any()


def whole(slices: published.Slices) -> Examples:
    """Only the columns of all rows matter here."""
    parts = (slices.train, slices.valid, slices.test)
    return replace(
        slices.train,
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("x", "y", "time", "group", "cluster", "weight")
        },
    )


def test_a_rating_counts_once_in_what_follows() -> None:
    given = ratings(4, people=1, films=1)
    given = replace(given, stars=np.array([5.0, 5.0, 2.0, 5.0]), time=np.array([0, 86400, 86400, 172800]))
    told = history(given, np.array([1.0, 1.0, 0.0, 1.0]))
    assert told["user_count"].tolist() == told["item_count"].tolist() == [0, 1, 1, 3]
    assert told["user_days"].tolist()[1:] == [1, 1, 1]
    assert np.isnan(told["user_days"][0])
    assert told["expected"][0] == 0.5
    excess = 0.5 / 11  # one residual of a half, drawn to zero by ten ratings that never were
    assert told["user_excess"][1] == pytest.approx(excess)
    assert told["expected"][1] == pytest.approx(2 / 3 + excess + 0.5 / 6)


def test_history_tells_who_likes_what() -> None:
    slices = published.rated(ratings(6000))
    estimator = ranking.Linear(epochs=3)
    plain = slices.train.categorical
    known = ranking.evaluate(ranking.train(estimator, slices.train), slices.test).auc.value
    blind = ranking.train(estimator, slices.train.only(plain))
    assert known is not None
    assert known > 0.6
    assert known > (ranking.evaluate(blind, slices.test.only(plain)).auc.value or 1) + 0.05


def test_the_latest_liked_films_come_first() -> None:
    given = ratings(600)
    rows = whole(published.rated(given, table="fields"))
    columns = [name for name in rows.names if name.startswith("liked_")]
    found = rows.only((*columns, "item")).x
    row = 599
    mine = (given.user == given.user[row]) & (given.time < given.time[row]) & (given.stars >= 4)
    latest = given.item[mine][::-1][: len(columns)]
    assert found[row, : len(latest)].tolist() == latest.tolist()


def test_text_tells_of_films_that_nobody_has_rated() -> None:
    time = np.array([0, 1, 2, 2, 3])
    person, film = np.array([0, 0, 0, 1, 0]), np.array([0, 1, 2, 2, 3])
    vectors = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    residual = np.array([0.5, -0.5, 0.1, 0.1, 0.1])
    told = resemblance(time, person, film, residual=residual, gap=residual, vectors=vectors)
    assert told["text_leaning"].tolist() == pytest.approx([0, 0, 0.5 / 7, 0, -0.5 / 8])
    assert told["text_company"].tolist() == pytest.approx([0, 0, 1 / 6, 1 / 6, 1 / 6])
    assert told["text_excess"][2] == pytest.approx(0.5 / 6 / (1 / 6 + 1))
    assert told["text_excess"][4] == pytest.approx(-0.5 / 6 / (1 / 6 + 1))


def test_factors_find_who_likes_what() -> None:
    slices = published.rated(ratings(), table="factors")
    dots, y = slices.test.x[:, -1], slices.test.y
    assert slices.test.names[-1] == "factor_dot"
    assert np.isfinite(dots).all()
    assert dots[y > 0].mean() > dots[y == 0].mean() + 0.3
