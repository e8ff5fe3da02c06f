"""Published data sets become rows as their protocols say: in order of time, cut where they say."""

from __future__ import annotations

import numpy as np

from hawker.ingest.datasets.movielens import Ratings
from hawker.learning import published


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
