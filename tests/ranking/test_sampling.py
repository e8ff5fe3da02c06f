"""Thinned negatives: rates come out true, by weights as by the shift, and not without either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.ranking.sampling import corrected, thinned

LINEAR = ranking.Linear(bits=10, l1=0.0, l2=0.01, epochs=2)


def world(seed: int, *, base: float) -> Examples:
    """Three kinds of rows whose log-odds are base, base + 1 and base + 2."""
    rng = np.random.default_rng(seed)
    rows = toy(30_000)
    kind = rng.integers(0, 3, len(rows))
    rate = 1 / (1 + np.exp(-(base + kind)))
    x = np.zeros((len(rows), 4), dtype=np.float32)
    x[:, 1] = kind
    return replace(rows, x=x, y=(rng.random(len(rows)) < rate).astype(np.float32))


@settings(max_examples=8, deadline=None)
@given(st.floats(0.03, 0.5), st.floats(-3.5, -1.0), st.integers(0, 1000))
def test_corrected_rates_are_unbiased(rate: float, base: float, seed: int) -> None:
    fit, test = world(seed, base=base), world(seed + 5000, base=base)
    shifted = corrected(ranking.train(LINEAR, thinned(fit, rate, weighted=False, seed=seed)), rate)
    weighted = ranking.train(LINEAR, thinned(fit, rate, seed=seed))
    bare = ranking.train(LINEAR, thinned(fit, rate, weighted=False, seed=seed))
    negatives, positives = (fit.y == 0).sum(), fit.y.sum()
    deviation = np.sqrt(1 / (negatives * rate) + 2 / positives)  # of the log of the odds, fit and test
    for model in (shifted, weighted):
        ratio = np.log(model.on(test).mean() / test.y.mean(dtype=np.float64))
        assert abs(ratio) < 5 * deviation
        for kind in range(3):
            own = test.take(test.x[:, 1] == kind)
            assert abs(np.log(model.on(own).mean() / own.y.mean(dtype=np.float64))) < 12 * deviation
    assert bare.on(test).mean() > min(1.3, 0.9 / rate) * test.y.mean(dtype=np.float64)


def test_the_shift_is_exact(tmp_path: Path) -> None:
    model = ranking.train(LINEAR, toy())
    true, x = corrected(model, 0.2), toy(seed=1).x
    odds = model.predict(x) / (1 - model.predict(x))
    np.testing.assert_allclose(true.predict(x), 0.2 * odds / (1 + 0.2 * odds), rtol=1e-12)
    np.testing.assert_allclose(corrected(model, 1.0).predict(x), model.predict(x), rtol=1e-12)
    true.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).predict(x), true.predict(x))
    assert ranking.load(tmp_path).recipe["negatives"]["rate"] == 0.2
    parts = true.explain(x[0])
    assert sum(parts.values()) == pytest.approx(float(true.score(x[:1])[0]), abs=1e-9)


def test_sums_stay_true_and_positives_stay() -> None:
    rows = toy(20_000)
    few = thinned(rows, 0.1, seed=3)
    assert few.y.sum() == rows.y.sum()
    assert len(few) < 0.4 * len(rows)
    assert few.weight.sum() == pytest.approx(rows.weight.sum(), rel=0.05)
    assert (np.diff(few.time) > 0).all()
    assert len(thinned(rows, 1.0)) == len(rows)
    np.testing.assert_array_equal(thinned(rows, 0.1, seed=3).time, few.time)
    for rate in (0.0, 1.5, float("nan")):
        with pytest.raises(BadSetting, match="above 0"):
            thinned(rows, rate)
