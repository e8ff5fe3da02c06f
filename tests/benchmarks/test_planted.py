"""The planted texts: wrong ones say what no field says, clean ones only what a field says."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from random import Random

import pytest
from benchmarks.planted import facts, grounding
from benchmarks.planted.case import phrasings
from benchmarks.planted.grounding import Turn

from benchmarks import planted
from hawker.errors import NotFound
from hawker.records.catalogue import Product

BOTTLE = Product(
    id="b",
    title="岭上行 R2运动水壶 500毫升 深蓝",
    description="杯身为316不锈钢,容量500毫升。建议6小时内饮用。",
    brand="岭上行",
    color="深蓝",
    material="316不锈钢",
    price=99_000_000,
    sale_price=79_000_000,
    attributes={"重量": "310克"},
)
PUZZLE = Product(
    id="p",
    title="Ravensburger Zoo Puzzle, 48 Piece, 18 x 12 inches, (Blue)",
    description="Not made of rubber. | Made from 100% cardboard. | Ages 4 and up | Winner of a prize in 2012",
    price=9_600_000,
    mpn="06052",
)


@cache
def shelf(language: str) -> list[Product]:
    try:
        return planted.products(language)
    except NotFound as error:
        pytest.skip(f"the shared data is absent: {error}")


def test_the_unseen_third_is_the_one_that_was_drawn():
    assert tuple(sorted(Random(planted.SEED).sample(planted.KINDS, 8))) == planted.UNSEEN
    assert len(planted.KINDS) == 24


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_has_a_dozen_phrasings(language: str):
    lines = phrasings(f"ground_{language}")
    for kind in planted.KINDS:
        own = lines[grounding.POOL.get(kind, kind)]
        assert len(own) == len(set(own)) >= 12
        assert all(line.count("[") == line.count("]") == 1 for line in own)
    assert len(lines["idiom"]) >= 12


@pytest.mark.parametrize("language", ["en", "zh"])
def test_wrong_texts_say_what_no_field_says(language: str):
    products = shelf(language)
    found = planted.errors(products, seed=7, language=language)
    assert len(found) == len({case.text for case in found}) == 250
    kinds = Counter(case.kind for case in found)
    assert set(kinds) == set(planted.KINDS)
    assert max(kinds.values()) - min(kinds.values()) <= 1
    for case in found:
        assert case.claim
        assert case.unseen == (case.kind in planted.UNSEEN)
        assert not set("{}") & set(case.text)
        told = r"\d{4}" if case.kind == "date" else r"^\d+"
        numbers = re.findall(told, case.claim) if case.kind in ("count", "date", "percent", "age") else ()
        assert not any(facts.elsewhere(float(number), case.product) for number in numbers)
        if case.kind in ("brand", "model", "material", "colour", "award", "certificate", "origin"):
            assert case.claim.lower() not in facts.text(case.product).lower()
    assert found == planted.errors(products, seed=7, language=language)
    assert found != planted.errors(products, seed=8, language=language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_clean_texts_say_what_a_field_says(language: str):
    found = planted.faithful(shelf(language), seed=7, language=language)
    assert len(found) == len({case.text for case in found}) == 250
    assert all(case.span is None and case.claim == "" for case in found)
    kinds = Counter(case.kind for case in found)
    assert min(kinds[kind] for kind in kinds if kind != "rounded") >= 10
    assert {"converted", "spelt", "wide", "quoted", "reordered", "idiom"} <= set(kinds)
    for case in found:
        if case.kind == "rounded":
            assert re.search("(?i)about|roughly|some|or so|around|approx|约|左右|上下|差不多|大概", case.text)
        if case.kind in ("count", "percent"):
            assert set(re.findall(r"\d+", facts.text(case.product))) & set(re.findall(r"\d+", case.text))


@pytest.mark.parametrize(("kind", "slots"), [
    ("brand", {"b": "岭上行"}),
    ("model", {"m": "R2"}),
    ("material", {"x": "316不锈钢"}),
    ("colour", {"x": "深蓝"}),
])  # fmt: skip
def test_true_claims_are_read_from_the_fields(kind: str, slots: dict[str, str]):
    assert grounding.MAKERS[kind](Turn(BOTTLE, "zh", Random(1), True)) == slots


def test_quantities_are_the_products_own():
    assert facts.quantities(BOTTLE, "zh") == [facts.Quantity(500, "ml"), facts.Quantity(310, "g")]
    assert facts.quantities(PUZZLE, "en") == []  # of a size in two dimensions none is the size
    assert facts.counts(PUZZLE, "en") == [(48, "")]
    assert grounding.MAKERS["material"](Turn(PUZZLE, "en", Random(1), True)) == {"x": "cardboard"}
    assert grounding.MAKERS["age"](Turn(PUZZLE, "en", Random(1), True)) == {"n": "4"}
    assert grounding.MAKERS["colour"](Turn(PUZZLE, "en", Random(1), True)) == {"x": "blue"}


def test_wrong_values_are_not_to_be_had_in_any_unit():
    assert facts.elsewhere(0.5, BOTTLE, unit="l")
    assert facts.elsewhere(0.62, BOTTLE, unit="jin")
    assert facts.elsewhere(79, BOTTLE)
    assert not facts.elsewhere(0.7, BOTTLE, unit="l")
    for seed in range(40):
        wrong = facts.slipped(500, BOTTLE, Random(seed), unit="ml")
        assert wrong is not None
        assert abs(wrong - 500) > 30
        near = facts.slipped(0.5, BOTTLE, Random(seed), unit="l", far=0.3)
        assert near is None or abs(near - 0.5) > 0.15


def test_units_are_converted_as_people_round_them():
    said = {facts.converted(facts.Quantity(12, "inch"), "en", Random(seed)) for seed in range(30)}
    assert said == {facts.Quantity(30, "cm"), facts.Quantity(305, "mm"), facts.Quantity(0.305, "m"),
                    facts.Quantity(1, "foot")}  # fmt: skip
    assert facts.converted(facts.Quantity(300, "page"), "zh", Random(1)) is None


@pytest.mark.parametrize(("number", "said"), [
    (10, "十"), (14, "十四"), (20, "二十"), (110, "一百一十"), (305, "三百零五"), (1008, "一千零八"),
    (2000, "二千"), (10050, "一万零五十"), (20000, "二万"), (2.5, "二点五"), (0.38, "零点三八"),
])  # fmt: skip
def test_chinese_numerals(number: float, said: str):
    assert facts.spelt(number, "zh") == said


def test_nothing_comes_of_nothing():
    assert planted.errors([], seed=1) == planted.faithful([], seed=1) == []
    bare = planted.faithful([Product(id="x", title="Tea")], seed=1, number=30)
    assert {case.kind for case in bare} == {"idiom"}
