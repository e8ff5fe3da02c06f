"""Two stages that are both real: no purchase without the first, and rates that stay true after drawing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.learning.grocer import MONDAY, PRODUCTS, STAPLES, grocer

from hawker import Shop
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.learning import load, placement, stages, trials
from hawker.records.catalogue import Product
from hawker.records.events import DAY
from hawker.storage.tables import write_products

HILLSTROM = Path(__file__).parents[2] / ".." / "shared" / "data" / "hillstrom"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The corner shop, its twenty staples of one kind; salt and soap have no category."""
    made = grocer(tmp_path_factory.mktemp("corner"))
    path = {name: "Food > Staples" if name in STAPLES else f"Food > {name}" for name in PRODUCTS}
    path |= {"salt": "", "soap": ""}
    write_products(made.table("catalogue"), [Product(name, name, category=path[name]) for name in PRODUCTS])
    return made


def rows(shop: Shop, *, others: int, most: int = 150) -> Examples:
    replay = load(shop)
    world = placement.world(shop, replay.state)
    start = MONDAY + 20 * DAY
    drawn = trials(replay.events, world, start=start, end=start + 50 * DAY, most=most, seed=1)
    return stages.visits(replay, world, drawn, others=others, seed=2)


def test_who_buys_a_staple_wanted_every_staple(shop: Shop) -> None:
    found = rows(shop, others=100, most=40)
    visits = len(np.unique(found.group))
    assert len(found) == visits * len(PRODUCTS)
    click, purchase = found.labels["click"], found.labels["purchase"]
    np.testing.assert_array_equal(found.y, purchase)
    assert (purchase <= click).all()
    kind = found.x[:, found.names.index("kind")]
    staples = np.bincount(kind.astype(int)).argmax()
    assert (click[kind == staples] == 1).all()
    assert purchase[kind == staples].sum() == visits
    assert (click[kind != staples] == purchase[kind != staples]).all()
    assert (found.weight == 1).all()


def test_what_is_drawn_stands_for_what_is_not(shop: Shop) -> None:
    whole, some = rows(shop, others=100), rows(shop, others=8)
    visits = len(np.unique(whole.group))
    assert some.labels["purchase"].sum() == whole.labels["purchase"].sum()
    assert (some.labels["purchase"] == 0).sum() == 8 * visits
    assert (some.weight[some.y > 0] == 1).all()
    for name in ("click", "purchase"):
        told = [(one.weight * one.labels[name]).sum() / one.weight.sum() for one in (whole, some)]
        assert told[0] == pytest.approx(told[1])
    assert some.weight.sum() == pytest.approx(len(whole))


def test_the_codes_are_beside_the_features_and_of_the_moment(shop: Shop) -> None:
    found = rows(shop, others=8, most=20)
    assert found.names[-3:] == stages.OWN
    assert set(stages.OWN) <= set(found.categorical)
    shopper = found.x[:, found.names.index("shopper")]
    np.testing.assert_array_equal(shopper, found.cluster)
    assert (np.diff(found.time) >= 0).all()
    own = found.x[:, found.names.index("own_bought_90")]
    staple = (found.y > 0) & (own > 0)
    assert staple.sum() > 0.4 * found.y.sum()


def test_without_anything_on_offer_it_says_so(shop: Shop) -> None:
    replay = load(shop)
    world = placement.world(shop, replay.state)
    with pytest.raises(BadInput, match="Nothing was on offer"):
        stages.visits(replay, world, [])


@pytest.mark.skipif(not HILLSTROM.is_dir(), reason="shared/data/hillstrom is not on this machine")
def test_hillstroms_customers_come_before_they_buy() -> None:
    found = stages.hillstrom(HILLSTROM)
    assert found.labels["click"].sum() == 9_394
    assert found.y.sum() == 578
    assert (found.labels["purchase"] <= found.labels["click"]).all()
    assert (found.labels["value"][found.y == 0] == 0).all()
    assert found.categorical == ("history_segment", "zip_code", "channel", "segment")
