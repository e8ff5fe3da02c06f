"""Calibrated, blended and from elsewhere: one graph from rows to the log-odds that the model would give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import NAMES, toy

from hawker import ranking
from hawker.errors import BadInput
from hawker.ranking.exported import exported
from hawker.ranking.external import External
from hawker.ranking.ranker import Model

for _name, _extra in (("skl2onnx", "onnx"), ("onnxruntime", "onnx"), ("lightgbm", "train")):
    pytest.importorskip(_name, reason=f"pip install 'hawker[{_extra}]'")


def strange() -> Any:
    rows = np.zeros((3, len(NAMES)), np.float32)
    rows[0], rows[1, 1], rows[2] = np.nan, 99.0, -3e4
    return rows


@pytest.fixture(scope="module")
def trees() -> Model:
    return ranking.train(ranking.Trees(trees=12, leaves=7, threads=1), toy(), seed=1)


@pytest.fixture(scope="module")
def elsewhere() -> Model:
    from sklearn.linear_model import LogisticRegression

    rows = toy()
    theirs = LogisticRegression(max_iter=500).fit(np.nan_to_num(rows.x), rows.y)
    return ranking.register(theirs, NAMES, unknown=0.0)


def same(model: Model, tmp_path: Path) -> None:
    graph = exported(model)
    for x in (toy(400, seed=1).x, strange(), toy(1, seed=2).x):
        np.testing.assert_allclose(graph.score(x), model.score(x), atol=2e-5, rtol=1e-6)
    assert graph.names == model.names
    ranking.export(model, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_bytes() == graph.data


@pytest.mark.parametrize("method", ["isotonic", "platt", "temperature"])
def test_a_calibration_is_a_sum_of_hinges(trees: Model, method: Any, tmp_path: Path) -> None:
    same(ranking.calibrate(trees, toy(2000, seed=3), method=method), tmp_path)


def test_each_value_of_a_field_keeps_its_shift(trees: Model, tmp_path: Path) -> None:
    model = ranking.calibrate(trees, toy(2000, seed=3), by="kind")
    assert len(model.offsets) == 4
    same(model, tmp_path)


def test_a_mean_of_calibrated_models_of_several_kinds(trees: Model, elsewhere: Model, tmp_path: Path) -> None:
    whole = ranking.blend([trees, ranking.calibrate(elsewhere, toy(seed=4))], toy(seed=5))
    same(ranking.calibrate(whole, toy(seed=6), method="platt"), tmp_path)


def test_from_elsewhere_with_what_stands_for_the_unknown(elsewhere: Model, tmp_path: Path) -> None:
    same(elsewhere, tmp_path)


def test_graphs_of_unlike_versions_do_not_go_together(elsewhere: Model) -> None:
    import onnx

    graph = onnx.load_from_string(elsewhere.data)  # type: ignore[attr-defined]
    for one in graph.opset_import:
        one.version = 18 if one.domain in ("", "ai.onnx") else one.version
    other = External(NAMES, graph.SerializeToString(), elsewhere.output, 1, 0.0)  # type: ignore[attr-defined]
    with pytest.raises(BadInput, match=r"versions 17 and 18.*opset"):
        exported(ranking.blend([elsewhere, other], toy(seed=2)))


def test_what_is_inside_decides(trees: Model) -> None:
    linear = ranking.train(ranking.Linear(bits=10), toy(400))
    with pytest.raises(BadInput, match="kind 'linear' cannot be written"):
        exported(ranking.calibrate(ranking.blend([trees, linear], toy(seed=2)), toy(seed=3)))
