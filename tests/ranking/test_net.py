"""What the network computes, by hand, and what it leaves as it found it."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import combinations

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.ranking.net import NetModel

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")


def test_training_leaves_torch_as_it_was() -> None:
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    model = ranking.train(ranking.Net(hidden=(4,), epochs=1, threads=threads + 1), toy(300), seed=3)
    model.predict(toy(10).x)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_network_reads_like_the_papers() -> None:
    """x₁ = x₀ ⊙ (W x₀ + b) + x₀ beside one perceptron layer, pairs of fields, first-order weights."""
    estimator = ranking.Net(
        hidden=(3,), embedding=2, crosses=1, fm=True, wide=True, bins=1, norm=False, dropout=0.5, epochs=1
    )
    model = ranking.train(estimator, toy(300), seed=3)
    assert isinstance(model, NetModel)
    w = {name: value.numpy().astype(np.float64) for name, value in model.network.state_dict().items()}
    x = toy(20, seed=1).x
    codes, _ = model.columns(x)
    fields = w["table"][codes]
    x0 = fields.reshape(20, -1)
    x1 = x0 * (x0 @ w["tower.crosses.0.weight"].T + w["tower.crosses.0.bias"]) + x0
    deep = np.maximum(x0 @ w["tower.perceptron.0.weight"].T + w["tower.perceptron.0.bias"], 0)
    expected = np.hstack([x1, deep]) @ w["tower.score.weight"][0] + w["tower.score.bias"][0]
    expected += sum((fields[:, i] * fields[:, j]).sum(axis=1) for i, j in combinations(range(4), 2))
    expected += w["linear"][codes][..., 0].sum(axis=1)
    np.testing.assert_allclose(model.score(x), expected, atol=1e-5)
