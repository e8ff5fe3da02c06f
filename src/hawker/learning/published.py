"""Published data sets as training rows, cut as their protocols say: what models are compared on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadSetting, nearest
from hawker.features.examples import Examples, Field
from hawker.ingest.datasets import criteo as criteo_files
from hawker.ingest.datasets import movielens as movielens_files
from hawker.ingest.datasets.movielens import Ratings
from hawker.language.tfidf import Tfidf
from hawker.learning.ratings import AGES, history
from hawker.learning.resemblance import resemblance

LIKED = 4.0
_SECOND = 1_000_000
_SHARES = (0.72, 0.80)
_SIZE, _LATEST = 48, 10
_TABLES = ["plain", "history", "factors", "fields", "text"]
Table = Literal["plain", "history", "factors", "fields", "text"]
Floats = NDArray[np.float64]


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


def movielens(folder: Path | None = None, *, table: Table = "history") -> Slices:
    """MovieLens-100k in order of time, 72 % / 8 % / 20 %: is a film liked (four stars or five)?

    `folder` holds the files, fetched there where they are not (None: the cache). For `table` see `rated`.
    """
    return rated(movielens_files.read(movielens_files.fetch(folder)), table=table)


def rated(ratings: Ratings, *, table: Table = "history") -> Slices:
    """The slices of `movielens`, of any such ratings.

    "plain" is who, which film, and what is known of both whatever the moment, all of them codes; "history"
    adds what earlier ratings told just before (`ratings.history`); "fields" adds to that the film's title
    as a vector and the person's latest liked films as a sequence; "text" adds what the titles told just
    before (`resemblance`); "factors" adds to "history" what vectors of films and people, fitted to who liked
    what, made of the two just before (`ranking.factors`).
    """
    if table not in _TABLES:
        raise BadSetting(f"There is no table '{table}'.", remedy=nearest(table, _TABLES))
    liked = ratings.stars >= LIKED
    codes = plain(ratings)
    columns = dict(codes)
    fields: tuple[Field, ...] = ()
    if table != "plain":
        columns |= history(ratings, liked.astype(np.float64))
    if table == "text":
        columns |= _texts(ratings, liked.astype(np.float64), columns)
    if table == "factors":
        columns |= _factors(ratings, liked)
    if table == "fields":
        for field, parts in (_titles(ratings), _latest(ratings, liked)):
            columns |= parts
            fields = (*fields, field)
    rows = Examples(
        names=tuple(columns),
        x=np.column_stack(list(columns.values())).astype(np.float32),
        y=liked.astype(np.float32),
        time=ratings.time * _SECOND,
        group=ratings.user,
        cluster=ratings.user,
        weight=np.ones(len(ratings)),
        categorical=tuple(codes),
        fields=fields,
    )
    ends = [0, *(round(share * len(ratings)) for share in _SHARES), len(ratings)]
    places = np.arange(len(ratings))
    first, second, third = (rows.take(places[a:b]) for a, b in pairwise(ends))
    return Slices(first, second, third)


def plain(ratings: Ratings) -> dict[str, NDArray[np.float64]]:
    """The columns of rows that know no history, all of them codes."""
    films, people = ratings.item, ratings.user
    ages = np.searchsorted(np.array(AGES), ratings.age, side="right")
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


def _factors(ratings: Ratings, liked: NDArray[np.bool_]) -> dict[str, Floats]:
    """Vectors of four numbers, films' fitted 24 times; what was rated and not liked counts as such."""
    from hawker.ranking.factors import DOT, Factorisation

    model = Factorisation(rank=4, alpha=100.0, l2=30.0, rounds=6)
    return {DOT: model.as_of(ratings.user, ratings.item, ratings.time, liked=liked, fits=24)}


def _titles(ratings: Ratings) -> tuple[Field, dict[str, Floats]]:
    """The films' titles as a vector field."""
    vectors = _vectors(ratings)
    vectors[~vectors.any(axis=1)] = np.nan
    names = tuple(f"title_{place}" for place in range(_SIZE))
    return Field("title", "vector", names), dict(zip(names, vectors[ratings.item].T, strict=True))


def _texts(ratings: Ratings, liked: Floats, known: dict[str, Floats]) -> dict[str, Floats]:
    """What the titles told just before each rating."""
    residual = liked - known["expected"]
    gap = residual + known["item_excess"]
    vectors = _vectors(ratings)
    return resemblance(ratings.time, ratings.user, ratings.item, residual=residual, gap=gap, vectors=vectors)


def _vectors(ratings: Ratings) -> Floats:
    """Title, genres and decade of each film as a vector, fitted on the films that training rows name."""
    decade = [f"{year // 10 * 10:.0f}s" if year == year else "" for year in ratings.year]
    genres = [" ".join(np.array(ratings.genres)[kinds]) for kinds in ratings.kinds]
    texts = [" ".join(parts) for parts in zip(ratings.title, genres, decade, strict=True)]
    known = np.unique(ratings.item[: round(_SHARES[0] * len(ratings))])
    return Tfidf.fit((texts[film] for film in known), size=_SIZE).vectors(texts).astype(np.float64)


def _latest(ratings: Ratings, liked: NDArray[np.bool_]) -> tuple[Field, dict[str, Floats]]:
    """The films a person liked last, the latest first; of one and the same second none sees another."""
    found = np.full((len(ratings), _LATEST), np.nan)
    held: dict[int, list[int]] = {}
    new: list[int] = []
    for row, (moment, person) in enumerate(zip(ratings.time, ratings.user, strict=True)):
        if new and ratings.time[new[0]] != moment:
            for one in new:
                held.setdefault(int(ratings.user[one]), []).insert(0, int(ratings.item[one]))
            new = []
        films = held.get(int(person), [])[:_LATEST]
        found[row, : len(films)] = films
        if liked[row]:
            new.append(row)
    names = tuple(f"liked_{place}" for place in range(_LATEST))
    return Field("liked", "sequence", names, of="item"), dict(zip(names, found.T, strict=True))
