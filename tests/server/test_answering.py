"""`/v1/ask`: cited answers, a conversation the page carries, orders by a secret key, questions masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import shops
from tests.server.client import Client

from hawker.privacy import erasure
from hawker.records.answers import AnswerRules
from hawker.records.campaign import Ad, Campaign
from hawker.records.catalogue import Product
from hawker.records.key import Role
from hawker.records.placement import Page, Placement
from hawker.server import app
from hawker.storage.control import Control
from hawker.storage.keys import Keys
from hawker.storage.questions import Questions
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products

UNIT = shops.UNIT
GOODS = (
    Product("tea-1", "Green tea", category="Grocery > Tea", brand="Leaf", price=4 * UNIT, stock=7),
    Product("tea-2", "Black tea", category="Grocery > Tea", brand="Leaf", price=6 * UNIT),
    Product("tea-3", "Mint tea", category="Grocery > Tea", brand="Herb", price=9 * UNIT),
)
ORDERS = (
    {"id": "A-1042", "shopper": "u-1", "status": "on its way", "expected": "2024-03-04", "tracking": "T-9"},
    {"id": "A-1043", "shopper": "u-2", "status": "delivered"},
)


def made(folder: Path, **rules: Any) -> Shop:
    rules = {"orders": "orders.jsonl", "placement": "search", **rules}
    search = Placement(name="search", page=Page.SEARCH, slots=1)
    shop = shops.tiny(folder / "shop", campaigns=(), placements=(search,), answers=AnswerRules(**rules))
    write_products(shop.table("catalogue"), GOODS)
    (shop.folder / "policies.md").write_text("# Returns\nUnopened goods may be sent back within 30 days.\n")
    (shop.folder / "orders.jsonl").write_text("\n".join(map(json.dumps, ORDERS)))
    control = Control(shop.control)
    control.put_campaigns([Campaign("c-leaf", advertiser="Leaf", bid=4 * UNIT)])
    control.put_ads([Ad("a-black", "c-leaf", "tea-2")])
    control.close()
    return shop


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client(app(made(tmp_path_factory.mktemp("asked")), limit=50_000)) as running:
        yield running


def kept(client: Client) -> list[Any]:
    questions = Questions(client.application.shop.control)
    try:
        return questions.all()
    finally:
        questions.close()


def test_an_answer_carries_its_records_and_the_next_question_its_conversation(client: Client) -> None:
    answer = client.post("/v1/ask", json={"question": "How much is the green tea?"}).json()
    assert "4.00 USD" in answer["text"]
    cited = answer["sentences"][0]["citations"][0]
    assert (cited["record"], cited["field"], cited["value"]) == ("tea-1", "price", "4.00 USD")
    again = client.post(
        "/v1/ask", json={"question": "And how many are left?", "conversation": answer["conversation"]}
    ).json()
    assert again["products"] == ["tea-1"]
    assert "7" in again["text"]


def test_a_query_string_asks_the_same(client: Client) -> None:
    answer = client.get("/v1/ask?question=能退货吗&language=zh").json()
    assert answer["kind"] == "policy"
    assert answer["sentences"][0]["citations"][0]["record"] == "policies-1"


def test_what_no_record_holds_is_handed_over(client: Client) -> None:
    answer = client.post("/v1/ask", json={"question": "Is the green tea decaffeinated?"}).json()
    assert answer["abstained"] is True
    assert "tea-1" in answer["handover"]
    assert not any(one.get("citations") for one in answer["sentences"])


def test_what_is_recommended_has_one_recorded_decision_beside_it(client: Client) -> None:
    answer = client.post("/v1/ask", json={"question": "Can you recommend a tea?", "shopper": "u-1"}).json()
    assert {one["product"] for one in answer["suggested"]} <= {"tea-1", "tea-2", "tea-3"}
    ad = answer["sponsored"]["ads"][0]
    assert (ad["product"], ad["label"], ad["sponsored"]) == ("tea-2", "Sponsored", True)
    log = client.application.engine.decision_log  # type: ignore[union-attr]
    assert log.read(answer["sponsored"]["decision"]).request.placement == "search"


def test_orders_are_told_to_whom_the_shops_server_vouches_for(client: Client) -> None:
    mine = client.post("/v1/ask", json={"question": "Where is my order?", "shopper": "u-1"}).json()
    assert "on its way" in mine["text"]
    assert "A-1042" in mine["text"]
    other = client.post("/v1/ask", json={"question": "Where is my order A-1043?", "shopper": "u-1"}).json()
    assert other["reason"] == "order_not_found"
    assert "delivered" not in other["text"]
    nobody = client.post("/v1/ask", json={"question": "Where is my order A-1042?"}).json()
    assert nobody["reason"] == "not_signed_in"


def test_a_publishable_key_opens_no_orders(tmp_path: Path) -> None:
    shop = made(tmp_path)
    keys = Keys(shop.control)
    secret = keys.create(Role.PAGE, now=shops.NOW, origins=["https://shop.example"])[1]
    keys.close()
    headers = {"Authorization": f"Bearer {secret}", "Origin": "https://shop.example"}
    with Client(app(shop)) as running:
        answer = running.post(
            "/v1/ask", json={"question": "Where is my order A-1042?", "shopper": "u-1"}, headers=headers
        )
        assert answer.status_code == 200
        assert answer.json()["reason"] == "not_signed_in"


def test_questions_are_kept_masked_and_nobodys_without_consent_and_are_forgotten(tmp_path: Path) -> None:
    shop = made(tmp_path)
    with Client(app(shop)) as running:
        body = {"question": "Mail me at jane.doe@example.com: how much is the mint tea?", "shopper": "u-1"}
        running.post("/v1/ask", json=body)
        running.post("/v1/ask", json=body, headers={"Sec-GPC": "1"})
        first, second = kept(running)
        assert "jane.doe" not in first.question
        assert (first.shopper, second.shopper) == ("u-1", "")
        assert "[tea-3.price]" in first.citations
        receipt = running.request("DELETE", "/v1/shoppers/u-1").json()
        assert {one["store"]: one["removed"] for one in receipt["stores"]}["questions"] == 1
        assert [one.shopper for one in kept(running)] == [""]
    assert erasure.receipts(shop)


def test_no_orders_number_is_kept(tmp_path: Path) -> None:
    with Client(app(made(tmp_path))) as running:
        body = {"question": "Where is my order #A-1042?", "shopper": "u-1"}
        assert "A-1042" in running.post("/v1/ask", json=body).json()["text"]
        running.post("/v1/ask", json=body, headers={"Sec-GPC": "1"})
        assert {(one.question, one.citations) for one in kept(running)} == {
            ("Where is my order #…?", "[order]")
        }


def test_a_shop_may_keep_none(tmp_path: Path) -> None:
    with Client(app(made(tmp_path, keep_days=0))) as running:
        running.get("/v1/ask?question=hello")
        assert kept(running) == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"question": "x" * 2_001}, "question"),
        ({"question": "tea?", "conversation": "%%%"}, "conversation"),
        ({"question": "tea?", "conversation": "bm9uZQ=="}, "conversation"),
        ({"qestion": "tea?"}, "question"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(
    client: Client, body: dict[str, Any], word: str
) -> None:
    answer = client.post("/v1/ask", json=body)
    assert answer.status_code == 400
    assert word in answer.json()["detail"] + answer.json().get("remedy", "")
