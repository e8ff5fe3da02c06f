"""`/v1/search`: results and ads in one answer, ads only where they answer the query, nothing shown twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import shops
from tests.server.client import Client

from hawker.records.campaign import Ad, Campaign, Keyword, Match, Targeting
from hawker.records.catalogue import Product
from hawker.records.placement import Page, Placement
from hawker.records.search import Pin, SearchRules, Twice
from hawker.server import app
from hawker.storage.control import Control
from hawker.storage.tables import write_products

UNIT = shops.UNIT
SEARCH = Placement(name="search", page=Page.SEARCH, slots=2)
TEAS = (
    Product("green", "Green tea", category="Grocery > Tea", brand="Leaf", price=4 * UNIT, color="green"),
    Product("black", "Black tea", category="Grocery > Tea", brand="Leaf", price=6 * UNIT),
    Product("mint", "Mint tea", category="Grocery > Tea", brand="Herb", price=9 * UNIT),
    Product("jam", "Plum jam", category="Grocery > Jam", brand="Orchard", price=3 * UNIT),
    Product("cup", "Porcelain cup", category="Kitchen > Cups", brand="Kiln", price=12 * UNIT),
)
ORDERS = (
    Campaign("c-leaf", advertiser="Leaf", bid=4 * UNIT),
    Campaign("c-orchard", advertiser="Orchard", bid=9 * UNIT),
    Campaign(
        "c-kiln",
        advertiser="Kiln",
        bid=2 * UNIT,
        targeting=Targeting(keywords=(Keyword("tea", Match.BROAD),)),
    ),
)
ADS = (Ad("a-black", "c-leaf", "black"), Ad("a-jam", "c-orchard", "jam"), Ad("a-cup", "c-kiln", "cup"))


def served(folder: Path, **rules: Any) -> Client:
    shop = shops.tiny(folder / "shop", campaigns=(), placements=(SEARCH,), search=SearchRules(**rules))
    write_products(shop.table("catalogue"), TEAS)
    control = Control(shop.control)
    control.put_campaigns(ORDERS)
    control.put_ads(ADS)
    control.close()
    return Client(app(shop, limit=50_000))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with served(tmp_path_factory.mktemp("searched")) as made:
        yield made


def ads(answer: dict[str, Any]) -> set[str]:
    return {ad["product"] for ad in answer["sponsored"]["ads"]}


def results(answer: dict[str, Any]) -> list[str]:
    return [result["id"] for result in answer["results"]]


def test_ads_answer_the_query_or_were_booked_by_it_and_stand_once(client: Client) -> None:
    answer = client.post("/v1/search", json={"query": "tea", "shopper": "u-1"}).json()
    assert ads(answer) == {"black", "cup"}, "the highest bid is for jam, which is no answer"
    assert results(answer) == ["green", "mint"], "what is advertised is not shown again"
    assert answer["total"] == 3
    assert all(ad["sponsored"] and ad["label"] == "Sponsored" for ad in answer["sponsored"]["ads"])
    assert all("price" not in ad for ad in answer["sponsored"]["ads"])
    other = client.get("/v1/search?query=jam").json()
    assert ads(other) == {"jam"}
    assert results(other) == []


def test_a_search_without_an_answer_has_no_ads_either(client: Client) -> None:
    answer = client.post("/v1/search", json={"query": "🙂 qqqq"}).json()
    assert (answer["total"], answer["results"], ads(answer)) == (0, [], set())
    assert answer["sponsored"]["fallback"] == "nothing_eligible"


def test_a_page_without_a_query_shows_what_there_is(client: Client) -> None:
    answer = client.get("/v1/search?category=Grocery&size=2&page=2").json()
    assert answer["total"] == 4
    assert ads(answer) == {"black", "jam"}
    assert client.get("/v1/search?size=100").json()["total"] == len(TEAS)


def test_filters_sorting_and_guesses(client: Client) -> None:
    answer = client.get(
        "/v1/search?query=gren+tea+under+5&attribute=color:Green&brand=leaf&sort=-price"
    ).json()
    assert results(answer) == ["green"]
    assert (answer["understood"], answer["suggestion"]) == ("gren tea", "green tea")
    assert answer["filters"]["most"] == 5 * UNIT
    body = {"query": "tea", "filters": {"least": 5 * UNIT}, "sort": "price", "slots": 1}
    priced = client.post("/v1/search", json=body).json()
    assert len(priced["sponsored"]["ads"]) == 1
    assert {one["value"]: one["count"] for one in priced["facets"]["brands"]} == {"Leaf": 1, "Herb": 1}


def test_a_refusal_of_consent_names_nobody(client: Client) -> None:
    answer = client.post(
        "/v1/search", json={"query": "tea", "shopper": "u-1"}, headers={"Sec-GPC": "1"}
    ).json()
    assert answer["sponsored"]["path"] == "contextual"
    log = client.application.engine.decision_log  # type: ignore[union-attr]
    kept = log.read(answer["sponsored"]["decision"])
    assert (kept.request.shopper, kept.request.query) == ("", "tea")


@pytest.mark.parametrize(
    "query",
    ["", " ", "x" * 10_000, "'; DROP TABLE products; --", "<script>alert(1)</script>", "👩‍👩‍👧", "\x00\x07"],
)
def test_whatever_is_typed_is_answered(client: Client, query: str) -> None:
    reply = client.post("/v1/search", json={"query": query})
    assert reply.status_code == 200
    assert "<script>" not in json.dumps(reply.json()["understood"])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/v1/search?page=0", "'page' is 0"),
        ("/v1/search?size=101", "'size' is 101"),
        ("/v1/search?qery=tea", "no parameter 'qery'"),
        ("/v1/search?attribute=red", "name:value"),
        ("/v1/search?page=two", "int"),
        ("/v1/search?query=a&query=b", "given twice"),
        ("/v1/search?sort=best", "best"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(client: Client, url: str, told: str) -> None:
    reply = client.get(url)
    assert reply.status_code == 400
    assert told in reply.text
    assert client.get("/v1/search?placement=nowhere").status_code == 404
    assert client.request("DELETE", "/v1/search").status_code == 405


def test_a_product_is_advertised_or_found_as_the_shop_wants(tmp_path: Path) -> None:
    with served(tmp_path / "avoid", twice=Twice.AVOID) as avoiding:
        answer = avoiding.get("/v1/search?query=black+tea").json()
        assert results(answer)[0] == "black"
        assert ads(answer) == {"cup"}
    with served(tmp_path / "keep", twice=Twice.KEEP, placement="") as keeping:
        answer = keeping.get("/v1/search?query=black+tea").json()
        assert results(answer)[0] == "black"
        assert answer["sponsored"] is None


def test_a_changed_catalogue_is_searched_soon(tmp_path: Path) -> None:
    with served(tmp_path, pins=(Pin("tea", first=("mint",)),)) as client:
        assert results(client.get("/v1/search?query=tea").json())[0] == "mint"
        write_products(
            client.application.shop.table("catalogue"),
            (*TEAS, Product("oolong", "Oolong tea", category="Tea")),
        )
        client.wait(lambda: "oolong" in results(client.get("/v1/search?query=oolong").json()))
