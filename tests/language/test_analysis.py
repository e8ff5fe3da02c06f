"""Cutting text for search: one spelling, stems, measures, Chinese words and their parts, whatever comes."""

from __future__ import annotations

import pytest

from hawker.language import analysis


def terms(text: str) -> set[str]:
    return set(analysis.terms(text)[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Running SHOES", "run shoe"),
        ("Ｗｉ－Ｆｉ ５００ｍｌ", "wi-fi 500 ml"),
        ("crème brûlée", "creme brulee"),
        ("men's boots", "mens boot's"),
        ("1.5 L", "1.5升"),
        ("500ml", "500 milliliters"),
        ("65英寸", "65 inch"),
        ("<b>oat</b> milk<script>steal()</script>", "oat milk"),
    ],
)
def test_two_spellings_share_their_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


def test_what_is_run_together_is_found_apart_and_what_is_parted_together() -> None:
    assert {"iphone15", "iphon", "15"} <= terms("iPhone15")
    assert {"t", "shirt", "tshirt"} <= terms("T-shirt")
    assert "tshirt" not in terms("t shirt")


def test_chinese_is_cut_into_words_pairs_and_characters() -> None:
    found, count = analysis.terms("电饭煲")
    assert {"电饭煲", "电饭", "饭煲", "电", "饭", "煲"} == set(found)
    assert count == 1
    assert analysis.terms("电饭煲", fine=False)[0] == ["电饭", "电饭煲", "饭煲"]
    assert [word.term for word in analysis.words("跑步鞋Nike 42码")] == ["跑步", "鞋", "nike", "42", "码"]


def test_a_terms_frequency_counts_places_not_readings() -> None:
    found, _ = analysis.terms("跑步跑步")
    assert found.count("跑步") == 2
    assert found.count("步跑") == 1


@pytest.mark.parametrize("text", ["", " ", "🙂👩‍👩‍👧", "\x00\x07", "———", "<>", "𠮷" * 50])
def test_nothing_to_read_gives_nothing_or_only_what_is_there(text: str) -> None:
    found, count = analysis.terms(text)
    assert count <= len(text)
    assert all(term.strip() for term in found)


def test_a_megabyte_is_read_to_a_bound() -> None:
    found, _ = analysis.terms("tea " * 250_000)
    assert len(found) == analysis.LONGEST // 4
    assert max(map(len, analysis.terms("x" * 100_000)[0])) == analysis.LONGEST_WORD


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("请问有没有好用的电饭煲吗", "电饭煲"),
        ("我想买一双跑步鞋", "跑步鞋"),
        ("给我看看衣柜", "衣柜"),
        ("想买衬衣送人", "衬衣"),
        ("running shoes", "running shoes"),
        ("请问", "请问"),
    ],
)
def test_asking_is_taken_off_what_is_asked_for(asked: str, left: str) -> None:
    assert analysis.request(asked) == left
