"""Titles of products are read as they were written, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import titles


def test_characters_become_titles(tmp_path: Path) -> None:
    (tmp_path / titles.TAOBAO).write_text("跑 B-HCCX\n鞋 I-HCCX\n\nA O\n4 O\n\n跑 O\n鞋 O\n", "utf-8")
    assert titles.taobao(tmp_path) == ("跑鞋", "A4")


def test_names_of_a_table_with_line_breaks(tmp_path: Path) -> None:
    rows = 'Uniq Id,Product Name\n1,"Tea &amp; pot\n of clay"\n2,Jam\n3,Jam\n4,\n'
    (tmp_path / titles.AMAZON).write_text(rows, "utf-8")
    assert titles.amazon(tmp_path) == ("Tea & pot of clay", "Jam")
    (tmp_path / titles.AMAZON).write_text("id,name\n1,Tea\n", "utf-8")
    with pytest.raises(BadInput, match="Product Name"):
        titles.amazon(tmp_path)
    with pytest.raises(MissingData, match=r"train\.txt"):
        titles.taobao(tmp_path)
