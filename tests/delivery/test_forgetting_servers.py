"""Forgetting on PostgreSQL and Redis: what servers hold of a shopper goes too."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tests import servers, shops

from hawker import delivery
from hawker.delivery.wishes import Wishes
from hawker.privacy import erasure
from hawker.records.campaign import Cap
from hawker.records.decision import Request
from hawker.records.preferences import Preferences
from hawker.storage.hot_redis import InRedis

WHO = "jane-4711"


def test_preferences_and_caps_on_servers_are_forgotten_without_an_engine(tmp_path: Path) -> None:
    capped = (msgspec.structs.replace(shops.CAMPAIGNS[0], caps=(Cap(1),)), *shops.CAMPAIGNS[1:])
    settings = {"database": servers.database(), "state": servers.state()}
    shop = shops.tiny(tmp_path / "shop", campaigns=capped, **settings)
    with delivery.build(shop) as engine:
        assert {slot.ad.campaign for slot in engine.decide(Request("home", shopper=WHO)).slots} >= {"c-leaf"}
        engine.wishes.put(WHO, Preferences(not_products=("jam",)))
    receipt = erasure.complete(shop, erasure.begin(shop, WHO))
    assert receipt is not None
    counted = {one.store: one.removed for one in receipt.stores}
    assert counted["preferences"] == 1
    assert counted["caps"] == 1
    wishes = Wishes(shop)
    assert wishes.held == {}
    wishes.close()
    shared = InRedis(shop.shared)
    assert not shared.forget(WHO)
    shared.close()
    with delivery.build(shop) as engine:
        assert {slot.ad.campaign for slot in engine.decide(Request("home", shopper=WHO)).slots} >= {"c-leaf"}
