"""How rows enter the network, and what it leaves as it found it."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.ranking.net import Columns, NetModel

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")


def test_codes_rarely_seen_share_the_place_of_the_unknown() -> None:
    rows = toy(400)
    rows.x[:3, 1] = 77
    rows.x[3, 1] = np.nan
    columns = Columns.of(rows, seen=5)
    codes, _, _ = columns(rows.x)
    np.testing.assert_array_equal(columns.vocabularies[0], [0, 1, 2, 3])
    np.testing.assert_array_equal(codes[:4, 0], 0)
    np.testing.assert_array_equal(codes[4:, 0], rows.x[4:, 1] + 1)


def test_quantities_are_standardised_logarithms_with_a_flag_for_the_unknown() -> None:
    rows = toy(4000)
    _, quantities, unknown = Columns.of(rows, seen=1)(rows.x)
    np.testing.assert_array_equal(unknown, np.isnan(rows.x[:, [0, 2, 3]]))
    known = np.ma.masked_array(quantities, unknown > 0)
    np.testing.assert_allclose(known.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(known.std(axis=0), 1, atol=1e-4)
    assert (quantities[unknown > 0] == 0).all()


def test_a_column_without_spread_is_harmless() -> None:
    rows = toy(400)
    rows.x[:, 2] = 5
    _, quantities, _ = Columns.of(rows, seen=1)(rows.x)
    np.testing.assert_array_equal(quantities[:, 1], 0)


def test_training_leaves_torch_as_it_was() -> None:
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    model = ranking.train(ranking.Net(hidden=(4,), epochs=1, threads=threads + 1), toy(300), seed=3)
    model.predict(toy(10).x)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_network_reads_like_the_paper() -> None:
    """x₁ = x₀ ⊙ (W x₀ + b) + x₀, beside one perceptron layer, by hand in numpy."""
    estimator = ranking.Net(hidden=(3,), embedding=2, crosses=1, norm=False, dropout=0.5, epochs=1)
    model = ranking.train(estimator, toy(300), seed=3)
    assert isinstance(model, NetModel)
    w = {name: value.numpy().astype(np.float64) for name, value in model.network.state_dict().items()}
    x = toy(20, seed=1).x
    codes, quantities, unknown = model.columns(x)
    x0 = np.hstack([w["embeddings.0.weight"][codes[:, 0]], quantities, unknown])
    x1 = x0 * (x0 @ w["crosses.0.weight"].T + w["crosses.0.bias"]) + x0
    deep = np.maximum(x0 @ w["perceptron.0.weight"].T + w["perceptron.0.bias"], 0)
    expected = np.hstack([x1, deep]) @ w["score.weight"][0] + w["score.bias"][0]
    np.testing.assert_allclose(model.score(x), expected, atol=1e-5)
