"""The invented advertisers: every term synthetic, every ad sellable."""

import pytest

from hawker.records.catalogue import advertisable
from hawker.records.placement import Placement
from hawker.simulate.campaigns import ADVERTISERS, campaigns, settings
from hawker.simulate.world import world
from hawker.storage.shop import Shop


@pytest.fixture(scope="module")
def truth():
    return world("zh", shoppers=10, days=1)


def test_campaigns_are_whole_and_synthetic(truth):
    orders, ads = campaigns(truth)
    assert len(orders) == ADVERTISERS == len({order.advertiser for order in orders})
    assert all(order.synthetic and order.currency == "CNY" for order in orders)
    assert all(0 < order.bid < order.daily_budget < order.total_budget for order in orders)
    products = {product.id: product for product in truth.products}
    owners = {order.id: order for order in orders}
    for ad in ads:
        product = products[ad.product]
        assert advertisable(product)
        assert product.brand == owners[ad.campaign].advertiser
        assert ad.creative == ""
    assert len({ad.product for ad in ads}) == len(ads) > 150


def test_same_world_same_campaigns(truth):
    assert campaigns(truth) == campaigns(world("zh", shoppers=10, days=1))


def test_settings_make_a_chinese_shop(truth, tmp_path):
    shop = Shop.create(tmp_path, settings(truth))
    kept = Shop(tmp_path).settings
    assert (kept.language, kept.currency, kept.outcome) == ("zh", "CNY", "click")
    assert {p.name: p.slots for p in kept.placements} == {"home": 6, "search": 3, "product": 3}
    assert isinstance(shop.placement("home"), Placement)
