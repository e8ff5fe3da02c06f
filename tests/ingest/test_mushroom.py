"""Mushrooms are read with or without a header; what is none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import mushroom

LETTERS = ",".join("abcdefghijklmnopqrstuv")
OTHER = ",".join("zbcdefghijklmnopqrstuv")


def folder(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / mushroom.FILE
    path.parent.mkdir()
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("head", [(), (",".join("0123456789abcdefghijklm"),)])
def test_each_letter_of_a_column_is_a_number_of_its_own(tmp_path: Path, head: tuple[str, ...]) -> None:
    found = mushroom.read(folder(tmp_path, *head, f"e,{LETTERS}", f"p,{OTHER}"))
    assert found.poisonous.tolist() == [False, True]
    assert found.x.shape == (2, 1 + 23)  # the first column has two letters, the others one
    assert found.x.sum(axis=1).tolist() == [23.0, 23.0]


def test_what_is_no_mushroom_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData):
        mushroom.read(tmp_path)
    with pytest.raises(BadInput, match="row 2 is no mushroom"):
        mushroom.read(folder(tmp_path, f"e,{LETTERS}", f"x,{LETTERS}"))


def test_the_real_file_is_whole() -> None:
    data = Path(__file__).parents[3] / "shared" / "data"
    if not (data / mushroom.FILE).is_file():
        pytest.skip("the UCI mushrooms are not here")
    found = mushroom.read(data)
    assert (len(found), int(found.poisonous.sum())) == (8_124, 3_916)
