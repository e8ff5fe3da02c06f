"""Beacons: what a page reports is believed by its token, charged once, and leads nowhere but to the ad."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import shops
from tests.server.client import Client

from hawker.delivery import Engine
from hawker.delivery.tokens import Tokens
from hawker.records.campaign import Campaign, Pricing
from hawker.records.events import EVENT_COLUMNS
from hawker.server import app
from hawker.server.beacons import GIF, followed
from hawker.storage import tables
from hawker.storage.event_log import EventLog

FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
CPC = (
    Campaign("c-leaf", advertiser="Leaf", pricing=Pricing.CPC, bid=shops.UNIT),
    *shops.CAMPAIGNS[1:],
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(app(shops.tiny(tmp_path / "shop"))) as made:
        yield made


def engine(client: Client) -> Engine:
    found = client.application.engine
    assert found is not None
    return found


def asked(client: Client, **rest: str) -> dict[str, Any]:
    given = {"placement": "home", "shopper": "u-1", "session": "s-1", "device": "phone", **rest}
    answer: dict[str, Any] = client.post("/v1/decide", json=given).json()
    return answer


def log(client: Client) -> list[dict[str, Any]]:
    """The ad events on disk, in the order of their receipt."""
    connection = tables.connect(threads=1)
    EventLog(client.application.shop.events).view(connection)
    listed = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)
    query = f"SELECT {listed} FROM events WHERE starts_with(kind, 'ad_') ORDER BY received, id"
    return [dict(zip(EVENT_COLUMNS, row, strict=True)) for row in connection.execute(query).fetchall()]


def test_a_rendered_ad_is_charged_once_and_told_from_the_record(client: Client) -> None:
    answer = asked(client)
    seen = client.get(answer["ads"][0]["impression"], headers=FIREFOX)
    assert (seen.status_code, seen.headers["content-type"], seen.content) == (200, "image/gif", GIF)
    assert len(GIF) == 43
    assert seen.headers["cache-control"] == "no-store"
    (event,) = log(client)
    told = {name: event[name] for name in ("id", "kind", "shopper", "session", "ad", "campaign", "product")}
    assert told == {
        "id": f"{answer['decision']}/0",
        "kind": "ad_impression",
        "shopper": "u-1",
        "session": "s-1",
        "ad": "a-tea",
        "campaign": "c-leaf",
        "product": "tea",
    }
    assert (event["placement"], event["device"], event["slot"], event["reason"]) == ("home", "phone", 0, "")
    assert engine(client).ledger.spent("c-leaf") == 3_000
    for _ in range(3):
        assert client.get(answer["ads"][0]["impression"], headers=FIREFOX).content == GIF
    assert engine(client).ledger.spent("c-leaf") == 3_000
    assert [event["reason"] for event in log(client)] == ["", "invalid: replayed_token"]


def test_view_and_click_follow_and_a_click_leads_to_the_ad_alone(client: Client) -> None:
    ad = asked(client)["ads"][1]
    client.get(ad["impression"], headers=FIREFOX)
    assert client.post(ad["viewable"], headers=FIREFOX).status_code == 204
    client.runner.run(asyncio.sleep(0.25))  # a person needs a moment
    gone = client.get(ad["click"], headers=FIREFOX)
    assert (gone.status_code, gone.headers["location"]) == (302, "https://shop.example/pot")
    elsewhere = client.get(f"{ad['click']}?to=https://evil.example", headers=FIREFOX)
    assert elsewhere.headers["location"] == "https://shop.example/pot"
    assert [(event["kind"], event["reason"]) for event in log(client)] == [
        ("ad_impression", ""),
        ("ad_viewable", ""),
        ("ad_click", ""),
        ("ad_click", "invalid: replayed_token"),
    ]


def test_an_ad_without_a_link_leads_nowhere(client: Client) -> None:
    ad = asked(client)["ads"][0]
    client.get(ad["impression"], headers=FIREFOX)
    assert client.get(ad["click"], headers=FIREFOX).status_code == 204


def test_a_click_is_charged_where_clicks_are_paid(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", campaigns=CPC, outcome="click")
    with Client(app(shop)) as client:
        engine = client.application.engine
        assert engine is not None
        ad = asked(client)["ads"][0]
        early = asked(client)["ads"][0]
        client.get(early["click"], headers=FIREFOX)  # never rendered
        client.get(ad["impression"], headers=FIREFOX)
        client.get(ad["click"], headers=FIREFOX)  # at once
        assert engine.ledger.spent(ad["campaign"]) == 0
        third = asked(client)["ads"][0]
        client.get(third["impression"], headers=FIREFOX)
        client.runner.run(asyncio.sleep(0.25))
        client.get(third["click"], headers=FIREFOX)
        reasons = [event["reason"] for event in log(client) if event["kind"] == "ad_click"]
        assert reasons == ["invalid: no_impression", "invalid: too_soon", ""]
        spent = engine.ledger.spent(third["campaign"])
        assert spent == engine.decision_log.read(asked_decision(log(client))).slots[0].price > 0


def asked_decision(events: list[dict[str, Any]]) -> str:
    return str(events[-1]["decision"])


def test_a_forged_token_is_kept_marked_and_leads_nowhere(client: Client) -> None:
    answer = asked(client)
    forged = Tokens(lambda: (b"f" * 32,), lifetime=3600_000_000).mint(answer["decision"], 0)
    assert client.get(f"/v1/impression/{forged[0]}", headers=FIREFOX).content == GIF
    assert client.get(f"/v1/click/{forged[2]}", headers=FIREFOX).status_code == 404
    other = answer["ads"][0]["impression"].replace("/impression/", "/viewable/")
    assert client.get(other, headers=FIREFOX).content == GIF  # a token says which act it is for
    found = log(client)
    assert [event["reason"] for event in found] == ["invalid: forged_token"] * 3
    assert {event["decision"] for event in found} == {""}
    assert engine(client).ledger.spent("c-leaf") == 0


def test_an_expired_token_is_kept_and_free(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", traffic={"beacon_hours": 0.0001})
    with Client(app(shop)) as client:
        ad = asked(client)["ads"][1]
        client.runner.run(asyncio.sleep(1.5))
        client.get(ad["impression"], headers=FIREFOX)
        assert client.get(ad["click"], headers=FIREFOX).headers["location"] == "https://shop.example/pot"
        assert {event["reason"] for event in log(client)} == {"invalid: expired_token"}
        assert engine(client).ledger.spent("c-leaf") == 0


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ({"user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, "declared_bot"),
        ({"user-agent": ""}, "no_browser"),
        ({**FIREFOX, "sec-purpose": "prefetch;prerender"}, "prefetch"),
        ({**FIREFOX, "purpose": "prefetch"}, "prefetch"),
        ({**FIREFOX, "x-moz": "prefetch"}, "prefetch"),
    ],
)
def test_no_person_is_not_charged(client: Client, headers: dict[str, str], rule: str) -> None:
    ad = asked(client)["ads"][0]
    client.get(ad["impression"], headers=headers)
    assert [event["reason"] for event in log(client)] == [f"invalid: {rule}"]
    assert engine(client).ledger.spent("c-leaf") == 0
    counted = client.get("/metrics").text
    assert f'hawker_invalid_events_total{{rule="{rule}"}} 1.0' in counted
    stored = "".join(
        path.read_bytes().decode("latin-1") for path in client.application.shop.events.rglob("*.events")
    )
    assert "bot.html" not in stored
    assert "127.0.0.1" not in stored


def test_a_hidden_ad_is_gone_from_the_next_answer(client: Client) -> None:
    answer = asked(client)
    assert [ad["id"] for ad in answer["ads"]] == ["a-tea", "a-pot"]
    assert client.post(f"{answer['ads'][0]['hide']}?reason=seen+enough", headers=FIREFOX).status_code == 204
    assert log(client)[0]["reason"] == "seen enough"
    assert "a-tea" not in [ad["id"] for ad in asked(client)["ads"]]
    assert "a-tea" in [ad["id"] for ad in asked(client, shopper="u-2")["ads"]]


def test_many_beacons_at_once_are_one_batch(client: Client) -> None:
    ads = [ad for n in range(10) for ad in asked(client, shopper=f"u-{n}")["ads"]]
    batches = []
    inner = engine(client).observe

    def counted(events: Any, **rest: Any) -> Any:
        batches.append(len(events))
        return inner(events, **rest)

    engine(client).observe = counted  # type: ignore[method-assign]

    async def all_at_once() -> None:
        await asyncio.gather(*(client.http.get(ad["impression"], headers=FIREFOX) for ad in ads))

    client.runner.run(all_at_once())
    assert sum(batches) == 20
    assert len(batches) < 10
    assert len(log(client)) == 20


def test_looking_at_a_beacon_counts_for_nothing(client: Client) -> None:
    ad = asked(client)["ads"][0]
    assert client.request("HEAD", ad["impression"], headers=FIREFOX).status_code == 200
    assert client.request("PUT", ad["impression"], headers=FIREFOX).status_code == 405
    assert client.get("/v1/click/", headers=FIREFOX).status_code == 404
    assert log(client) == []


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "\\\\evil", "pot"),
        *("https://", "http:///x", "/a\r\nset-cookie: x", "ftp://shop.example", "https://[::1", " /pot", ""),
    ],
)
def test_what_is_no_link_of_a_shop_is_not_followed(link: str) -> None:
    assert followed(link) == ""
