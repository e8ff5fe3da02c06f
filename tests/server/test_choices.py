"""Preferences over HTTP: kept, bounded, and acting on the next decision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests import shops
from tests.server.client import Client

from hawker.delivery.wishes import MOST_HIDDEN, Wishes
from hawker.privacy import erasure
from hawker.privacy.receipt import Receipt, genuine
from hawker.records.events import Event, EventKind
from hawker.records.preferences import Preferences
from hawker.server import app
from hawker.storage.presence import present
from hawker.storage.shop import Shop

PATH = "/v1/shoppers/u-1/preferences"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shops.tiny(tmp_path / "shop")


@pytest.fixture
def client(shop: Shop) -> Iterator[Client]:
    with Client(app(shop)) as made:
        yield made


def asked(client: Client, shopper: str = "u-1") -> dict[str, object]:
    told: dict[str, object] = client.get(f"/v1/decide?placement=home&shopper={shopper}").json()
    return told


def test_interests_off_acts_on_the_next_decision_and_survives_a_restart(shop: Shop, client: Client) -> None:
    assert client.get(PATH).json() == {}
    assert asked(client)["path"] == "personalised"
    kept = client.request("PUT", PATH, json={"interests": False})
    assert (kept.status_code, kept.json()) == (200, {"interests": False})
    assert asked(client)["reason"] == "interests_off"
    assert asked(client, "u-2")["path"] == "personalised"
    assert client.get(PATH).json() == {"interests": False}
    assert Wishes(shop).of("u-1") == Preferences(interests=False)
    assert client.request("PUT", PATH, json={}).json() == {}
    assert asked(client)["path"] == "personalised"
    assert Wishes(shop).held == {}


def test_fewer_ads_leaves_pages_without(client: Client) -> None:
    client.request("PUT", PATH, json={"fewer": True})
    told = {asked(client)["fallback"] for _ in range(40)}
    assert told == {"", "fewer_ads_wanted"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"interest": False}, "Did you mean 'interests'"),
        ({"interests": "no"}, "bool"),
        ({"not_products": [""]}, "not_products"),
        ({"not_products": ["x" * 129]}, "not_products"),
        ({"not_categories": ["x"] * 1001}, "not_categories"),
        ([], "object"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(client: Client, given: object, words: str) -> None:
    refused = client.request("PUT", PATH, json=given)
    assert refused.status_code == 400
    assert words in json.dumps(refused.json())
    assert client.get(PATH).json() == {}


def test_a_name_too_long_is_refused(client: Client) -> None:
    assert client.get(f"/v1/shoppers/{'x' * 129}/preferences").status_code == 400
    assert client.request("PUT", "/v1/shoppers/a%7Fb/preferences", json={}).status_code == 400
    assert client.request("PUT", PATH, content=b"{").status_code == 400


def test_a_hidden_ad_is_kept_hidden_until_there_are_too_many(shop: Shop) -> None:
    from hawker import delivery

    with delivery.build(shop) as engine:
        hides = [Event(EventKind.AD_HIDE, shops.NOW, id="h1", shopper="u-1", ad="a-jam")]
        hides += [
            Event(EventKind.AD_HIDE, shops.NOW, id=f"h2-{n}", shopper="u-1", product="tea") for n in "ab"
        ]
        hides += [Event(EventKind.AD_HIDE, shops.NOW, id="h3", product="pot")]
        hides += [Event(EventKind.AD_HIDE, shops.NOW, id="h4", shopper="u-1", ad="gone")]
        engine.observe(hides)
        assert engine.wishes.of("u-1").not_products == ("jam", "tea")
        assert engine.world.preferences["u-1"].not_products == ("jam", "tea")
        assert list(engine.wishes.held) == ["u-1"]
        full = tuple(f"p-{n}" for n in range(MOST_HIDDEN))
        engine.wishes.put("u-1", Preferences(not_products=full))
        engine.wishes.hide(hides[:1], engine.world.index)
        assert engine.wishes.of("u-1").not_products == (*full[1:], "jam")


def test_processes_hear_of_each_others_choices(shop: Shop) -> None:
    one, two = Wishes(shop), Wishes(shop)
    held = two.held
    one.put("u-1", Preferences(fewer=True))
    one.put("u-2", Preferences(fewer=True))
    assert held == {}
    two.refresh()
    assert held == {"u-1": Preferences(fewer=True), "u-2": Preferences(fewer=True)}
    assert one.forget("u-1")
    assert not one.forget("u-1")
    two.refresh()
    assert list(held) == ["u-2"]


def test_a_shopper_is_forgotten_with_a_receipt(shop: Shop, client: Client) -> None:
    client.request("PUT", PATH, json={"fewer": True})
    told = client.request("DELETE", "/v1/shoppers/u-1")
    assert told.status_code == 200
    receipt = msgspec.json.decode(told.content, type=Receipt)
    assert genuine(shop, receipt)
    assert {one.store: one.removed for one in receipt.stores}["events"] == 3
    assert client.get(PATH).json() == {}
    assert client.get("/v1/shoppers/u-1/profile").json()["known"] is False
    assert asked(client)["path"] == "personalised"
    assert client.request("DELETE", "/v1/shoppers/u-1").status_code == 200
    assert client.request("DELETE", f"/v1/shoppers/{'x' * 129}").status_code == 400


def test_what_another_process_began_is_finished_by_the_server(shop: Shop, client: Client) -> None:
    client.request("PUT", PATH, json={"fewer": True})
    client.wait(lambda: bool(present(erasure.engines(shop))))
    journal = erasure.begin(Shop(shop.folder), "u-1")
    assert erasure.complete(shop, journal) is None
    client.wait(lambda: bool(erasure.receipts(shop)) and not erasure.pending(shop))
    assert client.get(PATH).json() == {}
