"""Names that mean something to a database, a page, a spreadsheet or a file system are only names here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests import shops
from tests.server.client import Client

from hawker.server import app

HOSTILE = (
    "'; DROP TABLE documents; --",
    '" OR ""="',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "a/b/../c",
    "%2e%2e%2f",
    "%s%n%x",
    "${7*7}{{7*7}}#{7*7}",
    "$(touch owned)",
    "?x=1&y=2#z",
    "NULL",
    "\u202egnirts",
    "名" * 40,
    "🙂" * 20,
    "x" * 128,
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    made = shops.tiny(tmp_path_factory.mktemp("hostile") / "shop")
    with Client(app(made)) as client:
        yield client


def printable(text: str) -> bool:
    return text.isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_goes_through_everything_as_it_is(shop: Client, text: str) -> None:
    """An advertiser, campaign, group, creative and ad of that name: put, shown, reported, removed."""
    folder = shop.application.shop.folder
    before = {path.name for path in folder.parent.iterdir()} | {path.name for path in folder.iterdir()}
    id = text if printable(text) else "plain"
    put: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("advertisers", id, {"name": text, "payer": text, "domain": text}),
        ("campaigns", id, {"advertiser": id, "name": text, "bid": 9 * shops.UNIT}),
        ("groups", id, {"campaign": id, "name": text, "targeting": {"not_placements": [text]}}),
        ("creatives", id, {"product": "sock", "headline": text, "description": text, "image": text}),
        ("ads", id, {"campaign": id, "group": id, "product": "sock", "creative": id}),
    )
    for plural, name, fields in put:
        path, document = f"/v1/{plural}/{quote(name, safe='')}", {"id": name, **fields}
        told = shop.request("PUT", path, json=document)
        assert (told.status_code, told.json()) == (201, document), told.text
        assert shop.get(path).json() == document
    request = {"placement": "home", "shopper": id, "session": id, "query": text, "language": "en"}
    answer = shop.post("/v1/decide", json=request).json()
    ad = answer["ads"][0]
    assert (ad["id"], ad["headline"]) == (id, text)
    event = {
        "kind": "ad_impression",
        "time": shops.NOW,
        "id": id,
        "shopper": id,
        "decision": answer["decision"],
    }
    seen = shop.post("/v1/events", json=[{**event, "slot": 0, "ad": id, "campaign": id, "product": "sock"}])
    assert seen.json()["verdicts"][0]["status"] == "accepted", seen.text
    assert shop.get(f"/v1/explain/{answer['decision']}").status_code == 200
    assert shop.get(f"/v1/shoppers/{quote(id, safe='')}/profile").status_code == 200
    assert shop.get(f"/v1/balance?advertiser={quote(id)}").json()["campaigns"][0]["campaign"] == id
    exports(shop, text)
    for plural, name, _ in reversed(put):
        assert shop.request("DELETE", f"/v1/{plural}/{quote(name, safe='')}").status_code == 204
    history = shop.get(f"/v1/audit/campaign/{quote(id, safe='')}").json()
    assert [one["document"] is None for one in history["versions"]] == [False, True]
    after = {path.name for path in folder.parent.iterdir()} | {path.name for path in folder.iterdir()}
    assert not {name for name in after - before if name not in known(folder)}
    assert not Path("owned").exists()


def known(folder: Path) -> set[str]:
    """What a shop that lives makes in its folder by itself."""
    return {
        "events",
        "decisions",
        "state",
        "secrets",
        "ledger.db",
        *(path.name for path in folder.glob("*-wal")),
    } | {path.name for path in folder.glob("*.db-shm")}


def exports(shop: Client, text: str) -> None:
    """The report as a page and as a spreadsheet holds the name as text."""
    page = shop.get("/v1/report?format=html").text
    for tag in ("<script>alert", "<img src=x", "<svg onload"):
        assert tag not in page
    table = shop.get("/v1/report?format=csv&by=campaign").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    assert any(text in cell for cell in cells)
    for cell in cells:
        if cell.startswith(FORMULA):
            float(cell.rstrip("%"))  # a number, or this fails


@pytest.mark.parametrize("name", ["", " ", "\n", "a\x00b", "a\tb", "x" * 129, "\u200b", "\x7f"])
def test_what_is_no_name_is_refused_everywhere(shop: Client, name: str) -> None:
    for plural, fields in (
        ("campaigns", {}),
        ("advertisers", {}),
        ("groups", {"campaign": "c-leaf"}),
        ("ads", {"campaign": "c-leaf", "product": "tea"}),
        ("creatives", {"product": "tea", "headline": "x"}),
    ):
        told = shop.post(f"/v1/{plural}", json=[{"id": name, **fields}])
        assert told.status_code == 400, (plural, name, told.text)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/v1/campaigns/%2e%2e/%2e%2e/shop.toml",
            "/v1/%2e%2e/shop.toml",
            "/v1/campaigns/..%2f..%2fshop.toml",
        ),
        *("/v1/explain/..%2f..%2fshop.toml", "/v1/explain/d-000000000000-00000000%00", "//v1/report"),
        *("/v1/audit/campaign/..%2f..", "/v1/audit/../x", "/docs/..%2fopenapi.json", "/%7f", "/%ff%fe"),
    ],
)
def test_a_path_that_climbs_leads_nowhere(shop: Client, path: str) -> None:
    told = shop.get(path)
    assert told.status_code in {400, 404}, (path, told.status_code)
    assert "exploration" not in told.text


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe\x00", b'"' + b"x" * 900_000 + b'"']
)
def test_a_body_that_is_deep_or_odd_is_refused(shop: Client, body: bytes) -> None:
    for method, path in (
        ("PUT", "/v1/campaigns/c"),
        ("PATCH", "/v1/campaigns/c-leaf"),
        ("POST", "/v1/ads"),
        ("POST", "/v1/decide"),
    ):
        assert shop.request(method, path, content=body).status_code == 400, (method, path)
    told = shop.post("/v1/events", content=body)
    verdicts = told.json().get("verdicts", []) if told.status_code == 200 else []
    assert told.status_code == 400 or [one["status"] for one in verdicts] == ["rejected"]


def test_a_merge_patch_that_is_deep_is_refused(shop: Client) -> None:
    body = b'{"targeting":' + b'{"a":' * 400 + b"1" + b"}" * 401
    assert shop.request("PATCH", "/v1/campaigns/c-leaf", content=body).status_code == 400
