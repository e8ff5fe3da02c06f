"""What changes in a shop's folder is taken over while it serves: a little at a time, or as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.shops import ADS, CAMPAIGNS, NOW, PRODUCTS, tiny

from hawker import Shop, delivery
from hawker.delivery import Engine
from hawker.delivery.renew import Renewal, learn
from hawker.records.campaign import Ad, AdGroup, Campaign, Targeting
from hawker.records.catalogue import Availability, Product
from hawker.records.decision import Request
from hawker.storage import tables
from hawker.storage.control import Control, Document


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[Shop, Engine, Renewal]]:
    shop = tiny(tmp_path / "shop")
    engine = delivery.build(shop)
    renewal = Renewal(engine)
    yield shop, engine, renewal
    renewal.close()
    engine.close()


def order(shop: Shop, *documents: Document) -> None:
    control = Control(shop.control)
    control.put(documents, by="ann")
    control.close()


def follow(engine: Engine, renewal: Renewal) -> bool:
    """What the server does twice a second; says whether anything had changed."""
    found = renewal.seen()
    if found == dict(engine.world.versions):
        return False
    learn(engine.world.state.codes, renewal.products(found))
    renewal.take_over(renewal.renewed(found, now=engine.tick()))
    assert renewal.seen() == dict(engine.world.versions)
    return True


def shown(engine: Engine, **asked: str) -> list[str]:
    decision = engine.decide(Request("home", **asked), now=NOW + 10, seed=1)
    return [slot.ad.id for slot in decision.slots]


def test_nothing_new_is_nothing_to_do(serving: tuple[Shop, Engine, Renewal]) -> None:
    _, engine, renewal = serving
    assert not follow(engine, renewal)
    assert shown(engine) == ["a-tea", "a-pot"]


def test_orders_are_worked_into_the_index_there_is(serving: tuple[Shop, Engine, Renewal]) -> None:
    shop, engine, renewal = serving
    before = engine.world
    order(shop, msgspec.structs.replace(CAMPAIGNS[0], active=False))
    assert follow(engine, renewal)
    assert shown(engine) == ["a-jam"]
    assert engine.world.index.units.aims is before.index.units.aims  # not made anew
    assert engine.world.members is before.members
    order(shop, CAMPAIGNS[0], msgspec.structs.replace(ADS[0], bid=1))
    assert follow(engine, renewal)
    assert shown(engine) == ["a-pot", "a-jam"]
    order(shop, Campaign("c-new", advertiser="Hill", bid=9_000_000))
    order(shop, AdGroup("g", "c-new", bid=8_000_000, targeting=Targeting(devices=("phone",))))
    order(shop, Ad("a-new", "c-new", "sock", group="g"))
    assert follow(engine, renewal)
    assert shown(engine, device="phone") == ["a-new", "a-pot"]
    assert shown(engine) == ["a-pot", "a-jam"]
    assert engine.world.versions["campaigns"] == "8"


def test_what_is_removed_stops_and_its_charges_stay(serving: tuple[Shop, Engine, Renewal]) -> None:
    shop, engine, renewal = serving
    engine.ledger.register([msgspec.structs.replace(CAMPAIGNS[0], total_budget=50)])
    control = Control(shop.control)
    control.remove("campaign", ["c-leaf"], by="ann")
    assert follow(engine, renewal)
    assert shown(engine) == ["a-jam"]
    assert engine.ledger.remaining("c-leaf", now=NOW) == 50
    control.put_campaigns([CAMPAIGNS[0]], by="ann")
    assert follow(engine, renewal)  # its ads were left out: the index is made anew
    assert shown(engine) == ["a-tea", "a-pot"]
    control.close()


def test_an_older_database_brought_back_is_taken_over_too(serving: tuple[Shop, Engine, Renewal]) -> None:
    _, engine, renewal = serving
    later = {**engine.world.versions, "campaigns": "99"}
    engine.refresh(replace(engine.world, versions=later))
    assert follow(engine, renewal)
    assert engine.world.versions["campaigns"] == "2"
    assert shown(engine) == ["a-tea", "a-pot"]


def test_stock_and_new_products_are_taken_over(serving: tuple[Shop, Engine, Renewal]) -> None:
    shop, engine, renewal = serving
    mug = Product("mug", "Mug", category="Kitchen > Mugs", brand="Leaf")
    gone = msgspec.structs.replace(PRODUCTS[0], availability=Availability.OUT_OF_STOCK)
    tables.write_products(shop.table("catalogue"), [gone, *PRODUCTS[1:], mug])
    order(shop, Ad("a-mug", "c-leaf", "mug"))
    assert follow(engine, renewal)
    assert shown(engine) == ["a-mug", "a-pot"]
    order(shop, Campaign("c-none"))
    assert follow(engine, renewal)  # worked in, and the stock still holds
    assert shown(engine) == ["a-mug", "a-pot"]


def test_lists_are_taken_over(serving: tuple[Shop, Engine, Renewal]) -> None:
    shop, engine, renewal = serving
    vip = Targeting(audiences=("vip",))
    order(
        shop, Campaign("c-vip", advertiser="Vip", bid=9_000_000, targeting=vip), Ad("a-vip", "c-vip", "jam")
    )
    assert follow(engine, renewal)
    assert shown(engine, shopper="u-1") == ["a-tea", "a-pot"]
    connection = tables.connect(threads=1)
    tables.replace(connection, "SELECT 'vip' AS audience, 'u-1' AS shopper", shop.table("audiences"))
    ads = engine.world.index
    assert follow(engine, renewal)
    assert engine.world.index is ads  # who is on a list changes nothing else
    assert shown(engine, shopper="u-1") == ["a-vip", "a-tea"]
    assert shown(engine) == ["a-tea", "a-pot"]
