"""`/v1/credits`: what a bot was shown is paid back once, and what cannot be meant is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests import shops
from tests.server.client import Client

from hawker.server import app
from hawker.server.credits import sound
from hawker.server.wire import Refused

FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(app(shops.tiny(tmp_path / "shop"))) as made:
        for shopper in ("ann", "bot"):
            asked = {"placement": "home", "shopper": shopper, "session": f"s-{shopper}"}
            for ad in made.post("/v1/decide", json=asked).json()["ads"]:
                made.get(ad["impression"], headers=FIREFOX)
        yield made


@pytest.mark.parametrize("chosen", [{"shoppers": ["bot"]}, {"sessions": ["s-bot"]}])
def test_the_balance_report_and_statement_agree_after_a_credit(
    client: Client, chosen: dict[str, Any]
) -> None:
    before = client.get("/v1/report").json()["totals"]
    done = client.post("/v1/credits", json={"reason": "click farm", **chosen})
    assert done.status_code == 200
    credited = done.json()
    assert credited["count"] == 2
    after = client.get("/v1/report").json()
    assert after["totals"]["spend"] == before["spend"] - credited["amount"]
    assert after["totals"]["impressions"] == before["impressions"] - 2
    assert after["traffic"]["rules"] == [{"rule": "found_later", "count": 2}]
    balances = client.get("/v1/balance").json()["campaigns"]
    assert sum(one["spent"] for one in balances) == after["totals"]["spend"]
    owed = [
        client.get(f"/v1/statement?month=2024-03&advertiser={name}").json()["due"]
        for name in ("Leaf", "Orchard", "Hill")
    ]
    assert sum(owed) == after["totals"]["spend"]
    again = client.post("/v1/credits", json={"reason": "click farm", **chosen}).json()
    assert (again["count"], again["again"]) == (0, 2)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"reason": "x"}, "Name shoppers, sessions or impressions"),
        ({"shoppers": ["bot"]}, "missing required field `reason`"),
        ({"reason": " ", "shoppers": ["bot"]}, "must say what was found"),
        ({"reason": "x", "shopper": ["bot"]}, "Did you mean 'shoppers'?"),
        ({"reason": "x", "sessions": ["s" * 200]}, "'sessions' must be"),
    ],
)
def test_what_cannot_be_meant_is_refused(body: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        sound(msgspec.json.encode(body))
    assert refused.value.reply.status == 400
    told = msgspec.json.decode(refused.value.reply.body)
    assert said in f"{told['detail']} {told.get('remedy', '')}"
