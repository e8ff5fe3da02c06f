"""Ratings as of each moment: what was known of who rates, of the film, and of the two, just before.

Each column is a fold over earlier ratings, computed in one pass: ratings of the very same second do not
see each other. A rate is told as what it adds to the expected, ŷ = rate of all + excess of the person +
excess of the film, where an excess is a mean of residuals drawn to zero, Σ(y − ŷ) / (n + shrink). Person and
film are judged net of each other (who rates only good films is not therefore generous); all others net of
both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled
from hawker.ingest.datasets.movielens import Ratings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AGES = (18, 25, 35, 45, 50, 56)
_MOST_GENRES = 6
_BIASES = 2  # the first two families, person and film, make the expected rate
_DECADES = 12


@dataclass(frozen=True)
class Family:
    """Ratings that count as of one kind: a name and the key of every rating, in one column or several.

    A rating of several genres has several keys, -1 where it has fewer; what they say is averaged.
    """

    name: str
    keys: Ints
    shrink: float


def families(ratings: Ratings) -> list[Family]:
    """Person and film, then what they are: the person's genres and decades, who likes what."""
    person, film = ratings.user, ratings.item
    genre = _genres(ratings)[film]
    decade = np.nan_to_num((ratings.year[film] - 1900) // 10).clip(0, _DECADES - 1).astype(np.int64)
    groups = {
        "age": np.searchsorted(np.array(AGES), ratings.age, side="right")[person],
        "gender": ratings.woman[person].astype(np.int64),
        "occupation": ratings.occupation[person],
    }
    several = len(ratings.genres)
    found = [
        Family("user", person[:, None], 10.0),
        Family("item", film[:, None], 5.0),
        Family("user_genre", np.where(genre < 0, -1, person[:, None] * several + genre), 5.0),
        Family("user_decade", (person * _DECADES + decade)[:, None], 5.0),
    ]
    for name, group in groups.items():
        found.append(Family(f"{name}_item", (group * len(ratings.title) + film)[:, None], 10.0))
        found.append(Family(f"{name}_genre", np.where(genre < 0, -1, group[:, None] * several + genre), 20.0))
    return found


def history(ratings: Ratings, liked: Floats) -> dict[str, Floats]:
    """The columns by name. `expected`; each family's excess and count; of person, film and the person's

    genres the excess of late; of person and film the days since their last rating; and `near`, what the
    person's other films tell.
    """
    kinds = families(ratings)
    of = np.repeat(np.arange(len(kinds)), [kind.keys.shape[1] for kind in kinds])
    offsets = np.cumsum([0, *(int(kind.keys.max()) + 1 for kind in kinds)])
    keys = np.column_stack(
        [np.where(k.keys < 0, -1, k.keys + o) for k, o in zip(kinds, offsets, strict=False)]
    )
    shrink = np.array([kind.shrink for kind in kinds])
    folded, expected = _folded(ratings.time, liked, keys, of, shrink, int(offsets[-1]))
    columns = {"expected": expected}
    for place, kind in enumerate(kinds):
        told = dict(zip(("excess", "count", "late", "days"), folded[:, place].T, strict=True))
        kept = 4 if place < _BIASES else 3 if place == _BIASES else 2
        columns |= {f"{kind.name}_{what}": column for what, column in list(told.items())[:kept]}
    near = _neighbours(ratings.time, ratings.user, ratings.item, liked - expected, len(ratings.title))
    return {**columns, "near": near[:, 0], "near_count": near[:, 1]}


def _genres(ratings: Ratings) -> Ints:
    """The genres of each film, at most six: (films, 6), -1 past the end."""
    found = np.full((len(ratings.title), _MOST_GENRES), -1, dtype=np.int64)
    for film, kinds in enumerate(ratings.kinds):
        places = np.flatnonzero(kinds)[:_MOST_GENRES]
        found[film, : len(places)] = places
    return found


@compiled
def _folded(time: Ints, y: Floats, keys: Ints, of: Ints, shrink: Floats, size: int) -> tuple[Floats, Floats]:
    """(rows, families, 4): excess, count, excess of late, days since; and the expected rate (rows,)."""
    rows, kinds = len(y), len(shrink)
    out, expected = np.zeros((rows, kinds, 4)), np.zeros(rows)
    held = np.zeros((size, 4))  # Σ residual, n, the same decayed
    last = np.zeros(size, dtype=np.int64)
    own = np.zeros((rows, kinds))  # what a rating tells each family: its residual
    total, seen, start = 0.0, 0.0, 0
    while start < rows:
        end = start
        while end < rows and time[end] == time[start]:
            end += 1
        for r in range(start, end):
            _read(out[r], held, last, keys[r], of, shrink, time[r])
            expected[r] = (total + 1.0) / (seen + 2.0) + out[r, :_BIASES, 0].sum()
            for f in range(kinds):
                own[r, f] = y[r] - expected[r] + (out[r, f, 0] if f < _BIASES else 0.0)
        for r in range(start, end):
            total, seen = total + y[r], seen + 1.0
            _write(held, last, keys[r], of, own[r], time[r])
        start = end
    return out, expected


@compiled
def _read(out: Floats, held: Floats, last: Ints, keys: Ints, of: Ints, shrink: Floats, now: int) -> None:
    """Fill a rating's columns: the mean over its keys of each family; days since its last key's rating."""
    parts = np.zeros(len(shrink))
    for c in range(len(keys)):
        parts[of[c]] += keys[c] >= 0
    for c in range(len(keys)):
        key, f = keys[c], of[c]
        if key >= 0:
            out[f, 0] += held[key, 0] / (held[key, 1] + shrink[f]) / parts[f]
            out[f, 1] += held[key, 1] / parts[f]
            out[f, 2] += held[key, 2] / (held[key, 3] + 1.0) / parts[f]
            out[f, 3] = (now - last[key]) / 86400.0 if held[key, 1] > 0 else np.nan


@compiled
def _write(held: Floats, last: Ints, keys: Ints, of: Ints, own: Floats, now: int) -> None:
    """Count a rating in all of its keys; of what is late, each tenth part fades with the next rating."""
    for c in range(len(keys)):
        key = keys[c]
        if key >= 0:
            held[key, 0] += own[of[c]]
            held[key, 1] += 1.0
            held[key, 2] = 0.9 * held[key, 2] + own[of[c]]
            held[key, 3] = 0.9 * held[key, 3] + 1.0
            last[key] = now


@compiled
def _neighbours(time: Ints, person: Ints, film: Ints, residual: Floats, films: int) -> Floats:
    """(rows, 2): the person's residuals on other films, each times the slope that those who rated both

    have shown so far, drawn to zero; and on how many films that rests.
    """
    rows = len(time)
    out = np.zeros((rows, 2))
    product, square = np.zeros((films, films), np.float32), np.zeros((films, films), np.float32)
    count = np.zeros(person.max() + 1, np.int64)
    mine = np.zeros((person.max() + 1, np.bincount(person).max()), np.int64)  # a person's ratings, in order
    start = 0
    while start < rows:
        end = start
        while end < rows and time[end] == time[start]:
            end += 1
        for r in range(start, end):
            told, weight = 0.0, 0.0
            for other in mine[person[r], : count[person[r]]]:
                pair = product[film[r], film[other]], square[film[r], film[other]]
                slope = pair[0] / (pair[1] + 5.0)
                told, weight = told + slope * residual[other], weight + abs(slope)
                out[r, 1] += pair[1] > 0
            out[r, 0] = told / (weight + 1.0)
        for r in range(start, end):
            for other in mine[person[r], : count[person[r]]]:
                a, b = film[r], film[other]
                both = residual[r] * residual[other]
                product[a, b], product[b, a] = product[a, b] + both, product[b, a] + both
                square[a, b] += residual[other] ** 2
                square[b, a] += residual[r] ** 2
            mine[person[r], count[person[r]]] = r
            count[person[r]] += 1
        start = end
    return out
