"""The API described by itself: the OpenAPI 3.1 document of its endpoints, and a page to read it on."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files as resources
from typing import Any

import msgspec

from hawker import __version__
from hawker.records.key import Role
from hawker.server.endpoint import TEXT, Endpoint
from hawker.server.wire import JSON, PROBLEM, Problem

_REF = "#/components/schemas/{name}"
_REFUSALS = {
    400: "The request cannot be used; `detail` names the place, `remedy` what to do.",
    401: "No key, or one that is unknown, revoked or expired.",
    403: "The key does not open this, or not for this.",
    404: "There is no such thing in this shop; `remedy` names the nearest.",
    409: "It is in the way of something else; `detail` says of what.",
    412: "It has changed since it was read: read it again.",
    413: "The body is too large.",
    429: "More requests a second than this key or address may send; see `Retry-After`.",
    503: "The engine is not built yet, or a part of it does not answer.",
    507: "The disk is full; nothing half-written was kept.",
}
_SILENT = {
    204: "There is nothing to answer.",
    400: "The request is malformed.",
    404: "The token was not made by this shop, or has expired.",
}
_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of the shop: `hk_live_…` or `hp_…`."},
    "publishable": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "A publishable key, `hp_…`, where a page cannot send a header.",
    },
}


def document(endpoints: Sequence[Endpoint]) -> bytes:
    """The OpenAPI 3.1 document of endpoints, generated from the records themselves."""
    given = [kind for endpoint in endpoints for kind in (endpoint.takes, endpoint.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components([*given, Problem], ref_template=_REF)
    held = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        takes = next(held) if endpoint.takes is not None else None
        gives = next(held) if endpoint.gives is not None else None
        paths.setdefault(endpoint.described, {})[endpoint.method] = _operation(endpoint, takes, gives)
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
            "components": {"schemas": components, "securitySchemes": _SCHEMES},
        }
    )


def _operation(endpoint: Endpoint, takes: Any, gives: Any) -> dict[str, Any]:
    answers: dict[str, Any] = {str(endpoint.status): {"description": endpoint.summary}}
    if gives is not None:
        content = {kind: {"schema": gives if kind == JSON else TEXT} for kind in endpoint.kinds}
        answers[str(endpoint.status)]["content"] = content
    if endpoint.makes:
        answers["201"] = {**answers[str(endpoint.status)], "description": "It is new."}
    answers |= {str(status): {"description": _SILENT[status]} for status in endpoint.silent}
    problem = {"schema": {"$ref": _REF.format(name="Problem")}}
    for status in sorted({*endpoint.refusals, 429, *((401, 403) if endpoint.keys else ())}):
        answers[str(status)] = {"description": _REFUSALS[status], "content": {PROBLEM: problem}}
    words = [part.strip("{}") for part in endpoint.described.split("/") if part and part != "v1"]
    said: dict[str, Any] = {
        "operationId": "_".join([endpoint.method, *words]).replace(".", "_").replace("-", "_"),
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": answers,
        "security": _security(endpoint),
    }
    if takes is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": takes}}}
    return said


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    """What a request must carry: nothing, a key, or either form of one."""
    if not endpoint.keys:
        return []
    ways = ("key", "publishable") if Role.PAGE in endpoint.keys else ("key",)
    return [{way: []} for way in ways]


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    inside = [part.strip("{}") for part in endpoint.described.split("/") if part.startswith("{")]
    return [
        *({"name": name, "in": "path", "required": True, "schema": TEXT} for name in inside),
        *(
            {"name": name, "in": "query", "required": required, "schema": schema}
            for name, schema, required in endpoint.parameters
        ),
    ]


DOCS_PAGE = resources("hawker.server").joinpath("docs.html").read_text("utf-8")
