"""Bids: golden pairs, what makes a request malformed, what keeps from bidding, and what is passed on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.server.client import Client
from tests.server.openrtb import exchange
from tests.server.openrtb.exchange import asks, bids, decoded, masked, native

from hawker.delivery import Engine
from hawker.records.consent import ConsentPath
from hawker.records.decision import Decision
from hawker.records.exchange import Exchange
from hawker.server import app
from hawker.server.openrtb.transport import base

BID = "/v1/openrtb2/bid"
GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "openrtb").glob("*.json"))
TITLE = {"title": {"len": 25}}


def last(client: Client) -> Decision:
    """The decision made last."""
    engine = client.application.engine
    assert isinstance(engine, Engine)
    return max(engine.decision_log.scan(), key=lambda decision: (decision.time, decision.id))


def offered(client: Client, request: Any) -> list[dict[str, Any]]:
    """The bids on a request; none for 204 and for a reason."""
    answer = client.post(BID, json=request)
    assert answer.status_code in {200, 204}
    return bids(answer.json()) if answer.content else []


def refused(client: Client, request: Any) -> int:
    """The reason why there is no bid."""
    answer = client.post(BID, json=request)
    assert answer.status_code == 200
    assert answer.json()["seatbid"] == []
    return int(answer.json()["nbr"])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_request_gets_its_golden_answer(market: Client, path: Path) -> None:
    golden = json.loads(path.read_text("utf-8"))
    answer = market.post(BID, json=golden["request"])
    assert answer.status_code == golden["status"]
    assert answer.headers["x-openrtb-version"] == "2.6"
    if "answer" in golden:
        assert masked(answer.json()) == golden["answer"]
    else:
        assert answer.content == b""


def test_there_are_golden_files() -> None:
    assert len(GOLDEN) >= 12


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"{",
        b"[]",
        b'{"id": "\xff"}',
        {},
        {"id": "r"},
        {"id": "r", "imp": []},
        {"id": "", "imp": [{"id": "1", "banner": {}}]},
        {"id": "r", "imp": [{"banner": {}}]},
        {"id": "r", "imp": [{"id": "1"}]},
        {"id": "r", "imp": [{"id": "1", "banner": {}}, {"id": "1", "banner": {}}]},
        asks(imp__bidfloor=-1),
        asks(imp__bidfloor="1"),
        asks(app={}),
        asks(wseat=["a"], bseat=["b"]),
        asks(acat=["IAB1"], bcat=["IAB2"]),
        asks(wlang=["en"], wlangb=["zh"]),
        asks(prodfeed={"id": "f"}),
        asks(imp__banner=None, imp__native={"ver": "1.2"}),
        asks(imp__banner=None, imp__native={"request": "no JSON"}),
        asks(imp__banner=None, imp__native=native()),
        asks(imp__banner=None, imp__native=native({})),
        asks(imp__banner=None, imp__native=native({**TITLE, "data": {"type": 2}})),
        asks(imp__banner=None, imp__native={"request": '{"assets":[{"id":1,"title":{}}]}'}),
    ],
)
def test_what_breaks_the_specification_is_refused_without_a_word(market: Client, request_: Any) -> None:
    body = request_ if isinstance(request_, bytes) else json.dumps(request_).encode()
    answer = market.post(BID, content=body)
    assert answer.status_code == 400
    assert answer.content == b""
    assert answer.headers["x-openrtb-version"] == "2.6"


def test_unknown_fields_and_values_are_ignored(market: Client) -> None:
    odd = asks(
        at=501,
        imp__video={"mimes": ["video/mp4"], "plcmt": 99},
        imp__new={"a": [1]},
        ext={"vendor": {"x": 1}},
        device={"devicetype": 99, "ext": {"odd": True}},
        regs={"ext": {"gpc": "maybe", "dsa": "odd"}},
    )
    assert len(offered(market, odd)) == 1


def test_gzip_goes_both_ways(market: Client) -> None:
    packed = gzip.compress(json.dumps(asks()).encode())
    answer = market.post(BID, content=packed, headers={"content-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(bids(answer.json())) == 1
    plain = market.post(BID, json=asks(), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert masked(plain.json()) == masked(answer.json())


def test_a_small_body_that_unpacks_into_a_large_one_is_refused(market: Client) -> None:
    bomb = gzip.compress(json.dumps(asks(ext={"x": "0" * 500_000})).encode())
    assert len(bomb) < 5_000
    answer = market.post(BID, content=bomb, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.content) == (400, b"")
    assert market.post(BID, content=packed_badly(), headers={"content-encoding": "gzip"}).status_code == 400
    assert market.post(BID, json=asks(), headers={"content-encoding": "br"}).status_code == 400


def packed_badly() -> bytes:
    return gzip.compress(b'{"id": "r"}')[:-9]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cur": ["EUR", "GBP"]}, 501),
        ({"imp__bidfloor": 0.1, "imp__bidfloorcur": "EUR"}, 501),
        ({"cur": ["USD"], "imp__bidfloor": 0.1, "imp__bidfloorcur": "EUR"}, 501),
        ({"imp__banner": None, "imp__video": {}}, 502),
        ({"imp__banner": {"w": 1, "h": 1, "btype": [2]}}, 502),
        ({"imp__banner": None, "imp__native": native({"required": 1, "video": {}})}, 502),
        ({"imp__banner": None, "imp__native": native({"required": 1, "data": {"type": 3}})}, 502),
        ({"wseat": ["somebody"]}, 503),
        ({"wlang": ["zh"]}, 504),
        ({"wlangb": ["en-GB"]}, 504),
        ({"prodfeed": {"domain": "other.example"}}, 507),
        ({"acat": ["IAB25"]}, 508),
        ({"imp__pmp": {"private_auction": 1}}, 509),
        ({"device": {"ua": "curl/8.0"}}, 3),
        ({"device": {"ua": "strange"}}, 4),
        ({"tmax": 1}, 15),
    ],
)
def test_what_keeps_from_bidding_is_told(market: Client, changes: dict[str, Any], reason: int) -> None:
    assert refused(market, asks(**changes)) == reason


def test_a_shop_without_an_off_site_placement_needs_a_tag(tmp_path: Path) -> None:
    placements = exchange.PLACEMENTS[:1]
    with Client(app(exchange.shop(tmp_path / "shop", placements=placements))) as client:
        assert refused(client, asks()) == 500
        assert len(offered(client, asks(imp__tagid="home"))) == 1


def test_floors_hold_and_no_content_says_that_nothing_reaches_them(market: Client) -> None:
    assert [bid["price"] for bid in offered(market, asks(imp__bidfloor=1.0))] == [1.0]
    answer = market.post(BID, json=asks(imp__bidfloor=1.000001))
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("changes", "best"),
    [
        ({"badv": ["leaf.example"]}, "a-jam"),
        ({"badv": ["EXAMPLE"]}, None),
        ({"bcat": ["IAB8-5"]}, "a-jam"),
        ({"bcat": ["IAB8"]}, "a-pot"),
        ({"bcat": ["IAB8"], "cattax": 7}, "a-tea"),
        ({"bcat": ["IAB24"]}, "a-tea"),
        ({"acat": ["IAB10"]}, "a-pot"),
        ({"prodfeed": {"domain": "shop.example", "bprod": ["tea"]}}, "a-jam"),
        ({"prodfeed": {"domain": "shop.example", "aprod": ["pot", "jam"]}}, "a-jam"),
        ({"prodfeed": {"domain": "www.shop.example", "bprodcat": ["Grocery"]}}, "a-pot"),
        ({"prodfeed": {"domain": "shop.example", "aprodcat": ["Kitchen"]}}, "a-pot"),
        ({"prodfeed": {"domain": "shop.example", "aprodcat": ["Kitchen"]}, "acat": ["IAB8"]}, None),
        ({"prodfeed": {"domain": "shop.example", "aprodcat": ["Grocery > Jam"]}, "acat": ["IAB8"]}, "a-jam"),
    ],
)
def test_block_lists_and_feeds_say_what_may_be_shown(
    market: Client, changes: dict[str, Any], best: str | None
) -> None:
    assert [bid["adid"] for bid in offered(market, asks(**changes))] == ([best] if best else [])


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({}, ConsentPath.PERSONALISED, "allowed"),
        ({"regs": {"coppa": 1}}, ConsentPath.CONTEXTUAL, "minor"),
        ({"regs": {"ext": {"gpc": "1"}}}, ConsentPath.CONTEXTUAL, "global_privacy_control"),
        ({"regs": {"us_privacy": "1YYN"}}, ConsentPath.CONTEXTUAL, "opted_out"),
        ({"regs": {"ext": {"us_privacy": "1YNN"}}}, ConsentPath.PERSONALISED, "allowed"),
        ({"device": {"lmt": 1}}, ConsentPath.CONTEXTUAL, "opted_out"),
        ({"device": {"dnt": 1}}, ConsentPath.CONTEXTUAL, "opted_out"),
        ({"regs": {"gdpr": 1}}, ConsentPath.CONTEXTUAL, "tcf_missing"),
        ({"regs": {"ext": {"gdpr": 1}}}, ConsentPath.CONTEXTUAL, "tcf_missing"),
        ({"regs": {"gpp": "nonsense", "gpp_sid": [7]}}, ConsentPath.CONTEXTUAL, "gpp_unreadable"),
    ],
)
def test_privacy_signals_choose_the_path_and_hide_the_shopper(
    market: Client, changes: dict[str, Any], path: ConsentPath, reason: str
) -> None:
    assert len(offered(market, asks(**{"user": {"id": "x", "buyeruid": "u-1"}, **changes}))) == 1
    decision = last(market)
    assert (decision.path, decision.path_reason) == (path, reason)
    assert decision.request.shopper == ("u-1" if path is ConsentPath.PERSONALISED else "")


def test_the_dsa_object_is_given_or_there_is_no_bid(market: Client) -> None:
    def law(**fields: int) -> dict[str, Any]:
        return {"regs": {"ext": {"dsa": fields}}, "user": {"id": "u-1"}}

    [bid] = offered(market, asks(**law(dsarequired=3, pubrender=0, datatopub=2)))
    assert bid["ext"]["dsa"] == {
        "behalf": "Leaf & Sons",
        "paid": "Leaf Holding",
        "adrender": 1,
        "transparency": [{"domain": "shop.example", "dsaparams": [1, 2]}],
    }
    assert "Leaf &amp; Sons · Leaf Holding" in bid["adm"]
    [bid] = offered(market, asks(**law(dsarequired=1, pubrender=2, datatopub=0)))
    assert bid["ext"]["dsa"]["adrender"] == 0
    assert "transparency" not in bid["ext"]["dsa"]
    nameless = {**law(dsarequired=2), "badv": ["leaf.example"]}
    assert refused(market, asks(**nameless)) == 505
    tiles = {"imp__banner": None, "imp__native": native(TITLE)}
    assert refused(market, asks(**tiles, **law(dsarequired=2, pubrender=0))) == 505
    assert "ext" not in offered(market, asks())[0]


def test_an_advertisers_words_stay_words(market: Client) -> None:
    [bid] = offered(market, asks(badv=["leaf.example"], imp__secure=1))
    assert "Plum &quot;jam&quot; &lt;b&gt;" in bid["adm"]
    assert "http://img.example" not in bid["adm"]
    tile = native(TITLE, {"img": {"type": 3, "mimes": ["image/webp"]}}, {"data": {"type": 6}})
    [bid] = offered(market, asks(badv=["leaf.example"], imp__banner=None, imp__native=tile))
    assets = decoded(bid)["assets"]
    assert assets[1]["title"]["text"] == 'Plum "jam" <b>'
    assert 2 not in assets
    assert assets[3]["data"]["value"] == "3.00 USD"


def test_native_takes_the_wrapped_form_too_and_answers_in_it(market: Client) -> None:
    wrapped = {"request": json.dumps({"native": {"assets": [{"id": 7, **TITLE}]}})}
    [bid] = offered(market, asks(imp__banner=None, imp__native=wrapped))
    ad = json.loads(bid["adm"])["native"]
    assert ad["assets"][0]["id"] == 7
    assert ad["link"]["url"].startswith("https://ads.shop.example/v1/click/")


def test_a_page_without_scripts_gets_none(market: Client) -> None:
    [bid] = offered(market, asks(imp__banner={"w": 300, "h": 250, "btype": [3]}))
    assert "<script" not in bid["adm"]


def test_without_an_address_the_host_of_the_request_is_used(tmp_path: Path) -> None:
    with Client(app(exchange.shop(tmp_path / "shop", openrtb=Exchange()))) as client:
        [bid] = bids(client.post(BID, json=asks(), headers={"host": "localhost:8080"}).json())
        assert bid["nurl"].startswith("http://localhost:8080/v1/openrtb2/won/")
        [bid] = bids(client.post(BID, json=asks(imp__secure=1)).json())
        assert bid["nurl"].startswith("https://localhost/v1/openrtb2/won/")
    strange = {"headers": [(b"host", b'x"><b')], "scheme": "https"}
    assert base(strange, Exchange()) == "https://localhost"


def test_an_insecure_address_may_not_stand_on_a_secure_page(tmp_path: Path) -> None:
    insecure = Exchange(address="http://ads.shop.example")
    with Client(app(exchange.shop(tmp_path / "shop", openrtb=insecure))) as client:
        assert refused(client, asks(imp__secure=1)) == 506
        assert len(offered(client, asks())) == 1
