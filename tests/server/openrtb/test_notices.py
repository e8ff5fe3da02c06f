"""Notices: what is charged, when, to whom, and what is given back. Money to the micro."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.client import Client
from tests.server.openrtb import exchange
from tests.server.openrtb.exchange import asks, bids, noticed

from hawker.delivery import Engine
from hawker.records.campaign import Campaign, Cap
from hawker.records.key import Rates
from hawker.server import app
from hawker.server.openrtb.bidding import Bidder
from hawker.server.openrtb.macros import KNOWN, filled
from hawker.server.openrtb.reading import NoBid, Passed
from hawker.server.openrtb.request import decode
from hawker.storage.control import Control

BID = "/v1/openrtb2/bid"
EVER = 2**62


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(app(exchange.shop(tmp_path / "shop"))) as made:
        yield made


def engine(client: Client) -> Engine:
    found = client.application.engine
    assert isinstance(found, Engine)
    return found


def offer(client: Client, **changes: Any) -> dict[str, Any]:
    """The one bid on a request."""
    [bid] = bids(client.post(BID, json=asks(**changes)).json())
    return bid


def charged(client: Client) -> list[tuple[str, int]]:
    """Every charge: whose impression, how much."""
    return [(charge[0], charge[2]) for charge in engine(client).ledger.charges(0, EVER)]


@pytest.mark.parametrize(("at", "cleared", "amount"), [(1, "1.00", 1_000), (2, "0.91", 910)])
def test_the_worked_example(client: Client, at: int, cleared: str, amount: int) -> None:
    """Floor 0.85, bids 1.00, 0.90, 0.80: the first price is 1.00, the second 0.91."""
    bid = offer(client, at=at, imp__bidfloor=0.85)
    assert bid["price"] == 1.0
    assert charged(client) == []
    answer = client.get(noticed(bid["burl"], price=cleared, currency="USD"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert charged(client) == [(bid["id"], amount)]


def test_winning_costs_nothing_and_billing_costs_once(client: Client) -> None:
    bid = offer(client)
    assert client.get(noticed(bid["nurl"], price="0.50", currency="USD")).status_code == 204
    assert charged(client) == []
    for price in ("0.50", "0.60", ""):
        assert client.get(noticed(bid["burl"], price=price, currency="USD")).status_code == 204
    assert charged(client) == [(bid["id"], 500)]


@pytest.mark.parametrize(
    ("price", "currency", "amount"),
    [
        ("7.00", "USD", 1_000),
        ("0", "USD", 0),
        ("-1", "USD", 1_000),
        ("nan", "USD", 1_000),
        ("0.40", "EUR", 1_000),
        ("0.40", "", 400),
        ("${AUCTION_PRICE}", "USD", 1_000),
        ("9" * 60, "USD", 1_000),
    ],
)
def test_the_clearing_price_bounds_the_charge_and_the_reserve_bounds_it_too(
    client: Client, price: str, currency: str, amount: int
) -> None:
    bid = offer(client)
    path = noticed(bid["burl"], price=price, currency=currency)
    assert client.get(path).status_code == 204
    assert charged(client) == [(bid["id"], amount)]


def test_what_is_billed_is_the_same_after_a_crash(tmp_path: Path) -> None:
    shop = exchange.shop(tmp_path / "shop")
    with Client(app(shop)) as client:
        bid = offer(client)
        engine(client).ledger.settle_many = lambda _: []  # type: ignore[method-assign]
        assert client.get(noticed(bid["burl"], price="0.30", currency="USD")).status_code == 204
        assert charged(client) == []
    with Client(app(shop)) as client:
        assert charged(client) == [(bid["id"], 300)]


def test_a_lost_bid_frees_its_money(client: Client) -> None:
    ledger = engine(client).ledger
    before = ledger.remaining("c-leaf", now=engine(client).tick())
    bid = offer(client)
    held = ledger.remaining("c-leaf", now=engine(client).tick())
    assert before is not None
    assert held == before - 1_000
    assert client.get(noticed(bid["lurl"], loss="102")).status_code == 204
    assert ledger.remaining("c-leaf", now=engine(client).tick()) == before


def test_a_lost_bid_frees_its_place_under_the_cap(tmp_path: Path) -> None:
    shop = exchange.shop(tmp_path / "shop")
    control = Control(shop.control)
    control.put_campaigns([Campaign("c-leaf", advertiser="leaf", bid=1_000_000, caps=(Cap(1),))])
    control.close()
    whom = {"user": {"buyeruid": "u-1"}}
    with Client(app(shop)) as client:
        bid = offer(client, **whom)
        assert bid["adid"] == "a-tea"
        assert offer(client, **whom)["adid"] != "a-tea"
        assert client.get(noticed(bid["lurl"], loss="102")).status_code == 204
        assert offer(client, **whom)["adid"] == "a-tea"


def test_a_test_bid_holds_no_money_and_cannot_be_billed(client: Client) -> None:
    ledger = engine(client).ledger
    before = ledger.remaining("c-leaf", now=engine(client).tick())
    bid = offer(client, test=1)
    assert "burl" not in bid
    assert ledger.remaining("c-leaf", now=engine(client).tick()) == before


@pytest.mark.parametrize("notice", ["nurl", "burl", "lurl"])
def test_forged_tokens_do_nothing(client: Client, notice: str) -> None:
    bid = offer(client)
    path = noticed(bid[notice], price="1", currency="USD", loss="1")
    place, _, rest = path.rpartition("/")
    flipped = ("A" if rest[20] != "A" else "B").join((rest[:20], rest[21:]))
    for forged in (f"{place}/{flipped}", f"{place}/x", f"{place}/"):
        assert client.get(forged).status_code == 404
    click = bid["adm"].partition("/v1/click/")[2][:52]
    assert client.get(f"{place}/{click}").status_code == 404
    assert charged(client) == []


def test_notices_of_one_address_are_not_slowed_down(tmp_path: Path) -> None:
    with Client(app(exchange.shop(tmp_path / "shop", rates=Rates(guest=1)))) as client:
        path = noticed(offer(client)["nurl"], price="1", currency="USD")
        scope = {"type": "http", "method": "GET", "path": path.partition("?")[0], "headers": []}
        for _ in range(10):
            client.application.guard.admit({**scope, "client": ("203.0.113.9", 1), "query_string": b""})
        assert client.get(path).status_code == 204


def test_a_page_never_sees_the_token_that_bills(client: Client) -> None:
    bid = offer(client)
    token = bid["burl"].partition("/billed/")[2][:52]
    assert len(token) == 52
    assert token not in bid["adm"]


def test_an_answer_that_would_come_too_late_is_none_and_its_money_is_free(client: Client) -> None:
    ledger = engine(client).ledger
    before = ledger.remaining("c-leaf", now=engine(client).tick())
    times = iter([0.0, 0.0, 0.030, 0.130])
    bidder = Bidder(client.application, clock=lambda: next(times))
    asked = decode(json.dumps(asks(tmax=120)).encode())
    with pytest.raises(Passed) as passed:
        bidder.bids(engine(client), asked, root="", since=0.0)
    assert passed.value.reason is NoBid.TOO_LATE
    assert ledger.remaining("c-leaf", now=engine(client).tick()) == before


def test_no_decision_is_begun_that_cannot_end_in_time(client: Client) -> None:
    made = sum(1 for _ in engine(client).decision_log.scan())
    bidder = Bidder(client.application, clock=lambda: 0.109)
    asked = decode(json.dumps(asks(tmax=120)).encode())
    with pytest.raises(Passed):
        bidder.bids(engine(client), asked, root="", since=0.0)
    assert sum(1 for _ in engine(client).decision_log.scan()) == made


def test_unknown_macros_become_empty() -> None:
    text = "".join("${" + name + "}|" for name in KNOWN)
    assert filled(text, {"AUCTION_ID": "a", "AUCTION_LOSS": "102"}) == "a|" + "|" * 7 + "102|" + "|" * 3
    assert filled("${AUCTION_PRICE:B64} ${OTHER} $AUCTION_ID", {}) == " ${OTHER} $AUCTION_ID"
