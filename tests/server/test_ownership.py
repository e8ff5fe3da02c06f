"""An advertiser sees and changes only its own: held over every route that opens to advertisers.

Two advertisers share a shop. Everything the other one has carries a mark, in every field that takes
words; no answer to mine may hold it, whatever is asked, and nothing of the other's may change.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests import shops
from tests.server.client import Client

from hawker.records.campaign import Tier
from hawker.records.events import Event, EventKind
from hawker.records.key import Rates, Role
from hawker.server import app
from hawker.server.ownership import RESERVED
from hawker.server.parts import ENDPOINTS
from hawker.storage.keys import Keys

MARK = "zzyzx"
MINE, THEIRS = "Leaf", f"{MARK}-brand"
SHARED = [(one.method, one.path) for one in ENDPOINTS if Role.ADVERTISER in one.keys]
OTHERS: dict[str, dict[str, Any]] = {
    "advertisers": {"id": THEIRS, "name": f"{MARK} & co", "payer": f"{MARK} payer"},
    "audiences": {"id": f"u-{MARK}", "advertiser": THEIRS, "rule": f'searched("{MARK}")'},
    "campaigns": {"id": f"c-{MARK}", "advertiser": THEIRS, "name": f"{MARK} sale", "bid": 5 * shops.UNIT},
    "groups": {"id": f"g-{MARK}", "campaign": f"c-{MARK}", "name": f"{MARK} group"},
    "creatives": {"id": f"k-{MARK}", "product": "jam", "headline": f"{MARK} jam", "advertiser": THEIRS},
    "ads": {"id": f"a-{MARK}", "campaign": f"c-{MARK}", "product": "jam", "creative": f"k-{MARK}"},
}
OWN: dict[str, dict[str, Any]] = {
    "advertisers": {"id": MINE, "name": "Leaf & Daughters"},
    "audiences": {"id": "u-mine", "advertiser": MINE, "rule": "visits >= 1"},
    "campaigns": {"id": "c-mine", "advertiser": MINE, "bid": 2 * shops.UNIT},
    "groups": {"id": "g-mine", "campaign": "c-mine"},
    "creatives": {"id": "k-mine", "product": "tea", "headline": "Tea", "advertiser": MINE},
    "ads": {"id": "a-mine", "campaign": "c-mine", "product": "tea", "group": "g-mine"},
}


class Asker:
    """Somebody with a key."""

    def __init__(self, client: Client, secret: str) -> None:
        self.client, self._headers = client, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, document: Any = None, **headers: str) -> httpx.Response:
        given = {} if document is None else {"json": document}
        return self.client.request(method, path, headers={**self._headers, **headers}, **given)


@pytest.fixture(scope="module")
def askers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asker, Asker]]:
    """The shop and one advertiser, in a shop where both advertisers have ads shown, clicked and paid."""
    shop = shops.tiny(tmp_path_factory.mktemp("shared") / "shop", rates=Rates(guest=0))
    keys = Keys(shop.control)
    now = time.time_ns() // 1000
    whole = keys.create(Role.SHOP, now=now)[1]
    mine = keys.create(Role.ADVERTISER, now=now, advertiser=MINE)[1]
    keys.close()
    with Client(app(shop)) as client:
        house, guest = Asker(client, whole), Asker(client, mine)
        for plural in ("advertisers", "audiences", "campaigns", "groups", "creatives", "ads"):
            for document in (OTHERS[plural], OWN[plural]):
                assert house("PUT", f"/v1/{plural}/{document['id']}", document).status_code == 201
        shown = house("POST", "/v1/decide", {"placement": "home", "shopper": f"u-{MARK}"}).json()
        assert {ad["id"] for ad in shown["ads"]} == {f"a-{MARK}", "a-tea"}
        events = [
            Event(
                EventKind.AD_IMPRESSION,
                shops.NOW + 60_000_000,
                id=f"e-{ad['id']}",
                shopper=f"u-{MARK}",
                decision=shown["decision"],
                slot=ad["slot"],
                ad=ad["id"],
                campaign=ad["campaign"],
                product=ad["product"],
                placement="home",
            )
            for ad in shown["ads"]
        ]
        import msgspec

        told = house("POST", "/v1/events", msgspec.to_builtins(events))
        assert [one["status"] for one in told.json()["verdicts"]] == ["accepted"] * 2
        yield house, guest


def marks(answer: httpx.Response) -> bool:
    return MARK in answer.text.lower()


def test_the_mark_is_everywhere_for_the_shop(askers: tuple[Asker, Asker]) -> None:
    house, _ = askers
    for path in ("/v1/report", "/v1/audit", "/v1/balance", *(f"/v1/{plural}" for plural in OTHERS)):
        assert marks(house("GET", path)), path


@pytest.mark.parametrize(("method", "path"), SHARED)
def test_no_route_shows_an_advertiser_what_is_anothers(
    askers: tuple[Asker, Asker], method: str, path: str
) -> None:
    """Whatever names fill the path and the body; the answer may repeat what was asked, and no more."""
    house, guest = askers
    before = [house("GET", f"/v1/{plural}").text for plural in OTHERS]
    for plural, document in OTHERS.items() if "{" in path or method != "get" else [("", {"id": ""})]:
        filled = path.replace("{kind}", plural[:-1]).replace(":path", "")
        filled = re.sub(r"\{\w+\}", document["id"], filled)
        for sent in (None,) if method == "get" else (document, [document], {"name": "x"}, None):
            told = guest(method.upper(), filled, sent)
            assert told.status_code not in {401, 500}, told.text
            repeated = (document["id"], THEIRS) if told.status_code >= 400 else ()
            text = told.text
            for name in filter(None, repeated):
                text = text.replace(name, "…")
            assert MARK not in text, told.text
    assert [house("GET", f"/v1/{plural}").text for plural in OTHERS] == before


@pytest.mark.parametrize("plural", OTHERS)
def test_what_is_anothers_is_not_there_and_cannot_be_touched(
    askers: tuple[Asker, Asker], plural: str
) -> None:
    house, guest = askers
    theirs = f"/v1/{plural}/{OTHERS[plural]['id']}"
    assert guest("GET", theirs).status_code == 404
    assert [one["id"] for one in guest("GET", f"/v1/{plural}").json()["items"] if MARK in str(one)] == []
    before = house("GET", theirs)
    shop_only = plural == "advertisers"
    assert guest("PUT", theirs, OTHERS[plural]).status_code == (403 if shop_only else 409)
    assert guest("PATCH", theirs, {"active": False}).status_code == (403 if shop_only else 404)
    assert guest("DELETE", theirs).status_code == (403 if shop_only else 404)
    assert guest("POST", f"/v1/{plural}", [OTHERS[plural]]).status_code in {403, 409}
    assert house("GET", theirs).text == before.text


def test_asking_for_anothers_by_parameter_gives_nothing(askers: tuple[Asker, Asker]) -> None:
    house, guest = askers
    for path in (
        f"/v1/campaigns?advertiser={THEIRS}",
        f"/v1/groups?campaign=c-{MARK}",
        f"/v1/ads?campaign=c-{MARK}",
        f"/v1/ads?creative=k-{MARK}",
        f"/v1/creatives?advertiser={THEIRS}",
    ):
        assert len(house("GET", path).json()["items"]) == 1, path
        assert guest("GET", path).json() == {"items": [], "next": ""}, path
    assert guest("GET", f"/v1/balance?advertiser={THEIRS}").status_code == 403
    assert guest("GET", f"/v1/statement?month=2024-03&advertiser={THEIRS}").status_code == 403
    assert guest("GET", "/v1/statement?month=2024-03").json()["advertiser"] == MINE
    assert not marks(guest("GET", "/v1/report?by=product,segment,placement,day"))


def test_nothing_of_its_own_can_be_put_where_it_is_anothers(askers: tuple[Asker, Asker]) -> None:
    _, guest = askers
    for plural, document in (
        ("campaigns", {"id": "c-x", "advertiser": THEIRS}),
        ("campaigns", {"id": "c-x", "advertiser": ""}),
        ("groups", {"id": "g-x", "campaign": f"c-{MARK}"}),
        ("ads", {"id": "a-x", "campaign": f"c-{MARK}", "product": "jam"}),
        ("ads", {"id": "a-x", "campaign": "c-hill", "product": "jam"}),
        ("creatives", {"id": "k-x", "product": "jam", "headline": "x", "advertiser": THEIRS}),
        ("creatives", {"id": "k-x", "product": "jam", "headline": "x"}),
    ):
        told = guest("PUT", f"/v1/{plural}/{document['id']}", document)
        assert told.status_code == 403, (document, told.text)
        assert "is not yours" in told.json()["detail"]
    ad = {"id": "a-x", "campaign": "c-mine", "product": "jam", "creative": f"k-{MARK}"}
    told = guest("PUT", "/v1/ads/a-x", ad)
    assert (told.status_code, "another advertiser's" in told.json()["detail"]) == (400, True)
    assert guest("PATCH", "/v1/campaigns/c-mine", {"advertiser": THEIRS}).status_code == 403
    assert guest("PATCH", "/v1/ads/a-mine", {"campaign": f"c-{MARK}"}).status_code == 403


def test_its_own_it_reads_changes_and_removes(askers: tuple[Asker, Asker]) -> None:
    _, guest = askers
    assert [one["id"] for one in guest("GET", "/v1/advertisers").json()["items"]] == [MINE]
    assert {one["id"] for one in guest("GET", "/v1/campaigns").json()["items"]} == {"c-leaf", "c-mine"}
    assert {one["id"] for one in guest("GET", "/v1/ads").json()["items"]} == {"a-tea", "a-pot", "a-mine"}
    assert guest("PATCH", "/v1/campaigns/c-mine", {"bid": 7}).json()["bid"] == 7
    campaign = {"id": "c-gone", "advertiser": MINE}
    assert guest("PUT", "/v1/campaigns/c-gone", campaign).status_code == 201
    assert (
        guest("POST", "/v1/ads", [{"id": "a-gone", "campaign": "c-gone", "product": "pot"}]).status_code
        == 200
    )
    assert guest("DELETE", "/v1/campaigns/c-gone?cascade=1").status_code == 204
    trail = guest("GET", "/v1/audit").json()["changes"]
    assert {"c-gone", "a-gone"} <= {id for one in trail for id in one["ids"]}
    versions = guest("GET", "/v1/audit/campaign/c-gone").json()["versions"]
    assert [one["document"] for one in versions] == [campaign, None]
    assert {one["by"] for one in versions} != {"local"}


@pytest.mark.parametrize(
    ("plural", "field"), [(f"{kind}s", name) for kind, all in RESERVED.items() for name in all]
)
def test_what_decides_over_others_is_the_shops_to_set(
    askers: tuple[Asker, Asker], plural: str, field: str
) -> None:
    house, guest = askers
    value: Any = {"tier": Tier.GUARANTEED, "share": 0.5, "quality": 9.0, "origin": "the shop"}.get(
        field, True
    )
    path = f"/v1/{plural}/{OWN[plural]['id']}"
    told = guest("PATCH", path, {field: value})
    assert (told.status_code, field in told.json()["detail"]) == (403, True)
    assert house("PATCH", path, {field: value}).status_code == 200
    same = {"creatives": {"image": ""}, "audiences": {"name": ""}}.get(plural, {"active": True})
    kept = guest("PATCH", path, same)
    assert (kept.status_code, kept.json()[field]) == (200, value)
    assert house("PATCH", path, {field: None}).status_code == 200


def test_an_advertisers_words_wait_for_the_shop(askers: tuple[Asker, Asker]) -> None:
    house, guest = askers
    copy = {"id": "k-new", "product": "pot", "headline": "Pots!", "advertiser": MINE}
    assert guest("PUT", "/v1/creatives/k-new", {**copy, "approved": True}).json()["approved"] is False
    assert house("PATCH", "/v1/creatives/k-new", {"approved": True}).status_code == 200
    assert "approved" not in guest("PUT", "/v1/creatives/k-new", copy).json()  # as it was approved
    assert guest("PATCH", "/v1/creatives/k-new", {"headline": "More!"}).json()["approved"] is False


def test_its_report_and_balance_are_about_its_own_ads(askers: tuple[Asker, Asker]) -> None:
    house, guest = askers
    whole, part = house("GET", "/v1/report").json(), guest("GET", "/v1/report").json()
    assert (whole["totals"]["impressions"], part["totals"]["impressions"]) == (2, 1)
    assert part["totals"]["spend"] < whole["totals"]["spend"]
    assert [
        cell["key"]
        for section in part["sections"]
        if section["by"] == "campaign"
        for cell in section["cells"]
    ] == ["c-leaf"]
    for form in ("csv", "html"):
        assert marks(house("GET", f"/v1/report?format={form}"))
        assert not marks(guest("GET", f"/v1/report?format={form}"))


def test_nothing_else_opens_to_an_advertiser(askers: tuple[Asker, Asker]) -> None:
    _, guest = askers
    for one in ENDPOINTS:
        if one.keys and Role.ADVERTISER not in one.keys:
            told = guest(one.method.upper(), re.sub(r"\{(\w+)(?::path)?\}", "x", one.path))
            assert told.status_code == 403, (one.method, one.path)
