"""Price words: read where somebody means a price, left alone where a number is something else."""

from __future__ import annotations

import pytest

from hawker.retrieval.search_price import Bounds, prices

UNIT = 1_000_000


@pytest.mark.parametrize(
    ("query", "left", "least", "most"),
    [
        ("red shoes under 50", "red shoes", 0, 50),
        ("shoes below $49.99", "shoes", 0, 49.99),
        ("under 50 dollars shoes", "shoes", 0, 50),
        ("watches over 1,000 usd", "watches", 1000, 0),
        ("kites between 20 and 30", "kites", 20, 30),
        ("kites between $20 and $30", "kites", 20, 30),
        ("gifts $10-20", "gifts", 10, 20),
        ("gifts 10 to 20 dollars", "gifts", 10, 20),
        ("tea < 5", "tea", 0, 5),
        ("headphones 100 or less", "headphones", 0, 100),
        ("phone around $200", "phone", 160, 240),
        ("under 20 for kids kites", "for kids kites", 0, 20),
        ("50元以下的手机壳", "手机壳", 0, 50),
        ("手机壳 50以内", "手机壳", 0, 50),
        ("100到200块的耳机", "耳机", 100, 200),
        ("不超过300元的礼物", "礼物", 0, 300),
        ("500元以上手表", "手表", 500, 0),
        ("200元左右蓝牙耳机", "蓝牙耳机", 160, 240),
    ],
)
def test_a_price_becomes_bounds(query: str, left: str, least: float, most: float) -> None:
    assert prices(query) == (left, Bounds(round(least * UNIT), round(most * UNIT)))


@pytest.mark.parametrize(
    "query",
    [
        "air max 90",
        "iphone 14 pro max 256gb",
        "toys for 3 to 5 years",
        "puzzle over 500 pieces",
        "game up to 4 players",
        "bottle under 500 ml",
        "3岁以下玩具",
        "100以内加减法",
        "500毫升以上水杯",
        "90-100cm",
        "windows 11",
        "",
    ],
)
def test_other_numbers_are_left_alone(query: str) -> None:
    assert prices(query) == (query, Bounds())
