"""What somebody would try who wants past the gate, and what an honest hand writes that looks like it."""

from __future__ import annotations

import pytest

from hawker.creative import gate, ground
from hawker.records.catalogue import Product

MUG = Product("mug", "Kiln stoneware mug, 350 ml, set of 4", brand="Kiln", description="2-year warranty.")
SHEET = Product("sheet", "海岚 纯棉四件套 浅灰色", brand="海岚", material="100%棉", description="60支长绒棉")
SOLD = Product("sold", "纯棉四件套", price=300_000_000, sale_price=255_000_000, currency="CNY")
TEA = Product("tea", "山野堂 绿茶 250克", brand="山野堂", description="2024年春茶")


@pytest.mark.parametrize(
    ("product", "text", "reason"),
    [
        (MUG, "Holds half a litre", "number"),
        (MUG, "Holds a third of a litre", "number"),
        (MUG, "Holds ５００ ml", "number"),
        (MUG, "The bеst mug", "lookalike"),  # with a Cyrillic е
        (MUG, "Bоse-grade", "lookalike"),
        (MUG, "The 𝐛𝐞𝐬𝐭 mug", "superlative"),
        (MUG, "The ⓑⓔⓢⓣ mug", "superlative"),
        (MUG, "The b\u0301e\u0301st mug", "superlative"),
        (MUG, "Thrice as tough", "comparison"),
        (MUG, "Tenfold tougher", "comparison"),
        (MUG, "Zero chipping", "ingredient"),
        (MUG, "Three-year warranty", "number"),
        (MUG, "Two-year guarantee", "warranty"),
        (SHEET, "捌拾支长绒棉", "count"),
        (SHEET, "廿支长绒棉", "count"),
        (SHEET, "伍折", "discount"),
        (SOLD, "五折", "discount"),
        (SOLD, "75折", "prior_price"),
        (SHEET, "ZUI好的四件套", "superlative"),
        (SHEET, "十佳床品", "award"),
        (SHEET, "A类标准", "certificate"),
        (SHEET, "百分百羊毛", "number"),
        (TEA, "贰佰克", "number"),
        (TEA, "皇家绿茶", "award"),
        (TEA, "二〇二三年春茶", "date"),
    ],
)
def test_a_claim_in_disguise_is_a_claim(product: Product, text: str, reason: str) -> None:
    found = gate.text(text, product, language="zh" if product is not MUG else "en")
    assert not gate.passes(found)
    assert reason in {one.reason for one in found}


@pytest.mark.parametrize(
    ("product", "text"),
    [
        (MUG, "Two-year warranty"),
        (MUG, "24-month warranty"),
        (MUG, "A mug for your café"),
        (SHEET, "百分之百棉"),
        (SHEET, "百分百棉"),
        (SHEET, "陆拾支长绒棉"),
        (SOLD, "八五折"),
        (SOLD, "8.5折"),
        (SOLD, "八点五折，省45元"),
        (TEA, "二〇二四年春茶"),
        (TEA, "贰佰伍拾克"),
        (TEA, "队伍收拾好，喝茶去"),
    ],
)
def test_what_is_true_may_be_said_in_other_signs(product: Product, text: str) -> None:
    found = gate.text(text, product, language="zh" if product is not MUG else "en")
    assert gate.passes(found), found


@pytest.mark.parametrize("digit", ["1", "一", "九百", "two "])
def test_a_number_without_end_is_nobodys(digit: str) -> None:
    told = digit * (gate.LONGEST // len(digit))
    assert [one.reason for one in ground.check(f"{told} ml", MUG)] == ["number"]


def test_a_line_that_no_layout_has_room_for_is_not_read() -> None:
    found = gate.text("The best mug. " * 400, MUG, language="en")
    assert [one.reason for one in found] == ["too_long"]
    assert not gate.passes(found)
