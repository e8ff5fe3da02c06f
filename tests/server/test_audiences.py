"""Audiences over HTTP: previewed, put, measured, compared, uploaded, aimed at; each key sees its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.audience import town
from tests.server.client import Client

from hawker import delivery
from hawker.audience import Moment, members
from hawker.delivery import Engine
from hawker.delivery.forgetting import forget
from hawker.language import annotate
from hawker.records.audience import Audience
from hawker.records.campaign import Ad, Campaign
from hawker.records.key import Rates, Role
from hawker.server import app, gathering
from hawker.storage.control import Control
from hawker.storage.keys import Keys
from hawker.storage.shop import Shop

UNIT = 1_000_000
TEA = {"id": "tea", "rule": 'bought("Grocery > Tea", days=30)'}


class Asker:
    """Somebody with a key."""

    def __init__(self, client: Client, secret: str) -> None:
        self.client, self._headers = client, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, document: Any = None) -> Any:
        given = {} if document is None else {"json": document}
        return self.client.request(method, f"/v1/{path}", headers=self._headers, **given)


@pytest.fixture(scope="module")
def askers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asker, Asker, Shop]]:
    """The shop, one of two advertisers, and the town itself."""
    shop = town.shop(tmp_path_factory.mktemp("served") / "shop", rates=Rates(guest=0), exploration=0.0)
    annotate.products(shop)
    control = Control(shop.control)
    control.put([Campaign(f"c-{who}", advertiser=who, bid=UNIT) for who in ("Leaf", "Hill")])
    control.put([Ad("a-leaf", "c-Leaf", "tea-0"), Ad("a-hill", "c-Hill", "pot-0")])
    control.close()
    keys, now = Keys(shop.control), time.time_ns() // 1000
    whole = keys.create(Role.SHOP, now=now)[1]
    mine = keys.create(Role.ADVERTISER, now=now, advertiser="Leaf")[1]
    keys.close()
    with Client(app(shop)) as client:
        yield Asker(client, whole), Asker(client, mine), shop


def test_a_rule_is_previewed_put_measured_and_aimed_at(askers: tuple[Asker, Asker, Shop]) -> None:
    house, _, _ = askers
    preview = house("POST", "audiences/preview", {"rule": TEA["rule"], "language": "zh"}).json()
    assert (preview["size"]["size"], preview["words"]) == (58, "近30天买过“Grocery > Tea”")
    again = house("POST", "audiences/preview", {"tree": preview["tree"]}).json()
    assert (again["rule"], again["size"]) == (TEA["rule"], preview["size"])
    assert house("PUT", "audiences/tea", TEA).status_code == 201
    told = house("GET", "audiences/tea/size").json()
    assert told["size"] == preview["size"]
    assert (told["words"], told["reason"]) == ("bought from “Grocery > Tea” in the last 30 days", "")
    assert told["computed"] > 0
    assert told["size"]["ctr"]["low"] < 0.05 < told["size"]["ctr"]["high"]
    aimed = {"targeting": {"audiences": ["tea"]}}
    assert house("PATCH", "campaigns/c-Leaf", aimed).status_code == 200

    def shown(shopper: str) -> set[str]:
        return {ad["id"] for ad in house("GET", f"decide?placement=home&shopper={shopper}").json()["ads"]}

    assert (shown("u8"), shown("u7")) == ({"a-hill", "a-leaf"}, {"a-hill"})
    gone = house("DELETE", "audiences/tea")
    assert (gone.status_code, "c-Leaf" in gone.json()["detail"]) == (409, True)
    assert house("PATCH", "campaigns/c-Leaf", {"targeting": None}).status_code == 200
    assert house("DELETE", "audiences/tea").status_code == 204
    assert house("GET", "audiences/tea/size").status_code == 404


def test_thresholds_are_shown_before_one_is_chosen(askers: tuple[Asker, Asker, Shop]) -> None:
    house, guest, _ = askers
    told = house("POST", "audiences/preview", {"text": "green tea"}).json()["thresholds"]
    assert 58 <= told["levels"][0]["size"] < 118
    assert all("tea" in title for title in told["products"])
    rounded = guest("POST", "audiences/preview", {"text": "green tea"}).json()["thresholds"]
    assert {level["size"] for level in rounded["levels"]} == {60, None}
    document = {"id": "drinkers", "kind": "semantic", "text": "green tea", "threshold": 0.5}
    assert house("PUT", "audiences/drinkers", document).status_code == 201
    assert house("GET", "audiences/drinkers/size").json()["size"]["size"] == 58
    house("DELETE", "audiences/drinkers")


def test_a_preview_keeps_nothing(askers: tuple[Asker, Asker, Shop]) -> None:
    house, _, shop = askers
    before = {path for path in shop.folder.rglob("*") if path.is_file()}
    for tried in ({"text": "an iron pot"}, {"rule": 'interest("a pot of iron") > 0.3'}):
        told = house("POST", "audiences/preview", tried).json()
        assert told["reason"] == "", told
    assert {path for path in shop.folder.rglob("*") if path.is_file()} == before


def test_an_advertiser_uses_its_own_and_what_is_shared(askers: tuple[Asker, Asker, Shop]) -> None:
    house, guest, _ = askers
    assert guest("PUT", "audiences/mine", {**TEA, "id": "mine", "advertiser": "Leaf"}).status_code == 201
    house("PUT", "audiences/theirs", {**TEA, "id": "theirs", "advertiser": "Hill"})
    house("PUT", "audiences/secret", {**TEA, "id": "secret"})
    house("PUT", "audiences/open", {"id": "open", "rule": 'viewed("Kitchen")', "shared": True})
    assert [one["id"] for one in guest("GET", "audiences").json()["items"]] == ["mine", "open"]
    assert guest("GET", "audiences/mine/size").json()["size"]["size"] == 50
    assert guest("GET", "audiences/open/size").json()["size"]["size"] == 110
    for name in ("theirs", "secret", "none"):
        assert guest("GET", f"audiences/{name}/size").status_code == 404
        assert guest("GET", f"audiences/overlap?audience=mine&audience={name}").status_code == 404
        for aim in ("audiences", "not_audiences"):
            told = guest("PATCH", "campaigns/c-Leaf", {"targeting": {aim: [name]}})
            assert (told.status_code, "there is no audience" in told.json()["detail"]) == (400, True)
        rule = {"rule": f'in_list("{name}")'}
        assert guest("POST", "audiences/preview", rule).status_code == 400
        assert guest("PUT", "audiences/x", {"id": "x", "advertiser": "Leaf", **rule}).status_code == 400
    for name in ("mine", "open"):
        assert guest("PATCH", "campaigns/c-Leaf", {"targeting": {"audiences": [name]}}).status_code == 200
    assert guest("PATCH", "audiences/open", {"name": "x"}).status_code in {403, 409}
    assert guest("PUT", "audiences/open/members", {"shoppers": ["u1"]}).status_code == 403
    overlap = guest("GET", "audiences/overlap?audience=mine&audience=open").json()
    assert overlap["sizes"] == {"mine": 50, "open": 110}
    assert overlap["pairs"][0]["both"] == 50
    guest("PATCH", "campaigns/c-Leaf", {"targeting": None})


def test_what_the_shop_shares_only_the_shop_removes(askers: tuple[Asker, Asker, Shop]) -> None:
    house, guest, _ = askers
    house("PUT", "audiences/ours", {"id": "ours", "rule": 'viewed("Kitchen")', "shared": True})
    told = guest("DELETE", "audiences/ours")
    assert (told.status_code, "the shop's own" in told.json()["detail"]) == (403, True)
    assert guest("GET", "audiences/ours/size").json()["size"]["size"] == 110
    assert house("DELETE", "audiences/ours").status_code == 204


def test_a_list_is_uploaded_added_to_and_has_a_floor(askers: tuple[Asker, Asker, Shop]) -> None:
    house, _, _ = askers
    assert house("PUT", "audiences/vip", {"id": "vip", "kind": "list"}).status_code == 201
    few = {"shoppers": [f"u{n}" for n in range(30)]}
    assert house("PUT", "audiences/vip/members", few).json() == {"given": 30, "size": None}
    told = house("PATCH", "campaigns/c-Leaf", {"targeting": {"audiences": ["vip"]}})
    assert (told.status_code, "fewer than 50" in told.json()["detail"]) == (400, True)
    without = {"targeting": {"not_audiences": ["vip"]}}
    assert house("PATCH", "campaigns/c-Leaf", without).status_code == 200
    more = {"shoppers": [f"u{n}" for n in range(20, 60)], "add": True}
    assert house("PUT", "audiences/vip/members", more).json() == {"given": 40, "size": 60}
    assert house("PATCH", "campaigns/c-Leaf", {"targeting": {"audiences": ["vip"]}}).status_code == 200
    house("PUT", "audiences/vip/members", few)
    named = {"name": "goes on aiming at it", "targeting": {"audiences": ["vip"]}}
    assert house("PATCH", "campaigns/c-Leaf", named).status_code == 200
    assert house("PUT", "audiences/open2", {**TEA, "id": "open2"}).status_code == 201
    assert house("PUT", "audiences/open2/members", few).status_code == 409
    assert house("PUT", "audiences/vip/members", {"shoppers": ["\x00"]}).status_code == 400
    house("PATCH", "campaigns/c-Leaf", {"targeting": None})


@pytest.mark.parametrize(
    ("method", "path", "document", "says"),
    [
        ("POST", "audiences/preview", {}, "Give one of"),
        ("POST", "audiences/preview", {"rule": "vists > 3"}, "Did you mean 'visits'"),
        ("POST", "audiences/preview", {"tree": {"is": "all", "of": []}}, "two parts"),
        ("POST", "audiences/preview", {"rule": "visits > 3", "text": "tea"}, "Give one of"),
        ("POST", "audiences/preview", {"rules": "x"}, "rules"),
        ("PUT", "audiences/a", {"id": "a", "rule": "visits >"}, "rule: Column 9"),
        ("PUT", "audiences/a", {"id": "a"}, "'rule' cannot be used"),
        ("PUT", "audiences/a", {"id": "a", "kind": "list", "rule": "visits > 3"}, "'rule' cannot be used"),
        ("PUT", "audiences/a", {"id": "a", "kind": "semantic", "text": "tea"}, "'threshold' cannot be used"),
        (
            "PUT",
            "audiences/a",
            {"id": "a", "kind": "lookalike", "seed": "x", "share": 0.1},
            "no audience 'x'",
        ),
        ("POST", "audiences", [{**TEA, "id": "preview"}], "'id' cannot be used"),
        ("PATCH", "campaigns/c-Leaf", {"targeting": {"audiences": ["vipp"]}}, "no audience 'vipp'"),
        ("GET", "audiences/overlap?audience=tea", None, "Name 2 to 10"),
        ("GET", "audiences/overlap?names=tea", None, "no parameter 'names'"),
        ("GET", "audiences/fields?language=fr", None, "'en' or 'zh'"),
    ],
)
def test_what_cannot_be_used_says_so(
    askers: tuple[Asker, Asker, Shop], method: str, path: str, document: Any, says: str
) -> None:
    told = askers[0](method, path, document)
    assert told.status_code == 400, told.text
    assert says in told.text


def test_the_fields_are_offered_with_values(askers: tuple[Asker, Asker, Shop]) -> None:
    house, guest, _ = askers
    english, chinese = (
        {one["name"]: one for one in house("GET", f"audiences/fields?language={language}").json()["fields"]}
        for language in ("en", "zh")
    )
    assert english["bought"]["values"] == [
        *("Grocery", "Grocery > Tea", "Kitchen", "Kitchen > Pots", "Sport", "Sport > Shoes"),
    ]
    assert (english["visits"]["words"], chinese["visits"]["words"]) == ("visits", "到访次数")
    assert english["spend"]["unit"] == "USD"
    house("PUT", "audiences/hidden", {**TEA, "id": "hidden", "advertiser": "Hill"})
    offered = {one["name"]: one for one in guest("GET", "audiences/fields").json()["fields"]}
    assert "hidden" not in offered["in_list"]["values"]


def test_what_learns_waits_for_the_schedule(askers: tuple[Asker, Asker, Shop]) -> None:
    house, _, _ = askers
    document = {"id": "soon", "kind": "predicted", "category": "Grocery", "threshold": 0.5}
    assert house("PUT", "audiences/soon", document).status_code == 201
    assert house("GET", "audiences/soon/size").json()["reason"] == "it is not computed yet"
    assert house("DELETE", "audiences/soon").status_code == 204


def test_one_server_computes_as_often_as_the_shop_says(tmp_path: Path) -> None:
    shop, now = town.shop(tmp_path / "shop"), time.time()
    assert not gathering.due(shop, now=now)  # there is nothing to compute, and that is looked at once an hour
    gathering.soon(shop)
    control = Control(shop.control)
    control.put([Audience("tea", rule=TEA["rule"])])
    control.close()
    assert gathering.due(shop, now=now)
    assert not gathering.due(shop, now=now + 3_599)
    assert gathering.due(shop, now=now + 3_601)
    gathering.soon(shop)
    assert gathering.due(shop, now=now + 3_602)


def test_whoever_is_forgotten_meanwhile_is_left_out_and_all_else_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = town.shop(tmp_path / "shop")
    control = Control(shop.control)
    control.put([Audience("tea", rule=TEA["rule"]), Audience("gone", rule="visits >= 0")])
    restored, waiting = gathering.moment, ["u8"]

    def slow(given: Shop, **rest: Any) -> Moment:
        found = restored(given, **rest)
        while waiting:
            with delivery.build(given) as engine:
                assert forget(engine, waiting.pop()) is not None
            control.remove("audience", ["gone"])
        return found

    monkeypatch.setattr(gathering, "moment", slow)
    assert [one.id for one in gathering.refreshed(shop).audiences] == ["tea"]
    control.close()
    assert members.sizes(shop) == {"tea": 57}
    assert "u8" not in members.Lists(shop)["tea"]


def test_a_server_takes_over_what_the_schedule_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = town.shop(tmp_path / "shop")
    control = Control(shop.control)
    control.put([Audience("tea", rule=TEA["rule"])])
    control.close()
    monkeypatch.setattr(gathering, "SECONDS", 0.01)
    with Client(app(shop)) as client:
        until = time.monotonic() + 60
        while client.get("/v1/audiences/tea/size").json()["computed"] == 0:
            assert time.monotonic() < until
            time.sleep(0.2)
        assert client.get("/v1/audiences/tea/size").json()["size"]["size"] == 58


def test_orders_are_kept_while_an_audience_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The removal of an audience that is being computed is one of them: nobody is left on its list."""
    shop = town.shop(tmp_path / "shop")
    begun, going, look = threading.Event(), threading.Event(), gathering.present

    def slow(engine: Engine) -> Moment:
        begun.set()
        assert going.wait(30)
        return look(engine)

    monkeypatch.setattr(gathering, "present", slow)

    async def together(client: Client) -> list[int]:
        async def ask(method: str, path: str, document: Any = None) -> int:
            given = {} if document is None else {"json": document}
            return (await client.http.request(method, f"/v1/{path}", **given)).status_code

        first = asyncio.create_task(ask("PUT", "audiences/tea", TEA))
        await asyncio.to_thread(begun.wait, 30)
        campaign = {"id": "c-new", "advertiser": "Leaf", "bid": UNIT}
        codes = [
            await asyncio.wait_for(ask("PUT", "campaigns/c-new", campaign), 30),
            await asyncio.wait_for(ask("DELETE", "audiences/tea"), 30),
        ]
        assert not first.done()
        going.set()
        await first
        return codes

    with Client(app(shop)) as client:
        assert client.runner.run(together(client)) == [201, 204]
    assert members.sizes(shop) == {}
