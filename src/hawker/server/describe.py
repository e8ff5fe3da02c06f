"""The API described by itself: one table of endpoints, the OpenAPI 3.1 document, a page to read it on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files as resources
from typing import Any

import msgspec

from hawker import __version__
from hawker.explain.decision import Explanation
from hawker.features.profile import Profile
from hawker.records.consent import Consent
from hawker.records.decision import Request
from hawker.records.events import Event
from hawker.server.asking import PageAnswer
from hawker.server.collecting import Verdicts
from hawker.server.wire import JSON, PROBLEM, Problem

_REF = "#/components/schemas/{name}"
_TEXT = {"type": "string"}
_LANGUAGE = {"type": "string", "enum": ["en", "zh"]}


@dataclass(frozen=True)
class Endpoint:
    """One method of one path: what it is for, what it takes, what it gives, which refusals to expect."""

    method: str
    path: str
    summary: str
    takes: Any = None
    gives: Any = None
    parameters: tuple[tuple[str, dict[str, Any], bool], ...] = ()
    kinds: tuple[str, ...] = (JSON,)
    refusals: tuple[int, ...] = ()


def _fields() -> tuple[tuple[str, dict[str, Any], bool], ...]:
    """The fields of a request as parameters of a query."""
    plain = {field.name: field for field in msgspec.structs.fields(Request) if field.name != "consent"}
    kinds: dict[Any, dict[str, Any]] = {
        int: {"type": "integer", "minimum": 0, "maximum": 100},
        tuple[str, ...]: {"type": "array", "items": _TEXT},
    }
    asked = tuple((name, kinds.get(field.type, _TEXT), field.required) for name, field in plain.items())
    return (*asked, *((name, {"type": "boolean"}, False) for name in Consent.__struct_fields__))


_DEBUG = ("debug", {"type": "boolean"}, False)
_LANGUAGES = ("language", _LANGUAGE, False)
_REPORT: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("format", {"type": "string", "enum": ["json", "html", "csv"]}, False),
    *((name, _TEXT, False) for name in ("start", "end", "by")),
    _LANGUAGES,
)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "post",
        "/v1/decide",
        "Which ads to show in a placement",
        takes=Request,
        gives=PageAnswer,
        parameters=(_DEBUG,),
        refusals=(400, 404, 413, 503),
    ),
    Endpoint(
        "get",
        "/v1/decide",
        "The same, with every field of the request as a parameter",
        gives=PageAnswer,
        parameters=(*_fields(), _DEBUG),
        refusals=(400, 404, 503),
    ),
    Endpoint(
        "post",
        "/v1/events",
        "Take in what shoppers did; each event gets its own verdict",
        takes=list[Event],
        gives=Verdicts,
        refusals=(400, 413, 503, 507),
    ),
    Endpoint(
        "get",
        "/v1/explain/{decision}",
        "Why these ads, why not others, why this price; executed again from the record",
        gives=Explanation,
        parameters=(_LANGUAGES,),
        refusals=(404, 503),
    ),
    Endpoint(
        "get",
        "/v1/shoppers/{shopper}/profile",
        "What the shop knows of a shopper, readable",
        gives=Profile,
        refusals=(503,),
    ),
    Endpoint(
        "get",
        "/v1/report",
        "What the ads earned, each rate with its interval",
        gives=dict[str, Any],
        parameters=_REPORT,
        kinds=(JSON, "text/html", "text/csv"),
        refusals=(400, 503),
    ),
    Endpoint("get", "/health", "Whether the process is up", gives=dict[str, str]),
    Endpoint("get", "/ready", "Whether requests can be answered", gives=dict[str, Any], refusals=(503,)),
    Endpoint("get", "/metrics", "Counters and times for Prometheus", gives=str, kinds=("text/plain",)),
    Endpoint("get", "/openapi.json", "This description", gives=dict[str, Any]),
    Endpoint("get", "/docs", "This description as a page", gives=str, kinds=("text/html",)),
    Endpoint("get", "/.well-known/gpc.json", "Global Privacy Control is respected", gives=dict[str, Any]),
)
_REFUSALS = {
    400: "The request cannot be used; `detail` names the place, `remedy` what to do.",
    404: "There is no such thing in this shop; `remedy` names the nearest.",
    413: "The body is too large.",
    503: "The engine is not built yet, or a part of it does not answer.",
    507: "The disk is full; nothing half-written was kept.",
}


def document() -> bytes:
    """The OpenAPI 3.1 document, generated from the records themselves."""
    given = [kind for endpoint in ENDPOINTS for kind in (endpoint.takes, endpoint.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components([*given, Problem], ref_template=_REF)
    held = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        takes = next(held) if endpoint.takes is not None else None
        gives = next(held)
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint, takes, gives)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Hawker",
                "version": __version__,
                "summary": "The shop's ads over HTTP.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {"schemas": components},
        }
    )


def _operation(endpoint: Endpoint, takes: Any, gives: Any) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {
            "description": endpoint.summary,
            "content": {kind: {"schema": gives if kind == JSON else _TEXT} for kind in endpoint.kinds},
        }
    }
    problem = {"schema": {"$ref": _REF.format(name="Problem")}}
    for status in endpoint.refusals:
        answers[str(status)] = {"description": _REFUSALS[status], "content": {PROBLEM: problem}}
    words = [part.strip("{}") for part in endpoint.path.split("/") if part and part != "v1"]
    said: dict[str, Any] = {
        "operationId": "_".join([endpoint.method, *words]).replace(".", "_").replace("-", "_"),
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": answers,
    }
    if takes is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": takes}}}
    return said


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    inside = [part.strip("{}") for part in endpoint.path.split("/") if part.startswith("{")]
    return [
        *({"name": name, "in": "path", "required": True, "schema": _TEXT} for name in inside),
        *(
            {"name": name, "in": "query", "required": required, "schema": schema}
            for name, schema, required in endpoint.parameters
        ),
    ]


DOCS_PAGE = resources("hawker.server").joinpath("docs.html").read_text("utf-8")
