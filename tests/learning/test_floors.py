"""Floors from decisions on record: what is learned, that it is applied only where asked, and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests import shops

from hawker import Shop, delivery
from hawker.learning import floors
from hawker.records.campaign import Campaign
from hawker.records.decision import Request
from hawker.storage import floors as held

CAMPAIGNS = (
    Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT),
    Campaign("c-orchard", advertiser="Orchard", bid=shops.UNIT),
)
LATER = shops.NOW + 10**9


def asked(folder: Path, *, requests: int, **settings: Any) -> Shop:
    """A shop that has decided so often for two slots of its home page: offers of 4.00, 3.50 and 1.00."""
    shop = shops.tiny(folder, campaigns=CAMPAIGNS, **settings)
    with delivery.build(shop) as engine:
        for number in range(requests):
            engine.decide(Request("home", shopper=f"u-{number % 200}"))
    return shop


def test_what_was_offered_is_read_from_the_record(tmp_path: Path) -> None:
    shop = asked(tmp_path / "shop", requests=1)
    with delivery.build(shop) as engine:
        decision = engine.decide(Request("home", shopper="u-1"))
    assert floors.offers(decision).tolist() == pytest.approx([4 * shops.UNIT, 3_500_000, shops.UNIT])


def test_a_floor_between_the_offers_is_learned_and_applied_only_where_asked(tmp_path: Path) -> None:
    shop = asked(tmp_path / "shop", requests=1_100)
    judged = floors.learn(shop, now=LATER)
    home = judged["home"]
    assert home.floor == pytest.approx(
        3_500_000, rel=0.01
    )  # both slots of Leaf at 3.50, not at 3.50 and 1.00
    assert home.gain.value == pytest.approx(2_500_000, rel=0.02)
    assert judged["search"].floor is None
    assert "0 of 1000" in judged["search"].reason
    with delivery.build(Shop(shop.folder)) as engine:
        assert engine.decide(Request("home")).floor == 0
    with delivery.build(asked(tmp_path / "other", requests=0, learn_floors=True)) as engine:
        held.keep(engine.shop, {"home": 3_500_000, "search": 1})
        changed = delivery.build(engine.shop, process="second")
        with changed:
            decision = changed.decide(Request("home", shopper="u-1"))
            assert decision.floor == 3_500_000
            assert [slot.price for slot in decision.slots] == [3_500_000, 3_500_000]
            assert decision.versions["floors"]
            assert changed.world.placements["search"].floor == 3_800_000  # never below what is set


def test_a_broken_file_of_floors_is_none(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    assert held.kept(shop) == {}
    held.keep(shop, {"home": 5})
    assert held.kept(shop) == {"home": 5}
    held.file(shop).write_text("{")
    assert held.kept(shop) == {}
