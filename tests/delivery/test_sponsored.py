"""Ads beside results: what answers the query or was booked by it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import shops

from hawker import delivery
from hawker.delivery import sponsored
from hawker.delivery.world import World
from hawker.records.campaign import Ad, Campaign, Keyword, Match, Targeting
from hawker.records.decision import Request
from hawker.records.search import Filters, SearchRules, Twice
from hawker.retrieval import index, search

BOOKED = Campaign(
    "c-hill", advertiser="Hill", targeting=Targeting(keywords=(Keyword("tea time", Match.PHRASE),))
)
ASKED = Request(placement="search", shopper="u-1")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    shop = shops.tiny(tmp_path_factory.mktemp("beside") / "shop")
    with delivery.build(shop) as engine:
        return engine.world


def beside(world: World, query: str, **rules: object) -> Request:
    made = search.build(shops.PRODUCTS, rules=SearchRules(**rules))  # type: ignore[arg-type]
    asked = Request(placement="search", shopper="u-1", query=query)
    return sponsored.beside(asked, made.find(query), search=made, world=world)


def test_only_products_that_answer_are_let_in_best_first(world: World) -> None:
    assert beside(world, "green tea").allowed_products == ("tea",)
    assert beside(world, "green tea", relevance=0.01).allowed_products == ("tea", "pot")
    assert beside(world, "plum").allowed_products == ("jam",)
    assert beside(world, "xylophone").allowed_products == sponsored.NOTHING


def test_what_was_booked_by_a_keyword_is_let_in_whatever_it_sells(world: World) -> None:
    campaigns = [BOOKED, Campaign("c-leaf", advertiser="Leaf")]
    ads = [Ad("a-sock", "c-hill", "sock"), Ad("a-tea", "c-leaf", "tea")]
    booked = replace(world, index=index.build(campaigns, ads, codes=world.state.codes))
    assert beside(booked, "tea time").allowed_products == ("tea", "sock")
    assert beside(booked, "tea").allowed_products == ("tea",)


def test_a_page_without_words_asks_for_its_category_alone(world: World) -> None:
    made = search.build(shops.PRODUCTS)
    found = made.find("", filters=Filters(category="Grocery"))
    request = sponsored.beside(ASKED, found, search=made, world=world)
    assert request.allowed_products == ()
    assert request.allowed_categories == ("Grocery",)
    assert sponsored.beside(ASKED, made.find(""), search=made, world=world) == ASKED


def test_where_nothing_may_stand_twice_the_results_bar_their_ads(world: World) -> None:
    assert beside(world, "jam", twice=Twice.AVOID).organic == ("jam",)
    assert beside(world, "jam").organic == ()
