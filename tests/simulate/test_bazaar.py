"""The bazaar is a whole shop: aimed campaigns, histories, two models, and the same again for a seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker import Shop, delivery
from hawker.explain.again import again
from hawker.simulate import bazaar
from hawker.simulate.bazaar import Bazaar
from hawker.storage.control import Control

SMALL = Bazaar(ads=600, campaigns=120, products=400, shoppers=300, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bazaar")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Shop:
    return bazaar.shop(folder, SMALL)


def test_every_campaign_aims_in_six_ways(shop: Shop) -> None:
    control = Control(shop.control)
    campaigns = control.campaigns()
    control.close()
    assert len(campaigns) == 120
    for campaign in campaigns:
        aim = campaign.targeting
        wishes = (
            aim.placements,
            aim.categories,
            aim.audiences,
            aim.locations,
            aim.dayparts,
            aim.not_categories,
        )
        assert all(wishes)
        assert campaign.synthetic
        assert campaign.caps
        assert campaign.daily_budget
    assert {campaign.pricing for campaign in campaigns} == {"cpm", "cpc", "cpa"}


def test_decisions_are_made_by_two_models_and_can_be_made_again(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        assert engine.world.unpriced == frozenset()
        asked = list(bazaar.requests(SMALL, 30))
        made = [
            engine.decide(one, now=now) for one, now in zip(asked, bazaar.moments(30).tolist(), strict=True)
        ]
        shown = [decision for decision in made if decision.slots]
        assert len(shown) > 20
        assert {slot.pricing for decision in shown for slot in decision.slots} >= {"cpc", "cpa"}
        for decision in shown:
            assert set(decision.candidates.others) == {"purchase"}
            compared, _ = again(decision, engine)
            assert compared.reproduced, compared


def test_a_bazaar_is_made_once_and_shares_what_it_can(folder: Path, shop: Shop) -> None:
    same = bazaar.shop(folder, SMALL)
    assert same.folder == shop.folder
    larger = bazaar.shop(folder, Bazaar(ads=900, campaigns=120, products=400, shoppers=300, seed=3))
    assert larger.folder != shop.folder
    history = "events/history/bazaar.parquet"
    assert (larger.folder / history).stat().st_ino == (shop.folder / history).stat().st_ino
