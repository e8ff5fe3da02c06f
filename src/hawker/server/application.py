"""The ASGI application of one shop: hot paths answered raw, all others by Starlette, one engine behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as WebRequest
from starlette.responses import Response
from starlette.routing import BaseRoute

from hawker import delivery
from hawker.delivery import Engine
from hawker.delivery.renew import Renewal, learn
from hawker.errors import HawkerError, nearest
from hawker.records.key import Role
from hawker.server import asking, beacons, collecting, gathering, pages, parts, proofing, upkeep
from hawker.server.describe import document
from hawker.server.keys import Guard, caller
from hawker.server.metrics import Metrics
from hawker.server.pages import serving
from hawker.server.wire import (
    Handler,
    Receive,
    Refused,
    Reply,
    Scope,
    Send,
    body,
    header,
    of_error,
    problem,
    raw,
    send_reply,
    wrong_method,
)
from hawker.storage.control import Control
from hawker.storage.keys import Keys
from hawker.storage.shop import Shop

LIMIT = 1_000_000
HEARTBEAT_SECONDS = 5.0
RENEWAL_SECONDS = 0.5
KEYS_SECONDS = 0.5
HEARING_SECONDS = 0.25
NO_DEBUG = problem(
    403,
    "Not yours",
    detail="debug=1 tells prices and odds.",
    remedy="Ask with a key of the shop's, or without it.",
)
_log = structlog.get_logger("hawker.server")


def app(
    shop: Shop,
    *,
    mounts: Sequence[BaseRoute] = (),
    limit: int = LIMIT,
    started: Callable[[], None] | None = None,
    process: str = "serve",
) -> Application:
    """The application of a shop. `mounts` are further routes (the console's), `limit` bounds a body in

    bytes, `started` is called once the engine is built and requests may come, `process` names this
    process to the ledger.
    """
    return Application(shop, mounts=mounts, limit=limit, started=started, process=process)


class Application:
    """Answers HTTP for one shop. The engine lives as long as the ASGI lifespan (`running`)."""

    def __init__(
        self,
        shop: Shop,
        *,
        mounts: Sequence[BaseRoute] = (),
        limit: int = LIMIT,
        started: Callable[[], None] | None = None,
        process: str = "serve",
    ) -> None:
        self.shop = shop
        self.engine: Engine | None = None
        self.failure: HawkerError | None = None
        self.metrics = Metrics()
        self.limit, self._started, self._process = limit, started, process
        self.writing, self.computing, self._renewing = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self.described = document(parts.ENDPOINTS)
        self.guard = Guard(parts.ENDPOINTS, rates=shop.settings.rates)
        hot = {
            "/v1/decide": self._decide,
            "/v1/decide/page": self._decide_page,
            "/v1/events": self._collect,
            **parts.hot(self),
        }
        self._hot: dict[str, Handler] = hot
        self._rest = Starlette(
            routes=[*parts.routes(self), *mounts],
            lifespan=lambda _: self.running(),
            exception_handlers={HTTPException: _refused, HawkerError: _told, Exception: _broken},
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Build the engine, keep its leases alive, and close it when the last request is answered."""
        try:
            self.engine = engine = delivery.build(self.shop, process=self._process, shared=True)
        except HawkerError as error:
            self.failure = error
            raise
        engine.event_log.known("")  # the log's first use costs: pay now
        gc.freeze()  # what lives as long as the server is not looked through for garbage again
        keys, self.control = Keys(self.shop.control), Control(self.shop.control)
        self.guard.refresh(keys)
        self.renewal = Renewal(engine)
        duties = (
            *(_beat(self), _listen(self), _follow(self), _watch(self.guard, keys)),
            *(upkeep.keep(engine), gathering.keep(engine), proofing.keep(engine)),
        )
        beating = [asyncio.create_task(duty) for duty in duties]
        if self._started is not None:
            self._started()
        try:
            yield
        finally:
            for task in beating:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            self.guard.refresh(keys, every=0)
            keys.close()
            self.control.close()
            self.renewal.close()
            self.engine = None
            engine.close()

    async def renew(self) -> None:
        """Take over orders and models that have changed; what keeps that from happening is logged."""
        if self.engine is None:
            return
        try:
            async with self._renewing:
                await _renew(self.engine, self.renewal)
        except Exception as error:
            _log.error("renew", error=repr(error))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._raw(scope) if scope["type"] == "http" else None
        if handler is None:
            await self._other(scope, receive, send)
            return
        since = perf_counter()
        headers: tuple[tuple[str, str], ...] = ()
        try:
            headers = self.guard.admit(scope)
            reply = (await handler(scope, receive)).also(headers)
        except Refused as refused:
            reply = refused.reply.also(headers)
        except HawkerError as error:
            reply = of_error(error)
        except ConnectionError:
            return
        except Exception as error:
            reply = _incident(scope, error)
        await send_reply(reply, send)
        self.metrics.answered(scope["hot"], reply.status, since=since)

    def _raw(self, scope: Scope) -> Handler | None:
        """The handler of a hot path, if this is one: the path itself, or else its longest prefix."""
        path = place = scope["path"]
        while (handler := self._hot.get(place)) is None and "/" in place[:-1]:
            place = place[: place.rindex("/", 0, -1) + 1]
        if handler is not None:
            scope["hot"], scope["rest"] = place, path[len(place) :]
        return handler

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything but the hot paths. What Starlette's handlers answered it raises again: that is known."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        since, status = perf_counter(), 500
        headers: tuple[tuple[str, str], ...] = ()

        async def watch(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message["headers"], *raw(headers)]
            await send(message)

        try:
            headers = self.guard.admit(scope)
            await self._rest(scope, receive, watch)  # type: ignore[arg-type]
        except Refused as refused:
            status = refused.reply.status
            await send_reply(refused.reply, send)
        except Exception as error:
            if "incident" not in scope:
                _incident(scope, error)
        finally:
            route = scope.get("route")
            self.metrics.answered(getattr(route, "path", "other"), status, since=since)

    async def _decide(self, scope: Scope, receive: Receive) -> Reply:
        engine = serving(self)
        if scope["method"] == "POST":
            given = await body(scope, receive, most=self.limit)
            asked, debug = asking.posted(given, scope)
        elif scope["method"] == "GET":
            asked, debug = asking.in_query(scope)
        else:
            return wrong_method(("GET", "POST"), scope["method"])
        if debug and caller(scope).role is not Role.SHOP:
            raise Refused(NO_DEBUG)
        since = perf_counter()
        decision = engine.decide(asked)
        self.metrics.decided(decision, since=since)
        language = self.shop.settings.language
        return asking.answered(decision, language=language, debug=debug, tokens=engine.door.tokens)

    async def _decide_page(self, scope: Scope, receive: Receive) -> Reply:
        engine = serving(self)
        if scope["method"] != "POST":
            return wrong_method(("POST",), scope["method"])
        asked = asking.posted_page(await body(scope, receive, most=self.limit), scope)
        since = perf_counter()
        decisions = engine.decide_page(asked)
        for decision in decisions:
            self.metrics.decided(decision, since=since)
        language = self.shop.settings.language
        return Reply(200, asking.told_page(decisions, language=language, tokens=engine.door.tokens))

    async def _collect(self, scope: Scope, receive: Receive) -> Reply:
        engine = serving(self)
        if scope["method"] != "POST":
            return wrong_method(("POST",), scope["method"])
        given = await body(scope, receive, most=self.limit)
        who = beacons.sender(scope, browser=caller(scope).role is Role.PAGE)
        judged = collecting.collect(
            given,
            media=header(scope, b"content-type"),
            observe=lambda events: engine.observe(events, traffic=who),
        )
        self.metrics.judged(judged.verdicts)
        return Reply(200, msgspec.json.encode(judged))


async def _beat(application: Application) -> None:
    """Keep the ledger's leases alive, and take over what shoppers chose elsewhere and clicks say of words."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        engine = serving(application)
        try:
            await asyncio.to_thread(engine.ledger.heartbeat, now=engine.tick())
            engine.settle(())
            engine.wishes.refresh()
            engine.frequency.tend(engine.shop.state, now=engine.tick())
            engine.tally.tend(engine.shop, now=engine.tick())
            engine.believe(await asyncio.to_thread(engine.beliefs))
            engine.paced(await asyncio.to_thread(engine.pacer.advance, now=engine.tick()))
        except Exception as error:
            _log.error("heartbeat", error=repr(error))


async def _listen(application: Application) -> None:
    """Take over what other processes of this shop were told."""
    while True:
        await asyncio.sleep(HEARING_SECONDS)
        try:
            serving(application).hear()
        except Exception as error:
            _log.error("hear", error=repr(error))


async def _watch(guard: Guard, keys: Keys) -> None:
    """Follow the keys as they are made and revoked."""
    while True:
        await asyncio.sleep(KEYS_SECONDS)
        try:
            await asyncio.to_thread(guard.refresh, keys)
        except Exception as error:
            _log.error("keys", error=repr(error))


async def _follow(application: Application) -> None:
    """Take over campaigns, models and lists as they change."""
    while True:
        await asyncio.sleep(RENEWAL_SECONDS)
        await application.renew()


async def _renew(engine: Engine, renewal: Renewal) -> None:
    """Make another world beside the one that answers, and put it in its place when it is whole."""
    found = await asyncio.to_thread(renewal.seen)
    if found != dict(engine.world.versions):
        if products := await asyncio.to_thread(renewal.products, found):
            learn(engine.world.state.codes, products)
        made = await asyncio.to_thread(renewal.renewed, found, now=engine.tick())
        renewal.take_over(made)
        _log.info("renewed", **made.world.versions)


def _incident(scope: Scope, error: Exception) -> Reply:
    """Log what nobody foresaw, and answer with the number under which it stands in the log."""
    name = scope["incident"] = secrets.token_hex(4)
    _log.error("incident", incident=name, path=scope["path"], exc_info=error)
    return problem(
        500,
        "Something broke",
        detail="This is a fault of the server's, not of the request's.",
        remedy=f"The server's log tells more under incident {name}.",
        incident=name,
    )


def _refused(request: WebRequest, error: Exception) -> Response:
    """Starlette's own refusals (no such path, wrong method), in our shape."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        path, known = request.url.path, sorted({endpoint.path for endpoint in parts.ENDPOINTS})
        told = problem(
            404, "Not found", detail=f"There is no path '{path[:80]}'.", remedy=nearest(path, known)
        )
        return pages.respond(told)
    if error.status_code == 405:
        allowed = sorted((error.headers or {}).get("Allow", "GET").split(", "))
        return pages.respond(wrong_method(tuple(allowed), request.method))
    return pages.respond(problem(error.status_code, "Refused", detail=str(error.detail)))


def _told(_: WebRequest, error: Exception) -> Response:
    assert isinstance(error, HawkerError)
    return pages.respond(of_error(error))


def _broken(request: WebRequest, error: Exception) -> Response:
    if isinstance(error, Refused):
        return pages.respond(error.reply)
    return pages.respond(_incident(request.scope, error))
