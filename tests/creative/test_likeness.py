"""What variants of copy are measured by: BLEU against one another, edits, attributes named."""

from __future__ import annotations

import pytest

from hawker.creative.likeness import nearest_pair, self_bleu, tokens, told
from hawker.records.catalogue import Product


def test_the_same_text_twice_is_one_and_strangers_are_near_none() -> None:
    assert self_bleu(["a red boat with white sails"] * 3, language="en") == pytest.approx(1.0)
    strangers = self_bleu(["a red boat with white sails", "bread baked this very morning"], language="en")
    assert strangers == 0.0
    assert self_bleu(["alone"], language="en") is None


def test_shared_runs_count_and_short_texts_are_smoothed() -> None:
    close = self_bleu(["a red boat with white sails", "a red boat with blue oars"], language="en")
    far = self_bleu(["a red boat with white sails", "with sails of white boat red a"], language="en")
    assert close is not None
    assert far is not None
    assert 0.0 < far < close < 1.0


def test_by_hand() -> None:
    """Both ways: 3 of 4 words, (2+1)/(3+1) pairs, (1+1)/(2+1) triples, (0+1)/(1+1) fours."""
    found = self_bleu(["a b c d", "a b c e"], language="en")
    assert found == pytest.approx((3 / 4 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)


def test_chinese_counts_characters() -> None:
    assert tokens("红 船A", language="zh") == ["红", "船", "a"]
    assert self_bleu(["红色的船", "蓝色的船"], language="zh") == pytest.approx(
        (3 / 4 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    )


def test_the_nearest_pair_is_found_whatever_the_case() -> None:
    assert nearest_pair(["Red boat", "red boat", "kite"]) == 1.0
    assert nearest_pair(["one"]) == 0.0


def test_attributes_count_value_by_value() -> None:
    skirt = Product("1", "裙", attributes={"风格": "复古、简约", "裙领型": "v领"})
    assert told(skirt, "复古的裙子，V领。") == (2, 3)
    assert told(Product("2", "x"), "anything") == (0, 0)
