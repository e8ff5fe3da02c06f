"""`hawker audience` says of what was learned how good it is, with intervals, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.audience import market
from tests.cli.shell import answer, hawker

from hawker.audience import members
from hawker.records.audience import Audience, Kind
from hawker.storage.control import Control

pytest.importorskip("lightgbm", reason="LightGBM is not installed (extra 'train')")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "shop"
    held, _ = market.opened(folder)
    members.upload(held, "runners", [market.shopper(number) for number in range(0, 180, 3)])
    control = Control(held.control)
    control.put([Audience("runners", Kind.LIST)])
    control.close()
    return folder


def test_a_lookalike_is_made_with_how_well_it_finds_members(shop: Path) -> None:
    made = answer("-C", shop, "audience", "create", "alike", "--like", "runners", "--share", "0.25")
    judged = made["standing"]["judged"]
    assert (judged["way"], judged["better"], judged["members"]) == ("held_out", True, 60)
    lift = judged["figures"]["lift_10%"]
    assert 1.0 < lift["low"] <= lift["value"] <= lift["high"]
    assert answer("-C", shop, "audience", "size", "alike")["judged"] == judged
    listed = {one["id"]: one["standing"] for one in answer("-C", shop, "audience", "list")["audiences"]}
    assert (listed["alike"]["judged"], listed["runners"]) == (judged, None)
    said = " ".join(hawker("-C", shop, "audience", "size", "alike").output.split())
    assert "better than by chance" in said
    assert "Lift at the best 10%" in said
    assert "Lift at the best 10%" in hawker("-C", shop, "audience", "list").output


def test_a_forecast_is_told_beside_the_simple_rule_in_both_languages(shop: Path) -> None:
    made = ("create", "buys", "--buys", "Sport > Running", "--share", "0.25")
    said = " ".join(hawker("-C", shop, "audience", *made).output.split())
    assert "the simple rule" in said
    assert "Judged on the last 7 days, which nothing was fitted on" in said
    settings = shop / "shop.toml"
    settings.write_text(settings.read_text("utf-8").replace('language = "en"', 'language = "zh"'), "utf-8")
    said = hawker("-C", shop, "audience", "size", "buys").output
    listed = hawker("-C", shop, "audience", "refresh", "buys").output
    settings.write_text(settings.read_text("utf-8").replace('language = "zh"', 'language = "en"'), "utf-8")
    assert "简单规则" in said
    assert "简单规则的AUC" in said
    assert ("效果" in listed, "AUC" in listed) == (True, True)


def test_too_few_to_learn_from_are_answered_with_the_reason(shop: Path) -> None:
    answer("-C", shop, "audience", "create", "none", "--rule", "visits < 0")
    made = answer("-C", shop, "audience", "create", "like-none", "--like", "none", "--share", "0.1")
    assert made["standing"]["judged"] is None
    assert "needs at least 20" in made["standing"]["reason"]
