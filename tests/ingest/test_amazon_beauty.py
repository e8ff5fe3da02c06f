"""Amazon Beauty as it was released, and files that are not that."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import amazon_beauty
from hawker.ingest.datasets.amazon_beauty import ATTRIBUTES, SEQUENCES

REAL = Path(__file__).parents[3] / "shared" / "data" / "amazon_beauty"


def given(
    folder: Path, *, lines: str = "1 1 2\n2 3 1\n", attributes: str = '{"1": [4], "3": [4, 9]}'
) -> Path:
    (folder / SEQUENCES).write_text(lines, "utf-8")
    (folder / ATTRIBUTES).write_text(attributes, "utf-8")
    return folder


def test_items_are_counted_from_zero(tmp_path: Path) -> None:
    found = amazon_beauty.read(given(tmp_path))
    assert [found[user].tolist() for user in range(len(found))] == [[0, 1], [2, 0]]
    assert found.words == ("a4", "", "a4 a9")


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"Beauty\.txt.*S3-Rec"):
        amazon_beauty.read(tmp_path)
    for lines in ("1 1 2\n2\n", "1 1 2\n2 0 4\n", "1 1 2\n2 x 4\n"):
        with pytest.raises(BadInput, match=r"Beauty\.txt:2 is not"):
            amazon_beauty.read(given(tmp_path, lines=lines))
    with pytest.raises(BadInput, match="maps items to lists"):
        amazon_beauty.read(given(tmp_path, attributes="[1]"))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the data are not at {REAL}")
def test_the_release() -> None:
    found = amazon_beauty.read(REAL)
    assert (len(found), len(found.words), len(found.items)) == (22_363, 12_101, 198_502)
    assert min(len(set(found[user].tolist())) for user in range(2000)) == 5
    assert all(found.words)
