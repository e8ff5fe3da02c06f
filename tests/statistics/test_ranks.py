"""Ranks and their correlation, beside SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hawker.statistics.ranks import ranked, spearman


def test_it_agrees_with_scipy_ties_and_all() -> None:
    chance = np.random.default_rng(1)
    one = chance.integers(0, 9, size=(20, 30)).astype(float)
    other = one + chance.normal(size=one.shape).round(1)
    assert ranked(one) == pytest.approx(stats.rankdata(one, axis=1) - 1)
    wanted = [stats.spearmanr(a, b).statistic for a, b in zip(one, other, strict=True)]
    assert spearman(one, other) == pytest.approx(wanted)


def test_a_flat_row_has_no_order() -> None:
    assert np.isnan(spearman([[1.0, 1.0]], [[1.0, 2.0]])[0])
    assert spearman(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)
