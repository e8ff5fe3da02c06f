"""`/v1/audit`: every change of an order, who made it and when, and what each order has been before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.errors import nearest
from hawker.server.endpoint import READERS, WHOLE, Endpoint
from hawker.server.keys import caller
from hawker.server.ownership import Holdings
from hawker.server.pages import route, serving
from hawker.server.wire import Refused, Reply, problem, query, unfit
from hawker.storage.control import KINDS, Change

if TYPE_CHECKING:
    from hawker.server.application import Application

PAGE, LONGEST_PAGE = 100, 1_000
_PATH = "/v1/audit/{kind}/{id:path}"


class Trail(msgspec.Struct):
    """Changes, oldest first; `next` is the version to go on after, 0 at the end."""

    changes: list[Change]
    next: int


class Version(msgspec.Struct):
    """What one order became: by which change, when, by whose key; null where it was removed."""

    version: int
    time: int
    by: str
    document: dict[str, Any] | None


class History(msgspec.Struct):
    """Everything one order has been, oldest first."""

    kind: str
    id: str
    versions: list[Version]


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "get",
        "/v1/audit",
        "Who changed which orders, and when",
        keys=READERS,
        gives=Trail,
        parameters=(
            ("after", WHOLE, False),
            ("limit", {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE}, False),
        ),
        refusals=(400, 503),
    ),
    Endpoint(
        "get",
        _PATH,
        "Everything that one order has been",
        keys=READERS,
        gives=History,
        refusals=(400, 404, 503),
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes of the audit trail."""

    async def trail(request: Request) -> Reply:
        serving(application)
        holdings = Holdings(application.control, caller(request.scope))
        return await run_in_threadpool(_trail, holdings, query(request.scope))

    async def history(request: Request) -> Reply:
        serving(application)
        holdings = Holdings(application.control, caller(request.scope))
        kind, id = request.path_params["kind"], request.path_params["id"]
        return await run_in_threadpool(_history, holdings, kind, id)

    return [route("/v1/audit", trail), route(_PATH, history)]


def _trail(holdings: Holdings, given: Sequence[tuple[str, str]]) -> Reply:
    asked = {"after": 0, "limit": PAGE}
    for name, value in given:
        if name not in asked:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(asked)))
        if not value.isascii() or not value.isdigit() or len(value) > 15:
            raise unfit(f"'{name}' is '{value[:40]}'.", "Give a number.")
        asked[name] = int(value)
    if not 1 <= asked["limit"] <= LONGEST_PAGE:
        raise unfit(f"'limit' is {asked['limit']}.", f"Give a number from 1 to {LONGEST_PAGE:,}.")
    changes = holdings.control.changes(after=asked["after"])
    page = changes[: asked["limit"]]
    following = page[-1].version if len(changes) > len(page) else 0
    return Reply(
        200, msgspec.json.encode(Trail([one for one in map(_own(holdings), page) if one.ids], following))
    )


def _own(holdings: Holdings) -> Any:
    """What a caller may see of a change: the ids that are its own."""

    def seen(change: Change) -> Change:
        if holdings.everything:
            return change
        there = holdings.before(change.kind, change.ids)
        last = [there.get(id) or holdings.last(change.kind, id) for id in change.ids]
        known = [one for one in last if one is not None]
        mine = {one.id for one in holdings.seen(known)}
        return msgspec.structs.replace(change, ids=tuple(id for id in change.ids if id in mine))

    return seen


def _history(holdings: Holdings, kind: str, id: str) -> Reply:
    if kind not in KINDS:
        raise Refused(
            problem(
                404, "Not found", detail=f"There is no kind '{kind[:40]}'.", remedy=nearest(kind, list(KINDS))
            )
        )
    revisions = holdings.control.history(kind, id)
    last = holdings.last(kind, id)
    if last is None or not holdings.seen([last]):
        raise Refused(
            problem(
                404, "Not found", detail=f"There has been no {kind} '{id[:80]}'.", remedy="See GET /v1/audit."
            )
        )
    versions = [
        Version(
            one.version, one.time, one.by, None if one.document is None else msgspec.to_builtins(one.document)
        )
        for one in revisions
        if one.document is None or holdings.seen([one.document])
    ]
    return Reply(200, msgspec.json.encode(History(kind, id, versions)))
