"""`/v1/decide`: one answer for each question, a clear refusal for what is none, never a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from tests import shops
from tests.server.client import Client

from hawker import Shop
from hawker.records.consent import Consent
from hawker.records.decision import Decision, Request
from hawker.server import app
from hawker.storage.shop import Settings

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "http").glob("decide-*.json"))
SECRET = {"price", "charge", "value", "probability", "propensity", "bid", "runner_up"}


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what is new each time."""
    ads = [
        {
            name: re.sub(r"^(/v1/\w+)/[\w-]{52}$", r"\1/…", value.replace(answer["decision"], "…"))
            if isinstance(value, str)
            else value
            for name, value in ad.items()
        }
        for ad in answer["ads"]
    ]
    return {**answer, "decision": "…", "watermark": 0, "ads": ads}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_request_gets_its_golden_answer_both_ways(client: Client, path: Path) -> None:
    golden = json.loads(path.read_text("utf-8"))
    request, headers = golden["request"], golden.get("headers", {})
    posted = client.post("/v1/decide", json=request, headers=headers)
    flat = {**{name: value for name, value in request.items() if name != "consent"}}
    flat |= {name: int(value) for name, value in request.get("consent", {}).items()}
    got = client.get(f"/v1/decide?{urlencode(flat, doseq=True)}", headers=headers)
    assert posted.status_code == got.status_code == golden["status"]
    if golden["status"] == 200:
        assert told(posted.json()) == told(got.json()) == golden["answer"]
    else:
        assert posted.json() == got.json() == golden["answer"]
        assert posted.headers["content-type"] == "application/problem+json"


def test_there_are_golden_files() -> None:
    assert len(GOLDEN) >= 6


def test_a_page_is_told_no_money_and_no_odds(client: Client) -> None:
    answer = client.get("/v1/decide?placement=home&shopper=u-1").json()
    assert not SECRET & {*answer, *(name for ad in answer["ads"] for name in ad)}


def test_debug_tells_the_whole_record(client: Client) -> None:
    for whole in (
        client.get("/v1/decide?placement=home&debug=1"),
        client.post("/v1/decide?debug=1", json={"placement": "home"}),
    ):
        decision = msgspec.json.decode(whole.content, type=Decision)
        assert decision.slots[0].price == 3 * shops.UNIT
        assert decision == client.application.engine.decision_log.read(decision.id)  # type: ignore[union-attr]


def test_every_field_of_a_request_is_a_parameter(client: Client) -> None:
    given = {
        "placement": "search",
        "shopper": "u-9",
        "session": "s-9",
        "query": "绿茶　tea",
        "product": "pot",
        "category": "Grocery > Tea",
        "location": "store-1",
        "device": "phone",
        "language": "zh-CN",
        "slots": "2",
        "organic": ["jam", "sock"],
        "shown": "pot",
        **{f"blocked_{name}": ["x", "y"] for name in ("advertisers", "categories", "products")},
        "allowed_categories": "Grocery,Kitchen",
        "allowed_products": "tea,jam",
        "floor": "5",
        **dict.fromkeys(("gpc", "opted_out", "no_ads", "minor", "special", "gdpr"), "1"),
        "tcf": "CP…",
        "gpp": "DBABM~C",
        "gpp_sid": "2,6",
        "debug": "1",
    }
    assert {*Request.__struct_fields__, *Consent.__struct_fields__, "debug"} - {"consent"} == set(given)
    answer = client.get(f"/v1/decide?{urlencode(given, doseq=True)}")
    assert answer.status_code == 200
    asked = msgspec.json.decode(answer.content, type=Decision).request
    assert (asked.query, asked.slots, asked.organic) == ("绿茶　tea", 2, ("jam", "sock"))
    assert (asked.allowed_products, asked.blocked_products, asked.floor) == (("tea", "jam"), ("x", "y"), 5)
    signals = {**dict.fromkeys(("gpc", "opted_out", "no_ads", "minor", "special", "gdpr"), True)}
    assert asked.consent == Consent(**signals, tcf="CP…", gpp="DBABM~C", gpp_sid=(2, 6))


@pytest.mark.parametrize(
    ("value", "path"), [("1", "contextual"), ("0", "personalised"), ("1, 1", "personalised")]
)
def test_global_privacy_control_counts_when_it_is_exactly_1(client: Client, value: str, path: str) -> None:
    headers = {"Sec-GPC": value}
    assert client.get("/v1/decide?placement=home&shopper=u-1", headers=headers).json()["path"] == path


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "empty"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[]", 400, "Expected `object`"),
        (b"null", 400, "Expected `object`"),
        (b"{}", 400, "placement"),
        (b'{"placement": 5}', 400, "$.placement"),
        (b'{"placement": "home", "shoper": "u"}', 400, "Did you mean 'shopper'?"),
        (b'{"placement": "home", "consent": {"opted_ot": true}}', 400, "Did you mean 'opted_out'?"),
        (b'{"placement": "home", "slots": -1}', 400, "'slots' is -1"),
        (b'{"placement": "home", "slots": 1000000000}', 400, "'slots' is 1000000000"),
        (b'{"placement": "home", "shopper": "' + b"u" * 200 + b'"}', 400, "'shopper' must be at most 128"),
        (b'{"placement": "home", "shopper": "a\\u0000"}', 400, "'shopper'"),
        (b'{"placement": "home", "organic": ["' + b'","'.join([b"p"] * 501) + b'"]}', 400, "'organic'"),
        (b'{"placement": "home", "blocked_products": ["' + b"p" * 2000 + b'"]}', 400, "'blocked_products'"),
        (b'{"placement": "home", "floor": -1}', 400, "'floor' is -1"),
        (b'{"placement": "home", "consent": {"tcf": "' + b"C" * 11_000 + b'"}}', 400, "consent string"),
        (b'{"placement": "hoem"}', 404, "Did you mean 'home'?"),
        (b'{"placement": ""}', 404, "There is no placement ''"),
        (b'{"placement": "' + b"x" * 30_000 + b'"}', 413, "20,000 bytes"),
        (b"[" * 10_000, 400, ""),
    ],
)
def test_what_is_no_request_is_refused_by_name(client: Client, body: bytes, status: int, said: str) -> None:
    answer = client.post("/v1/decide", content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["title"]
    assert problem["status"] == status
    assert said in f"{problem['detail']} {problem.get('remedy', '')}"
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "placement"),
        ("placement=home&shoper=u", "Did you mean 'shopper'?"),
        ("placement=home&placement=home", "twice"),
        ("placement=home&slots=many", "slots"),
        ("placement=home&gpc=perhaps", "Use 1 or 0"),
        ("placement=home&" + "&".join(["organic=p"] * 300), "200 parameters"),
    ],
)
def test_parameters_that_do_not_fit_are_named(client: Client, query: str, said: str) -> None:
    answer = client.get(f"/v1/decide?{query}")
    assert answer.status_code == 400
    assert said in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_a_method_it_does_not_know_is_405(client: Client, method: str) -> None:
    answer = client.request(method, "/v1/decide?placement=home")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_a_body_is_not_read_past_the_limit(client: Client) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 10_000

    answer = client.post("/v1/decide", content=endless())
    assert answer.status_code == 413
    assert sent <= 4


def test_an_empty_shop_answers_with_its_reason(tmp_path: Path) -> None:
    with Client(app(Shop.create(tmp_path / "empty", Settings()))) as client:
        answer = client.get("/v1/decide?placement=home")
        assert answer.status_code == 200
        assert answer.json()["fallback"] == "no_campaigns"
        assert answer.json()["ads"] == []
        assert client.get("/v1/report").status_code == 200


def test_a_fault_of_ours_is_an_incident_without_a_traceback(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> Decision:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(client.application.engine, "decide", broken)
    answer = client.get("/v1/decide?placement=home")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["incident"] in "".join(capsys.readouterr())


def test_a_page_of_several_places_shows_no_product_twice(client: Client) -> None:
    asked = {
        "placements": [{"placement": "home", "shopper": "u-1"}, {"placement": "search", "shopper": "u-1"}]
    }
    answer = client.post("/v1/decide/page", json=asked)
    assert answer.status_code == 200
    first, second = answer.json()["placements"]
    assert first["decision"] != second["decision"]
    products = [ad["product"] for one in (first, second) for ad in one["ads"]]
    assert first["ads"]
    assert len(set(products)) == len(products)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"placements": []}, 400),
        ({"placements": [{"placement": "home"}] * 21}, 400),
        ({"places": []}, 400),
        ({"placements": [{"placement": "home"}, {"placement": "hmoe"}]}, 404),
    ],
)
def test_a_page_that_makes_no_sense_is_refused_whole(
    client: Client, asked: dict[str, Any], status: int
) -> None:
    answer = client.post("/v1/decide/page", json=asked)
    assert answer.status_code == status
    assert answer.json()["title"]
