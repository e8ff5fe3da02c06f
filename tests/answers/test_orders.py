"""Orders behind a real HTTP server: told to their own shopper, and nothing where it answers otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.answers import counter

from hawker import answers
from hawker.answers.orders import OrderService
from hawker.errors import BadReply, BadSetting, Unreachable

HELD = (
    {"id": "A-9", "shopper": "u-1", "status": "packed", "expected": "2024-05-06", "tracking": "TRK55"},
    {"id": "A-8", "shopper": "u-1", "status": "delivered"},
    {"id": "B-1", "shopper": "u 2&x", "status": "shipped"},
)


class Desk(BaseHTTPRequestHandler):
    """A shop's own service: orders by shopper and number, and shoppers for whom it fails."""

    def do_GET(self) -> None:
        """Answer one request."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        shopper, number = asked.get("shopper", ""), asked.get("order", "")
        found = [one for one in HELD if one["shopper"] == shopper and number in ("", one["id"])]
        code, body = 200, json.dumps(found[0] if number and found else found)
        if shopper == "broken":
            body = "<html>"
        elif shopper == "down":
            code, body = 503, ""
        elif shopper == "careless":
            body = json.dumps(HELD[0])
        elif not found:
            code, body = 404, ""
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/orders?shopper={{shopper}}&order={{order}}"
    server.shutdown()
    server.server_close()


def test_a_list_and_a_single_order_are_read(url: str) -> None:
    desk = OrderService(url)
    assert [one.id for one in desk.of("u-1")] == ["A-9", "A-8"]
    assert [one.status for one in desk.of("u-1", order="A-8")] == ["delivered"]
    assert [one.id for one in desk.of("u 2&x")] == ["B-1"], "a shopper's id cannot change the address"
    assert list(desk.of("nobody")) == []


def test_what_is_no_answer_is_named(url: str) -> None:
    desk = OrderService(url)
    with pytest.raises(BadReply):
        desk.of("broken")
    with pytest.raises(Unreachable, match="503"):
        desk.of("down")
    with pytest.raises(Unreachable):
        OrderService("http://127.0.0.1:9/{shopper}").of("u-1")
    for wrong in ("ftp://shop.example/{shopper}", "https://shop.example/orders"):
        with pytest.raises(BadSetting):
            OrderService(wrong)


def test_the_assistant_tells_an_order_to_its_own_shopper_only(url: str, tmp_path: Path) -> None:
    assistant = answers.build(counter.shop(tmp_path, orders=url))
    answer = assistant.ask("Where is my order A-9?", shopper="u-1")
    assert "packed" in answer.text
    assert "TRK55" in answer.text
    assert "[A-9.status]" in answer.cited
    for shopper, reason in (
        ("careless", "order_not_found"),
        ("nobody", "order_not_found"),
        ("down", "no_orders"),
        ("broken", "no_orders"),
        ("", "not_signed_in"),
    ):
        refused = assistant.ask("Where is my order A-9?", shopper=shopper)
        assert refused.reason == reason
        assert "packed" not in refused.text
