"""Which few hundred are kept: those whose rough value is greatest, in the index's order."""

from __future__ import annotations

import numpy as np
import pytest
from tests.shops import NOW, PRODUCTS

from hawker.features.assemble import Moment
from hawker.features.encode import Codes
from hawker.features.state import State
from hawker.records.campaign import Ad, Campaign
from hawker.records.decision import Request
from hawker.records.events import DAY, Event, EventKind
from hawker.retrieval.candidates import Going, _best, candidates
from hawker.retrieval.index import AdIndex, build
from hawker.retrieval.targeting import Eligible, Membership, eligible


@pytest.fixture(scope="module")
def known() -> tuple[State, AdIndex, Eligible]:
    """`u-1` has bought jam on many visits; every product has one ad, all bid alike."""
    codes = Codes()
    codes.learn_products(PRODUCTS)
    state = State(codes)
    bought = [
        Event(
            EventKind.PURCHASE, NOW - day * DAY, id=f"e{day}", shopper="u-1", product="jam", session=f"s{day}"
        )
        for day in range(1, 30, 3)
    ]
    state.fold(codes.encode(bought))
    state.advance(NOW)
    ads = [Ad(f"a-{product.id}", "c", product.id) for product in PRODUCTS]
    index = build([Campaign("c", bid=1_000_000)], ads, codes=codes)
    return state, index, eligible(index, Request("home"), now=NOW, members=Membership())


def test_what_a_shopper_buys_again_comes_first(known: tuple[State, AdIndex, Eligible]) -> None:
    state, index, found = known
    moment = Moment(NOW, shopper=state.codes["shopper"].find("u-1"))
    kept, affinity = candidates(index, found, state=state, moment=moment, most=1)
    assert [index.ids[found.ads[place]] for place in kept] == ["a-jam"]
    assert affinity[0] > 0.3


def test_all_are_kept_where_there_are_few_or_no_bound(known: tuple[State, AdIndex, Eligible]) -> None:
    state, index, found = known
    for most in (4, 100):
        kept, affinity = candidates(index, found, state=state, moment=Moment(NOW), most=most)
        assert kept.tolist() == [0, 1, 2, 3]
        assert len(affinity) == 4
        assert not np.isnan(affinity).any()
    kept, affinity = candidates(index, found, state=state, moment=Moment(NOW), most=0)
    assert kept.tolist() == [0, 1, 2, 3]
    assert np.isnan(affinity).all()  # nobody has looked


def test_the_last_places_go_to_what_is_near(known: tuple[State, AdIndex, Eligible]) -> None:
    state, index, found = known
    moment = Moment(NOW, shopper=state.codes["shopper"].find("u-1"))
    ids = [index.ids[ad] for ad in found.ads]
    near = np.array([{"a-sock": 0.9, "a-jam": 2.0, "a-pot": 0.3}.get(id, 0.0) for id in ids])

    def chosen(most: int, nearest: int) -> set[str]:
        kept, affinity = candidates(
            index, found, state=state, moment=moment, most=most, near=near, nearest=nearest
        )
        assert kept.tolist() == sorted(kept.tolist())
        everyone = candidates(index, found, state=state, moment=moment, most=4)[1]
        assert affinity.tolist() == everyone[kept].tolist()
        return {ids[place] for place in kept}

    assert chosen(2, 1) == {"a-jam", "a-sock"}  # jam by affinity, so the next is sock
    assert chosen(3, 2) == {"a-jam", "a-sock", "a-pot"}
    assert chosen(1, 1) == {"a-jam"}
    assert chosen(2, 9) == {"a-jam", "a-sock"}
    assert chosen(4, 2) == set(ids)
    plain = candidates(index, found, state=state, moment=moment, most=2)[0]
    unused = candidates(index, found, state=state, moment=moment, most=2, near=None, nearest=2)[0]
    assert plain.tolist() == unused.tolist()


def test_those_kept_stand_in_the_order_of_the_index(known: tuple[State, AdIndex, Eligible]) -> None:
    state, index, found = known
    moment = Moment(NOW, shopper=state.codes["shopper"].find("u-1"))
    kept, affinity = candidates(index, found, state=state, moment=moment, most=3)
    assert kept.tolist() == sorted(kept.tolist())
    everyone = candidates(index, found, state=state, moment=moment, most=4)[1]
    np.testing.assert_array_equal(affinity, everyone[kept])


@pytest.mark.parametrize("draw", ["lognormal", "few", "same", "zero"])
@pytest.mark.parametrize(("count", "most"), [(3_000, 200), (300, 299), (50, 1)])
def test_the_best_are_those_of_a_stable_sort(draw: str, count: int, most: int) -> None:
    rng = np.random.default_rng(count)
    value = {
        "lognormal": rng.lognormal(0.0, 3.0, count),
        "few": rng.integers(0, 5, count).astype(float),
        "same": np.ones(count),
        "zero": np.zeros(count),
    }[draw]
    wanted = np.sort(np.argsort(-value, kind="stable")[:most])
    np.testing.assert_array_equal(_best(value, most), wanted)


def test_bids_of_each_kind_stand_beside_one_another(known: tuple[State, AdIndex, Eligible]) -> None:
    state, index, found = known
    terms = Going(np.array([1e-3]), np.array([np.inf]))
    moment = Moment(NOW, shopper=state.codes["shopper"].find("u-1"))
    kept, _ = candidates(index, found, state=state, moment=moment, most=2, going=terms)
    assert kept.tolist() == [0, 1]  # all pay alike per thousand impressions: affinity has no say
