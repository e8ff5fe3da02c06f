"""What advertisers order over HTTP: put, read, listed, changed, removed; in effect at once, and on record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import shops
from tests.server.client import Client

from hawker.records.key import Rates, Role
from hawker.server import app
from hawker.server.orders import RESOURCES
from hawker.storage.control import Control
from hawker.storage.keys import Keys

BID = 9 * shops.UNIT
EACH: dict[str, dict[str, Any]] = {
    "advertisers": {"id": "Vale", "name": "Vale & Sons"},
    "audiences": {"id": "u-new", "rule": "visits_30d >= 3"},
    "campaigns": {"id": "c-new", "advertiser": "Vale", "bid": BID},
    "groups": {"id": "g-new", "campaign": "c-leaf", "targeting": {"placements": ["home"]}},
    "ads": {"id": "a-new", "campaign": "c-leaf", "product": "jam"},
    "creatives": {"id": "k-new", "product": "sock", "headline": "Socks of wool"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client(app(shops.tiny(tmp_path_factory.mktemp("managed") / "shop"), limit=50_000)) as client:
        yield client


def test_every_kind_is_tried_here() -> None:
    assert set(EACH) == {one.plural for one in RESOURCES}


@pytest.mark.parametrize("plural", EACH)
def test_a_resource_from_its_making_to_its_end(made: Client, plural: str) -> None:
    document = EACH[plural]
    path = f"/v1/{plural}/{document['id']}"
    assert made.get(path).status_code == 404
    new = made.request("PUT", path, json=document)
    assert (new.status_code, new.json()) == (201, document)
    again = made.request("PUT", path, json=document)
    assert (again.status_code, again.headers["etag"]) == (200, new.headers["etag"])
    assert made.get(path).json() == document
    assert document in made.get(f"/v1/{plural}").json()["items"]
    told = {"creatives": ("headline", "Wool"), "audiences": ("name", "Often here")}
    field, value = told.get(plural, ("active", False))
    changed = made.request("PATCH", path, json={field: value})
    assert changed.json() == {**document, field: value}
    assert changed.headers["etag"] != new.headers["etag"]
    stale = made.request("PUT", path, json=document, headers={"If-Match": new.headers["etag"]})
    assert (stale.status_code, stale.json()["title"]) == (412, "Changed meanwhile")
    fresh = {"If-Match": changed.headers["etag"]}
    assert made.request("PUT", path, json=document, headers=fresh).status_code == 200
    assert made.request("PUT", path, json=document, headers={"If-None-Match": "*"}).status_code == 412
    gone = made.request("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert made.get(path).status_code == made.request("DELETE", path).status_code == 404
    assert made.request("PUT", path, json=document, headers={"If-Match": "*"}).status_code == 412


def test_what_is_put_counts_in_the_next_decision(made: Client) -> None:
    def first() -> str:
        return str(made.get("/v1/decide?placement=home").json()["ads"][0]["id"])

    assert first() == "a-tea"
    campaign = {**EACH["campaigns"], "id": "c-high"}
    assert made.request("PUT", "/v1/campaigns/c-high", json=campaign).status_code == 201
    ad = {"id": "a-high", "campaign": "c-high", "product": "sock"}
    assert made.request("PUT", "/v1/ads/a-high", json=ad).status_code == 201
    assert first() == "a-high"
    assert made.request("PATCH", "/v1/campaigns/c-high", json={"active": False}).status_code == 200
    assert first() == "a-tea"
    assert made.request("PATCH", "/v1/campaigns/c-high", json={"active": None}).json() == campaign
    assert first() == "a-high"
    told = made.request("DELETE", "/v1/campaigns/c-high")
    assert (told.status_code, "?cascade=1" in told.json()["remedy"]) == (409, True)
    assert made.request("DELETE", "/v1/campaigns/c-high?cascade=1").status_code == 204
    assert made.get("/v1/ads/a-high").status_code == 404
    assert first() == "a-tea"


def test_several_are_put_at_once_all_or_none(made: Client) -> None:
    good = [{"id": f"a-{n}", "campaign": "c-leaf", "product": "tea", "active": False} for n in range(3)]
    assert made.post("/v1/ads", json=good).json() == {"kept": 3, "changed": 3}
    assert made.post("/v1/ads", json=good).json() == {"kept": 3, "changed": 0}
    bad = [{**good[0], "active": True}, {**good[1], "campaign": "c-none"}]
    refused = made.post("/v1/ads", json=bad)
    assert (refused.status_code, refused.json()["detail"]) == (
        400,
        "[1].campaign: there is no campaign 'c-none'.",
    )
    assert made.get("/v1/ads/a-0").json()["active"] is False
    assert made.post("/v1/ads", json=[good[0], good[0]]).status_code == 400
    assert made.post("/v1/ads", json=[{**good[0], "id": f"x{n}"} for n in range(1_001)]).status_code in {
        400,
        413,
    }


def test_a_list_is_read_page_by_page_and_filtered(made: Client) -> None:
    documents = [{"id": f"c-p{n}", "advertiser": "Pages" if n % 2 else "Others"} for n in range(7)]
    assert made.post("/v1/campaigns", json=documents).json()["changed"] == 7
    seen, after = [], ""
    while True:
        page = made.get(f"/v1/campaigns?advertiser=Pages&limit=2&after={after}").json()
        seen += [one["id"] for one in page["items"]]
        assert len(page["items"]) <= 2
        if not (after := page["next"]):
            break
    assert seen == ["c-p1", "c-p3", "c-p5"]
    everything = made.get("/v1/campaigns?limit=1000").json()
    assert everything["next"] == ""
    assert {"c-leaf", "c-p0", "c-p6"} <= {one["id"] for one in everything["items"]}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("campaigns/c", {"id": "d"}, "'id' is 'd', the path names 'c'"),
        ("campaigns/c", {"id": "c", "bud": 1}, "`bud`. Did you mean 'bid'?"),
        ("campaigns/c", {"id": "c", "bid": "1"}, "$.bid"),
        ("campaigns/c", {"id": "c", "targeting": {"placement": ["home"]}}, "Did you mean 'placements'?"),
        ("campaigns/c", {"id": "c", "caps": [{"per": "day"}]}, "`most`"),
        ("campaigns/c", {"id": "c", "bid": -1}, "'bid' cannot be used"),
        ("campaigns/c", {"id": "c", "bid": 1, "start": 5, "end": 4}, "'end' cannot be used"),
        ("campaigns/c", {"id": "c", "bid": 1, "timezone": "Mars/Olympus"}, "'timezone' cannot be used"),
        ("groups/g", {"id": "g", "campaign": "c-none"}, "campaign: there is no campaign 'c-none'"),
        ("groups/g", {"id": "g", "campaign": ""}, "campaign: there is no campaign ''"),
        ("ads/a", {"id": "a", "campaign": "c-leaf", "product": "gold"}, "the catalogue has no 'gold'"),
        ("ads/a", {"id": "a", "campaign": "c-leaf", "product": "tea", "group": "g"}, "there is no group 'g'"),
        ("ads/a", {"id": "a", "campaign": "c-leaf", "product": "tea", "creative": "k"}, "no creative 'k'"),
        ("creatives/k", {"id": "k", "product": "gold", "headline": "x"}, "the catalogue has no 'gold'"),
        ("creatives/k", {"id": "k", "product": "tea"}, "`headline`"),
        ("advertisers/a", [], "Expected `object`"),
    ],
)
def test_what_cannot_be_ordered_names_the_field(made: Client, path: str, body: Any, said: str) -> None:
    told = made.request("PUT", f"/v1/{path}", json=body)
    assert told.status_code == 400, told.text
    assert said in f"{told.json()['detail']} {told.json().get('remedy', '')}"
    assert made.get(f"/v1/{path}").status_code == 404


def test_an_ad_keeps_to_its_own_campaign_group_and_product(made: Client) -> None:
    made.request("PUT", "/v1/groups/g-1", json={"id": "g-1", "campaign": "c-leaf"})
    made.request("PUT", "/v1/creatives/k-1", json={"id": "k-1", "product": "tea", "headline": "Tea"})
    ad = {"id": "a-own", "campaign": "c-leaf", "product": "tea", "group": "g-1", "creative": "k-1"}
    assert made.request("PUT", "/v1/ads/a-own", json=ad).status_code == 201
    for wrong, said in (
        ({"campaign": "c-orchard"}, "'g-1' is of campaign 'c-leaf'"),
        ({"product": "pot"}, "about product 'tea'"),
    ):
        told = made.request("PATCH", "/v1/ads/a-own", json=wrong)
        assert (told.status_code, said in told.json()["detail"]) == (400, True)
    for path, patch in (("groups/g-1", {"campaign": "c-orchard"}), ("creatives/k-1", {"product": "pot"})):
        told = made.request("PATCH", f"/v1/{path}", json=patch)
        assert (told.status_code, "cannot be changed" in told.json()["detail"]) == (400, True)
        assert made.request("DELETE", f"/v1/{path}").status_code == 409
    assert made.request("DELETE", "/v1/groups/g-1?cascade=1").status_code == 204
    assert made.get("/v1/ads/a-own").status_code == 404
    assert made.request("DELETE", "/v1/creatives/k-1").status_code == 204


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=٣", "advertise=Leaf", "after=a&after=b"]
)
def test_a_list_that_cannot_be_is_refused(made: Client, query: str) -> None:
    assert made.get(f"/v1/campaigns?{query}").status_code == 400


def test_a_change_says_by_which_key_it_was_made(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", rates=Rates(guest=0))
    keys = Keys(shop.control)
    key, secret = keys.create(Role.SHOP, now=time.time_ns() // 1000)
    keys.close()
    with Client(app(shop)) as client:
        headers = {"Authorization": f"Bearer {secret}"}
        campaign = {"id": "c-key", "advertiser": "Leaf"}
        assert client.request("PUT", "/v1/campaigns/c-key", json=campaign, headers=headers).status_code == 201
    control = Control(shop.control)
    assert [one.by for one in control.history("campaign", "c-key")] == [key.id]
