"""A model from elsewhere joins a shop's own by the same door: checked, calibrated, judged, kept, served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.learning.grocer import MONDAY, grocer

from hawker import Shop, delivery
from hawker.delivery.build import RANKER
from hawker.errors import BadInput, BadSetting, NotFound
from hawker.explain.decision import explain
from hawker.learning import adopt, pipeline, versions
from hawker.learning.fitting import Course
from hawker.ranking import Linear, card_page
from hawker.records.decision import Request
from hawker.records.events import DAY
from hawker.storage.models import ModelStore

pytest.importorskip("skl2onnx", reason="pip install 'hawker[onnx]'")
pytest.importorskip("sklearn", reason="pip install 'hawker[train]'")

SPLIT = pipeline.Split(MONDAY + 20 * DAY, MONDAY + 45 * DAY, MONDAY + 55 * DAY, MONDAY + 80 * DAY)
FEW = Course((Linear(bits=12),), most=250, negatives=5)
NAMES = ("own_count", "own_days_since", "product_units_28")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return grocer(tmp_path_factory.mktemp("corner"))


@pytest.fixture(scope="module")
def classifier(shop: Shop) -> Any:
    """What somebody fitted on the shop's rows with a library of their own."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = pipeline.training_rows(pipeline.bench(shop, split=SPLIT), FEW, seed=7)
    fit = rows.take(rows.time < SPLIT.calibrate).only(NAMES)
    made = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    return made.fit(np.nan_to_num(fit.x), fit.y)


def bench(shop: Shop) -> pipeline.Bench:
    return pipeline.bench(shop, split=SPLIT)


@pytest.fixture(scope="module")
def adopted(shop: Shop, classifier: Any) -> adopt.Adopted:
    return adopt.adopt(shop, classifier, NAMES, unknown=0.0, on=bench(shop), how=FEW, trust=NAMES)


def test_it_is_calibrated_judged_kept_and_not_yet_served(shop: Shop, adopted: adopt.Adopted) -> None:
    assert adopted.raw.auc.low is not None
    assert adopted.raw.auc.low > 0.7
    assert adopted.evaluation.calibration.value == pytest.approx(1.0, abs=0.02)
    assert (adopted.served, adopted.against, adopted.outcome) == (None, None, "purchase")
    store = ModelStore(shop.models)
    assert store.promoted(RANKER) is None
    recipe = store.recipe(RANKER, adopted.version)
    assert recipe["features"] == list(NAMES)
    assert recipe["calibration"]["rows"] == adopted.rows
    (found,) = versions.versions(shop)
    assert (found.estimator, found.source, found.serves) == ("external", "Pipeline", False)
    assert found.card is not None
    assert "fitted elsewhere" in found.card.with_name(card_page.TEXT).read_text("utf-8")


def test_it_is_promoted_serves_and_is_explained(shop: Shop, adopted: adopt.Adopted) -> None:
    tested = pipeline.evaluate(shop, version=adopted.version, on=bench(shop), most=150)
    values = {name: estimate.value or 0.0 for name, estimate in tested.outcome.values.items()}
    assert values["hawker"] > values["popular"] > values["random"]
    pipeline.promote(shop, adopted.version)
    with delivery.build(shop, clock=lambda: SPLIT.end - DAY) as engine:
        decision = engine.decide(Request("store", shopper="u3", location="store-1"), seed=3)
        assert decision.versions["model"] == adopted.version
        assert decision.slots
        told = explain(engine, decision)
    assert told.reproduced
    assert told.ads[0].method == "group_shapley"
    assert told.ads[0].reasons


def test_the_next_one_is_compared_with_what_serves(
    shop: Shop, adopted: adopt.Adopted, classifier: Any
) -> None:
    pipeline.promote(shop, adopted.version)
    again = adopt.adopt(shop, classifier, NAMES, unknown=0.0, on=bench(shop), how=FEW, trust=NAMES)
    assert again.served == adopted.version
    assert not again.flattered
    assert again.against is not None
    assert again.against.auc.value == pytest.approx(0.0, abs=1e-12)
    assert versions.the(shop).version == adopted.version
    assert versions.the(shop, again.version).version == again.version
    with pytest.raises(NotFound, match=r"2 versions begin with '20'.*They are"):
        versions.the(shop, "20")
    with pytest.raises(NotFound, match="There is no version 'yesterday'"):
        versions.the(shop, "yesterday")


def test_what_does_not_fit_is_refused_before_anything_is_kept(shop: Shop, classifier: Any) -> None:
    before = len(versions.versions(shop))
    with pytest.raises(BadInput, match=r"no feature 'own_cuont'.*Did you mean 'own_count'"):
        adopt.adopt(shop, classifier, ("own_cuont", *NAMES[1:]), unknown=0.0, on=bench(shop), how=FEW)
    with pytest.raises(BadSetting, match=r"decided by 'clicks'.*'click'"):
        adopt.adopt(shop, classifier, NAMES, outcome="clicks", unknown=0.0)
    with pytest.raises(BadInput, match="does not tell which of them came to a click"):
        adopt.adopt(shop, classifier, NAMES, outcome="click", unknown=0.0, on=bench(shop), how=FEW)
    with pytest.raises(BadInput, match=r"StandardScaler.*predict_proba"):
        adopt.adopt(shop, classifier[0], NAMES)
    assert len(versions.versions(shop)) == before


def test_one_that_goes_by_what_knows_the_outcome_is_refused(
    shop: Shop, classifier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def suspicious(*given: Any, **more: Any) -> None:
        asked.append((given[1].names, more["trust"]))
        raise BadInput("'own_count' alone tells almost every label")

    monkeypatch.setattr(pipeline, "checked", suspicious)
    with pytest.raises(BadInput, match="tells almost every label"):
        adopt.adopt(shop, classifier, NAMES, unknown=0.0, on=bench(shop), how=FEW, trust=("own_count",))
    assert asked == [(NAMES, ("own_count",))]


def test_a_shop_without_models_says_how_to_get_one(tmp_path: Path) -> None:
    empty = grocer(tmp_path)
    assert versions.versions(empty) == []
    with pytest.raises(NotFound, match=r"no trained model.*hawker model add"):
        versions.the(empty)
