"""What `hawker train` says of the products' vectors, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import shops

from hawker.cli import vectors
from hawker.cli.call import Call


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "4 products as vectors: 4 distinct texts, 4 of them new"), ("zh", "4 件商品已转为向量")],
)
def test_what_was_made_and_why_not_by_what_was_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    shops.tiny(tmp_path / "shop", encoder="openai:http://127.0.0.1:1/v1#m", language=language)
    asked = Call(tmp_path / "shop").answering(as_json=False, quiet=False)
    told = vectors.make(asked, tell=lambda _step, _share: None, by="tfidf")
    vectors.show(asked, told)
    shown = capsys.readouterr().out
    assert said in shown
    assert "tfidf-64-" in shown
    assert "floor" not in shown
    assert vectors.document(told) == {
        "name": told.name,
        "products": 4,
        "texts": 4,
        "embedded": 4,
        "findings": [],
    }
    again = vectors.make(asked, tell=lambda _step, _share: None, by="nothing-of-the-kind")
    vectors.show(asked, again)
    assert "floor" in capsys.readouterr().out
    assert [one["reason"] for one in vectors.document(again)["findings"]] == ["encoder_failed"]
