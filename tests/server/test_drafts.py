"""Drafts over HTTP: whose they are, who lets them be shown, and that they are shown then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tests import shops
from tests.server.client import Client

from hawker.creative import studio
from hawker.creative.draft import Extractive
from hawker.records.audience import Audience, Kind
from hawker.records.draft import Brief, Objection
from hawker.records.finding import Severity
from hawker.records.key import Rates, Role
from hawker.server import app
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts
from hawker.storage.keys import Keys
from hawker.storage.shop import Shop


class Asker:
    """Somebody with a key."""

    def __init__(self, client: Client, secret: str) -> None:
        self.client, self._headers = client, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, document: Any = None) -> httpx.Response:
        given = {} if document is None else {"json": document}
        return self.client.request(method, path, headers=self._headers, **given)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = shops.tiny(tmp_path_factory.mktemp("drafts") / "shop", rates=Rates(guest=0))
    control = Control(made.control)
    control.put([Audience("u-other", Kind.LIST, name="Secret club", advertiser="Orchard")])
    control.close()
    return made


@pytest.fixture(scope="module")
def askers(shop: Shop) -> Iterator[dict[str, Asker]]:
    keys = Keys(shop.control)
    now = time.time_ns() // 1000
    secrets = {
        "shop": keys.create(Role.SHOP, now=now)[1],
        "Leaf": keys.create(Role.ADVERTISER, now=now, advertiser="Leaf")[1],
        "Orchard": keys.create(Role.ADVERTISER, now=now, advertiser="Orchard")[1],
        "reader": keys.create(Role.READER, now=now)[1],
    }
    keys.close()
    with Client(app(shop)) as client:
        yield {name: Asker(client, secret) for name, secret in secrets.items()}


def wrote(asker: Asker, **wanted: Any) -> Any:
    told = asker("POST", "/v1/drafts", {"product": "tea", "n": 2, **wanted})
    assert told.status_code == 200, told.text
    return [one for one in told.json()["variants"] if one["standing"] != "fallen"]


def test_an_advertiser_writes_approves_and_is_shown(askers: dict[str, Asker]) -> None:
    leaf = askers["Leaf"]
    first = wrote(leaf, campaign="c-leaf", seed=1)[0]
    assert (first["advertiser"], first["standing"]) == ("Leaf", "waiting")
    listed = leaf("GET", "/v1/drafts?standing=waiting&product=tea&limit=1").json()
    assert len(listed["items"]) == 1
    looked = leaf("GET", f"/v1/drafts/{first['id']}").json()
    assert looked["written"]["brief"]["product"]["id"] == "tea"
    assert looked["written"]["campaign"] == "c-leaf"
    told = leaf("POST", f"/v1/drafts/{first['id']}/approve")
    assert told.json()["rulings"][0]["by"].startswith("k-")
    shown = askers["shop"]("GET", "/v1/decide?placement=home").json()["ads"]
    tea = next(ad for ad in shown if ad["product"] == "tea")
    assert tea["headline"] == first["draft"]["parts"]["title"][0]
    assert tea["call_to_action"] == first["draft"]["parts"]["call_to_action"][0]
    gone = leaf("POST", f"/v1/drafts/{first['id']}/refuse", {"reason": "dull"}).json()
    assert [one["standing"] for one in gone["rulings"]] == ["approved", "refused"]
    shown = askers["shop"]("GET", "/v1/decide?placement=home").json()["ads"]
    assert next(ad for ad in shown if ad["product"] == "tea")["headline"] == "Green tea"


def test_what_is_anothers_is_not_there(askers: dict[str, Asker]) -> None:
    name = wrote(askers["Leaf"], seed=2)[0]["id"]
    orchard = askers["Orchard"]
    for method, path in (("GET", ""), ("POST", "/approve"), ("POST", "/refuse")):
        given = {"reason": "x"} if method == "POST" else None
        assert orchard(method, f"/v1/drafts/{name}{path}", given).status_code == 404
    assert orchard("GET", "/v1/drafts").json() == {"items": [], "next": ""}
    assert orchard("GET", "/v1/drafts?advertiser=Leaf").json()["items"] == []
    assert [one["id"] for one in askers["reader"]("GET", "/v1/drafts?advertiser=Leaf").json()["items"]]
    assert askers["reader"]("POST", f"/v1/drafts/{name}/approve").status_code == 403
    assert askers["shop"]("GET", f"/v1/drafts/{name}").json()["draft"]["standing"] == "waiting"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"campaign": "c-orchard"}, 403),
        ({"advertiser": "Orchard"}, 403),
        ({"audience": "u-other"}, 403),
        ({"product": "nothing"}, 400),
        ({"campaign": "nowhere"}, 403),
        ({"placement": "nowhere"}, 404),
        ({"n": 21}, 400),
        ({"kind": "poem"}, 400),
        ({"tone": "a\u0000b"}, 400),
        ({"avoid": [""]}, 400),
        ({"colour": "red"}, 400),
    ],
)
def test_what_may_not_be_wanted(askers: dict[str, Asker], wanted: dict[str, Any], status: int) -> None:
    told = askers["Leaf"]("POST", "/v1/drafts", {"product": "tea", **wanted})
    assert told.status_code == status, told.text
    assert told.json()["detail"]
    assert "Secret club" not in told.text


def test_what_the_gate_has_a_question_about_is_the_shops_to_approve(
    askers: dict[str, Asker], shop: Shop
) -> None:
    made = studio.write(Extractive(), Brief(shops.PRODUCTS[0]), n=2, seed=30, advertiser="Leaf")
    asked = Objection("law", "look", message="Look.", severity=Severity.WARNING)
    variants = tuple(replace(one, objections=(asked,)) for one in made.accepted)
    drafts = Drafts(shop.control)
    drafts.keep([replace(made, variants=variants)])
    drafts.close()
    path = f"/v1/drafts/{variants[0].id}/approve"
    assert askers["Leaf"]("POST", path).status_code == 403
    assert askers["shop"]("POST", path, {"reason": "looked"}).json()["standing"] == "approved"


def test_a_list_is_read_page_by_page_and_knows_its_parameters(askers: dict[str, Asker]) -> None:
    house = askers["shop"]
    wrote(house, seed=4)
    every = [one["id"] for one in house("GET", "/v1/drafts?limit=1000").json()["items"]]
    seen, after = [], ""
    while True:
        page = house("GET", f"/v1/drafts?limit=2&after={after}").json()
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
        if not after:
            break
    assert seen == every
    for query in ("limit=0", "limit=x", "kind=poem", "standing=good", "colour=red", "kind=native&kind=push"):
        assert house("GET", f"/v1/drafts?{query}").status_code == 400
    assert house("GET", "/v1/drafts/nowhere").status_code == 404
    assert house("POST", "/v1/drafts/nowhere/refuse", {"reason": "x"}).status_code == 404
