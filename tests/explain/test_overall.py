"""What a model goes by as a whole: the mean size of its parts, over what it really showed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.explain.test_decision import MODELS, busy, promoted

from hawker import Shop, delivery
from hawker.errors import NotFound
from hawker.explain.overall import overall
from hawker.records.decision import Decision, Request


def decided(folder: Path, kind: str) -> tuple[Shop, list[Decision]]:
    """Thirty shoppers see the home page."""
    shop = busy(folder / "shop", exploration=0.0)
    promoted(shop, MODELS[kind]())
    with delivery.build(shop) as engine:
        return shop, [engine.decide(Request("home", shopper=f"u-{n}")) for n in range(30)]


@pytest.mark.parametrize("kind", MODELS)
def test_weights_are_the_mean_size_of_parts(tmp_path: Path, kind: str) -> None:
    shop, made = decided(tmp_path, kind)
    found = overall(shop, made)
    assert found.decisions == 30
    assert found.shoppers == 30
    assert found.ads >= 30
    sizes = [weight.size.value for weight in found.features]
    assert sizes == sorted(sizes, reverse=True)
    assert {weight.name for weight in found.reasons} >= {"popularity"}
    assert all(weight.size.low <= weight.size.value <= weight.size.high for weight in found.features)
    features = {weight.name: weight.size.value for weight in found.features}
    reasons = {weight.name: weight.size.value for weight in found.reasons}
    own = [features[name] for name in features if name.startswith("own_")]
    assert reasons.get("own", 0) <= sum(own) + 1e-12
    assert np.isclose(reasons["timing"], features["hour"])
    assert overall(shop, made, language="zh").reasons[0].text != found.reasons[0].text


def test_too_few_shoppers_get_a_reason_instead_of_an_interval(tmp_path: Path) -> None:
    shop, made = decided(tmp_path, "linear")
    assert "clusters" in overall(shop, made[:3]).reasons[0].size.reason
    with pytest.raises(NotFound, match="no decision in which scores"):
        overall(shop, [])
