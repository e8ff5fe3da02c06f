"""Published data sets as training rows, cut as their protocols say: what models are compared on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.features.examples import Examples
from hawker.ingest.datasets import criteo as criteo_files
from hawker.ingest.datasets import movielens as movielens_files
from hawker.ingest.datasets.movielens import Ratings

LIKED = 4.0
_SECOND = 1_000_000
_SHARES = (0.72, 0.80)
_AGES = (18, 25, 35, 45, 50, 56)


@dataclass(frozen=True)
class Slices:
    """`train` is fitted on; `valid` stops, chooses and calibrates; `test` is scored once."""

    train: Examples
    valid: Examples
    test: Examples


def criteo(folder: Path) -> Slices:
    """A folder's criteo_{train,dev,test}.tsv.gz: 13 counts and 26 codes, no times, every row a person."""
    shown = criteo_files.read(folder)
    index = np.arange(len(shown), dtype=np.int64)
    counts = tuple(f"count {i}" for i in range(1, criteo_files.COUNTS + 1))
    codes = tuple(f"code {i}" for i in range(1, criteo_files.CODES + 1))
    x = np.column_stack([shown.counts, shown.codes])
    one = np.ones(len(shown))
    rows = Examples((*counts, *codes), x, shown.clicked, index, index, index, one, categorical=codes)
    return Slices(*(rows.take(shown.part == part) for part in range(3)))


def movielens(folder: Path | None = None) -> Slices:
    """MovieLens-100k in order of time, 72 % / 8 % / 20 %: is a film liked (four stars or five)?

    `folder` holds the files, fetched there where they are not (None: the cache). These are the plain
    columns: who, which film, and what is known of both whatever the moment.
    """
    return rated(movielens_files.read(movielens_files.fetch(folder)))


def rated(ratings: Ratings) -> Slices:
    """The slices of `movielens`, of any such ratings."""
    columns = plain(ratings)
    x = np.column_stack(list(columns.values())).astype(np.float32)
    return _cut(ratings, x, names=tuple(columns), categorical=tuple(columns))


def plain(ratings: Ratings) -> dict[str, NDArray[np.float64]]:
    """The columns of rows that know no history, all of them codes."""
    films, people = ratings.item, ratings.user
    ages = np.searchsorted(np.array(_AGES), ratings.age, side="right")
    return {
        "user": people.astype(np.float64),
        "item": films.astype(np.float64),
        "genre": np.argmax(ratings.kinds, axis=1)[films].astype(np.float64),
        "year": ratings.year[films],
        "age": ages[people].astype(np.float64),
        "gender": ratings.woman[people].astype(np.float64),
        "occupation": ratings.occupation[people].astype(np.float64),
        "zip": ratings.zip[people],
    }


def _cut(
    ratings: Ratings, x: NDArray[np.float32], *, names: tuple[str, ...], categorical: tuple[str, ...]
) -> Slices:
    n = len(ratings)
    rows = Examples(
        names=names,
        x=x,
        y=(ratings.stars >= LIKED).astype(np.float32),
        time=ratings.time * _SECOND,
        group=ratings.user,
        cluster=ratings.user,
        weight=np.ones(n),
        categorical=categorical,
    )
    ends = [0, *(round(share * n) for share in _SHARES), n]
    places = np.arange(n)
    first, second, third = (rows.take(places[a:b]) for a, b in pairwise(ends))
    return Slices(first, second, third)
