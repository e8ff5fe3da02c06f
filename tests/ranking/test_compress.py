"""Smaller forms of a network: what they lose is small, and said; a row's answer stays its own."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.ranking.compress import Form, compress, int8, pruned
from hawker.ranking.exported import exported
from hawker.ranking.metrics import log_loss
from hawker.ranking.net import NetModel

for _name, _extra in (("torch", "deep"), ("onnx", "onnx"), ("onnxruntime", "onnx")):
    pytest.importorskip(_name, reason=f"pip install 'hawker[{_extra}]'")
SETTINGS: list[dict[str, Any]] = [
    {"hidden": (256, 128), "dropout": 0.0},
    {"hidden": (256, 128), "crosses": 1, "fm": True, "wide": True, "norm": False},
]


@pytest.fixture(scope="module", params=SETTINGS, ids=["deep", "everything"])
def model(request: pytest.FixtureRequest) -> NetModel:
    net = ranking.Net(embedding=8, batch=128, rate=2e-3, epochs=3, **request.param)
    found = ranking.train(net, toy(), seed=1)
    assert isinstance(found, NetModel)
    return found


@pytest.fixture(scope="module")
def forms(model: NetModel) -> dict[str, Form]:
    return {form.name: form for form in compress(model, toy(), judge=toy(seed=1), keep=0.5)}


def test_eight_bits_lose_little_and_weigh_less(forms: dict[str, Form]) -> None:
    whole, small = forms["whole"], forms["int8"]
    assert whole.auc.value == pytest.approx(0, abs=1e-6)
    assert small.auc.low is not None
    assert small.auc.low > -0.005
    assert small.size == len(small.model.data) < whole.size
    assert all(form.microseconds > 0 for form in forms.values())
    shown = str(small)
    assert shown.startswith("int8")
    assert "kB" in shown
    assert "AUC" in shown


def test_fewer_units_weigh_less_and_say_what_they_lose(forms: dict[str, Form]) -> None:
    assert forms["pruned int8"].size < forms["pruned"].size < forms["whole"].size
    judged = ranking.compare(forms["pruned"].model, forms["whole"].model, toy(seed=1)).auc
    assert judged.value == pytest.approx(forms["pruned"].auc.value, abs=1e-6)
    assert judged.value is not None
    assert judged.value > -0.03


def test_a_row_answers_alone_as_it_does_among_others(forms: dict[str, Form]) -> None:
    x = toy(200, seed=1).x
    whole = forms["int8"].model.score(x)
    alone = np.concatenate([forms["int8"].model.score(x[r : r + 1]) for r in range(20)])
    np.testing.assert_allclose(alone, whole[:20], atol=1e-5)
    wild = np.concatenate([x[:20], np.full((1, 4), 1e6, np.float32)])
    np.testing.assert_allclose(forms["int8"].model.score(wild)[:20], whole[:20], atol=1e-5)


def test_forms_are_saved_calibrated_and_served(forms: dict[str, Form], tmp_path: Path) -> None:
    calibrated = ranking.calibrate(forms["pruned int8"].model, toy(seed=2))
    calibrated.save(tmp_path)
    loaded = ranking.load(tmp_path)
    np.testing.assert_array_equal(loaded.on(toy(seed=1)), calibrated.on(toy(seed=1)))
    assert loaded.recipe["pruned"]["keep"] == 0.5
    assert loaded.recipe["int8"]["rows"] == 2000


def test_all_units_kept_is_the_same_network(model: NetModel, tmp_path: Path) -> None:
    x = toy(300, seed=1).x
    np.testing.assert_array_equal(pruned(model, toy(), keep=1.0).score(x), model.score(x))
    half = pruned(model, toy(), keep=0.5)
    assert half.parameters.hidden == tuple(size // 2 for size in model.parameters.hidden)
    half.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).score(x), half.score(x))
    np.testing.assert_allclose(exported(half).score(x), half.score(x), atol=1e-5)


def test_the_units_that_matter_stay(model: NetModel) -> None:
    rows = toy(seed=1)
    best = log_loss(pruned(model, toy(), keep=0.5).on(rows), rows)
    base = log_loss(np.full(len(rows), rows.y.mean()), rows)
    whole = log_loss(model.on(rows), rows)
    assert best < whole + 0.35 * (base - whole)


def test_what_cannot_be_made_smaller_says_so(model: NetModel) -> None:
    with pytest.raises(BadSetting, match="'keep' is a share"):
        pruned(model, toy(), keep=0.0)
    shallow = ranking.train(ranking.Net(hidden=(), epochs=1), toy(600), seed=1)
    assert isinstance(shallow, NetModel)
    with pytest.raises(BadInput, match=r"hidden layers.*hidden=\(64,\)"):
        pruned(shallow, toy(600), keep=0.5)


def test_the_quantiser_leaves_the_logs_as_they_were(model: NetModel) -> None:
    before = list(logging.getLogger().handlers), logging.getLogger().manager.disable
    int8(exported(model), toy(400))
    assert (list(logging.getLogger().handlers), logging.getLogger().manager.disable) == before
