"""The second look at copy: what a product bears out passes, what it does not is named by kind."""

from __future__ import annotations

import pytest
from benchmarks.second_look import unsupported

from hawker.records.catalogue import Product

TABLE = Product(
    "1",
    "Norrland Side Table 45 cm",
    description='Oak top on 4 steel legs. Holds 20 lb. 3.5" drawer.',
    color="black",
)
SKIRT = Product("2", "连衣裙", attributes={"材质": "蕾丝", "领型": "v领", "颜色": "黑色"})


@pytest.mark.parametrize(
    "text",
    ["Norrland side table with 4 legs.", "Holds 20 pounds.", "A 3.5 inch drawer.", "Oak and steel, black."],
)
def test_what_a_field_says_is_borne_out(text: str) -> None:
    assert unsupported(TABLE, text, language="en") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Holds 30 lb.", "number: 30 lb"),
        ("Holds 20 kg.", "number: 20 kg"),
        ("A red top.", "colour: red"),
        ("Pine top.", "material: pine"),
        ("The best table.", "rank: best"),
        ("With free legs.", "promise: free"),
        ("A table by Ikeda.", "name: ikeda"),
        ("With six legs.", "number: six"),
    ],
)
def test_what_no_field_says_is_named(text: str, found: str) -> None:
    assert found in unsupported(TABLE, text, language="en")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("黑色蕾丝连衣裙，V领设计。", []),
        ("白色连衣裙。", ["colour: 白"]),
        ("真皮连衣裙。", ["material: 真皮"]),
        ("三件连衣裙。", ["number: 三"]),
        ("最美的连衣裙。", ["rank: 最"]),
    ],
)
def test_chinese_is_looked_at_alike(text: str, found: list[str]) -> None:
    assert unsupported(SKIRT, text, language="zh") == found
