"""`/v1/campaigns` and its like: what advertisers order, as resources: listed, read, put and removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.audience import unsettle
from hawker.errors import nearest
from hawker.server import aiming, gathering, orders
from hawker.server.endpoint import OWNERS, READERS, SHOP, TEXT, Endpoint, Parameter
from hawker.server.keys import caller
from hawker.server.orders import RESOURCES, Resource, refused
from hawker.server.ownership import Holdings
from hawker.server.pages import route, serving
from hawker.server.wire import Refused, Reply, body, header, problem, query, unfit
from hawker.storage.control import Document, Name

if TYPE_CHECKING:
    from hawker.server.application import Application

PAGE, LONGEST_PAGE = 100, 1_000
_AFTER: Parameter = ("after", TEXT, False)
_LIMIT: Parameter = ("limit", {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE}, False)


class Kept(msgspec.Struct):
    """What came of a list that was put: how many documents it held, and how many were new or changed."""

    kept: int
    changed: int


def _endpoints(one: Resource) -> tuple[Endpoint, ...]:
    """The description of one resource."""
    writers = SHOP if one.kind == "advertiser" else OWNERS
    base, path = f"/v1/{one.plural}", f"/v1/{one.plural}/{{{one.kind}:path}}"
    wrong = (400, 404, 409, 412, 413, 503, 507)
    filters = tuple((name, TEXT, False) for name in one.filters)
    return (
        Endpoint(
            "get",
            base,
            f"List {one.plural}",
            keys=READERS,
            gives=_listing(one),
            parameters=(*filters, _AFTER, _LIMIT),
            refusals=(400, 503),
        ),
        Endpoint(
            "post",
            base,
            f"Put several {one.plural} at once, all or none",
            keys=writers,
            takes=list[one.record],  # type: ignore[name-defined]
            gives=Kept,
            refusals=wrong,
        ),
        Endpoint(
            "get", path, f"Read one of the {one.plural}", keys=READERS, gives=one.record, refusals=(404, 503)
        ),
        Endpoint(
            "put",
            path,
            f"Make or replace one of the {one.plural}",
            keys=writers,
            takes=one.record,
            gives=one.record,
            refusals=wrong,
            makes=True,
        ),
        Endpoint(
            "patch",
            path,
            f"Change some fields of one of the {one.plural} (RFC 7396)",
            keys=writers,
            takes=dict[str, Any],
            gives=one.record,
            refusals=wrong,
        ),
        Endpoint(
            "delete",
            path,
            f"Remove one of the {one.plural}",
            keys=writers,
            parameters=(("cascade", {"type": "boolean"}, False),),
            refusals=wrong,
            status=204,
        ),
    )


def _listing(one: Resource) -> type[msgspec.Struct]:
    """What a list of a resource is answered as."""
    name = f"{one.record.__name__}List"
    made = msgspec.defstruct(name, [("items", list[one.record]), ("next", str)])  # type: ignore[name-defined]
    made.__doc__ = f"Some {one.plural}, by id; `next` is where the list goes on, empty at its end."
    return made


ENDPOINTS: tuple[Endpoint, ...] = tuple(endpoint for one in RESOURCES for endpoint in _endpoints(one))


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes of every resource."""
    return [made for one in RESOURCES for made in _routes(application, one)]


def _routes(application: Application, one: Resource) -> list[BaseRoute]:
    async def listed(request: Request) -> Reply:
        return await run_in_threadpool(_list, _holdings(application, request), one, query(request.scope))

    async def read(request: Request) -> Reply:
        return await run_in_threadpool(_read, _holdings(application, request), one, _id(request, one))

    async def several(request: Request) -> Reply:
        documents = orders.many(await _body(application, request), one.kind)
        return Reply(200, msgspec.json.encode(await _keep(application, request, one, documents)))

    async def put(request: Request) -> Reply:
        document = orders.one(await _body(application, request), one.kind, id=_id(request, one))
        found = await run_in_threadpool(application.control.versioned, one.kind, document.id)
        await _keep(application, request, one, [document], expected=_expected(request, found))
        reply = await read(request)
        return Reply(200 if found else 201, reply.body, headers=reply.headers)

    async def patch(request: Request) -> Reply:
        text, id = await _body(application, request), _id(request, one)
        version, held = await run_in_threadpool(_found, _holdings(application, request), one, id)
        expected = _expected(request, (version, held)) or {(one.kind, id): version}
        await _keep(application, request, one, [orders.merged(text, one.kind, into=held)], expected=expected)
        return await read(request)

    async def remove(request: Request) -> Reply:
        cascade = _cascade(query(request.scope))
        holdings, id = _holdings(application, request), _id(request, one)
        async with application.writing:
            found = await run_in_threadpool(_found, holdings, one, id)
            if not await run_in_threadpool(holdings.writes, found[1]):
                raise refused(f"The {one.kind} '{id[:80]}' is the shop's own.", "Ask the shop to remove it.")
            expected = _expected(request, found)
            await run_in_threadpool(_remove, holdings, one, id, cascade=cascade, expected=expected)
            if one.kind == "audience":
                await run_in_threadpool(unsettle, application.shop, [id])
        await application.renew()
        return Reply(204, b"")

    base, path = f"/v1/{one.plural}", f"/v1/{one.plural}/{{{one.kind}:path}}"
    return [
        route(base, listed),
        route(base, several, method="POST"),
        route(path, read),
        route(path, put, method="PUT"),
        route(path, patch, method="PATCH"),
        route(path, remove, method="DELETE"),
    ]


async def _keep(
    application: Application,
    request: Request,
    one: Resource,
    documents: Sequence[Document],
    *,
    expected: dict[Name, int] | None = None,
) -> Kept:
    """Keep documents that are fit to be kept, on record under the caller's key, and in effect on return."""
    holdings, products = _holdings(application, request), serving(application).world.catalogue

    def keep() -> int:
        kept = orders.fit(documents, one.kind, holdings=holdings, products=products)
        aiming.aimed(kept, one.kind, holdings=holdings, shop=application.shop)
        return holdings.control.put(kept, by=holdings.caller.key or "local", expected=expected)

    async with application.writing:
        changed = await run_in_threadpool(keep)
    if one.kind == "audience":
        ids = [document.id for document in documents]
        async with application.computing:  # which takes seconds: other orders are kept meanwhile
            await run_in_threadpool(gathering.put, serving(application), holdings.control, ids)
    await application.renew()
    return Kept(len(documents), changed)


def _list(holdings: Holdings, one: Resource, given: Sequence[tuple[str, str]]) -> Reply:
    asked: dict[str, str] = {}
    known = (*one.filters, "after", "limit")
    for name, value in given:
        if name not in known:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(known)))
        if name in asked:
            raise unfit(f"The parameter '{name}' is given twice.")
        asked[name] = value
    limit, after = limited(asked.pop("limit", str(PAGE))), asked.pop("after", "")
    found: list[Document] = []
    while len(found) <= limit and (page := holdings.control.page(one.kind, after=after)):
        after = page[-1].id
        fitting = [
            document
            for document in page
            if all(getattr(document, name) == value for name, value in asked.items())
        ]
        found += holdings.seen(fitting)
    items = found[:limit]
    listed = {"items": items, "next": items[-1].id if len(found) > limit else ""}
    return Reply(200, msgspec.json.encode(listed))


def _read(holdings: Holdings, one: Resource, id: str) -> Reply:
    version, document = _found(holdings, one, id)
    return Reply(200, msgspec.json.encode(document), headers=(("etag", f'"{version}"'),))


def _found(holdings: Holdings, one: Resource, id: str) -> tuple[int, Document]:
    """A document and its version; refused where there is none that the caller may see."""
    found = holdings.control.versioned(one.kind, id)
    if found is None or not holdings.seen([found[1]]):
        remedy = f"GET /v1/{one.plural} lists them."
        raise Refused(problem(404, "Not found", detail=f"There is no {one.kind} '{id[:80]}'.", remedy=remedy))
    return found


def _remove(
    holdings: Holdings, one: Resource, id: str, *, cascade: bool, expected: dict[Name, int] | None
) -> None:
    """Remove a document, with `cascade` what belongs to it too; whatever else names it is in the way."""
    bound = orders.dependants(one.kind, id, holdings=holdings)
    if bound and not (cascade and one.kind in {"campaign", "group"}):
        listed = ", ".join(f"{len(ids):,} of /v1/{_plural(kind)}" for kind, ids in bound.items())
        first = next(iter(bound.values()))[0]
        remedy = (
            "Remove them first." if one.kind not in {"campaign", "group"} else "Remove them too: ?cascade=1."
        )
        detail = f"The {one.kind} '{id[:80]}' is named by {listed}, '{first[:80]}' for one."
        raise Refused(problem(409, "In conflict", detail=detail, remedy=remedy))
    by = holdings.caller.key or "local"
    for kind in ("ad", "group"):
        if kind in bound:
            holdings.control.remove(kind, bound[kind], by=by)
    holdings.control.remove(one.kind, [id], by=by, expected=expected)


def _plural(kind: str) -> str:
    return next(one.plural for one in RESOURCES if one.kind == kind)


def _holdings(application: Application, request: Request) -> Holdings:
    serving(application)
    return Holdings(application.control, caller(request.scope))


def _id(request: Request, one: Resource) -> str:
    return str(request.path_params[one.kind])


async def _body(application: Application, request: Request) -> bytes:
    return await body(request.scope, request.receive, most=application.limit)


def _expected(request: Request, found: tuple[int, Document] | None) -> dict[Name, int] | None:
    """The version that the document must still have, as `If-Match` or `If-None-Match` asks."""
    match, none = header(request.scope, b"if-match"), header(request.scope, b"if-none-match")
    kind = next(iter(request.path_params))
    name = (kind, str(request.path_params[kind]))
    if none == b"*":
        return {name: 0}
    if not match:
        return None
    tags = {tag.strip() for tag in match.decode("latin-1").split(",")}
    version = found[0] if found else 0
    if version == 0 or not tags & {"*", f'"{version}"'}:
        detail = f"The {kind} has not the version that If-Match names."
        raise Refused(
            problem(412, "Changed meanwhile", detail=detail, remedy="Read it again, then decide anew.")
        )
    return {name: version}


def _cascade(given: Sequence[tuple[str, str]]) -> bool:
    for name, value in given:
        if name != "cascade":
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, ["cascade"]))
        if value not in {"", "0", "1", "true", "false"}:
            raise unfit(f"'cascade' is '{value[:40]}'.", "Use 1 or 0.")
    return any(value in {"1", "true"} for _, value in given)


def limited(text: str) -> int:
    """How many a page may hold, as its query says."""
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= LONGEST_PAGE:
        raise unfit(f"'limit' is '{text[:40]}'.", f"Give a number from 1 to {LONGEST_PAGE:,}.")
    return int(text)
