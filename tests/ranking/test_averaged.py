"""Networks averaged as matrices: the same answers as theirs, to rows of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hawker import ranking
from hawker.features.examples import Examples

pytest.importorskip("torch", reason="needs torch: pip install 'hawker[deep]'")

from hawker.ranking.averaged import averaged
from hawker.ranking.net import NetModel


def rows(*, seed: int, count: int = 600) -> Examples:
    """Four quantities, one of them absent at times, one narrow, and two columns of codes."""
    dice = np.random.default_rng(seed)
    x = dice.lognormal(0.0, 2.0, (count, 6)).astype(np.float32)
    x[:, 1] -= 3.0
    x[dice.random(count) < 0.3, 2] = np.nan
    x[:, 3] = 7.0 + dice.random(count)
    x[:, 4], x[:, 5] = dice.integers(0, 9, count), dice.integers(0, 3, count)
    y = (dice.random(count) < np.where(x[:, 4] > 4, 0.6, 0.2)).astype(np.float32)
    time = np.arange(count, dtype=np.int64)
    return Examples(tuple("abcdef"), x, y, time, time // 5, time // 10, np.ones(count), ("e", "f"))


def nets(*shapes: tuple[int, ...], **settings: int) -> list[NetModel]:
    found = []
    for seed, hidden in enumerate(shapes):
        net = ranking.Net(hidden=hidden, epochs=2, **settings)
        model = ranking.train(net, rows(seed=seed), seed=seed)
        assert isinstance(model, NetModel)
        found.append(model)
    return found


@pytest.mark.parametrize("hidden", [(7,), (8, 4)])
def test_the_mean_of_networks_is_one_set_of_matrices(hidden: tuple[int, ...], tmp_path: Path) -> None:
    models = nets(hidden, hidden, hidden)
    made = averaged(models)
    assert made is not None
    x = rows(seed=9).x
    x[::7, 0] = np.nan  # never absent while they learned
    x[::5, 4], x[1::5, 4], x[2::5, 4] = 77.0, np.nan, -2.0  # codes that nobody knows
    x[3::5, 5] = 1.5
    mean = np.mean([model.score(x) for model in models], axis=0)
    assert mean.std() > 0.01
    assert made.score(x) == pytest.approx(mean, abs=1e-5)
    made.save(tmp_path / "model")
    assert np.array_equal(ranking.load(tmp_path / "model").score(x), made.score(x))


def test_one_network_may_be_served_so_too() -> None:
    (model,) = nets((6,))
    made = averaged([model])
    assert made is not None
    x = rows(seed=3).x
    assert made.score(x) == pytest.approx(model.score(x), abs=1e-5)
    assert made.score(x[:0]).shape == (0,)


def test_networks_of_other_parts_or_shapes_are_left_alone() -> None:
    assert averaged(nets((6,), (8,))) is None
    assert averaged(nets((6,), crosses=1)) is None
    assert averaged(nets((6,), bins=2)) is None
