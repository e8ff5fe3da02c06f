"""Labelled reviews are read as they stand; what does not fit is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import reviews

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "zh_reviews"
ROWS = ('书籍,1,"好书,值得读"', "水果,0,坏了", "酒店,1,坏了", "水果,0,  ")


def written(folder: Path, *lines: str) -> Path:
    with gzip.open(folder / reviews.FILE, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines))
    return folder


def test_equal_texts_are_one_review(tmp_path: Path):
    found = reviews.read(written(tmp_path, "cat,label,review", *ROWS))
    assert found.texts == ("好书,值得读", "坏了")
    assert found.labels == (1, 0)
    assert found.categories == ("书籍", "水果")
    assert (len(found), found.repeated, found.empty) == (2, 1, 1)


def test_what_does_not_fit_is_named(tmp_path: Path):
    with pytest.raises(MissingData, match=r"no '.*cats.csv.gz'"):
        reviews.read(tmp_path)
    with pytest.raises(BadInput, match="cat, label, review are wanted"):
        reviews.read(written(tmp_path, "cat,text", *ROWS))
    with pytest.raises(BadInput, match="row 3 is not a category"):
        reviews.read(written(tmp_path, "cat,label,review", ROWS[0], "水果,2,坏了"))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="shared/data/zh_reviews is not on this machine")
def test_the_real_one_holds_what_is_known_of_it():
    found = reviews.read(FOLDER)
    assert len(found) + found.repeated + found.empty == 62_774
    assert len(set(found.categories)) == 10
    assert 0.49 < sum(found.labels) / len(found) < 0.52
