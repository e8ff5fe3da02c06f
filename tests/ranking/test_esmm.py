"""Models of several outcomes know each of them, and what is rare through what is frequent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import Rankers, toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.ranking.esmm import EsmmModel, Outcome, SharedModel

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")


def shop(rows: int = 4000, *, seed: int = 0) -> Examples:
    """Kinds 0 to 3 are clicked at 20, 40, 60, 80 %; a sale of kind k brings 10 · 2ᵏ, give or take a quarter.

    Who bought before buys half of what he clicks, others a tenth.
    """
    base = toy(rows, seed=seed)
    rng = np.random.default_rng(seed + 50)
    kind = base.x[:, 1]
    click = rng.random(rows) < 0.2 + 0.2 * kind
    bought = click & (rng.random(rows) < np.where(base.x[:, 0] > 0, 0.5, 0.1))
    value = bought * 10 * 2**kind * rng.uniform(0.75, 1.25, rows)
    held = {"click": click, "purchase": bought, "value": value}
    labels = {name: column.astype(np.float32) for name, column in held.items()}
    return replace(base, y=labels["purchase"], labels=labels)


SMALL: dict[str, Any] = {"hidden": (16,), "embedding": 4, "batch": 256, "rate": 1e-2, "epochs": 6}
ROWS = np.array([[5, 3, 0, 0], [0, 3, 0, 0], [5, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)


@dataclass(frozen=True)
class Clicked:
    """The suite's rows have no labels: here all were clicked, and y is the purchase."""

    inner: ranking.ESMM | ranking.SharedBottom

    def fit(self, examples: Examples, *, valid: Examples | None = None, **how: Any) -> ranking.Model:
        return self.inner.fit(_labelled(examples), valid=valid and _labelled(valid), **how)


def _labelled(rows: Examples) -> Examples:
    return replace(rows, labels={"click": np.ones_like(rows.y), "purchase": rows.y})


class TestESMM(Rankers):
    estimator = Clicked(ranking.ESMM(**SMALL))
    tolerance = 1e-5


class TestSharedBottom(Rankers):
    estimator = Clicked(ranking.SharedBottom(**SMALL, outcomes=("click", "purchase")))
    tolerance = 1e-5


def test_esmm_knows_all_three_rates() -> None:
    model = ranking.train(ranking.ESMM(**SMALL), shop(12_000), seed=1)
    assert isinstance(model, EsmmModel)
    np.testing.assert_allclose(model.of("click").predict(ROWS), [0.8, 0.8, 0.2, 0.2], atol=0.08)
    np.testing.assert_allclose(model.of("purchase | click").predict(ROWS), [0.5, 0.1, 0.5, 0.1], atol=0.14)
    product = model.of("click").predict(ROWS) * model.of("purchase | click").predict(ROWS)
    np.testing.assert_allclose(model.predict(ROWS), product, rtol=1e-6)
    np.testing.assert_array_equal(model.of("purchase").predict(ROWS), model.predict(ROWS))


def test_the_loss_is_that_of_the_product() -> None:
    import torch

    model = ranking.train(ranking.ESMM(**{**SMALL, "epochs": 1}), shop(300), seed=1)
    assert isinstance(model, EsmmModel)
    answer = torch.tensor([[0.3, -1.0], [2.0, 0.5], [-40.0, -40.0], [40.0, 40.0]])
    targets = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    weight = torch.tensor([1.0, 2.0, 1.0, 0.5])
    click, after = torch.sigmoid(answer.double()).T
    p = torch.stack([click, click * after], dim=1)
    by_hand = -(targets * p.log() + (1 - targets) * torch.log1p(-p.clamp(max=1 - 1e-12)))
    expected = (by_hand.sum(dim=1) * weight).mean()
    torch.testing.assert_close(model.lost(answer, targets, weight).double(), expected, rtol=1e-5, atol=1e-6)


def test_purchases_without_a_click_are_no_clicked_purchases() -> None:
    rows = shop(300)
    rows.labels["purchase"][:] = 1
    model = ranking.train(
        ranking.ESMM(**{**SMALL, "epochs": 1}), replace(rows, y=rows.labels["click"]), seed=1
    )
    assert isinstance(model, EsmmModel)
    np.testing.assert_array_equal(model.targets(rows)[:, 1], rows.labels["click"])


def test_a_shared_bottom_knows_clicks_purchases_and_what_they_bring() -> None:
    model = ranking.train(ranking.SharedBottom(**SMALL), shop(8000), seed=1)
    assert isinstance(model, SharedModel)
    np.testing.assert_allclose(model.of("click").predict(ROWS), [0.8, 0.8, 0.2, 0.2], atol=0.08)
    np.testing.assert_allclose(model.predict(ROWS), [0.4, 0.08, 0.1, 0.02], atol=0.08)
    np.testing.assert_allclose(model.value(ROWS[[0, 2]]), [80, 10], rtol=0.3)


@pytest.mark.parametrize("estimator", [ranking.ESMM(**SMALL), ranking.SharedBottom(**SMALL)])
def test_models_of_several_outcomes_save_and_load(estimator: ranking.Estimator, tmp_path: Path) -> None:
    model = ranking.train(estimator, shop(600), valid=shop(300, seed=3), seed=2)
    model.save(tmp_path / "several")
    again = ranking.load(tmp_path / "several")
    assert isinstance(model, EsmmModel | SharedModel)
    assert isinstance(again, EsmmModel | SharedModel)
    np.testing.assert_array_equal(again.predict(ROWS), model.predict(ROWS))
    model.of("click").save(tmp_path / "click")
    click = ranking.load(tmp_path / "click")
    assert isinstance(click, Outcome)
    np.testing.assert_array_equal(click.predict(ROWS), model.of("click").predict(ROWS))
    if isinstance(again, SharedModel) and isinstance(model, SharedModel):
        np.testing.assert_array_equal(again.value(ROWS), model.value(ROWS))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match=r"no label 'click'.*train a Net"):
        ranking.train(ranking.ESMM(**SMALL), toy(300))
    spoiled = shop(300)
    spoiled.labels["click"][7] = 3
    with pytest.raises(BadInput, match="label 'click' must be 0 or 1"):
        ranking.train(ranking.ESMM(**SMALL), spoiled)
    with pytest.raises(BadSetting, match=r"several.*Use 'crosses'"):
        ranking.ESMM(fm=True)
    with pytest.raises(BadSetting, match=r"no outcome 'clicks'.*Did you mean 'click'"):
        ranking.SharedBottom(outcomes=("clicks", "purchase"))
    with pytest.raises(BadSetting, match="two or three"):
        ranking.SharedBottom(outcomes=("click",))
    model = ranking.train(ranking.ESMM(**{**SMALL, "epochs": 1}), shop(300))
    assert isinstance(model, EsmmModel)
    with pytest.raises(BadInput, match=r"no outcome 'purchases'.*Did you mean 'purchase'"):
        model.of("purchases")
