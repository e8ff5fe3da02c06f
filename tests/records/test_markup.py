"""Markup goes, what people wrote stays."""

from __future__ import annotations

import pytest

from hawker.records.markup import clean


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("<p>Tom &amp; Jerry</p><p>5 &lt; 7</p>", "Tom & Jerry 5 < 7"),
        ("新款<b>跑鞋</b>&nbsp;42码", "新款跑鞋 42码"),
        ("Shoes<script>alert('x')</script> for rain", "Shoes for rain"),
        ("Shoes <style>p {color: red}", "Shoes"),
        ("<SCRIPT>never closed, and all that follows", ""),
        ("3 <4 and 5> 4", "3 <4 and 5> 4"),
        ("e\u0301\u200b\ufeff  x", "é x"),
    ],
)
def test_markup_is_taken_out(given: str, left: str) -> None:
    assert clean(given) == left


def test_a_script_opened_a_thousand_times_is_swallowed_at_once() -> None:
    assert clean("kept " + "<script>" * 100_000) == "kept"


def test_an_unclosed_comment_is_read_in_one_pass() -> None:
    assert clean("oat <!-- milk" + "<!--" * 200_000) == "oat"
    assert clean("oat <!-- a > b --> milk") == "oat milk"
