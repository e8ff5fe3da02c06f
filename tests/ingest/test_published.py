"""Published data sets are read as their files say, and refused where a file is not what it should be."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from hawker.errors import BadInput, Corrupt, MissingData
from hawker.ingest.datasets import criteo, movielens

DISPLAYS = Path(__file__).parents[2] / ".." / "shared" / "data" / "criteo_8k"


def displays(folder: Path, *, code: str = "68fd1e64") -> Path:
    """Three files of two rows each: the second row's last category and first count are empty."""
    first = ["1", *map(str, range(13)), *[code] * 26]
    second = ["0", "", *map(str, range(1, 13)), *["80e26c9b"] * 25, ""]
    for name in criteo.PARTS:
        with gzip.open(folder / f"criteo_{name}.tsv.gz", "wt") as stream:
            stream.write("\t".join(first) + "\n" + "\t".join(second) + "\n")
    return folder


def films(folder: Path) -> Path:
    """Two people, two films, three ratings, not in order of time."""
    (folder / "ml-100k.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n7\t2\t4\t300\n9\t1\t2\t100\n7\t1\t5\t100\n"
    )
    (folder / "ml-100k.item").write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tToy Story\t1995\tAnimation Comedy\n2\tunknown\tV\tComedy\n"
    )
    (folder / "ml-100k.user").write_text(
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
        "7\t24\tM\twriter\t85711\n9\t53\tF\tartist\tV3N4P\n"
    )
    return folder


def test_displays_keep_their_order_and_what_is_empty_is_unknown(tmp_path: Path) -> None:
    shown = criteo.read(displays(tmp_path))
    assert shown.clicked.tolist() == [1, 0] * 3
    assert shown.part.tolist() == [0, 0, 1, 1, 2, 2]
    assert np.isnan(shown.counts[1, 0])
    assert shown.counts[0].tolist() == list(range(13))
    assert shown.codes[:2, 0].tolist() == [0, 1]
    assert np.isnan(shown.codes[1, 25])


def test_a_line_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"criteo_train\.tsv\.gz:1 has 66 fields"):
        criteo.read(displays(tmp_path, code="a\tb"))


def test_a_folder_without_the_files_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"criteo_\{train,dev,test\}\.tsv\.gz"):
        criteo.read(tmp_path)


@pytest.mark.skipif(not DISPLAYS.is_dir(), reason="shared/data/criteo_8k is not on this machine")
def test_the_real_displays_are_those_of_the_protocol() -> None:
    shown = criteo.read(DISPLAYS)
    assert np.bincount(shown.part).tolist() == [7200, 409, 391]
    assert shown.clicked.mean() == pytest.approx(0.216, abs=0.001)


def test_ratings_come_in_order_of_time_with_both_tables(tmp_path: Path) -> None:
    rated = movielens.read(films(tmp_path))
    assert rated.time.tolist() == [100, 100, 300]
    assert rated.user.tolist() == [0, 1, 0]
    assert rated.item.tolist() == [0, 0, 1]
    assert rated.stars.tolist() == [5, 2, 4]
    assert rated.genres == ("Animation", "Comedy")
    assert rated.kinds.tolist() == [[True, True], [False, True]]
    assert np.isnan(rated.year[1])
    assert rated.zip[0] == 8
    assert np.isnan(rated.zip[1])
    assert rated.woman.tolist() == [False, True]
    assert rated.occupation.tolist() == [1, 0]


def test_files_that_are_not_what_they_were_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Corrupt, match=r"ml-100k\.inter.*fetch again"):
        movielens.fetch(films(tmp_path))
