"""Three kinds of bid become one value per impression."""

from __future__ import annotations

import numpy as np

from hawker.auction import least_prices, per_thousand, rates, values


def test_bids_of_three_kinds_are_worth_what_an_impression_earns() -> None:
    thousand = per_thousand(["cpm", "cpc", "cpa"])
    chances = np.array([0.9, 0.02, 0.001])
    bids = np.array([3_000_000, 150_000, 3_000_000])
    assert thousand.tolist() == [True, False, False]
    paid = rates(thousand, chances)
    np.testing.assert_allclose(values(bids, paid), [3_000.0, 3_000.0, 3_000.0])
    np.testing.assert_allclose(values(bids, paid, quality=np.array([1.0, 2.0, 0.5])), [3_000, 6_000, 1_500])


def test_a_floor_is_a_price_in_each_bids_own_unit() -> None:
    paid = rates(np.array([True, False, False]), np.array([0.5, 0.02, 0.0]))
    np.testing.assert_allclose(least_prices(850_000, paid), [850_000, 42_500, np.inf])
    assert least_prices(0, paid).tolist() == [0.0, 0.0, 0.0]
