"""`hawker audience suggest`, typed: who to aim a campaign at, in both languages, and what is no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.audience import market
from tests.cli.shell import answer, hawker

from hawker.audience import members
from hawker.records.audience import Audience, Kind
from hawker.records.campaign import Ad, Campaign, Pricing
from hawker.storage.control import Control

pytest.importorskip("lightgbm", reason="LightGBM is not installed (extra 'train')")
UNIT = 1_000_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "shop"
    held, _ = market.opened(folder)
    members.upload(held, "cooks", [market.shopper(number) for number in range(1, 300, 3)])
    members.upload(held, "secret", [market.shopper(number) for number in range(0, 300, 3)])
    control = Control(held.control)
    control.put_campaigns(
        [
            Campaign("c-hare", advertiser="Hare", pricing=Pricing.CPM, bid=10 * UNIT, total_budget=2 * UNIT),
            Campaign("c-open", advertiser="Hare", pricing=Pricing.CPM, bid=10 * UNIT),
            Campaign("c-empty", advertiser="Hare"),
        ],
        by="test",
    )
    control.put_ads([Ad("a-1", "c-hare", "shoe"), Ad("a-2", "c-open", "shoe")], by="test")
    shared = Audience("cooks", Kind.LIST, name="Cooks", shared=True)
    control.put([shared, Audience("secret", Kind.LIST, advertiser="Rival")], by="test")
    control.close()
    return folder


def test_the_likely_buyers_are_proposed_and_can_be_made(shop: Path) -> None:
    found = answer("-C", shop, "audience", "suggest", "--campaign", "c-hare")
    best = found["choices"][0]
    assert best["audience"].startswith("buys-sport-running")
    assert best["lift"]["low"] > 0
    assert found["lead"]["low"] > 0
    named = {one["audience"] for one in found["choices"]} | {one["audience"] for one in found["unjudged"]}
    assert "cooks" in named
    assert "secret" not in named
    made = next(one for one in found["proposed"] if one["id"] == best["audience"])
    told = ("--buys", made["category"], "--share", made["share"])
    kept = answer("-C", shop, "audience", "create", made["id"], *told)
    assert kept["standing"]["size"] == best["members"]


def test_it_says_why_in_both_languages(shop: Path) -> None:
    said = hawker("-C", shop, "audience", "suggest", "--campaign", "c-hare").output
    assert "Choose likeliest" in said
    assert "against everybody" in " ".join(said.split())
    assert "Cooks" in said
    settings = shop / "shop.toml"
    settings.write_text(settings.read_text("utf-8").replace('language = "en"', 'language = "zh"'), "utf-8")
    said = hawker("-C", shop, "audience", "suggest", "--campaign", "c-open").output
    settings.write_text(settings.read_text("utf-8").replace('language = "zh"', 'language = "en"'), "utf-8")
    assert "建议不限人群" in said


def test_a_campaign_without_products_is_answered_with_the_reason(shop: Path) -> None:
    found = answer("-C", shop, "audience", "suggest", "--campaign", "c-empty")
    assert "none of its products" in found["reason"]
    assert (
        "Nothing can be suggested"
        in hawker("-C", shop, "audience", "suggest", "--campaign", "c-empty").output
    )


def test_an_unknown_campaign_names_the_nearest(shop: Path) -> None:
    found = hawker("-C", shop, "audience", "suggest", "--campaign", "c-hair")
    assert found.exit_code != 0
    assert "c-hare" in found.output
