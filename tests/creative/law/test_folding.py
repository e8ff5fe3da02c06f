"""Folding: many spellings, one reading, and the way back to the characters that were written."""

from __future__ import annotations

import pytest

from hawker.creative.law.folding import fold


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ＮＯ．１", "no.1"),
        ("最 佳", "最佳"),
        ("最·佳 之 选", "最佳之选"),
        ("最\u200b佳", "最佳"),
        ("頂級選材", "顶级选材"),
        ("蕞好", "最好"),
        ("B.E.S.T value", "best value"),
        ("best-selling", "best selling"),
        ("It’s “free”", 'it\'s "free"'),
        ("100％", "100%"),
        ("a  b", "a b"),
        ("", ""),
    ],
)
def test_spellings(written: str, read: str) -> None:
    assert fold(written).text == read


def test_what_is_not_a_trick_stays() -> None:
    assert fold("Size 3-5, 2.5 kg, A4 or B5").text == "size 3-5, 2.5 kg, a4 or b5"
    assert fold("第一，洗净。").text == "第一,洗净。"


@pytest.mark.parametrize(
    "text", ["今日推荐 最 佳 枕头", "全 網 第 一！", "Ｂ.Ｅ.Ｓ.Ｔ pillow", "İstanbul best"]
)
def test_every_character_knows_its_place(text: str) -> None:
    folded = fold(text)
    assert len(folded.places) == len(folded.text) + 1
    assert list(folded.places) == sorted(folded.places)
    assert folded.span(0, len(folded.text)) == (0, len(text))
