"""The decision function is pure, its record adds up, and each rule of it can be seen at work."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests import shops

from hawker import delivery
from hawker.delivery import pipeline
from hawker.delivery.record import features
from hawker.delivery.world import World
from hawker.errors import NotFound
from hawker.features.encode import Codes
from hawker.features.state import State
from hawker.ranking import Rule
from hawker.records.bid import FallbackReason
from hawker.records.campaign import Ad, Campaign, Pricing, Targeting
from hawker.records.catalogue import Product
from hawker.records.consent import Consent
from hawker.records.creative import Creative
from hawker.records.decision import Decision, Request
from hawker.records.ids import stamp
from hawker.records.placement import Placement
from hawker.retrieval import index
from hawker.retrieval.targeting import Membership

HOME = Request("home", shopper="u-1")
PLACES = {placement.name: placement for placement in shops.PLACEMENTS}


def world(
    campaigns: tuple[Campaign, ...] = shops.CAMPAIGNS,
    ads: tuple[Ad, ...] = shops.ADS,
    *,
    creatives: tuple[Creative, ...] = (),
    products: tuple[Product, ...] = shops.PRODUCTS,
    **rest: Any,
) -> World:
    """The tiny shop's world without a folder, an event log or a clock."""
    codes = Codes()
    codes.learn_products(products)
    given = {
        "placements": PLACES,
        "index": index.build(campaigns, ads, codes=codes, creatives=creatives),
        "state": State(codes),
        "model": Rule(("product_units_28",), {"product_units_28": 1.0}),
        "catalogue": {product.id: product for product in products},
    }
    return World(**{**given, **rest})


def decide(request: Request, world: World, *, seed: int = 1, **rest: Any) -> Decision:
    return pipeline.decide(request, world, shops.NOW, np.random.default_rng(seed), seed=seed, **rest)


def shown(decision: Decision) -> list[str]:
    return [slot.ad.id for slot in decision.slots]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with delivery.build(shops.tiny(tmp_path_factory.mktemp("pure") / "shop", exploration=0.3)) as engine:
        yield engine.world


def test_the_same_arguments_give_the_same_decision_and_change_nothing(live: World) -> None:
    def fingerprint() -> list[Any]:
        state = live.state
        held = [array.copy() for _, part in state._parts() for array in part.arrays().values()]
        return [*held, state.watermark, {k: list(v.names) for k, v in state.codes.vocabularies.items()}]

    before = copy.deepcopy(fingerprint())
    first = [decide(request, live, seed=seed) for seed in range(20) for request in (HOME, Request("search"))]
    again = [decide(request, live, seed=seed) for seed in range(20) for request in (HOME, Request("search"))]
    assert first == again
    assert len({decision.id for decision in first}) == 20
    for was, now in zip(before, fingerprint(), strict=True):
        if isinstance(was, np.ndarray):
            np.testing.assert_array_equal(was, now)
        else:
            assert was == now


def test_a_stranger_leaves_no_trace_in_the_vocabularies(live: World) -> None:
    decide(Request("home", shopper="never-seen", location="nowhere"), live)
    assert live.state.codes["shopper"].find("never-seen") == -1
    assert live.state.codes["location"].find("nowhere") == -1


def test_the_record_adds_up() -> None:
    decision = decide(HOME, world())
    assert decision.eligible + sum(
        count for reason, count in decision.excluded.items() if reason != "outranked"
    ) == len(shops.ADS)
    assert decision.eligible == len(decision.candidates.ads) == 3
    assert stamp(decision.id) == decision.time == shops.NOW
    assert features(decision.candidates).shape == (3, len(decision.candidates.feature_names))
    for slot in decision.slots:
        row = decision.candidates.ads.index(slot.ad.id)
        assert slot.probability == decision.candidates.probabilities[row]
        assert slot.price <= decision.candidates.bids[row]
        assert slot.charge == -(-slot.price // 1000)
    assert (decision.wanted, decision.mechanism, decision.seed) == (2, "gsp", 1)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(decision), type=Decision) == decision


def test_each_mechanism_asks_its_price() -> None:
    prices = {
        name: [slot.price for slot in decide(HOME, world(mechanism=name)).slots]
        for name in ("first", "gsp", "vcg")
    }
    assert prices["first"] == [4 * shops.UNIT, 3_500_000]
    assert prices["gsp"] == [3 * shops.UNIT] * 2
    assert prices["vcg"] == [3 * shops.UNIT] * 2


def test_nobody_shown_pays_less_than_the_floor_and_none_below_it_is_shown() -> None:
    decision = decide(Request("search", slots=3), world())
    assert shown(decision) == ["a-tea"]
    assert decision.slots[0].price == 3_800_000
    assert decision.excluded["below_floor"] == 2
    nobody = decide(HOME, world(placements={"home": Placement("home", slots=2, floor=9 * shops.UNIT)}))
    assert (nobody.fallback, shown(nobody)) == (FallbackReason.NOTHING_CLEARED, [])


def test_an_advertiser_gets_no_more_than_its_share() -> None:
    fair = {"home": Placement("home", slots=3, most_per_advertiser=1)}
    decision = decide(HOME, world(placements=fair))
    assert shown(decision) == ["a-tea", "a-jam"]
    assert decision.excluded["advertiser_limit"] == 1


@pytest.mark.parametrize(
    ("consent", "path"),
    [(Consent(gpc=True), "contextual"), (Consent(minor=True), "contextual"), (Consent(), "personalised")],
)
def test_refusing_changes_the_path_and_not_the_shape(consent: Consent, path: str, live: World) -> None:
    decision = decide(msgspec.structs.replace(HOME, consent=consent), live)
    assert decision.path == path
    assert len(decision.slots) == 2
    own = decision.candidates.feature_names
    assert own == decide(HOME, live).candidates.feature_names


def test_without_consent_a_decision_does_not_depend_on_who_looks(live: World) -> None:
    refused = replace(live, model=Rule(("own_count",), {"own_count": 1.0}))
    seen = {
        msgspec.json.encode(
            msgspec.structs.replace(
                decide(Request("home", shopper=name, consent=Consent(gpc=True)), refused), request=HOME
            )
        )
        for name in ("u-1", "u-2", "never-seen")
    }
    assert len(seen) == 1
    told = decide(Request("home", shopper="u-1", consent=Consent(gpc=True)), refused)
    assert not np.nan_to_num(features(told.candidates)).any()


def test_audiences_and_segments_are_not_used_without_consent() -> None:
    only = (Campaign("c-leaf", bid=1, targeting=Targeting(audiences=("vip",))),)
    known = world(only, members=Membership({"u-1": frozenset({"vip"})}))
    assert shown(decide(HOME, known)) == ["a-pot", "a-tea"]
    barred = decide(msgspec.structs.replace(HOME, consent=Consent(gpc=True)), known)
    assert (shown(barred), barred.excluded) == ([], {"audience_not_targeted": 2})


def test_no_ads_means_none_whatever_else_is_said() -> None:
    decision = decide(msgspec.structs.replace(HOME, consent=Consent(no_ads=True, gpc=True)), world())
    assert (decision.path, decision.fallback, shown(decision)) == ("none", FallbackReason.NO_ADS_ALLOWED, [])
    assert decision.candidates.ads == ()


def test_a_click_is_priced_by_the_model_that_predicts_it() -> None:
    model = Rule(("product_ad_click_rate",), {"product_ad_click_rate": 1e9})
    clicks = world(outcome="click", model=model)
    assert clicks.unpriced == {Pricing.CPA}
    decision = decide(msgspec.structs.replace(HOME, slots=4), clicks)
    assert shown(decision)[0] == "a-sock"
    assert "no_model_for_pricing" not in decision.excluded


def test_what_a_page_shows_anyway_is_not_advertised_beside_itself() -> None:
    decision = decide(Request("home", organic=("tea", "jam", "unknown")), world())
    assert shown(decision) == ["a-pot"]
    assert decision.excluded["already_on_page"] == 2


def test_quality_ranks_and_the_worse_pays_less() -> None:
    better = tuple(msgspec.structs.replace(ad, quality=1.4 if ad.id == "a-jam" else 1.0) for ad in shops.ADS)
    decision = decide(HOME, world(ads=better))
    assert shown(decision) == ["a-jam", "a-tea"]
    assert decision.slots[0].price == -(-4_000_000 * 10 // 14)


def test_a_creative_speaks_for_its_ad_and_the_product_for_itself() -> None:
    copy_ = Creative("t", "tea", headline="First leaves of the year", image="https://shop.example/tea.png")
    ads = (msgspec.structs.replace(shops.ADS[0], creative="t"), *shops.ADS[1:])
    tea, pot = decide(HOME, world(ads=ads, creatives=(copy_,))).slots
    assert (tea.ad.headline, tea.ad.creative, tea.ad.image) == (copy_.headline, "t", copy_.image)
    assert (pot.ad.headline, pot.ad.link) == ("Tea pot", "https://shop.example/pot")


def test_campaigns_just_refused_are_left_out_and_counted() -> None:
    decision = decide(HOME, world(), without=frozenset({"c-leaf"}))
    assert shown(decision) == ["a-jam"]
    assert decision.excluded["reserve_refused"] == 2
    nothing = pipeline.refused(HOME, world(), shops.NOW, np.random.default_rng(1), seed=1)
    assert (nothing.fallback, shown(nothing)) == (FallbackReason.RESERVE_REFUSED, [])


def test_few_candidates_are_kept_and_the_rest_are_counted() -> None:
    decision = decide(HOME, world(candidates=1))
    assert len(decision.candidates.ads) == 1
    assert decision.excluded["not_among_candidates"] == 2
    assert decision.eligible == 3


def test_exploration_shows_every_ad_and_its_propensities_are_on_record() -> None:
    base = world(exploration=0.5)
    drawn = [decide(msgspec.structs.replace(HOME, slots=1), base, seed=seed) for seed in range(300)]
    ads = [decision.slots[0].ad.id for decision in drawn]
    odds = {decision.slots[0].ad.id: decision.slots[0].propensity for decision in drawn}
    assert odds == pytest.approx({"a-tea": 0.5 + 0.5 / 3, "a-pot": 0.5 / 3, "a-jam": 0.5 / 3})
    for ad, chance in odds.items():
        assert abs(ads.count(ad) / 300 - chance) < 4 * np.sqrt(chance * (1 - chance) / 300)


def test_invented_terms_mark_the_decision_as_synthetic() -> None:
    invented = tuple(msgspec.structs.replace(campaign, synthetic=True) for campaign in shops.CAMPAIGNS)
    assert decide(HOME, world(invented)).synthetic
    assert not decide(HOME, world()).synthetic


def test_an_empty_shop_and_a_wrong_placement() -> None:
    assert decide(HOME, world((), ())).fallback == FallbackReason.NO_CAMPAIGNS
    with pytest.raises(NotFound, match=r"'hoem'.*'home'"):
        decide(Request("hoem"), world())
    with pytest.raises(NotFound):
        decide(Request("hoem", consent=Consent(no_ads=True)), world())


def test_restored_worlds_are_whole(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop")) as engine:
        held = engine.world.versions
        assert (held["model"], held["campaigns"]) == ("rule:popular", "2")
        assert len(engine.world.index) == len(shops.ADS)
