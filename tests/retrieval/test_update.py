"""An index brought up to date is the index that would be built anew, whatever changed."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import msgspec
import numpy as np
from hypothesis import given, settings
from tests.retrieval.test_reference import PRODUCTS, SOLD, Chance, asked, remember

from hawker.features.encode import Codes
from hawker.features.state import State
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Ad, AdGroup, Campaign, Targeting
from hawker.records.creative import Creative
from hawker.retrieval.index import AdIndex, Flights, build
from hawker.retrieval.update import Changes, updated

Kept = dict[str, dict[str, Any]]


def built(kept: Kept, codes: Codes, unsellable: frozenset[str]) -> AdIndex:
    ordered = {name: [one for _, one in sorted(documents.items())] for name, documents in kept.items()}
    return build(
        ordered["campaigns"],
        ordered["ads"],
        codes=codes,
        groups=ordered["groups"],
        advertisers=ordered["advertisers"],
        creatives=ordered["creatives"],
        unsellable=unsellable,
    )


def drawn(chance: Chance, kept: Kept) -> dict[str, dict[str, Any]]:
    """Some changes of each kind: documents changed, added, removed."""
    campaigns, groups = list(kept["campaigns"].values()), list(kept["groups"].values())
    new: dict[str, dict[str, Any]] = {name: {} for name in kept}
    for number in range(chance.dice.randint(0, 2)):
        campaign = chance.campaign(chance.dice.randint(0, len(campaigns) + 1))
        group = AdGroup(f"g{number}", chance.one(campaigns).id, targeting=chance.targeting())
        new["campaigns"][campaign.id] = campaign if chance.often(0.8) else None
        new["groups"][group.id] = group if chance.often(0.8) else None
        if kept["campaigns"] and chance.often(0.5):
            other = chance.one(campaigns)
            new["campaigns"][other.id] = msgspec.structs.replace(other, active=not other.active, bid=99)
        new["advertisers"]["ann"] = Advertiser("ann", active=chance.often(0.5))
        new["creatives"]["k"] = Creative("k", "tea", "x") if chance.often(0.5) else None
    for _ in range(chance.dice.randint(0, 4)):
        ad = chance.ad(chance.dice.randint(0, 300), campaigns, groups)
        new["ads"][ad.id] = ad if chance.often(0.8) else None
    return {name: changes for name, changes in new.items() if changes and chance.often(0.7)}


def same(a: AdIndex, b: AdIndex) -> None:
    assert a.ids == b.ids
    assert a.product_names == b.product_names
    assert a.creative == b.creative
    assert a.campaigns == b.campaigns
    assert a.units.groups == b.units.groups
    assert a.creatives == b.creatives
    assert a.orphans == b.orphans
    for name in ("unit", "stand", "own_bid", "quality", "bar", "bid", "campaign", "product", "bounds"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert getattr(a, name).dtype == getattr(b, name).dtype


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_updating_and_building_anew_come_to_the_same(seed: int) -> None:
    chance = Chance(random.Random(seed))
    book, past = chance.book(), chance.past()
    codes = Codes()
    codes.learn_products(PRODUCTS)
    state = State(codes)
    remember(state, past)
    kept: Kept = {
        "advertisers": dict(book.advertisers),
        "campaigns": dict(book.campaigns),
        "groups": dict(book.groups),
        "ads": {ad.id: ad for ad in book.ads},
        "creatives": {name: one for name, one in book.creatives.items() if one.approved},
    }
    index = built(kept, codes, book.unsellable)
    for _ in range(3):
        changes = drawn(chance, kept)
        for name, found in changes.items():
            both = {**kept[name], **found}
            kept[name] = {id: one for id, one in both.items() if one is not None}
        if not kept["campaigns"]:
            return
        anew = built(kept, codes, book.unsellable)
        made = updated(index, Changes(**changes), codes=codes, unsellable=book.unsellable)
        if made is None:
            assert not index.orphans.isdisjoint(anew.units.places)
            index = anew
            continue
        orphans = made.orphans & anew.orphans
        same(replace(made, orphans=orphans), replace(anew, orphans=orphans))
        assert anew.orphans <= made.orphans
        for _ in range(2):
            visit = replace(chance.visit(book), past=past)
            one, other = asked(made, state, visit), asked(anew, state, visit)
            assert one.ads.tolist() == other.ads.tolist()
            assert one.excluded == other.excluded
        index = made


def shop() -> tuple[AdIndex, Codes]:
    codes = Codes()
    codes.learn_products(PRODUCTS)
    ads = [Ad(f"a{n}", f"c{n % 3}", SOLD[n % 5]) for n in range(9)]
    return build([Campaign(f"c{n}", bid=n) for n in range(3)], ads, codes=codes), codes


def test_a_pause_compiles_no_aims_again() -> None:
    index, codes = shop()
    paused = updated(index, Changes(campaigns={"c1": Campaign("c1", bid=1, active=False)}), codes=codes)
    assert paused is not None
    assert paused.units.aims is index.units.aims
    assert paused.units.hours is index.units.hours
    assert paused.units.paused.tolist() == [False, True, False]
    later = updated(index, Changes(campaigns={"c1": Campaign("c1", bid=1, start=5)}), codes=codes)
    assert later is not None
    assert later.units.hours is not index.units.hours
    aimed = Campaign("c1", bid=1, targeting=Targeting(devices=("phone",)))
    other = updated(index, Changes(campaigns={"c1": aimed}), codes=codes)
    assert other is not None
    assert other.units.aims is not index.units.aims


def test_ads_that_waited_for_their_campaign_ask_for_a_new_index() -> None:
    index, codes = shop()
    waiting = updated(index, Changes(ads={"b": Ad("b", "c9", "tea")}), codes=codes)
    assert waiting is not None
    assert waiting.ids == index.ids
    assert updated(waiting, Changes(campaigns={"c9": Campaign("c9")}), codes=codes) is None


def test_flights_stay_where_ads_do_and_ask_for_a_new_index_where_they_move() -> None:
    index, codes = shop()
    rows = np.array([[0, 9, 0, 1]], dtype=np.int64)
    flying = replace(
        index,
        flights=Flights({"x": rows}, np.zeros(1, dtype=np.int32), np.zeros((1, 2), dtype=np.int8), ("",)),
    )
    paused = Changes(campaigns={"c1": Campaign("c1", active=False)})
    assert updated(flying, paused, codes=codes) is not None
    assert updated(flying, Changes(campaigns={"c1": None}), codes=codes) is None
    assert updated(flying, Changes(ads={"a0": None}), codes=codes) is None


def test_many_changed_ads_ask_for_a_new_index() -> None:
    index, codes = shop()
    many = {f"b{n}": Ad(f"b{n}", "c0", "tea") for n in range(5_001)}
    assert updated(index, Changes(ads=many), codes=codes) is None
