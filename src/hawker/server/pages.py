"""The paths that are not hot: health, explanation, profile, report and the API's own description."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hawker import __version__
from hawker.delivery import Engine
from hawker.errors import HawkerError, nearest
from hawker.features.profile import profile
from hawker.server import metrics, reporting
from hawker.server.describe import DOCS_PAGE, ENDPOINTS, document
from hawker.server.wire import Refused, Reply, problem

if TYPE_CHECKING:
    from hawker.server.application import Application

HTML = "text/html; charset=utf-8"
SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
_PUBLISHED = "2026-11-22"  # when the support of Global Privacy Control was last reviewed
_PROBE = b"ready"


class Health(msgspec.Struct):
    """The process is up."""

    status: str
    version: str


class Ready(msgspec.Struct):
    """Whether requests can be answered, by part: true, or what is wrong."""

    ready: bool
    parts: dict[str, str]


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes of everything but the hot paths."""
    described = document()

    async def health(_: Request) -> Reply:
        return _json(Health("up", __version__))

    async def ready(_: Request) -> Reply:
        found = _parts(application.engine)
        sound = all(told == "ok" for told in found.values())
        return _json(Ready(sound, found), status=200 if sound else 503)

    async def measures(_: Request) -> Reply:
        return Reply(200, application.metrics.text(application.engine), metrics.KIND)

    async def openapi(_: Request) -> Reply:
        return Reply(200, described)

    async def docs(_: Request) -> Reply:
        return Reply(200, DOCS_PAGE.encode(), HTML, tuple(SAFE.items()))

    async def gpc(_: Request) -> Reply:
        return _json({"gpc": True, "lastUpdate": _PUBLISHED})

    async def shopper(request: Request) -> Reply:
        engine = _serving(application)
        found = profile(engine.world.state, request.path_params["shopper"], now=engine.tick())
        return _json(found)

    async def explanation(request: Request) -> Reply:
        from hawker.explain import explain

        engine = _serving(application)
        own = "zh" if application.shop.settings.language.startswith("zh") else "en"
        language = request.query_params.get("language", own)
        found = explain(engine, request.path_params["decision"], language=language)
        return _json(found)

    async def report(request: Request) -> Reply:
        engine = _serving(application)
        given = [(name, value) for name, value in request.query_params.multi_items()]
        return await run_in_threadpool(reporting.report, engine, given)

    return [
        _route("/health", health),
        _route("/ready", ready),
        _route("/metrics", measures),
        _route("/openapi.json", openapi),
        _route("/docs", docs),
        _route("/.well-known/gpc.json", gpc),
        _route("/v1/shoppers/{shopper}/profile", shopper),
        _route("/v1/explain/{decision}", explanation),
        _route("/v1/report", report),
    ]


def respond(reply: Reply) -> Response:
    """A reply as Starlette sends it."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **dict(reply.headers)}
    return Response(reply.body, reply.status, headers=headers, media_type=reply.kind)


def no_such_path(path: str) -> Reply:
    """The refusal of a path that is not there, naming the nearest that is."""
    known = sorted({endpoint.path for endpoint in ENDPOINTS})
    return problem(404, "Not found", detail=f"There is no path '{path[:80]}'.", remedy=nearest(path, known))


def _route(path: str, handler: Callable[[Request], Awaitable[Reply]]) -> Route:
    """A GET route whose handler gives a reply or refuses with one."""

    async def endpoint(request: Request) -> Response:
        try:
            return respond(await handler(request))
        except Refused as refused:
            return respond(refused.reply)

    return Route(path, endpoint, methods=["GET"])


def _serving(application: Application) -> Engine:
    from hawker.server.application import serving

    return serving(application.engine)


def _json(value: object, *, status: int = 200) -> Reply:
    return Reply(status, msgspec.json.encode(value))


def _parts(engine: Engine | None) -> dict[str, str]:
    """Try what an answer needs: the engine, a disk that takes writes, a ledger that answers."""
    if engine is None:
        return {"engine": "not built"}
    found = {"engine": "ok"}
    try:
        with tempfile.TemporaryFile(dir=engine.shop.folder) as probe:
            probe.write(_PROBE)
            probe.flush()
        found["disk"] = "ok"
    except OSError as error:
        found["disk"] = f"cannot be written: {error.strerror}"
    try:
        engine.ledger.spent("")
        found["ledger"] = "ok"
    except (HawkerError, OSError) as error:
        found["ledger"] = str(error)
    return found
