"""Eligibility: each rule lets the right ads through, and every ad left out is counted exactly once."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from tests.shops import PRODUCTS

from hawker.features.encode import Codes
from hawker.records.bid import NoBidReason
from hawker.records.campaign import Ad, Campaign, Pricing, Targeting
from hawker.records.decision import Request
from hawker.retrieval.index import AdIndex, Flights, build
from hawker.retrieval.targeting import Eligible, Membership, eligible

NOW = 1_700_000_000_000_000
MEMBERS = Membership({"u-1": frozenset({"vip", "tea"})}, {"u-1": "loyal"})


def index(*campaigns: Campaign, ads: tuple[Ad, ...] = (), **rest: Any) -> AdIndex:
    codes = Codes()
    codes.learn_products(PRODUCTS)
    made = ads or tuple(Ad(f"ad-{campaign.id}", campaign.id, "tea") for campaign in campaigns)
    return build(campaigns, made, codes=codes, **rest)


def asked(held: AdIndex, request: Request | None = None, **rest: Any) -> Eligible:
    given = {"now": NOW, "members": MEMBERS, **rest}
    return eligible(held, request or Request("home", shopper="u-1", location="store-1"), **given)


@pytest.mark.parametrize(
    ("targeting", "reason"),
    [
        (Targeting(), ""),
        (Targeting(placements=("home", "search")), ""),
        (Targeting(placements=("search",)), NoBidReason.PLACEMENT),
        (Targeting(not_placements=("home",)), NoBidReason.PLACEMENT),
        (Targeting(placements=("home",), not_placements=("home",)), NoBidReason.PLACEMENT),
        (Targeting(audiences=("vip", "new")), ""),
        (Targeting(audiences=("new",)), NoBidReason.AUDIENCE),
        (Targeting(not_audiences=("tea",)), NoBidReason.AUDIENCE),
        (Targeting(audiences=("vip",), not_audiences=("tea",)), NoBidReason.AUDIENCE),
        (Targeting(segments=("loyal",)), ""),
        (Targeting(segments=("idle",)), NoBidReason.AUDIENCE),
        (Targeting(not_segments=("loyal",)), NoBidReason.AUDIENCE),
        (Targeting(locations=("store-1",)), ""),
        (Targeting(locations=("store-2",)), NoBidReason.LOCATION),
        (Targeting(not_locations=("store-1",)), NoBidReason.LOCATION),
        (Targeting(categories=("Grocery",)), ""),
        (Targeting(categories=("Grocery > Tea",)), ""),
        (Targeting(categories=("Grocery > Tea > Green",)), NoBidReason.CATEGORY),
        (Targeting(categories=("Groc",)), NoBidReason.CATEGORY),
        (Targeting(not_categories=("Grocery",)), NoBidReason.CATEGORY),
        (Targeting(placements=("search",), locations=("store-2",)), NoBidReason.PLACEMENT),
    ],
)
def test_targeting_lets_through_whom_it_names(targeting: Targeting, reason: str) -> None:
    found = asked(index(Campaign("c", targeting=targeting)), page_category="Grocery > Tea")
    assert (len(found.ads), found.excluded) == ((1, {}) if not reason else (0, {reason: 1}))


@pytest.mark.parametrize(
    ("campaign", "rest", "reason"),
    [
        (Campaign("c", active=False), {}, NoBidReason.CAMPAIGN_PAUSED),
        (Campaign("c", start=NOW + 1), {}, NoBidReason.OUT_OF_SCHEDULE),
        (Campaign("c", end=NOW), {}, NoBidReason.OUT_OF_SCHEDULE),
        (Campaign("c", start=NOW, end=NOW + 1), {}, ""),
        (Campaign("c", pricing=Pricing.CPC), {"unpriced": frozenset({Pricing.CPC})}, NoBidReason.PRICING),
        (Campaign("c"), {"out_of_budget": frozenset({"c"})}, NoBidReason.OUT_OF_BUDGET),
        (Campaign("c"), {"refused": frozenset({"c"})}, NoBidReason.RESERVE_REFUSED),
    ],
)
def test_schedule_money_and_pricing(campaign: Campaign, rest: dict[str, Any], reason: str) -> None:
    found = asked(index(campaign), **rest)
    assert (len(found.ads), found.excluded) == ((1, {}) if not reason else (0, {reason: 1}))


def test_a_shopper_without_a_name_is_in_no_audience() -> None:
    held = index(Campaign("c", targeting=Targeting(audiences=("vip",))))
    assert asked(held, Request("home")).excluded == {NoBidReason.AUDIENCE: 1}
    everyone_but = index(Campaign("c", targeting=Targeting(not_audiences=("vip",))))
    assert len(asked(everyone_but, Request("home")).ads) == 1


def test_what_cannot_be_bought_or_is_unknown_is_not_advertised() -> None:
    ads = (Ad("a", "c", "tea"), Ad("b", "c", "jam"), Ad("d", "c", "never-heard-of"))
    found = asked(index(Campaign("c"), ads=ads, unsellable=frozenset({"tea"})))
    assert found.excluded == {NoBidReason.OUT_OF_STOCK: 2}
    assert len(found.ads) == 1


def test_ads_of_campaigns_that_are_not_there_are_left_out_of_the_index() -> None:
    held = index(Campaign("c"), ads=(Ad("a", "c", "tea"), Ad("b", "gone", "tea")))
    assert held.ids == ("a",)


def test_an_ad_bids_its_own_or_its_campaigns() -> None:
    held = index(Campaign("c", bid=7), ads=(Ad("a", "c", "tea"), Ad("b", "c", "tea", bid=0)))
    assert held.bid.tolist() == [7, 0]


def flights() -> Flights:
    """Two ads in store-1 for one hour, one of them also later; in the index they come after `z`."""
    hour = 3_600_000_000
    rows = np.array([[NOW, NOW + hour, 0, 2], [NOW + hour, NOW + 2 * hour, 2, 3]], dtype=np.int64)
    return Flights(
        blocks={"store-1": rows},
        ads=np.array([1, 2, 2], dtype=np.int32),
        marks=np.array([[1, 0], [0, 2], [2, 2]], dtype=np.int8),
        places=("", "front", "cover"),
    )


@pytest.mark.parametrize(
    ("location", "now", "ids"),
    [
        ("store-1", NOW, ["a", "b", "z"]),
        ("store-1", NOW - 1, ["z"]),
        ("store-1", NOW + 3_600_000_000, ["b", "z"]),
        ("store-1", NOW + 7_200_000_000, ["z"]),
        ("store-2", NOW, ["z"]),
        ("", NOW, ["z"]),
    ],
)
def test_flighted_ads_are_live_where_and_when_their_flight_says(
    location: str, now: int, ids: list[str]
) -> None:
    ads = (Ad("a", "c", "tea", flighted=True), Ad("b", "c", "jam", flighted=True), Ad("z", "c", "pot"))
    held = index(Campaign("c"), ads=ads, flights=flights())
    found = asked(held, Request("home", location=location), now=now)
    assert sorted(held.ids[ad] for ad in found.ads) == ids
    marks = {held.ids[ad]: mark.tolist() for ad, mark in zip(found.ads, found.marks, strict=True)}
    assert marks["z"] == [-1, -1]
    if ids == ["a", "b", "z"]:
        assert (marks["a"], marks["b"]) == ([1, 0], [0, 2])
    assert found.excluded.get(NoBidReason.OUT_OF_SCHEDULE, 0) == 3 - len(ids)


NAMED = [
    f"{bars}{name}"
    for name in (
        "placements",
        "categories",
        "products",
        "brands",
        "segments",
        "audiences",
        "locations",
        "devices",
    )
    for bars in ("", "not_")
]
LISTS = st.sampled_from([(), ("home",), ("search",), ("store-1",), ("vip",), ("loyal",), ("Grocery",)])


@settings(max_examples=60, deadline=None)
@given(
    campaigns=st.lists(
        st.builds(
            Campaign,
            id=st.uuids().map(str),
            active=st.booleans(),
            start=st.sampled_from([0, NOW + 1]),
            targeting=st.builds(Targeting, **dict.fromkeys(NAMED, LISTS)),
        ),
        min_size=1,
        max_size=6,
    ),
    products=st.lists(st.sampled_from(["tea", "pot", "jam", "unknown"]), min_size=1, max_size=12),
    organic=st.sampled_from([(), ("tea",), ("tea", "jam")]),
)
def test_everyone_is_either_eligible_or_counted_once(
    campaigns: list[Campaign], products: list[str], organic: tuple[str, ...]
) -> None:
    ads = tuple(
        Ad(f"ad-{n}", campaigns[n % len(campaigns)].id, product) for n, product in enumerate(products)
    )
    held = index(*campaigns, ads=ads, unsellable=frozenset({"pot"}))
    request = Request("home", shopper="u-1", location="store-1", organic=organic)
    found = asked(held, request, page_category="Grocery > Tea")
    assert len(found.ads) + sum(found.excluded.values()) == len(held)
    assert all(count > 0 for count in found.excluded.values())
    assert len(set(found.ads.tolist())) == len(found.ads) == len(found.marks)
    shown = {held.product_names[ad] for ad in found.ads}
    assert not shown & {"pot", "unknown", *organic}
