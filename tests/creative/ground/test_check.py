"""Claims and what becomes of them: each kind supported and not, in both languages and spellings."""

from __future__ import annotations

import pytest

from hawker.creative.ground import check
from hawker.records.catalogue import Product

KETTLE = Product(
    "k1",
    "Harbour K17 electric kettle, 1.7 L, 2200 W, stainless steel",
    description="Boils a litre in 3 minutes. Removable filter. BPA-free lid. CE certified. Ages 8 and up. "
    "Winner of the Kitchen Prize 2021. Made in Portugal. 2-year warranty. Outer box 25 x 18 x 22 cm.",
    category="Kitchen > Kettles",
    brand="Harbour",
    price=49_900_000,
    sale_price=39_920_000,
    currency="EUR",
    color="navy",
    mpn="HB-K17-EU",
    attributes={"Cord": "75 cm", "Lining": "80% wool, 20% silk"},
)
SNACK = Product(
    "s1",
    "禾穗田 全麦饼干 黑芝麻 100克×6袋装",
    description="精选全麦粉,口感酥脆。适合3岁以上。产自山东。",
    brand="禾穗田",
    price=39_000_000,
    sale_price=29_900_000,
    currency="CNY",
    color="浅灰",
    language="zh",
    attributes={"保质期": "12个月"},
)


@pytest.mark.parametrize(
    "text",
    [
        "1.7 litres, 1,700 ml, 0.45 US gallons, 2.2 kW and 2200 watts",
        "One point: it boils in three minutes, and the cord is 0.75 m (29.5 inches)",
        "about 1.8 quarts, roughly 2,250 watts",
        "A box of 25 × 18 × 22 cm, some 10 inches wide",
        "Now €39.92 instead of €49.90, 20% off",
        "Save €9.98. About 40 euros. Under 50 euros.",
        "A fifth off the price",
        "Blue, or rather navy, in steel with a bpa-free lid",
        "Harbour's K17, model HB-K17-EU, for ages 8 and up",
        "Winner of the Kitchen Prize 2021, CE certified, made in Portugal, with a 2-year warranty",
        "The lining: 80% wool and 20% silk",
        "A red-letter day, a silver lining, two heads are better than one, at best on a grey morning",
        "One more reason to stay in. Think twice? Once will do. Ten out of ten for tea.",
        "It is the Ｋ１７, １．７Ｌ",
    ],
)
def test_what_is_true_of_it_passes(text: str) -> None:
    assert [(one.reason, one.text) for one in check(text, KETTLE)] == []


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("Holds 1.5 L", "number", "1.5 L"),
        ("Holds 1.7 gallons", "unit", "1.7 gallons"),
        ("Holds １．９Ｌ", "number", "１．９Ｌ"),
        ("A cord of seventy-five inches", "number", "seventy-five inches"),
        ("About 2.5 litres", "number", "2.5 litres"),
        ("A set of three", "count", "three"),
        ("Twelve pieces in the box", "count", "Twelve pieces"),
        ("Comes with seven spoons", "count", "seven"),
        ("Yours for €29.90", "price", "€29.90"),
        ("Yours for $39.92", "price", "$39.92"),
        ("Priced at 35", "price", "35"),
        ("30% off today", "discount", "30%"),
        ("Half price", "discount", "Half price"),
        ("Save €15", "discount", "€15"),
        ("The Harbour K19", "model", "K19"),
        ("Model QX-900", "model", "QX-900"),
        ("80% silk", "number", "80%"),
        ("90% wool", "number", "90%"),
        ("Black and shiny", "colour", "Black"),
        ("Light blue", "colour", "Light blue"),
        ("Solid copper", "material", "copper"),
        ("With added aloe vera", "ingredient", "aloe vera"),
        ("Lead-free", "ingredient", "Lead"),
        ("By Philips", "brand", "Philips"),
        ("From the people at Northwind", "brand", "Northwind"),
        ("Made in Italy", "origin", "Italy"),
        ("Since 1954", "date", "1954"),
        ("For ages 3 and up", "age", "3"),
        ("Rated 4.8 stars", "rating", "4.8 stars"),
        ("Loved by parents", "popularity", "Loved by"),
        ("An award-winning design", "award", "award-winning"),
        ("FDA approved", "certificate", "FDA approved"),
        ("The best kettle", "superlative", "best"),
        ("Quieter than the competition", "comparison", "Quieter than the competition"),
        ("Twice as fast", "comparison", "Twice as"),
        ("Relieves joint pain", "health", "Relieves joint pain"),
        ("Lifetime guarantee", "warranty", "Lifetime"),
        ("Free shipping", "offer", "Free shipping"),
        ("Waterproof", "feature", "Waterproof"),
    ],
)
def test_what_no_field_says_is_named(text: str, reason: str, words: str) -> None:
    found = check(text, KETTLE)
    assert any(one.reason == reason and one.text.startswith(words) for one in found), found
    assert all(one.kind == "ground" and one.text == text[one.start : one.end] for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "每袋100克，共6袋，合计600克，约1.2斤",
        "一百克一袋，六包装，净重０．６公斤",
        "到手29.9元，原价39元，立省9.1元，约7.7折",
        "3岁以上适合，保质期一年，产自山东",
        "灰色包装，全麦与黑芝麻",
        "千万别错过，十分期待，第一时间送上，一年四季，百忙之中，最近",
        "三分醉意，七分期待，不是三分钟热度",
        "红红火火过日子，白天夜里都好，银杏落下的时候",
    ],
)
def test_what_is_true_of_it_passes_in_chinese(text: str) -> None:
    assert [(one.reason, one.text) for one in check(text, SNACK)] == []


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("每袋150克", "number", "150克"),
        ("每袋１５０克", "number", "１５０克"),
        ("每袋4两", "number", "4两"),
        ("每袋100毫升", "unit", "100毫升"),
        ("一共八袋", "count", "八袋"),
        ("6瓶装", "count", "6瓶"),
        ("只要19.9元", "price", "19.9元"),
        ("半价", "discount", "半价"),
        ("打五折", "discount", "五折"),
        ("立减二十元", "discount", "二十元"),
        ("含糖量百分之五十", "number", "百分之五十"),
        ("三分钟就能做好", "number", "三分钟"),
        ("五分之一的盐", "number", "五分之一"),
        ("黑色款", "colour", "黑色"),
        ("纯棉包装袋", "material", "纯棉"),
        ("富含胶原蛋白", "ingredient", "胶原蛋白"),
        ("正品李宁", "brand", "李宁"),
        ("由远山集制造", "brand", "远山集"),
        ("型号ZX900", "model", "ZX900"),
        ("意大利进口", "origin", "意大利"),
        ("2019年新款", "date", "2019年"),
        ("6个月起", "age", "6个月"),
        ("4.9分好评", "rating", "4.9分"),
        ("荣获金奖", "award", "荣获金奖"),
        ("通过有机认证", "certificate", "通过有机认证"),
        ("最好吃的饼干", "superlative", "最好"),
        ("比同类更脆", "comparison", "比同类更"),
        ("增强免疫力", "health", "增强免疫力"),
        ("7天无理由退货", "warranty", "7天无理由退货"),
        ("顺丰包邮", "offer", "顺丰包邮"),
    ],
)
def test_what_no_field_says_is_named_in_chinese(text: str, reason: str, words: str) -> None:
    found = [(one.reason, text[one.start : one.end]) for one in check(text, SNACK)]
    assert any(told == reason and said.startswith(words) for told, said in found), found


def test_a_product_is_true_of_itself() -> None:
    for product in (KETTLE, SNACK):
        assert check(f"{product.title}. {product.description}", product) == ()


def test_a_product_that_says_nothing_supports_nothing() -> None:
    bare = Product("b", "Thing")
    assert check("A thing.", bare) == ()
    assert [one.reason for one in check("A red thing of 5 kg for $3", bare)] == ["colour", "number", "price"]


def test_fields_that_contradict_support_both() -> None:
    torn = Product("t", "Blue scarf", color="red")
    assert check("A blue scarf, a red scarf", torn) == ()
