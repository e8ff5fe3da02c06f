"""Who may call: judged for every request, by key, by place and by rate, before anything is done."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import shops
from tests.server.client import Client
from tests.server.test_faults import serving

from hawker.records.key import Rates, Role
from hawker.server import answer, app
from hawker.server.keys import Guard
from hawker.server.parts import ENDPOINTS
from hawker.server.wire import Refused
from hawker.storage.keys import Keys
from hawker.storage.shop import Shop

PAGE = "https://shop.example"
DAY = 86_400_000_000


def now() -> int:
    return time.time_ns() // 1000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shops.tiny(tmp_path_factory.mktemp("keyed") / "shop")


@pytest.fixture(scope="module")
def secrets(shop: Shop) -> dict[str, str]:
    keys = Keys(shop.control)
    made = {
        "shop": keys.create(Role.SHOP, now=now())[1],
        "reader": keys.create(Role.READER, now=now())[1],
        "advertiser": keys.create(Role.ADVERTISER, now=now(), advertiser="Leaf")[1],
        "page": keys.create(Role.PAGE, now=now(), origins=[PAGE])[1],
        "expired": keys.create(Role.SHOP, now=now() - DAY, expires=now() - 1)[1],
    }
    revoked, made["revoked"] = keys.create(Role.SHOP, now=now())
    keys.revoke(revoked.id, now=now())
    keys.close()
    return made


@pytest.fixture(scope="module")
def keyed(shop: Shop, secrets: dict[str, str]) -> Iterator[Client]:
    assert secrets
    with Client(app(shop)) as made:
        yield made


def bearer(secret: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", **headers}


def test_with_keys_nothing_but_what_is_open_to_all_goes_without_one(keyed: Client) -> None:
    for endpoint in ENDPOINTS:
        told = keyed.request(endpoint.method.upper(), endpoint.path.replace("{", "").replace("}", ""))
        assert (told.status_code == 401) == bool(endpoint.keys), endpoint
        if endpoint.keys:
            assert told.headers["www-authenticate"].startswith("Bearer")
            assert told.headers["content-type"] == "application/problem+json"
    assert keyed.get("/nowhere").status_code == 401


def test_each_role_opens_what_its_endpoints_say_and_nothing_else(
    keyed: Client, secrets: dict[str, str]
) -> None:
    for endpoint in ENDPOINTS:
        for role in Role:
            if not endpoint.keys:
                continue
            path = endpoint.path.replace("{", "").replace("}", "")
            told = keyed.request(endpoint.method.upper(), path, headers=bearer(secrets[role], Origin=PAGE))
            assert (told.status_code in {401, 403}) == (role not in endpoint.keys), (endpoint, role)


@pytest.mark.parametrize("kind", ["expired", "revoked"])
def test_a_key_that_has_ended_opens_nothing(keyed: Client, secrets: dict[str, str], kind: str) -> None:
    told = keyed.get("/v1/report", headers=bearer(secrets[kind]))
    assert told.status_code == 401
    assert "revoked" in told.json()["detail"]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic c2hvcDo=", "bearer hk_live_" + "0" * 43, "hk_live_x"],
)
def test_what_is_no_key_opens_nothing(keyed: Client, header: str) -> None:
    assert keyed.get("/v1/report", headers={"Authorization": header}).status_code == 401


def test_a_key_works_from_any_address_and_name(keyed: Client, secrets: dict[str, str]) -> None:
    headers = bearer(secrets["shop"], Host="ads.shop.example") | {"X-Forwarded-For": "192.0.2.7"}
    assert keyed.get("/v1/decide?placement=home", headers=headers).status_code == 200


def test_a_publishable_key_is_bound_to_its_pages(keyed: Client, secrets: dict[str, str]) -> None:
    ask = "/v1/decide?placement=home"
    assert keyed.get(ask, headers=bearer(secrets["page"], Origin=PAGE)).status_code == 200
    assert keyed.get(ask, headers=bearer(secrets["page"], Referer=f"{PAGE}/tea?x=1")).status_code == 200
    for wrong in (
        {},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": f"{PAGE}.evil"},
    ):
        assert keyed.get(ask, headers=bearer(secrets["page"], **wrong)).status_code == 403
    assert keyed.get(f"{ask}&key={secrets['page']}", headers={"Origin": PAGE}).status_code == 200
    assert keyed.get(f"{ask}&key={secrets['shop']}", headers={"Origin": PAGE}).status_code == 401


def test_a_publishable_key_is_told_no_prices(keyed: Client, secrets: dict[str, str]) -> None:
    told = keyed.get("/v1/decide?placement=home&debug=1", headers=bearer(secrets["page"], Origin=PAGE))
    assert told.status_code == 403
    assert keyed.get("/v1/decide?placement=home&debug=1", headers=bearer(secrets["shop"])).status_code == 200


def test_a_browser_may_read_on_pages_of_the_list_alone(keyed: Client, secrets: dict[str, str]) -> None:
    def asked(origin: str, path: str = "/v1/decide", method: str = "POST") -> httpx.Response:
        headers = {"Origin": origin, "Access-Control-Request-Method": method}
        return keyed.request("OPTIONS", path, headers=headers)

    yes = asked(PAGE)
    assert (yes.status_code, yes.headers["access-control-allow-origin"]) == (204, PAGE)
    assert yes.headers["access-control-allow-methods"] == "GET, POST"
    assert "authorization" in yes.headers["access-control-allow-headers"]
    assert yes.headers["vary"] == "Origin"
    for no in (asked("https://elsewhere.example"), asked("null"), asked(PAGE, "/v1/report", "GET")):
        assert no.status_code == 403
        assert "access-control-allow-origin" not in no.headers
    told = keyed.get("/v1/decide?placement=home", headers=bearer(secrets["page"], Origin=PAGE))
    assert told.headers["access-control-allow-origin"] == PAGE
    refused = keyed.get("/v1/decide?placement=home", headers={"Origin": PAGE})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)
    private = keyed.get("/v1/report", headers=bearer(secrets["shop"], Origin=PAGE))
    assert private.status_code == 200
    assert "access-control-allow-origin" not in private.headers
    assert keyed.get("/health", headers={"Origin": PAGE}).headers["access-control-allow-origin"] == PAGE


def test_without_keys_this_machine_passes_and_nobody_through_it(client: Client) -> None:
    ask = "/v1/decide?placement=home"
    assert client.get(ask).status_code == 200
    for fine in (
        {"Host": "127.0.0.1:8000"},
        {"Host": "[::1]:8000"},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        assert client.get(ask, headers=fine).status_code == 200, fine
    for foreign in (
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1.rebound.example"},
        {"Host": ""},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"Authorization": "Bearer hk_live_x"},
    ):
        told = client.get(ask, headers=foreign)
        assert told.status_code == 401, foreign
        assert client.get("/health", headers=foreign).status_code == 200
    assert "127.0.0.1" in client.get(ask, headers={"Host": "rebound.example"}).json()["remedy"]


def scope(address: str, **headers: str) -> dict[str, Any]:
    """A request for the report, as a server hands it over."""
    pairs = [
        (name.lower().encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()
    ]
    return {
        "type": "http",
        "method": "GET",
        "path": "/v1/report",
        "query_string": b"",
        "headers": pairs,
        "client": (address, 1),
    }


def status(guard: Guard, **asked: Any) -> int:
    try:
        guard.admit(scope(**asked))
    except Refused as refused:
        return refused.reply.status
    return 200


def test_without_keys_other_machines_get_nothing(tmp_path: Path) -> None:
    guard = Guard(ENDPOINTS, rates=Rates(guest=3))
    assert status(guard, address="127.0.0.1") == 401  # the keys have not been read yet
    keys = Keys(tmp_path / "control.db")
    guard.refresh(keys)
    assert status(guard, address="127.0.0.1") == 200
    assert status(guard, address="::ffff:127.0.0.1") == 200
    assert [status(guard, address="192.0.2.7") for _ in range(7)] == [401] * 6 + [429]
    assert status(guard, address="192.0.2.8") == 401
    assert [status(guard, address=f"2001:db8::{n}") for n in range(7)] == [401] * 6 + [429]
    assert [status(guard, address="127.0.0.1") for _ in range(50)] == [200] * 50


def test_keys_made_and_revoked_count_from_the_next_reading(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "control.db")
    guard = Guard(ENDPOINTS, rates=Rates(shop=2, guest=2))
    guard.refresh(keys)
    key, secret = keys.create(Role.SHOP, now=now())
    guard.refresh(keys)
    assert status(guard, address="127.0.0.1") == 401
    header = {"Authorization": f"Bearer {secret}"}
    assert [status(guard, address="192.0.2.7", **header) for _ in range(5)] == [200] * 4 + [429]
    guard.refresh(keys)
    assert keys.all()[0].used > 0
    keys.revoke(key.id, now=now())
    guard.refresh(keys)
    assert status(guard, address="192.0.2.7", **header) == 401
    assert status(guard, address="127.0.0.1") == 401  # it had keys once: nobody passes without one


def test_who_waits_is_told_how_long(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "control.db")
    secret = keys.create(Role.READER, now=now())[1]
    guard = Guard(ENDPOINTS, rates=Rates(guest=1))
    guard.refresh(keys)
    header = {"Authorization": f"Bearer {secret}"}
    assert [status(guard, address="192.0.2.7", **header) for _ in range(3)] == [200, 200, 429]
    with pytest.raises(Refused) as refused:
        guard.admit(scope("192.0.2.7", **header))
    assert dict(refused.value.reply.headers)["retry-after"] == "1"


def test_a_key_that_is_revoked_is_refused_while_the_server_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hawker.server.application.KEYS_SECONDS", 0.02)
    shop = shops.tiny(tmp_path / "shop")
    keys = Keys(shop.control)
    key, secret = keys.create(Role.SHOP, now=now())
    with Client(app(shop)) as client:
        assert client.get("/metrics", headers=bearer(secret)).status_code == 200
        keys.revoke(key.id, now=now())
        client.wait(lambda: client.get("/metrics", headers=bearer(secret)).status_code == 401)
    keys.close()


def test_one_question_without_a_server_passes_as_the_shop_or_by_its_key(
    shop: Shop, secrets: dict[str, str]
) -> None:
    assert answer(shop, "/v1/decide?placement=home")[0] == 200
    assert answer(shop, "/v1/decide?placement=home", headers=bearer(secrets["reader"]))[0] == 403
    assert answer(shop, "/v1/report?by=day", headers=bearer(secrets["reader"]))[0] == 200


def test_a_server_prints_no_secret_whatever_it_is_sent(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    keys = Keys(shop.control)
    good = keys.create(Role.SHOP, now=now())[1]
    page = keys.create(Role.PAGE, now=now(), origins=[PAGE])[1]
    keys.close()
    wrong = "hk_live_" + "w" * 43
    with serving(shop) as (process, address):
        for secret in (good, page, wrong):
            for path in (
                "/v1/report?format=pdf",
                f"/v1/decide?placement=hme&key={secret}",
                f"/v1/ads/{secret}",
            ):
                httpx.get(address + path, headers=bearer(secret, Origin=PAGE), timeout=30)
                httpx.get(address + path, headers={"Origin": PAGE}, timeout=30)
            httpx.put(
                f"{address}/v1/ads/a", headers=bearer(secret), content=b"{" + secret.encode(), timeout=30
            )
        assert httpx.get(f"{address}/metrics", headers=bearer(good), timeout=30).status_code == 200
        process.terminate()
        printed = "".join(process.communicate(timeout=60))
    assert '"event": "ready"' in printed
    assert not [secret for secret in (good, page, wrong) if secret[8:] in printed]


def test_no_secret_is_written_into_the_log(
    keyed: Client,
    secrets: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(keyed.application.engine, "decide", broken)
    for url in ("/v1/decide?placement=home", f"/v1/decide?placement=home&key={secrets['page']}"):
        for name in ("shop", "page"):
            headers = bearer(secrets[name], Origin=PAGE) if "key=" not in url else {"Origin": PAGE}
            assert keyed.get(url, headers=headers).status_code == 500
    logged = "".join(capsys.readouterr())
    assert "incident" in logged
    assert not [name for name, secret in secrets.items() if secret[8:] in logged]
    assert json.loads(logged.splitlines()[-1])["path"] == "/v1/decide"
