"""The table's step is Adam's, over what a batch touched and nothing else."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from hawker.ranking.embedding import Table

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")


@pytest.mark.parametrize("wide", [4, 16])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_touched_rows_move_as_torchs_adam_moves_them(wide: int, first: int, l2: float) -> None:
    """With every row touched in every batch there is nothing lazy, so dense Adam must agree."""
    import torch

    rng = np.random.default_rng(0)
    start = rng.normal(size=(7, wide + first)).astype(np.float32)
    dense = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = torch.optim.Adam([dense], lr=0.05, weight_decay=l2)
    table = Table(torch.from_numpy(start.copy()), wide, [[0, 3], [1], [2]], 0.05, l2)
    for _ in range(5):  # rows 1 to 4 in the first and last columns, 5 and 6 in the others: all of them
        codes = np.column_stack(
            [rng.integers(1, 5, 40), np.full(40, 5), np.full(40, 6), rng.integers(1, 5, 40)]
        )
        codes[:4, 0] = [1, 2, 3, 4]
        gradient = rng.normal(size=(40, 4 * wide)).astype(np.float32)
        slope = rng.normal(size=(40, 3 * first)).astype(np.float32)
        whole = np.zeros((7, wide + first))
        np.add.at(whole[:, :wide], codes, gradient.reshape(40, 4, wide).astype(np.float64))
        if first:
            np.add.at(whole[:, wide], codes[:, :3], slope.astype(np.float64))
        dense.grad = torch.from_numpy(whole.astype(np.float32))
        optimiser.step()
        table.learn(codes.astype(np.int32), gradient, slope)
    np.testing.assert_allclose(table.weights.numpy()[1:], dense.detach().numpy()[1:], atol=2e-5)
    np.testing.assert_array_equal(table.weights.numpy()[0], start[0])


def test_what_is_not_touched_stays() -> None:
    import torch

    start = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    table = Table(torch.from_numpy(start.copy()), 4, [[0], [1]], 0.1)
    codes = np.array([[1, 4], [1, 0]], np.int32)
    for _ in range(3):
        table.learn(codes, np.ones((2, 8), np.float32), np.ones((2, 2), np.float32))
    moved = (table.weights.numpy() != start).any(axis=1)
    np.testing.assert_array_equal(moved, [False, True, False, False, True, False])
    embedded, first = table.take(codes)
    weights = table.weights.numpy()
    np.testing.assert_array_equal(embedded[1], np.concatenate([weights[1, :4], weights[0, :4]]))
    np.testing.assert_array_equal(first, weights[codes, 4])
