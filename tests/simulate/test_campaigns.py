"""The invented advertisers: every term synthetic, every ad sellable, every headline fits."""

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
    orders, ads, creatives = campaigns(truth)
    assert len(orders) == ADVERTISERS == len({order.advertiser for order in orders})
    assert all(order.synthetic and order.currency == "CNY" for order in orders)
    assert all(0 < order.bid < order.daily_budget < order.total_budget for order in orders)
    products = {product.id: product for product in truth.products}
    owners, said = {order.id: order for order in orders}, {creative.id: creative for creative in creatives}
    for ad in ads:
        product = products[ad.product]
        assert advertisable(product)
        assert product.brand == owners[ad.campaign].advertiser
        assert said[ad.creative].product == ad.product
    assert len(ads) == len(creatives) > 150


def test_words_are_the_products_own_and_fit(truth):
    products = {product.id: product for product in truth.products}
    for creative in campaigns(truth)[2]:
        product = products[creative.product]
        assert product.title.startswith(creative.headline)
        assert creative.description in product.description
        assert sum(1 if char.isascii() else 2 for char in creative.headline) <= 30
        assert creative.description.endswith("。")


def test_same_world_same_campaigns(truth):
    assert campaigns(truth) == campaigns(world("zh", shoppers=10, days=1))


def test_settings_make_a_chinese_shop(truth, tmp_path):
    shop = Shop.create(tmp_path, settings(truth))
    kept = Shop(tmp_path).settings
    assert (kept.language, kept.currency, kept.outcome) == ("zh", "CNY", "click")
    assert {p.name: p.slots for p in kept.placements} == {"home": 6, "search": 3, "product": 3}
    assert isinstance(shop.placement("home"), Placement)
