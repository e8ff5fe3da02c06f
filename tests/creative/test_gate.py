"""The gate as a whole: what it lets pass, what it names and where."""

from __future__ import annotations

import pytest
from msgspec import structs

from hawker.creative import gate
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Kind
from hawker.records.finding import Severity

MUG = Product(
    "m1",
    "Kiln & Co stoneware mug, 350 ml, set of 2",
    description="Hand-glazed in white. Dishwasher safe. Warranty of 2 years.",
    category="Kitchen > Mugs",
    brand="Kiln & Co",
    price=24_000_000,
    sale_price=18_000_000,
    currency="USD",
    color="white",
    material="stoneware",
    language="en",
)
GOOD = {
    "title": ("White stoneware mug, set of 2",),
    "description": ("Hand-glazed and dishwasher safe: 350 ml for slow mornings.",),
    "call_to_action": ("See the mug",),
}


def native(**parts: str) -> Draft:
    return Draft("m1", Kind.NATIVE, "en", {**GOOD, **{name: (text,) for name, text in parts.items()}})


def test_what_the_product_says_passes() -> None:
    assert gate.check(native(), Brief(MUG)) == ()


def test_each_objection_names_its_part_and_characters() -> None:
    found = gate.check(native(title="Blue mug, 500 ml"), Brief(MUG))
    assert [(one.kind, one.reason, one.part, one.text) for one in found] == [
        ("ground", "colour", "title", "Blue"),
        ("ground", "number", "title", "500 ml"),
    ]
    assert all("Blue mug, 500 ml"[one.start : one.end] == one.text for one in found)
    assert all(one.severity is Severity.ERROR and one.message and one.remedy for one in found)


@pytest.mark.parametrize(
    ("parts", "kind", "reason"),
    [
        ({"title": "White stoneware mug with room for all of the tea in the house"}, "length", "too_long"),
        ({"description": "Glazed, white, yours!!"}, "safety", "repeated"),
        ({"description": "Glazed with care and"}, "safety", "cut"),
        (
            {"description": "Ein Becher mit weißer Glasur für die Küche und das Büro"},
            "language",
            "other_language",
        ),
        ({"title": "[Product name] in white"}, "safety", "prompt"),
    ],
)
def test_each_check_speaks(parts: dict[str, str], kind: str, reason: str) -> None:
    assert (kind, reason) in {(one.kind, one.reason) for one in gate.check(native(**parts), Brief(MUG))}


def test_words_of_the_brief_are_kept() -> None:
    brief = Brief(MUG, must=("stoneware", "handmade"), avoid=("slow mornings",))
    found = gate.check(native(), brief)
    assert [(one.kind, one.reason, one.text) for one in found] == [
        ("schema", "missing_word", "handmade"),
        ("safety", "avoided", "slow mornings"),
    ]


def test_a_draft_of_another_product_or_with_strange_parts_does_not_pass() -> None:
    strange = Draft("m2", Kind.PUSH, "en", {"title": ("White mug",), "body": ("A mug.",), "poem": ("Oh.",)})
    reasons = {one.reason for one in gate.check(strange, Brief(MUG))}
    assert {"other_product", "other_kind", "unknown_part"} <= reasons


def test_repeats_are_named_with_what_they_repeat() -> None:
    found = gate.check(native(), Brief(MUG), others=[native(description="Something else of it.")])
    assert [(one.kind, one.reason, one.part) for one in found] == [("duplicate", "of_other", "title")]
    assert not gate.passes(found)


def test_the_reader_is_told_in_chinese() -> None:
    (found,) = gate.text("Blue mug", MUG, language="en", reader="zh-CN")
    assert found.message == "商品没有说颜色是“Blue”。"


def test_a_text_about_several_products_may_say_what_any_of_them_says() -> None:
    other = Product("m2", "Porcelain cup, 200 ml", color="blue")
    assert gate.text("The mug holds 350 ml, the blue cup 200 ml.", [MUG, other], language="en") == ()
    assert [one.text for one in gate.text("The blue cup holds 200 ml.", MUG, language="en")] == [
        "blue",
        "200 ml",
    ]


def test_a_text_about_no_product_is_held_to_manners_only() -> None:
    assert gate.text("Delivery takes 3 to 5 days.", None, language="en") == ()
    assert [one.kind for one in gate.text("Call 13912345678", None, language="en")] == ["safety"]


@pytest.mark.parametrize("text", ["Shop now", "Buy now", "Order yours today", "See the mug"])
def test_a_plain_call_to_buy_passes_everywhere(text: str) -> None:
    for jurisdiction in ("US", "UK", "EU"):
        assert gate.text(text, MUG, language="en", jurisdiction=jurisdiction) == ()


def test_a_call_that_threatens_is_false_urgency() -> None:
    (found,) = gate.text("Buy now before it's gone", MUG, language="en", jurisdiction="UK")
    assert (found.kind, found.reason) == ("law", "scarcity")


def test_a_draft_that_says_it_is_in_another_language_is_not_what_was_asked_for() -> None:
    found = gate.check(native(), Brief(MUG, language="fr"))
    assert [(one.kind, one.reason, one.text) for one in found] == [("language", "other_language", "en")]
    assert gate.check(native(), Brief(MUG, language="en-GB")) == ()


@pytest.mark.parametrize(("title", "language", "wide"), [("Rye bread", "en", 9), ("黑麦面包", "zh", 8)])
def test_a_brief_narrows_what_fits(title: str, language: str, wide: int) -> None:
    brief = Brief(Product("1", title, language=language), kind=Kind.SMS, limits={"body": wide})
    draft = Draft("1", Kind.SMS, language, {"body": (title,)})
    assert not [one for one in gate.check(draft, brief) if one.kind == "length"]
    (found,) = [
        one
        for one in gate.check(draft, structs.replace(brief, limits={"body": 5}), reader=language)
        if one.kind == "length"
    ]
    assert (found.reason, found.part) == ("too_long", "body")
    assert "5" in found.message
    assert str(wide - 5) in found.remedy
