"""Bids by strategy: by hand, and what must hold of ten thousand of them."""

from __future__ import annotations

import numpy as np
import pytest

from hawker.auction import bidding, bids, start
from hawker.auction.bidder import LARGEST
from hawker.records.campaign import Campaign, Objective, Pricing, Strategy, Tier

UNIT = 1_000_000
NOBODY = np.zeros(1, np.int64)


def bid(campaign: Campaign, *, pace: float | None = None, **chances: float) -> int:
    """What the only ad of a campaign bids."""
    given = {name: np.array([value]) for name, value in chances.items()}
    paces = None if pace is None else np.array([pace])
    return int(bids(bidding([campaign]), NOBODY, NOBODY + campaign.bid, pace=paces, **given)[0])


def test_a_manual_bid_is_itself_until_it_is_slowed() -> None:
    shoes = Campaign("c", bid=2 * UNIT, pricing=Pricing.CPC)
    assert bid(shoes) == bid(shoes, pace=1.0) == bid(shoes, pace=7.5) == 2 * UNIT
    assert bid(shoes, pace=0.25) == UNIT // 2
    assert bid(shoes, pace=0.0) == 0


def test_what_is_manual_and_unpaced_is_not_even_copied() -> None:
    asked = np.array([3, 2, 1])
    terms = bidding([Campaign("c", bid=1), Campaign("d", bid=2)])
    assert bids(terms, np.array([0, 1, 1]), asked, click=np.zeros(3)) is asked


@pytest.mark.parametrize(
    ("pricing", "objective", "expected"),
    [
        (Pricing.CPC, Objective.CLICKS, 300_000),  # a click is worth .30
        (Pricing.CPM, Objective.CLICKS, 300_000 * 0.02 * 1000),
        (Pricing.CPC, Objective.CONVERSIONS, 300_000 * 0.001 / 0.02),
        (Pricing.CPA, Objective.CONVERSIONS, 300_000),
        (Pricing.CPM, Objective.RETURN, 300_000 * 0.001 * 50 * 1000),
        (Pricing.CPA, Objective.RETURN, 300_000 * 50),
    ],
)
def test_one_pace_becomes_a_bid_in_the_unit_of_pricing(
    pricing: Pricing, objective: Objective, expected: float
) -> None:
    order = Campaign("c", strategy=Strategy.MAXIMISE, pricing=pricing, objective=objective)
    assert bid(order, pace=300_000.0, click=0.02, purchase=0.001, sales=50.0) == pytest.approx(
        expected, abs=1
    )


def test_a_target_decides_what_is_wanted_whatever_the_objective_says() -> None:
    per_sale = Campaign("c", strategy=Strategy.TARGET_CPA, target_cpa=8 * UNIT, pricing=Pricing.CPM)
    assert bid(per_sale, click=0.5, purchase=0.001) == 8 * UNIT  # 8.00 × .001 × 1000
    tripled = Campaign("c", strategy=Strategy.TARGET_ROAS, target_roas=4.0, pricing=Pricing.CPA)
    assert bid(tripled, purchase=0.001, sales=20.0 * UNIT) == 5 * UNIT


def test_the_advertisers_own_bid_is_the_most_it_pays() -> None:
    order = Campaign("c", strategy=Strategy.MAXIMISE, pricing=Pricing.CPC, bid=UNIT)
    assert bid(order, pace=9.0 * UNIT, click=0.1) == UNIT
    assert start(bidding([order])).tolist() == [UNIT]
    free = Campaign("c", strategy=Strategy.MAXIMISE, pricing=Pricing.CPC)
    assert bid(free, pace=9.0 * UNIT, click=0.1) == 9 * UNIT
    assert bid(free, pace=1e300, click=0.1) == LARGEST


def test_without_a_model_or_a_chance_there_is_no_bid() -> None:
    order = Campaign("c", strategy=Strategy.MAXIMISE, pricing=Pricing.CPC, objective=Objective.CONVERSIONS)
    assert bid(order, pace=1e6, click=0.0, purchase=0.1) == 0
    assert bid(order, pace=1e6, click=0.1, purchase=0.0) == 0
    assert bid(order, pace=1e6, click=0.1) == 0


def test_a_guaranteed_campaign_bids_what_was_agreed() -> None:
    order = Campaign("c", strategy=Strategy.MAXIMISE, tier=Tier.GUARANTEED, bid=5 * UNIT)
    assert bid(order, click=0.5) == 5 * UNIT


def test_ten_thousand_bids_rise_with_pace_and_never_above_what_was_asked() -> None:
    rng = np.random.default_rng(5)
    count = 10_000
    campaigns = [
        Campaign(
            f"c-{number}",
            strategy=list(Strategy)[number % 4],
            pricing=list(Pricing)[number // 4 % 3],
            objective=list(Objective)[number // 12 % 3],
            bid=int(asked),
            target_cpa=int(rng.integers(1, 50 * UNIT)),
            target_roas=float(rng.uniform(0.1, 20)),
        )
        for number, asked in enumerate(rng.choice([0, 1, 250_000, 3 * UNIT], count))
    ]
    terms, owners = bidding(campaigns), np.arange(count)
    asked = terms.ceiling
    click, purchase = (rng.choice([0.0, 1e-9, 0.003, 0.2, 1.0], count) for _ in range(2))
    chances = {"click": click, "purchase": purchase, "sales": rng.integers(0, 90 * UNIT, count)}
    pace = np.where(terms.automatic, start(terms), rng.uniform(0, 2, count)) * rng.lognormal(0, 1, count)
    low = bids(terms, owners, asked, pace=pace, **chances)
    high = bids(terms, owners, asked, pace=pace * rng.uniform(1, 3, count), **chances)
    assert (low >= 0).all()
    assert (high >= low).all()
    bounded = (asked > 0) | ~terms.automatic
    assert (high[bounded] <= asked[bounded]).all()
    assert (high <= LARGEST).all()
    never = terms.automatic & (((terms.unit == 0) & (click == 0)) | ((terms.unit == 1) & (purchase == 0)))
    assert never.sum() > 500
    assert (high[never] == 0).all()
    assert (low > 0).sum() > count / 4
    some = rng.permutation(count)[:300]
    again = bids(terms, some, asked[some], pace=pace, **{name: row[some] for name, row in chances.items()})
    np.testing.assert_array_equal(again, low[some])
