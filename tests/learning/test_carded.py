"""A trained model is saved with a card that knows whose rows it was judged on."""

from __future__ import annotations

import msgspec
import pytest
from tests.learning.grocer import grocer
from tests.learning.test_pipeline import SPLIT

from hawker import Shop, ranking
from hawker.learning import pipeline
from hawker.ranking.card import Card
from hawker.storage import tables
from hawker.storage.models import ModelStore

ONE = pipeline.Course((ranking.Linear(bits=12, epochs=1),), most=400, negatives=5, refit=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, str]:
    """The corner shop, where even shoppers said to be young, odd ones old, and u7 refuses profiling."""
    shop = grocer(tmp_path_factory.mktemp("corner"))
    said = [f"('u{n}', '{'19-24' if n % 2 == 0 else '65+'}', {n == 7})" for n in range(40)]
    query = f"SELECT * FROM (VALUES {', '.join(said)}) AS said(id, age_band, opted_out)"
    tables.replace(tables.connect(), query, shop.table("shoppers"))
    held = pipeline.bench(shop, split=SPLIT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hawker.ranking.card.LEAST", 10)  # the corner shop has forty shoppers
        return shop, pipeline.train(shop, on=held, how=ONE).version


def test_the_card_lies_beside_the_model_and_is_sealed_with_it(trained: tuple[Shop, str]) -> None:
    shop, version = trained
    folder = ModelStore(shop.models).path("ranker", version)
    found = msgspec.json.decode((folder / "card.json").read_bytes(), type=Card)
    assert found.model == "calibrated linear"
    assert found.outcome == "purchase"
    assert found.judged.start >= "2024-02-15"
    assert found.judged.end < "2024-02-25"
    assert found.recipe["judged"]["rows"] == found.judged.rows
    assert "refitted" in {one.code for one in found.limits}
    assert (folder / "card.html").read_text("utf-8").startswith("<!doctype html>")
    (folder / "card.md").write_text("better than it was")
    with pytest.raises(Exception, match=r"card\.md.*has changed"):
        ModelStore(shop.models).path("ranker", version)


def test_whom_its_rows_are_of(trained: tuple[Shop, str]) -> None:
    shop, version = trained
    folder = shop.models / "ranker" / version
    found = msgspec.json.decode((folder / "card.json").read_bytes(), type=Card)
    ages = {gap.name: gap.shoppers for gap in found.groups["age_band"]}
    assert ages == {"19-24": 20, "65+": 19}  # u7 said it too, and is left alone
    visits = [part.name for part in found.segments["activity"]]
    assert len(visits) >= 2
    assert all("–" in name for name in visits)
    assert sum(point.share for point in found.curve) == pytest.approx(1)
