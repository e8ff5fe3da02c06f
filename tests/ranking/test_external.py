"""Models from elsewhere: converted or read, checked at the door, then a model like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import NAMES, toy

from hawker import ranking
from hawker.errors import BadInput, Corrupt, NotFound
from hawker.explain.score import contributions
from hawker.ranking.external import External, register

pytest.importorskip("skl2onnx", reason="pip install 'hawker[onnx]'")
onnx = pytest.importorskip("onnx", reason="pip install 'hawker[onnx]'")


def classifier() -> Any:
    from sklearn.linear_model import LogisticRegression

    rows = toy()
    return LogisticRegression(max_iter=500).fit(np.nan_to_num(rows.x), rows.y)


@pytest.fixture(scope="module")
def model() -> External:
    return register(classifier(), NAMES, unknown=0.0)


def graph(
    operation: str, *, width: int = 4, wide: int = 1, rows: Any = "rows", inputs: int = 1, kind: int = 1
) -> bytes:
    """x · W, then one operation: a file as some other tool might write it."""
    helper = onnx.helper
    names = [f"x{n}" for n in range(inputs)]
    given = [helper.make_tensor_value_info(name, kind, [rows, width]) for name in names]
    weights = np.linspace(-1, 1, width * wide).reshape(width, wide).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", [names[0], "w"], ["z"]),
        helper.make_node(operation, ["z"], ["p"], **({"axis": 1} if operation == "Softmax" else {})),
    ]
    out = helper.make_tensor_value_info("p", 1, [rows, wide])
    made = helper.make_graph(nodes, "g", given, [out], [onnx.numpy_helper.from_array(weights, "w")])
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(made, opset_imports=opset, ir_version=9).SerializeToString())


def kept(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "given.onnx"
    path.write_bytes(data)
    return path


def test_a_classifier_answers_as_it_did_before(model: External) -> None:
    x = np.nan_to_num(toy(seed=1).x)
    np.testing.assert_allclose(model.predict(x), classifier().predict_proba(x)[:, 1], atol=1e-5)
    assert model.recipe["source"] == "LogisticRegression"


def test_it_is_calibrated_evaluated_saved_blended_and_explained(model: External, tmp_path: Path) -> None:
    calibrated = ranking.calibrate(model, toy(seed=2))
    judged = ranking.evaluate(calibrated, toy(seed=1))
    assert judged.auc.low is not None
    assert judged.auc.low > 0.65
    calibrated.save(tmp_path)
    loaded = ranking.load(tmp_path)
    np.testing.assert_array_equal(loaded.on(toy(seed=1)), calibrated.on(toy(seed=1)))
    why = contributions(loaded, toy(40, seed=3).x, row=0)
    assert why.method == "group_shapley"
    assert why.parts
    both = ranking.blend([model, ranking.train(ranking.Linear(bits=10), toy())], toy(seed=2))
    assert np.isfinite(both.on(toy(seed=1))).all()


def test_the_unknown_is_what_it_was_said_to_be(model: External) -> None:
    strange = np.array([[np.nan] * 4, [0.0] * 4], dtype=np.float32)
    first, second = model.predict(strange)
    assert first == second
    assert model.predict(np.zeros((0, 4), np.float32)).shape == (0,)
    with pytest.raises(BadInput, match=r"no answer where a value is unknown.*unknown=0"):
        register(classifier(), NAMES)


def test_a_file_of_one_output_or_two(tmp_path: Path) -> None:
    x = np.abs(toy(50, seed=1).x)
    one = register(kept(tmp_path, graph("Sigmoid")), NAMES, unknown=0.0)
    two = register(kept(tmp_path, graph("Softmax", wide=2)), NAMES, unknown=0.0)
    assert (one.column, two.column) == (0, 1)
    z = np.nan_to_num(x) @ np.linspace(-1, 1, 4).astype(np.float32)
    np.testing.assert_allclose(one.predict(x), np.clip(1 / (1 + np.exp(-z)), 1e-9, 1 - 1e-9), atol=1e-5)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: graph("Sigmoid", width=3), "takes 3 features, 4 are named"),
        (lambda: graph("Sigmoid", rows=1), r"1 rows at a time.*free first dimension"),
        (lambda: graph("Sigmoid", inputs=2), r"one matrix of numbers.*Join"),
        (lambda: graph("Identity"), r"no probability: 'p' goes from -.*sigmoid"),
        (lambda: graph("Sigmoid", wide=2), "two columns that do not come to one"),
        (lambda: graph("Softmax", wide=3), "'p' has 3 columns"),
        (lambda: graph("Sigmoid")[:60], r"no whole ONNX file.*copy it whole"),
        (lambda: b"", "no whole ONNX file"),
        (lambda: b"\x80\x04pickled", "no whole ONNX file"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, data: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        register(kept(tmp_path, data()), NAMES, unknown=0.0)


def test_so_is_what_is_no_classifier(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression, LogisticRegression

    with pytest.raises(BadInput, match=r"LinearRegression has no predict_proba"):
        register(LinearRegression(), NAMES)
    with pytest.raises(BadInput, match=r"LogisticRegression cannot be converted.*Fit it first"):
        register(LogisticRegression(), NAMES)
    with pytest.raises(NotFound, match=r"no file.*path of an ONNX file"):
        register(tmp_path / "nothing.onnx", NAMES)


def test_missing_features_and_a_torn_model_are_named(model: External, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="lack"):
        model.on(toy().only(NAMES[:3]))
    model.save(tmp_path)
    path = tmp_path / "model.onnx"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(Corrupt, match="cannot be read"):
        ranking.load(tmp_path)
