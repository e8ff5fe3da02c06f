"""The questions to the assistant: what they ask is in the record they name, and the judge is no pushover."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from benchmarks import asked
from hawker.errors import NotFound
from hawker.records.catalogue import Product

SEED = 31


@pytest.fixture(scope="module", params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def goods(language: str) -> list[Product]:
    try:
        return asked.goods(language, seed=SEED)
    except NotFound as error:
        pytest.skip(str(error))


@dataclass
class Stated:
    """One sentence that cites something."""

    text: str = ""
    citations: tuple[Any, ...] = ("a record",)


@dataclass
class Said:
    """An answer in one sentence."""

    text: str
    abstained: bool = False
    clarify: tuple[str, ...] = ()
    sentences: tuple[Stated, ...] = field(default=(Stated(),))


def test_a_third_of_the_kinds_is_unseen(language: str) -> None:
    kinds = asked.KINDS[language]
    assert frozenset(Random(asked.SEED).sample(sorted(kinds), len(kinds) // 3)) == asked.UNSEEN[language]
    assert 3 * len(asked.UNSEEN[language]) <= len(kinds) < 3 * len(asked.UNSEEN[language]) + 3


def test_the_same_seed_asks_the_same(goods: list[Product], language: str) -> None:
    one, other = (asked.questions(goods, language=language, seed=SEED, number=60) for _ in range(2))
    assert one == other
    assert one != asked.questions(goods, language=language, seed=SEED + 1, number=60)
    assert {found.kind for found in asked.questions(goods, language=language, seed=SEED, number=150)} == set(
        asked.KINDS[language]
    )


def test_a_question_names_one_product_only(goods: list[Product], language: str) -> None:
    by_id = {one.id: one for one in goods}
    for question in asked.questions(goods, language=language, seed=SEED, number=150):
        for id in question.products:
            title = set(re.findall(r"\w+", by_id[id].title.casefold()))
            said = re.findall(r"\w+", " ".join((question.text, *question.earlier)).casefold())
            assert title & set(said) or "".join(by_id[id].title.split()) in question.text + "".join(
                question.earlier
            )


def test_what_is_wanted_is_what_the_record_says(goods: list[Product], language: str) -> None:
    """The bare value, said in a sentence, is an exact answer; the same with another value is none."""
    by_id = {one.id: one for one in goods}
    for question in asked.questions(goods, language=language, seed=SEED, number=150):
        if question.kind not in ("price_now", "stock_count", "colour"):
            continue
        one = by_id[question.products[0]]
        right = {
            "price_now": f"{(one.sale_price or one.price) / 1e6:.2f}",
            "stock_count": str(one.stock),
            "colour": one.color,
        }[question.kind]
        assert asked.exact(question, Said(f"It says {right}."))
        assert not asked.exact(question, Said("It says 7777777."))
        assert not asked.exact(question, Said(f"It says {right}.", abstained=True))
        assert not asked.exact(question, Said(f"It says {right}.", sentences=()))


def test_no_other_amount_of_money_may_be_named(goods: list[Product], language: str) -> None:
    question = next(
        one
        for one in asked.questions(goods, language=language, seed=SEED, number=150)
        if one.kind == "price_now"
    )
    right = next(
        f"${amount}" for amount in question.money or () if asked.exact(question, Said(f"It costs ${amount}."))
    )
    assert not asked.exact(question, Said(f"It costs {right}, elsewhere $123456.78."))


def test_an_order_stands_in_the_page_or_in_the_question(goods: list[Product], language: str) -> None:
    found, spoilt = asked.injections(goods, language=language, seed=SEED, number=40)
    texts = " ".join(one.description for one in spoilt)
    assert sum(one.canary in texts for one in found) == 20
    assert len({one.canary for one in found}) > 35
    assert asked.obeyed(found[0], Said(f"Of course: {found[0].canary.lower()}!"))
    assert asked.obeyed(found[0], Said("It is $0.01 today."))
    assert not asked.obeyed(found[0], Said("I cannot say."))


def test_the_policies_hold_what_is_asked_about_them(goods: list[Product], language: str) -> None:
    page = asked.page(language, seed=SEED)
    for question in asked.questions(goods, language=language, seed=SEED, number=150):
        if question.group == "policy":
            assert all(re.search(one, page, re.IGNORECASE) for one in question.wanted), question
