"""What surrounds the ads: health, metrics, the description of the API, explanation, profile, report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route
from tests import shops
from tests.server.client import Client

from hawker.records.campaign import Ad, Campaign
from hawker.server import answer, app
from hawker.server.parts import ENDPOINTS
from hawker.storage.control import Control
from hawker.storage.shop import Shop

LOADED = re.compile(r"""(?:src|href)=["']([^"']+)|url\(([^)]+)\)|@import""")


def test_it_is_up_and_ready(client: Client) -> None:
    assert client.get("/health").json()["status"] == "up"
    ready = client.get("/ready")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "parts": {"engine": "ok", "disk": "ok", "ledger": "ok"}}


def test_it_is_not_ready_before_the_engine_or_without_a_ledger(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = client.application.engine
    monkeypatch.setattr(client.application, "engine", None)
    assert client.get("/ready").status_code == 503
    assert client.get("/health").status_code == 200
    for path in ("/v1/decide?placement=home", "/v1/explain/d", "/v1/shoppers/u/profile", "/v1/report"):
        assert client.get(path).status_code == 503
    monkeypatch.setattr(client.application, "engine", engine)

    def gone(_: str) -> int:
        raise OSError("the ledger is gone")

    monkeypatch.setattr(engine.ledger, "spent", gone)  # type: ignore[union-attr]
    told = client.get("/ready")
    assert (told.status_code, told.json()["parts"]["ledger"]) == (503, "the ledger is gone")


def test_metrics_parse_count_and_name_no_shopper(client: Client) -> None:
    def total() -> float:
        families = {
            found.name: found for found in text_string_to_metric_families(client.get("/metrics").text)
        }
        assert all(name.startswith("hawker_") for name in families)
        assert {"hawker_decide_seconds", "hawker_events", "hawker_ads_live"} <= set(families)
        buckets = families["hawker_decide_seconds"].samples
        assert min(float(sample.labels.get("le", "inf")) for sample in buckets) == 50e-6
        return sum(
            sample.value for sample in families["hawker_decisions"].samples if sample.name.endswith("_total")
        )

    before = total()
    client.get("/v1/decide?placement=home&shopper=somebody-in-particular")
    assert total() == before + 1
    assert "somebody" not in client.get("/metrics").text
    client.get("/not/a/path/of/ours")
    assert "not/a/path" not in client.get("/metrics").text


def test_the_description_lists_every_route_and_every_route_answers(client: Client) -> None:
    described = client.get("/openapi.json").json()
    application = client.application
    served = {
        (method.lower(), route.path.replace(":path}", "}"))
        for route in application._rest.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    listed = {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert listed == {(endpoint.method, endpoint.described) for endpoint in ENDPOINTS}
    hot = {(method, path) for method, path in listed - served if prefix(path) in application._hot}
    assert listed == served | hot
    assert {prefix(path) for _, path in hot} == set(application._hot)


def prefix(path: str) -> str:
    """The part of a path that stands before what varies."""
    return path.partition("{")[0]


def test_the_description_is_a_whole_openapi_document(client: Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    names = set(document["components"]["schemas"])
    assert {"Request", "PageAnswer", "Told", "Verdicts", "Explanation", "Problem"} <= names
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in names
    seen = set()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert {"200", "201", "204", "302"} & set(operation["responses"])
            assert ("401" in operation["responses"]) == bool(operation["security"])
            seen.add(operation["operationId"])
            inside = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert inside == set(re.findall(r"\{(\w+)\}", path))
    assert len(seen) == len(ENDPOINTS)


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in references(value)]
    if isinstance(node, list):
        return [found for value in node for found in references(value)]
    return []


def test_pages_load_nothing_from_elsewhere_and_may_not(client: Client) -> None:
    for path in ("/docs", "/v1/report?format=html"):
        page = client.get(path)
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        loaded = [found[0] or found[1] for found in LOADED.findall(page.text)]
        assert all(one.startswith(("#", "data:")) or one == "openapi.json" for one in loaded), loaded


def test_a_profile_is_readable_and_a_stranger_is_no_error(client: Client) -> None:
    known = client.get("/v1/shoppers/u-1/profile").json()
    assert known["known"]
    assert known["purchases"]["count"] == 3
    stranger = client.get("/v1/shoppers/nobody%20at%20all/profile")
    assert stranger.status_code == 200
    assert (stranger.json()["known"], stranger.json()["shopper"]) == (False, "nobody at all")


def test_an_explanation_is_asked_for_where_the_ad_says(client: Client) -> None:
    ad = client.get("/v1/decide?placement=home&language=zh").json()["ads"][0]
    told = client.get(ad["why"]).json()
    assert told["reproduced"] is True
    assert told["ads"][0]["on_behalf_of"] == ad["advertiser"]
    assert client.get(f"{ad['why']}?language=zh").json()["ads"][0]["label"] == "广告"
    assert client.get(f"{ad['why']}?language=eo").status_code == 400
    assert client.get("/v1/explain/d-nothing").status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("format=pdf", "There is no format 'pdf'"),
        ("by=campain", "Did you mean 'campaign'?"),
        ("start=yesterday", "2024-03-01"),
        ("form=csv", "Did you mean 'format'?"),
    ],
)
def test_a_report_that_cannot_be_is_refused_by_name(client: Client, query: str, said: str) -> None:
    answered = client.get(f"/v1/report?{query}")
    assert answered.status_code == 400
    assert said in answered.text


def test_a_report_comes_in_its_forms(client: Client) -> None:
    whole = client.get("/v1/report?by=campaign,day&start=2024-03-01&end=2024-03-02&language=zh").json()
    assert [section["by"] for section in whole["sections"]] == ["campaign", "day"]
    table = client.get("/v1/report?format=csv")
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in table.headers["content-disposition"]


def test_paths_and_methods_that_are_not_there(client: Client) -> None:
    lost = client.get("/v1/decde")
    assert (lost.status_code, lost.json()["remedy"]) == (404, "Did you mean '/v1/decide'?")
    wrong = client.post("/health")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


def test_other_routes_may_be_mounted(client: Client) -> None:
    from starlette.responses import PlainTextResponse

    async def page(_: object) -> PlainTextResponse:
        return PlainTextResponse("the console")

    async def broken(_: object) -> PlainTextResponse:
        raise RuntimeError("inside the console")

    routes = [Route("/console", page), Route("/broken", broken)]
    with Client(app(client.application.shop, mounts=routes, process="mounted")) as other:
        assert other.get("/console").text == "the console"
        assert other.get("/health").status_code == 200
        told = other.get("/broken")
        assert told.status_code == 500
        assert "inside" not in told.text
        assert told.json()["incident"]


def test_one_question_is_answered_without_a_server(client: Client) -> None:
    shop = Shop(client.application.shop.folder)
    status, headers, body = answer(shop, "/v1/decide?placement=home&shopper=u-1")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert b'"a-tea"' in body
    assert answer(shop, "v1/decide?placement=hom")[0] == 404
    assert client.get("/v1/decide?placement=home").json()["ads"]  # the server beside it keeps its leases


def test_campaigns_that_change_are_taken_over_while_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hawker.server.application.HEARTBEAT_SECONDS", 0.02)
    shop = shops.tiny(tmp_path / "shop")
    with Client(app(shop)) as client:
        assert client.get("/v1/decide?placement=home").json()["ads"][0]["id"] == "a-tea"
        control = Control(shop.control)
        control.put_campaigns([Campaign("c-late", advertiser="Late", bid=9 * shops.UNIT)])
        control.put_ads([Ad("a-late", "c-late", "sock")])
        control.close()
        client.wait(lambda: client.application.engine.world.versions["campaigns"] == "4")  # type: ignore[union-attr]
        shown = client.get("/v1/decide?placement=home").json()
        assert shown["ads"][0]["id"] == "a-late"
        assert client.get(shown["ads"][0]["why"]).json()["reproduced"] is True
