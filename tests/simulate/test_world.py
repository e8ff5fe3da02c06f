"""The truth of an invented shop: the same for one seed, and reasonable in every direction."""

import numpy as np
import pytest

from hawker.errors import BadInput
from hawker.simulate.world import EPOCH_DAYS, world


@pytest.fixture(scope="module")
def small():
    return world("zh", shoppers=200, days=60, seed=3)


def test_same_seed_same_world(small):
    again, other = world("zh", shoppers=200, days=60, seed=3), world("zh", shoppers=200, days=60, seed=4)
    assert np.array_equal(small.people.interest, again.people.interest)
    assert np.array_equal(small.goods.appeal, again.goods.appeal)
    assert not np.array_equal(small.people.interest, other.people.interest)


def test_probabilities_are_probabilities_of_the_right_shape(small):
    who, what = np.arange(200)[:, None], np.arange(len(small.items))[None, :]
    for chance in (small.click_probability(who, what, 0), small.purchase_probability(who, what)):
        assert chance.shape == (200, len(small.items))
        assert chance.min() >= 0.0
        assert chance.max() < 1.0
    assert 0.005 < small.click_probability(who, what, 0).mean() < 0.1


def test_lower_positions_are_clicked_less(small):
    chance = small.click_probability(5, 10, np.arange(6))
    assert (np.diff(chance) < 0).all()


def test_interest_brings_clicks_and_purchases(small):
    who, what = (index.ravel() for index in np.indices((200, len(small.items))))
    match = small.match(who, what)
    keen, cold = match > 0.6, match < 0.1
    assert keen.sum() > 100
    clicks = small.click_probability(who, what, 0)
    buys = small.purchase_probability(who, what)
    assert clicks[keen].mean() > 3 * clicks[cold].mean()
    assert buys[keen].mean() > 2 * buys[cold].mean()


def test_the_page_helps_an_ad_that_suits_it(small):
    family = small.goods.family[10]
    other = np.flatnonzero(small.goods.family_top != small.goods.top[10])[0]
    plain, suited = (small.click_probability(5, 10, 0, context=page) for page in (-1, family))
    assert suited > plain
    assert small.click_probability(5, 10, 0, context=other) == plain


def test_shoppers_have_one_to_three_interests_that_drift(small):
    tops = small.goods.family_top
    strong = np.stack(
        [small.people.interest[:, :, tops == top].max(axis=2) for top in range(10)], axis=2
    )  # (epochs, shoppers, tops)
    held = (strong > 0.15).sum(axis=2)
    assert held.max() <= 3
    assert (held >= 1).mean() > 0.9
    moved = np.abs(small.people.interest[0] - small.people.interest[1]).max(axis=1) > 0.3
    assert 0.2 < moved.mean() < 0.9
    assert np.array_equal(
        small.match(3, np.arange(9), day=EPOCH_DAYS),
        small.people.interest[1][3][small.goods.family[:9]].astype(np.float64),
    )


def test_what_is_sold_out_is_not_bought(small):
    gone = np.flatnonzero(~small.goods.in_stock)
    assert len(gone) > 0
    assert (small.purchase_probability(np.arange(200)[:, None], gone) == 0.0).all()


def test_an_empty_world_is_refused():
    with pytest.raises(BadInput, match="empty"):
        world("zh", shoppers=0)
