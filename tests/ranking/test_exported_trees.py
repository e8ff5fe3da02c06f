"""Trees as ONNX answer as the trees do: on thresholds, on codes, on the unknown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.rankers import NAMES, toy
from tests.ranking.test_forest import grown

from hawker import ranking
from hawker.errors import BadInput
from hawker.ranking.exported import exported
from hawker.ranking.forest import Forest
from hawker.ranking.trees import TreesModel

pytest.importorskip("onnxruntime", reason="pip install 'hawker[onnx]'")


@pytest.mark.parametrize("leaves", [12, 31])
def test_they_answer_as_the_trees_do(tmp_path: Path, leaves: int) -> None:
    model = grown(leaves, codes=12)
    forest = Forest.parse(model.text)
    assert forest is not None
    assert (forest.first >= 0).any(), "there are tests on codes"
    rng = np.random.default_rng(1)
    x = np.zeros((len(forest.threshold), 4), dtype=np.float32)
    x[np.arange(len(x)), forest.feature] = forest.threshold  # on every threshold
    x[:, 2] = rng.integers(-1, 14, len(x))
    x[rng.random(x.shape) < 0.1] = np.nan
    ranking.export(model, tmp_path / "trees.onnx")
    written = exported(model)
    beyond = np.nextafter(x, np.float32(np.inf))
    beyond[:, 2] = x[:, 2]
    for given in (x, beyond):
        np.testing.assert_allclose(written.score(given), model.score(given), atol=1e-5)
    assert (tmp_path / "trees.onnx").read_bytes() == written.data


def test_what_was_written_can_be_read_back_as_a_model_and_served(tmp_path: Path) -> None:
    model = ranking.train(ranking.Trees(trees=30, threads=1, least=20), toy(), seed=1)
    exported(model).save(tmp_path)
    again = ranking.load(tmp_path)
    assert again.names == NAMES
    np.testing.assert_allclose(again.predict(toy(seed=1).x), model.predict(toy(seed=1).x), atol=1e-5)


def test_large_trees_are_refused() -> None:
    model = grown(80)
    assert isinstance(model, TreesModel)
    with pytest.raises(BadInput, match="more than 64 leaves"):
        exported(model)
