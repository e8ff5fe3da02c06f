"""The paths that are not hot: health, explanation, profile, report and the API's own description."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hawker import __version__
from hawker.delivery import Engine
from hawker.errors import HawkerError
from hawker.explain.decision import Explanation
from hawker.features.profile import Profile
from hawker.features.story import MOST
from hawker.server import metrics, portraits, reporting
from hawker.server.describe import DOCS_PAGE
from hawker.server.endpoint import ANYONE, LANGUAGE, READERS, SHOP, STAFF, TEXT, Endpoint
from hawker.server.keys import caller
from hawker.server.ownership import Holdings
from hawker.server.wire import JSON, Refused, Reply, problem, query

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
_REPORT = (
    ("format", {"type": "string", "enum": ["json", "html", "csv"]}, False),
    *((name, TEXT, False) for name in ("start", "end", "by")),
    LANGUAGE,
)


class Health(msgspec.Struct):
    """The process is up."""

    status: str
    version: str


class Ready(msgspec.Struct):
    """Whether requests can be answered, by part: true, or what is wrong."""

    ready: bool
    parts: dict[str, str]


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "get",
        "/v1/explain/{decision:path}",
        "Why these ads, why not others, why this price; executed again from the record",
        keys=SHOP,
        gives=Explanation,
        parameters=(LANGUAGE,),
        refusals=(400, 404, 503),
    ),
    Endpoint(
        "get",
        "/v1/shoppers/{shopper:path}/profile",
        "What the shop knows of a shopper, readable",
        keys=SHOP,
        gives=Profile,
        refusals=(503,),
    ),
    Endpoint(
        "get",
        "/v1/shoppers/{shopper:path}/story",
        "What a shopper did, as a text and deed by deed",
        keys=SHOP,
        gives=portraits.ShopperStory,
        parameters=(LANGUAGE, ("most", {"type": "integer", "minimum": 1, "maximum": portraits.MOST}, False)),
        refusals=(400, 503),
    ),
    Endpoint(
        "get",
        "/v1/report",
        "What the ads earned, each rate with its interval",
        keys=READERS,
        gives=dict[str, Any],
        parameters=_REPORT,
        kinds=(JSON, "text/html", "text/csv"),
        refusals=(400, 503),
    ),
    Endpoint("get", "/health", "Whether the process is up", keys=ANYONE, gives=Health),
    Endpoint("get", "/ready", "Whether requests can be answered", keys=ANYONE, gives=Ready, refusals=(503,)),
    Endpoint(
        "get",
        "/metrics",
        "Counters and times for Prometheus",
        keys=STAFF,
        gives=str,
        kinds=("text/plain",),
    ),
    Endpoint("get", "/openapi.json", "This description", keys=ANYONE, gives=dict[str, Any]),
    Endpoint("get", "/docs", "This description as a page", keys=ANYONE, gives=str, kinds=("text/html",)),
    Endpoint(
        "get",
        "/.well-known/gpc.json",
        "Global Privacy Control is respected",
        keys=ANYONE,
        gives=dict[str, Any],
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes of everything but the hot paths."""

    async def health(_: Request) -> Reply:
        return _json(Health("up", __version__))

    async def ready(_: Request) -> Reply:
        found = _parts(application.engine)
        sound = all(told == "ok" for told in found.values())
        return _json(Ready(sound, found), status=200 if sound else 503)

    async def measures(_: Request) -> Reply:
        return Reply(200, application.metrics.text(application.engine), metrics.KIND)

    async def openapi(_: Request) -> Reply:
        return Reply(200, application.described)

    async def docs(_: Request) -> Reply:
        return Reply(200, DOCS_PAGE.encode(), HTML, tuple(SAFE.items()))

    async def gpc(_: Request) -> Reply:
        return _json({"gpc": True, "lastUpdate": _PUBLISHED})

    async def explanation(request: Request) -> Reply:
        from hawker.explain import explain

        engine = serving(application)
        own = "zh" if application.shop.settings.language.startswith("zh") else "en"
        language = request.query_params.get("language", own)
        found = explain(engine, request.path_params["decision"], language=language)
        return _json(found)

    async def report(request: Request) -> Reply:
        engine = serving(application)
        given, control = query(request.scope), application.control
        mine = await run_in_threadpool(Holdings(control, caller(request.scope)).campaigns)
        return await run_in_threadpool(reporting.report, engine, given, campaigns=mine)

    return [
        route("/health", health),
        route("/ready", ready),
        route("/metrics", measures),
        route("/openapi.json", openapi),
        route("/docs", docs),
        route("/.well-known/gpc.json", gpc),
        *_shoppers(application),
        route("/v1/explain/{decision:path}", explanation),
        route("/v1/report", report),
    ]


def _shoppers(application: Application) -> Sequence[BaseRoute]:
    """What is told of one shopper."""

    async def shopper(request: Request) -> Reply:
        engine = serving(application)
        shop = await run_in_threadpool(portraits.background, engine)
        return _json(portraits.profiled(engine, request.path_params["shopper"], shop))

    async def story(request: Request) -> Reply:
        engine, given = serving(application), request.query_params
        language = given.get(
            "language", "zh" if application.shop.settings.language.startswith("zh") else "en"
        )
        if language not in ("en", "zh"):
            raise Refused(problem(400, "Bad parameter", detail=f"'language' is en or zh, not '{language}'."))
        most = given.get("most", str(MOST))
        if not (most.isdecimal() and 1 <= int(most) <= portraits.MOST):
            raise Refused(
                problem(400, "Bad parameter", detail=f"'most' is 1 to {portraits.MOST}, not '{most}'.")
            )
        found = await run_in_threadpool(
            portraits.told, engine, request.path_params["shopper"], language=language, most=int(most)
        )
        return _json(found)

    return [
        route("/v1/shoppers/{shopper:path}/profile", shopper),
        route("/v1/shoppers/{shopper:path}/story", story),
    ]


def respond(reply: Reply) -> Response:
    """A reply as Starlette sends it."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **dict(reply.headers)}
    return Response(reply.body, reply.status, headers=headers, media_type=reply.kind)


def route(path: str, handler: Callable[[Request], Awaitable[Reply]], *, method: str = "GET") -> Route:
    """A route whose handler gives a reply or refuses with one."""

    async def endpoint(request: Request) -> Response:
        try:
            return respond(await handler(request))
        except Refused as refused:
            return respond(refused.reply)

    return Route(path, endpoint, methods=[method])


def serving(application: Application) -> Engine:
    """The engine, or a refusal where it is not built yet or closed already."""
    if application.engine is None:
        remedy = "Try again in a moment; GET /ready says when."
        raise Refused(problem(503, "Not ready", detail="The engine is not built.", remedy=remedy))
    return application.engine


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
