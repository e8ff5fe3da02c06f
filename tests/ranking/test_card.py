"""A card tells what the model is made of and for whom it fails; the page is drawn from its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.ranking import card_page
from hawker.ranking.card import LEAST, Card, card
from hawker.ranking.metrics import judge


@pytest.fixture(scope="module")
def made() -> tuple[ranking.Model, Card]:
    """A calibrated model of the toy shop, wrong for those of the north and right for all others."""
    fit, later = toy(3000), toy(6000, seed=2)
    region = np.array(["north", "south", "east"])[later.cluster % 3]
    y = np.where((region == "north") & (np.random.default_rng(0).random(6000) < 0.5), 0.0, later.y)
    later = replace(later, y=y.astype(np.float32))
    later.x[:, 3] = np.nan
    model = ranking.calibrate(ranking.train(ranking.Linear(bits=10), fit, seed=3), later, won=2)
    few = np.where(later.cluster < LEAST - 1, "odd", "")
    kind = np.where(later.x[:, 1] == 2, "two", "not two")
    found = card(
        model,
        later,
        fit=later,
        outcome="purchase",
        slots=2,
        segments={"placement": kind, "empty": np.full(6000, "")},
        groups={"age_band": region, "gender": few},
    )
    return model, found


def test_it_says_what_the_model_was_made_of(made: tuple[ranking.Model, Card]) -> None:
    model, found = made
    assert found.model == "calibrated linear"
    assert (found.fit.rows, found.fit.shoppers, found.fit.requests) == (6000, 200, 600)
    assert found.fit.start == "1970-01-01T00:00:00+00:00"
    kinds = {column.name: (column.kind, column.unknown) for column in found.features}
    assert kinds["kind"] == ("category", 0.0)
    assert kinds["noise b"] == ("quantity", 1.0)
    assert found.recipe == model.recipe
    assert {"offered", "season", "unknown"} <= {one.code for one in found.limits}


def test_it_is_judged_on_shoppers_its_calibration_has_not_seen(made: tuple[ranking.Model, Card]) -> None:
    """On the rows of its calibration the ratio is 1 to the last digit, which tells nothing."""
    rows = toy(800, seed=4)
    model = ranking.calibrate(ranking.Rule(rows.names, {"bought": 1.0}), rows)
    assert judge(model.on(rows), rows).calibration.value == pytest.approx(1, abs=1e-8)
    told = card(model, rows, fit=rows).figures["calibration"]
    assert told.value != pytest.approx(1, abs=1e-4)
    assert told.low < 1 < told.high
    assert sum(point.share for point in made[1].curve) == pytest.approx(1)
    assert made[1].shown.low < 1 < made[1].shown.high


def test_it_tells_for_whom_it_fails_and_is_silent_about_few(made: tuple[ranking.Model, Card]) -> None:
    found = made[1]
    gaps = {gap.name: gap for gap in found.groups["age_band"]}
    assert gaps["north"].calibration.low > 0.2
    assert gaps["south"].calibration.high < 0
    assert ("group_calibration", "north") in {(one.code, one.values.get("name")) for one in found.limits}
    assert "gender" not in found.groups  # one group of too few shoppers
    assert [part.name for part in found.segments["placement"]] == ["not two", "two"]
    assert "empty" not in found.segments


def test_it_is_written_down_in_both_languages(made: tuple[ranking.Model, Card], tmp_path: Path) -> None:
    found = made[1]
    card_page.save(found, tmp_path)
    back = msgspec.json.decode((tmp_path / "card.json").read_bytes(), type=Card)
    assert back.figures == found.figures
    text = (tmp_path / "card.md").read_text("utf-8")
    assert text.startswith("# Model card: calibrated linear")
    assert f"{found.figures['auc'].value:.4f}" in text
    assert "age, north: predicted over observed differs" in text
    chinese = card_page.text(found, "zh-CN")
    assert chinese.startswith("# 模型卡")
    assert "年龄段「north」" in chinese
    assert "{" not in text.partition("```json")[0]
    assert "{" not in chinese.partition("```json")[0]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_its_page_stands_alone(made: tuple[ranking.Model, Card], language: str) -> None:
    page = card_page.page(made[1], language)
    assert "http" not in page
    assert "<script" not in page
    drawing = page[page.index("<svg") : page.index("</svg>") + 6]
    root = ElementTree.fromstring(drawing)
    assert len(root.findall("circle")) == len(made[1].curve)
    for circle in root.findall("circle"):
        assert 0 <= float(circle.attrib["cx"]) <= 420
        assert 0 <= float(circle.attrib["cy"]) <= 400


def test_segments_that_are_ranges_go_by_their_numbers() -> None:
    rows = toy(3000)
    visits = np.array(["128–617", "3–43", "44–127"])[rows.cluster % 3]
    told = card(ranking.Rule(rows.names, {"bought": 1.0}), rows, fit=rows, segments={"activity": visits})
    assert [part.name for part in told.segments["activity"]] == ["3–43", "44–127", "128–617"]


def test_what_serves_in_another_form_is_the_same_model() -> None:
    rows = toy(1000)
    rule = ranking.Rule(rows.names, {"bought": 1.0})
    same, other = (ranking.Rule(rows.names, {"bought": weight}) for weight in (1.0, 2.0))
    for final, codes in ((same, set()), (other, {"refitted"})):
        told = {limit.code for limit in card(rule, rows, fit=rows, final=final).limits}
        assert told & {"refitted"} == codes


def test_one_class_alone_gives_reasons_instead_of_figures() -> None:
    rows = toy(600)
    none = replace(rows, y=np.zeros(600, dtype=np.float32))
    told = card(ranking.Rule(rows.names, {"bought": 1.0}), none, fit=rows)
    assert told.figures["auc"].reason == "only one class is present"
    assert "only one class is present" in card_page.text(told)
    assert "few" in {one.code for one in told.limits}
