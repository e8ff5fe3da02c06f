"""A network as an ONNX graph answers as it did, for rows it knows and for strange ones."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import NAMES, toy

from hawker import ranking
from hawker.errors import BadInput, Corrupt, MissingExtra
from hawker.features.examples import Examples, Field
from hawker.ranking.exported import FILE, Exported, export, exported

for _name, _extra in (("torch", "deep"), ("onnx", "onnx"), ("onnxruntime", "onnx")):
    pytest.importorskip(_name, reason=f"pip install 'hawker[{_extra}]'")
SMALL: dict[str, Any] = {"hidden": (16,), "embedding": 4, "batch": 128, "rate": 5e-3, "epochs": 2}


def storied(rows: int = 800, *, seed: int = 0) -> Examples:
    """The toy shop with the last kinds looked at, latest first, and a vector that some rows lack."""
    plain, rng = toy(rows, seed=seed), np.random.default_rng(seed)
    past = rng.integers(0, 6, (rows, 3)).astype(np.float32)
    past[np.arange(3) >= rng.integers(0, 4, (rows, 1))] = np.nan
    vector = rng.normal(size=(rows, 2)).astype(np.float32)
    vector[rng.random(rows) < 0.2] = np.nan
    names = (*NAMES, "k0", "k1", "k2", "v0", "v1")
    x = np.concatenate([plain.x, past, vector], axis=1)
    fields = (
        Field("past", "sequence", ("k0", "k1", "k2"), of="kind"),
        Field("text", "vector", ("v0", "v1")),
    )
    return replace(plain, names=names, x=x, fields=fields)


def strange(wide: int) -> Any:
    rows = np.zeros((4, wide), np.float32)
    rows[0] = np.nan
    rows[1, :2] = 0, 99
    rows[2, :4] = 3e3, -1, -3e3, 1e-38
    rows[3, 1] = 2.5
    return rows


@pytest.mark.parametrize(
    "parts",
    [{}, {"crosses": 2, "norm": False}, {"fm": True, "wide": True}, {"hidden": ()}],
    ids=["deep", "crossed", "deepfm", "linear"],
)
def test_the_graph_answers_as_the_network(parts: dict[str, Any], tmp_path: Path) -> None:
    model = ranking.train(ranking.Net(**SMALL | parts), toy(1500), seed=1)
    graph = exported(model)
    for x in (toy(500, seed=1).x, strange(4), toy(1, seed=2).x, np.zeros((0, 4), np.float32)):
        np.testing.assert_allclose(graph.score(x), model.score(x), atol=1e-5)
    assert (graph.names, graph.recipe["seed"]) == (model.names, 1)
    graph.save(tmp_path)
    loaded = ranking.load(tmp_path)
    assert type(loaded) is Exported
    np.testing.assert_array_equal(loaded.on(toy(seed=1)), graph.on(toy(seed=1)))


@pytest.mark.parametrize("encoder", ["mean", "gru", "lstm", "convolution", "attention", "transformer"])
def test_sequences_and_vectors_go_with_it(encoder: Any) -> None:
    model = ranking.train(ranking.Net(**SMALL | {"epochs": 1}, sequence=encoder), storied(), seed=1)
    graph = exported(model)
    for x in (storied(300, seed=1).x, strange(9)):
        np.testing.assert_allclose(graph.score(x), model.score(x), atol=1e-5)


def test_it_is_calibrated_and_judged_like_any_model(tmp_path: Path) -> None:
    model = ranking.train(ranking.Net(**SMALL), toy(), seed=1)
    both = [ranking.calibrate(one, toy(seed=2)) for one in (model, exported(model))]
    aucs = [ranking.evaluate(one, toy(seed=1)).auc.value for one in both]
    assert aucs[0] == pytest.approx(aucs[1], abs=1e-6)
    both[1].save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).on(toy(seed=1)), both[1].on(toy(seed=1)))


def test_any_engine_reads_the_file(tmp_path: Path) -> None:
    import onnxruntime

    model = ranking.train(ranking.Net(**SMALL), toy(1500), seed=1)
    export(model, tmp_path / "net.onnx")
    engine = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    (found,) = engine.run(None, {"x": toy(50).x})
    np.testing.assert_allclose(found, model.score(toy(50).x), atol=1e-5)


def test_what_has_no_such_form_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"kind 'rule' cannot be written.*Net"):
        exported(ranking.Rule(NAMES, {"bought": 1.0}))
    model = ranking.train(ranking.Net(**SMALL, bins=1), toy(600), seed=1)
    with pytest.raises(BadInput, match=r"bins or hashed.*bins=0"):
        exported(model)
    graph = exported(ranking.train(ranking.Net(**SMALL), toy(600), seed=1))
    graph.save(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"no graph"):
        (tmp_path / FILE).write_bytes(broken)
        with pytest.raises(Corrupt, match="cannot be read"):
            ranking.load(tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"hawker\[onnx\]"):
        Exported(graph.names, graph.data)
