"""`/v1/recommend`: every kind with its reasons, the shop's rules, consent, and what there is without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

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
    """Three shelves of six; socks 0 and 1 are sizes of one, pan 5 cannot be had, a test is private."""
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
    """Tea comes again every week, pans and most socks do not; who takes pans takes sock 3 with them."""
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
def test_every_kind_answers_with_reasons_in_both_languages(client: Client, kind: str) -> None:
    for language in ("en", "zh"):
        given = {"kind": kind, "shopper": "s-1", "product": "pan-1", "basket": ["pan-1"]}
        answer = ask(client, **given, language=language)
        assert (answer["asked"], answer["kind"], answer["note"]) == (kind, kind, "")
        assert answer["path"] == "personalised"
        assert answer["products"]
        for one in answer["products"]:
            assert one["source"]
            assert one["score"] > 0
            assert any("一" <= sign <= "鿿" for sign in one["words"]) == (language == "zh")
            if one.get("because"):
                assert one["because"].title().replace("-", " ") in one["words"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_request_gets_its_golden_answer_both_ways(client: Client, path: Path) -> None:
    golden = json.loads(path.read_text("utf-8"))
    request, headers = golden["request"], golden.get("headers", {})
    posted = client.post("/v1/recommend", json=request, headers=headers)
    flat = {name: value for name, value in request.items() if name != "consent"}
    flat |= {name: int(value) for name, value in request.get("consent", {}).items()}
    got = client.get(f"/v1/recommend?{urlencode(flat, doseq=True)}", headers=headers)
    assert told(posted.json()) == told(got.json()) == golden["answer"]
    assert posted.status_code == got.status_code == golden["status"]


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without its version, and scores to three places: builds of one library differ in the last."""
    if "products" not in answer:
        return answer
    products = [{**one, "score": round(one["score"], 3)} for one in answer["products"]]
    return {**answer, "version": "…" if answer["version"] else "", "products": products}


def test_there_are_golden_files() -> None:
    assert len(GOLDEN) >= 4


def test_nothing_is_shown_that_cannot_be_had_or_stands_there_already(client: Client) -> None:
    for kind in KINDS:
        given = {"kind": kind, "product": "pan-2", "basket": ["pan-3"], "exclude": ["sock-3"], "number": 50}
        for who in ("", "s-1", "s-2", "looker"):
            shown = ids(ask(client, **given, shopper=who))
            assert not {"pan-5", "pan-2", "pan-3", "sock-3", "test"} & {*shown}, (kind, who)
            assert len(shown) == len({*shown})
            assert not {"sock-0", "sock-1"} <= {*shown}, "they are one sock in two sizes"


def test_a_category_narrows(client: Client) -> None:
    for kind in KINDS:
        answer = ask(client, kind=kind, shopper="s-1", product="pan-1", category="shop > sock", number=20)
        assert answer["products"]
        assert {one["category"] for one in answer["products"]} == {"Shop > Sock"}


def test_what_was_bought_comes_again_only_where_people_buy_it_again(client: Client) -> None:
    drinker = ask(client, kind="next_purchase", shopper="s-0")
    assert drinker["products"][0]["reason"] == "bought_again"
    assert drinker["products"][0]["id"].startswith("tea")
    own = {f"pan-{n}" for n in range(6)} - {*ids(ask(client, kind="for_you", shopper="s-1", number=50))}
    for kind in KINDS:
        again = ask(client, kind=kind, shopper="s-1", product="sock-3", basket=["sock-3"], number=50)
        assert not own & {*ids(again)}, "a pan lasts"
    taken = {event.product for event in bought() if event.shopper == "s-0"}
    assert not taken & {*ids(ask(client, kind="for_you", shopper="s-0", number=50))}, "never twice for you"


def test_one_category_does_not_fill_the_shelf(client: Client) -> None:
    first = ask(client, kind="trending", number=9)["products"]
    counts = {name: sum(one["category"] == name for one in first) for name in ("Shop > Tea", "Shop > Pan")}
    assert max(counts.values()) <= 3
    narrow = ask(client, kind="trending", number=5, category="Shop > Tea")
    assert len(narrow["products"]) == 5, "unless there is nothing else"


def test_consent_decides_whether_the_past_is_read(client: Client) -> None:
    given = {"kind": "for_you", "shopper": "s-1", "product": "pan-1"}
    whole = ask(client, **given)
    refused = client.post("/v1/recommend", json=given, headers={"Sec-GPC": "1"}).json()
    assert (refused["path"], refused["reason"]) == ("contextual", "global_privacy_control")
    assert (refused["kind"], refused["note"]) == ("similar", "contextual")
    assert {one.get("because") for one in refused["products"]} == {"pan-1"}
    assert refused["products"] != whole["products"]
    nobody = ask(client, kind="for_you", product="pan-1")
    assert nobody["products"] == refused["products"], "the page alone decides"
    assert ask(client, kind="for_you", shopper="out")["reason"] == "opted_out"
    assert ask(client, kind="for_you", shopper="out")["kind"] == "trending"
    silent = ask(client, **given, consent={"no_ads": True})
    assert (silent["path"], silent["products"]) == ("none", refused["products"])


def test_a_basket_is_the_shoppers_own(client: Client) -> None:
    given = {"kind": "complete_basket", "shopper": "s-2", "basket": ["pan-1", "pan-2"]}
    assert {one["because"] for one in ask(client, **given)["products"]} <= {"pan-1", "pan-2"}
    refused = ask(client, **given, consent={"opted_out": True})
    assert (refused["kind"], refused["note"]) == ("trending", "contextual")
    assert not {"pan-1", "pan-2"} & {*ids(refused)}
    given["shopper"] = ""
    assert ask(client, **given)["kind"] == "complete_basket", "nobody has refused"


def test_special_categories_stay_on_their_own_pages(client: Client) -> None:
    about = ask(client, kind="for_you", shopper="s-0", product="test")
    assert (about["path"], about["reason"]) == ("contextual", "special_category")
    beside = ask(client, kind="for_you", shopper="s-0", product="test", category="Shop > Tea")
    assert beside["reason"] == "special_category"
    mine = ask(client, kind="for_you", shopper="s-0", number=50)
    assert "test" not in [one.get("because") for one in mine["products"]]


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"kind": "similar"}, "no_product"),
        ({"kind": "bought_together", "product": "pen"}, "unknown_product"),
        ({"kind": "complete_basket", "shopper": "s-1", "basket": ["pen"]}, "no_basket"),
        ({"kind": "for_you", "shopper": "stranger"}, "no_history"),
        ({"kind": "bought_together", "product": "test"}, "nothing_known"),
    ],
)
def test_what_cannot_be_answered_says_why_and_what_sells(
    client: Client, given: dict[str, Any], note: str
) -> None:
    answer = ask(client, **given)
    assert (answer["kind"], answer["note"]) == ("trending", note)
    assert answer["told"]
    assert answer["products"][0]["id"] == "sock-3"


def test_what_was_looked_at_counts_where_nothing_was_bought(client: Client) -> None:
    answer = ask(client, kind="for_you", shopper="looker")
    assert answer["products"][0]["reason"] == "viewed"
    assert answer["products"][0]["because"] == "pan-2"
    now = client.application.engine.tick()  # type: ignore[union-attr]
    seen = {"id": "new", "kind": "purchase", "time": now, "shopper": "fresh", "product": "pan-1"}
    assert client.post("/v1/events", json=[seen]).json()["verdicts"][0]["status"] == "accepted"
    client.wait(lambda: ask(client, shopper="fresh")["products"][0].get("because") == "pan-1")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/v1/recommend?number=0", "'number' is 0"),
        ("/v1/recommend?number=101", "'number' is 101"),
        ("/v1/recommend?kind=best", "best"),
        ("/v1/recommend?shoper=u", "Did you mean 'shopper'?"),
        ("/v1/recommend?shopper=a&shopper=b", "given twice"),
        ("/v1/recommend?product=" + "x" * 600, "product"),
        ("/v1/recommend?" + "&".join(["basket=" + "a," * 300] * 2), "'basket'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(client: Client, url: str, told: str) -> None:
    reply = client.get(url)
    assert reply.status_code == 400
    assert told in reply.text
    assert client.request("PUT", "/v1/recommend").status_code == 405
    assert client.post("/v1/recommend?kind=similar", json={}).status_code == 400
    assert client.post("/v1/recommend", content=b"{").status_code == 400


def test_without_a_model_what_sells_until_one_is_promoted(tmp_path: Path) -> None:
    rules = ShelfRules(never=("Hill", "tea-0"), per_category=2)
    shop = shop_of(tmp_path / "shop", fitted=False, recommend=rules, language="zh")
    with Client(app(shop)) as client:
        answer = ask(client, shopper="s-1")
        assert (answer["kind"], answer["note"], answer["version"]) == ("trending", "no_model", "")
        assert answer["products"]
        assert {one["brand"] for one in answer["products"]} == {"Leaf"}, "the shop never recommends others"
        assert "tea-0" not in ids(answer)
        version = recommend.keep(shop, recommend.fit(shop, how=PLAIN))
        client.wait(lambda: ask(client, shopper="s-0")["version"] == version)
        assert ask(client, shopper="s-0")["kind"] == "for_you"
        (shop.models / "recommend" / version / "new.npz").write_bytes(b"torn")
    with Client(app(shop)) as client:
        assert ask(client, shopper="s-0")["note"] == "no_model", "a torn model does not serve"


def test_a_new_shop_says_that_nothing_sells(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop", Settings(name="New"))
    write_products(shop.table("catalogue"), goods())
    with Client(app(shop)) as client:
        answer = ask(client, kind="trending")
        assert (answer["products"], answer["note"]) == ([], "nothing_sells")


def test_a_forgotten_shopper_is_a_stranger(tmp_path: Path) -> None:
    with Client(app(shop_of(tmp_path / "shop"))) as client:
        assert ask(client, shopper="s-1")["kind"] == "for_you"
        assert client.request("DELETE", "/v1/shoppers/s-1").status_code == 200
        answer = ask(client, shopper="s-1")
        assert (answer["kind"], answer["note"]) == ("trending", "no_history")
