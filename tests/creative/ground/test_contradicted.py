"""Fields that contradict each other: a person is asked to look, and only where it is clear."""

from __future__ import annotations

import pytest

from hawker.creative import gate
from hawker.creative.draft import Extractive
from hawker.creative.ground import contradicted
from hawker.records.catalogue import Product
from hawker.records.draft import Brief
from hawker.records.finding import Severity

CUP = Product(
    "1", "White stoneware cup, 350 ml", attributes={"Capacity": "300 ml", "Color": "blue"}, language="en"
)
BEI = Product("2", "白色陶瓷杯 350毫升", attributes={"容量": "300毫升", "颜色": "蓝色"}, language="zh")


def found(line: str, product: Product) -> list[str]:
    return [one.text for one in contradicted({"title": (line,)}, product)]


@pytest.mark.parametrize(
    ("product", "line", "texts"),
    [
        (CUP, "White cup, 350 ml", ["350 ml", "White"]),
        (CUP, "Blue cup, 0.3 litres", ["0.3 litres", "Blue"]),
        (CUP, "A stoneware cup", []),
        (BEI, "白色陶瓷杯", ["白色"]),
        (BEI, "蓝色杯子，容量300毫升", ["300毫升", "蓝色"]),
    ],
)
def test_a_claim_that_takes_a_side_is_named_whichever_side(
    product: Product, line: str, texts: list[str]
) -> None:
    assert found(line, product) == texts


@pytest.mark.parametrize(
    "product",
    [
        Product("1", "Navy cup, 12 oz", color="blue", attributes={"Capacity": "355 ml"}),
        Product("1", "Cups, 2 x 150 ml", attributes={"Capacity": "300 ml"}),
        Product("1", "Dumbbell, 5 kg", attributes={"Shipping weight": "6 kg"}),
        Product("1", "Black and white cup", color="blue"),
        Product("1", "Camping chair, holds up to 120 kg", attributes={"Weight": "2.3 kg"}),
        Product("1", "折叠露营椅 承重120千克", attributes={"重量": "2.3千克"}),
        Product("1", "机械键盘 蓝牙与2.4G双模", attributes={"重量": "760克"}),
        Product("1", "White cup, 350 ml", attributes={"Capacity": "200 ml to 400 ml"}),
        Product("1", "深蓝色杯子 2瓶 150毫升", color="蓝色", attributes={"净含量": "300毫升"}),
    ],
)
def test_what_may_both_be_right_is_let_pass(product: Product) -> None:
    assert found(product.title, product) == []


@pytest.mark.parametrize(("product", "words"), [(CUP, "The title says"), (BEI, "标题写")])
def test_the_gate_warns_and_lets_a_person_decide(product: Product, words: str) -> None:
    (draft, *_) = Extractive().draft(Brief(product), n=1, seed=1)
    held = gate.check(draft, Brief(product), reader=product.language)
    (one, *_) = [one for one in held if one.reason == "contradiction"]
    assert (one.kind, one.severity) == ("ground", Severity.WARNING)
    assert words in one.message
    assert one.remedy
    assert gate.passes(held)
    assert draft.parts[one.part][one.line][one.start : one.end] == one.text
