"""Winners and prices: the trade's worked example, toy auctions by hand, and what must always hold."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from tests.auction import reference

from hawker.auction import Cleared, clear, least_prices, rates, values
from hawker.errors import BadInput, BadSetting
from hawker.records.bid import NoBidReason

UNIT = 1_000_000


def cpm(bids: list[int], **terms: object) -> Cleared:
    """An auction of bids per thousand impressions."""
    amounts = np.array(bids, dtype=np.int64)
    paid = np.full(len(bids), 1e-3)
    return clear(values(amounts, paid), amounts, rates=paid, **terms)  # type: ignore[arg-type]


BIDS = [1_000_000, 900_000, 800_000]


@pytest.mark.parametrize(("mechanism", "price"), [("first", 1_000_000), ("gsp", 910_000)])
def test_the_worked_example_of_openrtb(mechanism: str, price: int) -> None:
    done = cpm(BIDS, slots=1, floor=850_000, mechanism=mechanism, increment=10_000)
    assert (done.winners.tolist(), done.prices.tolist(), done.runner_up) == ([0], [price], 1)
    assert done.reasons == {NoBidReason.BELOW_FLOOR: 1, NoBidReason.OUTRANKED: 1}


def test_each_pays_the_next_and_the_last_pays_the_floor() -> None:
    done = cpm(BIDS, slots=3, floor=300_000)
    assert done.winners.tolist() == [0, 1, 2]
    assert done.prices.tolist() == [900_000, 800_000, 300_000]
    assert done.rivals.tolist() == [1, 2, -1]
    assert (done.runner_up, done.reasons) == (-1, {})


def test_an_increment_never_lifts_a_price_above_the_bid() -> None:
    assert cpm([900_000, 895_000], slots=1, increment=10_000).prices.tolist() == [900_000]


def test_a_better_chance_of_a_click_wins_and_lowers_the_price() -> None:
    bids = np.array([100_000, 60_000])
    chances = np.array([0.01, 0.03])
    done = clear(values(bids, chances), bids, rates=chances, slots=1)
    assert (done.winners.tolist(), done.prices.tolist()) == ([1], [33_334])


def test_quality_ranks_and_prices() -> None:
    bids, paid = np.array([500_000, 500_000]), np.full(2, 1e-3)
    done = clear(values(bids, paid, quality=np.array([1.0, 2.0])), bids, rates=paid, slots=1)
    assert (done.winners.tolist(), done.prices.tolist()) == ([1], [250_000])


def test_ties_go_to_the_lower_index() -> None:
    done = cpm([5, 7, 7, 7], slots=2)
    assert (done.winners.tolist(), done.prices.tolist(), done.runner_up) == ([1, 2], [7, 7], 3)


def test_nothing_above_the_floor_is_an_empty_answer() -> None:
    done = cpm([5, 7], slots=2, floor=8)
    assert (len(done.winners), done.runner_up) == (0, -1)
    assert done.reasons == {NoBidReason.BELOW_FLOOR: 2}
    assert len(cpm([], slots=2).winners) == 0


def test_an_advertiser_takes_no_more_than_its_slots_and_never_raises_its_own_price() -> None:
    who = np.array([1, 1, 1, 2, -1])
    done = cpm([90, 80, 70, 60, 50], slots=3, advertisers=who, most_per_advertiser=2)
    assert done.winners.tolist() == [0, 1, 3]
    assert done.prices.tolist() == [60, 60, 50]
    assert done.reasons == {NoBidReason.ADVERTISER_LIMIT: 1, NoBidReason.OUTRANKED: 1}
    assert done.runner_up == 4
    alone = cpm([90, 80, 70], slots=2, advertisers=np.ones(3, np.int64), floor=5)
    assert alone.prices.tolist() == [5, 5]


def test_an_explored_ad_pays_the_price_of_its_own_rank() -> None:
    done = cpm([90, 80, 70, 60], slots=2, order=np.array([2, 0]))
    assert done.winners.tolist() == [2, 0]
    assert done.prices.tolist() == [60, 80]
    assert done.runner_up == 1
    with pytest.raises(BadInput, match="below the floor"):
        cpm([90, 80], slots=1, floor=85, order=np.array([1]))


def test_vickrey_clarke_groves_by_hand() -> None:
    bids, paid = np.array([10 * UNIT, 6 * UNIT, 2 * UNIT]), np.full(3, 1e-3)
    weights = np.array([1.0, 0.5])
    done = clear(values(bids, paid), bids, rates=paid, slots=2, mechanism="vcg", weights=weights)
    # slot 1: (1 - .5) · 6 + .5 · 2 = 4 per unit of weight 1; slot 2: .5 · 2 / .5 = 2
    assert done.prices.tolist() == [4 * UNIT, 2 * UNIT]
    assert done.rivals.tolist() == [1, 2]


def test_vcg_prices_an_ad_out_of_turn_at_the_floor_and_the_others_without_its_slot() -> None:
    done = cpm([90, 80, 70, 60], slots=3, mechanism="vcg", order=np.array([0, 3, 1]), floor=5)
    assert done.prices.tolist() == [70, 5, 70]
    assert done.rivals.tolist() == [1, -1, 2]
    natural = cpm([90, 80, 70], slots=2, mechanism="vcg", order=np.array([0, 1]))
    assert natural.prices.tolist() == cpm([90, 80, 70], slots=2, mechanism="vcg").prices.tolist() == [70, 70]
    who = np.array([1, 1, 2])
    capped = cpm([90, 80, 70], slots=2, mechanism="vcg", advertisers=who, most_per_advertiser=1, floor=5)
    assert (capped.winners.tolist(), capped.prices.tolist()) == ([0, 2], [5, 5])


def test_what_cannot_be_priced_is_refused() -> None:
    with pytest.raises(BadSetting, match="Did you mean 'gsp'"):
        cpm([1], slots=1, mechanism="gps")
    with pytest.raises(BadInput, match="slot weights"):
        cpm([1], slots=2, mechanism="vcg", weights=np.array([0.5, 1.0]))


@st.composite
def auctions(draw: st.DrawFn) -> dict[str, object]:
    """Random auctions; about half the bids are per click."""
    m = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    paid = rates(rng.random(m) < 0.5, rng.random(m) * 0.1 + 1e-4)
    bids = np.where(paid == 1e-3, rng.integers(1, 5 * UNIT, m), rng.integers(1, UNIT, m))
    quality = rng.choice([1.0, 0.5, 1.7], m)
    return {
        "values": values(bids, paid, quality=quality),
        "bids": bids,
        "rates": paid,
        "slots": draw(st.integers(1, 5)),
        "floor": draw(st.sampled_from([0, 0, 300_000, 2_000_000])),
        "mechanism": draw(st.sampled_from(["gsp", "first", "vcg"])),
    }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(auctions())
def test_prices_lie_between_floor_and_bid_and_order_is_by_value(auction: dict[str, object]) -> None:
    done = clear(**auction)  # type: ignore[arg-type]
    bids, ranks = np.asarray(auction["bids"]), np.asarray(auction["values"])
    least = least_prices(int(str(auction["floor"])), np.asarray(auction["rates"]))
    assert (done.prices <= bids[done.winners]).all()
    assert (done.exact >= least[done.winners] * (1 - 1e-9)).all()
    assert (done.prices >= done.exact * (1 - 1e-9)).all()
    assert (np.diff(ranks[done.winners]) <= 0).all()
    able = int((bids >= least * (1 - 1e-9)).sum())
    assert len(done.winners) == min(able, int(str(auction["slots"])))
    assert sum(done.reasons.values()) == len(bids) - len(done.winners)
    if done.runner_up >= 0:
        assert done.runner_up not in done.winners
        assert ranks[done.runner_up] <= ranks[done.winners].min()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(auctions(), st.integers(0, 11), st.integers(1, UNIT))
def test_a_higher_bid_never_loses_a_slot(auction: dict[str, object], who: int, more: int) -> None:
    bids, paid = np.asarray(auction["bids"]), np.asarray(auction["rates"])
    who %= len(bids)
    before = clear(**auction)  # type: ignore[arg-type]
    raised = bids.copy()
    raised[who] += more
    scale = np.asarray(auction["values"]) / bids
    after = clear(**{**auction, "bids": raised, "values": raised * scale})  # type: ignore[arg-type]
    assert place(after, who) <= place(before, who)
    if auction["mechanism"] == "gsp" and place(after, who) == place(before, who) < 99:
        at = place(before, who)
        assert after.exact[at] == pytest.approx(before.exact[at], rel=1e-9)
    assert len(paid) == len(raised)


def place(done: Cleared, who: int) -> int:
    found = np.flatnonzero(done.winners == who)
    return int(found[0]) if len(found) else 99


def invented(rng: np.random.Generator, *, most: int) -> dict[str, Any]:
    """A small auction for the tests that need ten thousand of them."""
    m = int(rng.integers(1, most + 1))
    paid = rates(rng.random(m) < 0.5, rng.random(m) * 0.1 + 1e-4)
    bids = np.where(paid == 1e-3, rng.integers(0, 5 * UNIT, m), rng.integers(0, UNIT, m))
    return {
        "values": values(bids, paid, quality=rng.choice([1.0, 0.5, 1.7], m)),
        "bids": bids,
        "rates": paid,
        "floor": int(rng.choice([0, 0, 300_000, 2_000_000])),
    }


def test_second_price_and_vcg_agree_for_one_slot_in_ten_thousand_auctions() -> None:
    rng = np.random.default_rng(3)
    sold = 0
    for _ in range(10_000):
        auction = invented(rng, most=8)
        second = clear(**auction, slots=1)
        vickrey = clear(**auction, slots=1, mechanism="vcg")
        assert second.winners.tolist() == vickrey.winners.tolist()
        assert second.exact.tolist() == pytest.approx(vickrey.exact.tolist(), rel=1e-12)
        assert second.prices.tolist() == vickrey.prices.tolist()
        sold += len(second.winners)
    assert sold > 7_000


def test_no_price_is_above_its_bid_or_below_its_floor_in_ten_thousand_auctions() -> None:
    rng = np.random.default_rng(4)
    for number in range(10_000):
        auction = invented(rng, most=8)
        done = clear(
            **auction,
            slots=int(rng.integers(1, 5)),
            mechanism=("gsp", "first", "vcg")[number % 3],
            increment=int(rng.choice([0, 10_000])),
            advertisers=rng.integers(-1, 3, len(auction["bids"])),
            most_per_advertiser=2,
        )
        least = least_prices(auction["floor"], auction["rates"])[done.winners]
        assert (done.prices <= auction["bids"][done.winners]).all()
        assert (done.prices >= np.floor(least * (1 - 1e-9))).all()


def test_ten_thousand_auctions_clear_as_they_did_over_arrays() -> None:
    rng = np.random.default_rng(5)
    for number in range(10_000):
        auction = invented(rng, most=12)
        slots, m = int(rng.integers(1, 5)), len(auction["bids"])
        admitted = np.flatnonzero(auction["bids"] >= least_prices(auction["floor"], auction["rates"]))
        terms = {
            "slots": slots,
            "mechanism": ("gsp", "gsp", "first", "vcg")[number % 4],
            "increment": int(rng.choice([0, 10_000])),
            "order": rng.permutation(admitted)[:slots] if rng.random() < 0.3 else None,
            "advertisers": rng.integers(-1, 4, m) if rng.random() < 0.7 else None,
            "most_per_advertiser": int(rng.integers(1, 3)) if rng.random() < 0.6 else None,
        }
        now, then = clear(**auction, **terms), reference.clear(**auction, **terms)
        for name in ("winners", "prices", "exact", "rivals"):
            assert getattr(now, name).tolist() == getattr(then, name).tolist(), (number, name)
        assert (now.runner_up, now.reasons) == (then.runner_up, then.reasons)


def test_truth_is_the_best_reply_under_vcg_in_ten_thousand_auctions() -> None:
    """What a bidder nets changes only where its bid passes another's: one bid of each stretch tells all."""
    rng = np.random.default_rng(11)
    worst, replies = -np.inf, 0
    for _ in range(10_000):
        m, slots = int(rng.integers(1, 5)), int(rng.integers(1, 4))
        paid, quality = rng.random(m) * 0.1 + 1e-3, rng.choice([0.6, 1.0, 1.3], m)
        worth = rng.integers(1, UNIT, m)
        weights = np.sort(rng.random(slots) + 0.05)[::-1]
        floor = int(rng.choice([0, 20 * UNIT]))
        honest = gain(worth, int(worth[0]), paid, quality, weights, floor)
        passes = np.sort((worth * paid * quality)[1:] / (paid[0] * quality[0]))
        for bid in {1, *(np.ceil(passes).astype(np.int64) + 1).tolist(), 2 * UNIT} - {int(worth[0])}:
            bids = worth.copy()
            bids[0] = bid
            lie = gain(bids, int(worth[0]), paid, quality, weights, floor)
            worst, replies = max(worst, (lie - honest) / worth[0]), replies + 1
    assert replies > 25_000
    assert worst <= 1e-9


def gain(
    bids: NDArray[np.int64],
    worth: int,
    paid: NDArray[np.float64],
    quality: NDArray[np.float64],
    weights: NDArray[np.float64],
    floor: int,
) -> float:
    """What the first bidder nets per impression, in micros."""
    done = clear(
        values(bids, paid, quality=quality),
        bids,
        rates=paid,
        slots=len(weights),
        floor=floor,
        mechanism="vcg",
        weights=weights,
    )
    at = place(done, 0)
    return 0.0 if at == 99 else float(weights[at] * paid[0] * (worth - done.exact[at]))
