"""A budget is paced while it serves: what was charged lowers the bids of the next answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import shops
from tests.server.client import Client

from hawker.delivery import Engine
from hawker.records.campaign import Campaign
from hawker.records.decision import Request
from hawker.records.events import EventKind
from hawker.server import app

HOME = Request("home", shopper="u-1")
LEAF = Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=100_000)


def test_what_was_charged_lowers_the_next_bids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hawker.server.application.HEARTBEAT_SECONDS", 0.02)
    midnight = "2024-03-01T00:00:00"
    shop = shops.tiny(tmp_path / "shop", campaigns=(LEAF, *shops.CAMPAIGNS[1:]), clock=midnight)
    with Client(app(shop)) as client:
        engine = client.application.engine
        assert isinstance(engine, Engine)
        for number in range(8):
            decision = engine.decide(HOME)
            seen = {"kind": str(EventKind.AD_IMPRESSION), "time": decision.time, "decision": decision.id}
            batch = [
                {**seen, "id": f"i-{number}-{at}", "ad": slot.ad.id, "slot": at}
                for at, slot in enumerate(decision.slots)
            ]
            assert client.post("/v1/events", json=batch).status_code == 200
        assert engine.ledger.spent("c-leaf") >= 12_000  # an eighth of the day's, in its first seconds
        client.wait(lambda: engine.world.pace is not None and min(engine.world.pace) < 0.7)
        paced = engine.decide(HOME)
        bids = dict(zip(paced.candidates.ads, paced.candidates.bids, strict=True))
        assert bids["a-tea"] < 3 * shops.UNIT == bids["a-jam"]
        assert paced.slots[0].ad.id == "a-jam"
