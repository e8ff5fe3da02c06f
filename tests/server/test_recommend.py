"""`/v1/recommend`: every kind with its reasons, the shop's rules, consent, and what there is without a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import numpy as np
import pytest
from tests.server.client import Client

from hawker import Shop, recommend
from hawker.recommend.fitting import Course
from hawker.records.catalogue import Availability, Product
from hawker.records.events import DAY, Event, EventKind
from hawker.records.shelf import ShelfRules
from hawker.server import app
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

pytest.importorskip("scipy")
GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "http").glob("recommend-*.json"))
CLOCK = "2024-03-01T12:00:00"
NOW = 1_709_294_400_000_000
PLAIN = Course(sequence=None)
SHELVES = ("tea", "pan", "sock")


def goods() -> list[Product]:
    """Three shelves of six; socks 0 and 1 are sizes of one, pan 5 cannot be had, a test is nobody's business."""
    made = [
        Product(
            f"{shelf}-{n}",
            f"{shelf.title()} {n}",
            category=f"Shop > {shelf.title()}",
            brand="Leaf" if shelf == "tea" else "Hill",
            price=(n + 1) * 1_000_000,
            currency="EUR",
            link=f"https://shop.example/{shelf}-{n}",
            group="sock-0" if (shelf, n) in (("sock", 0), ("sock", 1)) else "",
            availability=Availability.OUT_OF_STOCK if (shelf, n) == ("pan", 5) else Availability.IN_STOCK,
        )
        for shelf in SHELVES
        for n in range(6)
    ]
    return [*made, Product("test", "Pregnancy test", category="Health > Tests")]


def bought() -> Iterator[Event]:
    """Tea comes again every week, pans and socks do not; who takes pan n takes pan n + 1 and socks n with it."""
    dice = np.random.default_rng(5)
    for who in range(150):
        shelf, first = SHELVES[who % 3], int(dice.integers(6))
        for visit in range(3):
            then = NOW - (24 - 7 * visit) * DAY + int(dice.integers(DAY))
            n = first if shelf == "tea" else (first + 2 * visit) % 6
            basket = [f"{shelf}-{n}", f"{shelf}-{(n + 1) % 6}"] + (["sock-3"] if shelf == "pan" else [])
            for item in basket:
                yield Event(
                    EventKind.PURCHASE, then, id=f"{who}-{visit}-{item}", shopper=f"s-{who}", product=item
                )
    yield Event(EventKind.PURCHASE, NOW - 3 * DAY, id="t", shopper="s-0", product="test")
    yield Event(EventKind.VIEW, NOW - DAY, id="v", shopper="looker", product="pan-2")
    yield Event(EventKind.PURCHASE, NOW - 9 * DAY, id="o", shopper="out", product="pan-2")
    yield Event(EventKind.OPT_OUT, NOW - 2 * DAY, id="no", shopper="out")


def shop_of(folder: Path, *, fitted: bool = True, **settings: Any) -> Shop:
    given = {"name": "Shelf", "clock": CLOCK, "special_categories": ("Health > Tests",), **settings}
    shop = Shop.create(folder, Settings(**given))
    write_products(shop.table("catalogue"), goods())
    EventLog(shop.events).append(list(bought()))
    if fitted:
        recommend.keep(shop, recommend.fit(shop, how=PLAIN))
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop_of(tmp_path_factory.mktemp("shelf") / "shop")


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[Client]:
    with Client(app(shop, limit=50_000)) as made:
        yield made


def ask(client: Client, **given: Any) -> dict[str, Any]:
    reply = client.post("/v1/recommend", json=given)
    assert reply.status_code == 200, reply.text
    return reply.json()


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["products"]]


KINDS = ("for_you", "similar", "bought_together", "complete_basket", "next_purchase", "trending")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_with_reasons(client: Client, kind: str) -> None:
    for language, mark in (("en", " "), ("zh", "。")):
        given = {
            "kind": kind,
            "shopper": "s-1",
            "product": "pan-1",
            "basket": ["pan-1"],
            "language": language,
        }
        answer = ask(client, **given)
        assert (answer["asked"], answer["kind"], answer["note"], answer["path"]) == (
            kind,
            kind,
            "",
            "personalised",
        )
        assert answer["products"], kind
        for one in answer["products"]:
            assert one["words"] and one["source"] and one["score"] > 0
            assert any("一" <= sign <= "鿿" for sign in one["words"]) == (language == "zh"), mark
            if one.get("because"):
                assert one["because"].title().replace("-", " ") in one["words"]
