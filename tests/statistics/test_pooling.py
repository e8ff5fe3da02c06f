"""What is believed of variants: exact where clicks are many, shrunk where few, wary of priors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hawker.statistics import pooling
from hawker.statistics.pooling import Cells, Spread


def made(product: Any, variant: Any, place: Any, segment: Any, shown: Any, clicked: Any) -> Cells:
    """Cells from lists."""
    ints = (np.array(one, np.int64) for one in (product, variant, place, segment))
    return Cells(*ints, np.array(shown, np.float64), np.array(clicked, np.float64))


def drawn(
    *, spread: float, worth: float, shown: int, seed: int, products: int = 400
) -> tuple[Cells, Any, Any]:
    """Four variants of each product: effects, and scores that correlate with them by `worth`."""
    rng = np.random.default_rng(seed)
    product = np.repeat(np.arange(products), 4)
    effect = spread * rng.standard_normal(len(product))
    score = worth * effect / spread + np.sqrt(1 - worth**2) * rng.standard_normal(len(product))
    rate = (0.03 * np.exp(0.4 * rng.standard_normal(products)))[product] * np.exp(effect)
    zero = np.zeros(len(product), np.int64)
    clicks = rng.binomial(shown, np.minimum(rate, 1.0))
    cells = made(product, np.arange(len(product)), zero, zero, np.full(len(product), shown), clicks)
    return cells, score, effect


@pytest.mark.parametrize(("spread", "worth"), [(0.3, 0.4), (0.3, 0.0), (0.15, 0.4)])
def test_spread_and_worth_of_the_score_are_found(spread: float, worth: float) -> None:
    cells, score, _ = drawn(spread=spread, worth=worth, shown=2_000, seed=3)
    found = pooling.learned(cells, score)
    assert found.total == pytest.approx(spread, rel=0.2)
    assert found.worth == pytest.approx(worth, abs=0.12)


def test_a_pooled_estimate_is_nearer_the_truth_than_the_raw_one_and_its_error_is_what_it_says() -> None:
    cells, score, effect = drawn(spread=0.3, worth=0.4, shown=300, seed=5)
    found = pooling.posterior(cells, score, pooling.learned(cells, score)).rows
    product = cells.product

    def within(values: Any) -> Any:
        return values - (np.bincount(product, values) / 4)[product]

    raw = np.log((cells.clicked + 0.5) / cells.shown)
    error = np.sqrt(np.mean(within(found.mean - effect) ** 2))
    assert error < 0.6 * np.sqrt(np.mean(within(raw - effect) ** 2))
    assert error / np.sqrt(0.75) == pytest.approx(np.sqrt(found.variance.mean()), rel=0.15)


def test_with_many_clicks_the_effects_are_the_ratios() -> None:
    cells = made([0, 0, 0], [0, 1, 2], [0] * 3, [0] * 3, [1e6] * 3, [1e4, 2e4, 4e4])
    found = pooling.posterior(cells, np.zeros(3), Spread(total=0.7)).rows.mean
    assert np.diff(found) == pytest.approx([np.log(2), np.log(2)], abs=0.01)


def test_what_is_seen_in_one_place_counts_less_in_another_and_nothing_for_another_product() -> None:
    # variant 1 does well in place 0; in place 1 neither was clicked enough to say anything
    cells = made(
        [0, 0, 1], [0, 1, 0, 1, 2], [0, 0, 1, 1, 1], [0] * 5, [9000, 9000, 30, 30, 9000], [90, 270, 1, 1, 90]
    )
    found = pooling.posterior(cells, np.zeros(3), Spread(total=0.5)).rows.mean
    there, elsewhere = found[1] - found[0], found[3] - found[2]
    assert 0.2 < elsewhere < there < np.log(3)
    assert abs(found[4]) < 0.1


def test_nothing_seen_is_the_prior() -> None:
    nothing = made([0, 0], [], [], [], [], [])
    assert pooling.learned(nothing, np.zeros(2)).total == pytest.approx(Spread().total, rel=0.35)


def test_a_cell_shown_more_to_a_better_audience_gains_nothing_by_that() -> None:
    # segment 1 clicks three times as much at everything; variant 1 was shown mostly to it
    cells = made([0, 0], [0, 0, 1, 1], [0] * 4, [0, 1, 0, 1], [9000, 1000, 1000, 9000], [90, 30, 10, 270])
    found = pooling.posterior(cells, np.zeros(2), Spread(total=0.5)).variants.mean
    assert abs(found[1] - found[0]) < 0.1
