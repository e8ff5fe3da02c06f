"""The invented displays: one world, whatever the seed; codes as unequal as in real logs."""

from __future__ import annotations

import numpy as np

from hawker import ranking
from hawker.simulate import displays


def test_another_seed_draws_other_rows_of_the_same_world() -> None:
    first, second = displays.log(20_000, seed=1, widest=100), displays.log(20_000, seed=2, widest=100)
    assert not np.array_equal(first.x, second.x)
    judged = ranking.evaluate(ranking.train(ranking.Linear(epochs=1), first), second)
    assert judged.auc.low is not None
    assert judged.auc.low > 0.7


def test_a_seed_repeats_its_rows() -> None:
    np.testing.assert_array_equal(displays.log(500, seed=3).x, displays.log(500, seed=3).x)


def test_most_codes_of_the_widest_column_are_rare_and_a_fifth_of_counts_unknown() -> None:
    rows = displays.log(20_000)
    _, seen = np.unique(rows.x[:, -1], return_counts=True)
    assert np.mean(seen == 1) > 0.5
    assert seen.max() > 500
    assert abs(np.isnan(rows.x[:, : displays.COUNTS]).mean() - 0.2) < 0.01
    assert len(np.unique(rows.x[:, displays.COUNTS])) <= 10
