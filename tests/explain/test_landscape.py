"""The map of a shop: every product on it, a shopper's interests where they lie, nobody who refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker.errors import NotFound
from hawker.explain.landscape import landscape
from hawker.features import story
from hawker.language import annotate
from hawker.records.events import Event, EventKind
from hawker.simulate.behaviour import behaviour
from hawker.simulate.world import World, world
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings, Shop
from hawker.storage.tables import write_products


@pytest.fixture(scope="module")
def truth() -> World:
    return world("zh", shoppers=25, days=30)


@pytest.fixture(scope="module")
def shop(truth: World, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop.create(tmp_path_factory.mktemp("map") / "shop", Settings(language="zh"))
    write_products(made.table("catalogue"), truth.products)
    EventLog(made.events).append(behaviour(truth))
    annotate.products(made, "tfidf")
    return made


def test_a_shop_without_vectors_says_how_to_get_them(tmp_path: Path):
    with pytest.raises(NotFound, match="no vectors") as caught:
        landscape(Shop.create(tmp_path / "shop"))
    assert "hawker train" in caught.value.remedy


def test_every_product_is_on_the_map_with_its_department(shop: Shop, truth: World):
    page = landscape(shop)
    assert page.count("<circle") == len(truth.products)
    assert "语义地图" in page
    assert page.count('class="swatch"') == len(truth.goods.tops)
    few = landscape(shop, language="en", most=20)
    assert few.count("<circle") == 20
    assert few == landscape(shop, language="en", most=20)  # the same shop, the same map
    assert "What this shop means" in few


def test_interests_lie_where_the_shopper_looked(shop: Shop):
    told = max(story.all(shop, most=0), key=lambda one: len(one.deeds))
    page = landscape(shop, shopper=told.shopper, language="en", most=30)
    assert 1 <= page.count('class="interest"') <= 4
    touched = {deed.product for deed in told.deeds if deed.product}
    assert page.count('class="touched"') == len(touched)
    assert page.count("<rect") >= 3
    assert "<script" not in page


def test_of_whom_nothing_may_be_told_nothing_is_drawn(shop: Shop):
    name = next(story.all(shop)).shopper
    last = max(deed.time for one in story.all(shop) for deed in one.deeds)
    EventLog(shop.events).append([Event(EventKind.OPT_OUT, last, id="refused", shopper=name)])
    page = landscape(shop, shopper=name, language="en", most=20)
    assert 'class="touched"' not in page
    assert 'interest"' not in page
    assert "Nothing of this shopper may be shown" in page
    assert "Nothing of this shopper" in landscape(shop, shopper="nobody", language="en", most=20)
