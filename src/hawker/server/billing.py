"""`/v1/balance` and `/v1/statement`: where campaigns stand today, and what an advertiser owes for a month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.delivery import Engine
from hawker.errors import nearest
from hawker.records.charge import Balance, Line, month
from hawker.records.key import Role
from hawker.server.endpoint import READERS, TEXT, Endpoint
from hawker.server.keys import Caller, caller
from hawker.server.orders import refused
from hawker.server.pages import route, serving
from hawker.server.wire import Reply, query, unfit

if TYPE_CHECKING:
    from hawker.server.application import Application


class Balances(msgspec.Struct):
    """Where campaigns stand at a moment; amounts are micros of `currency`."""

    now: int
    currency: str
    campaigns: list[Balance]


class Account(msgspec.Struct):
    """What one advertiser owes for a month: `due` is what was charged less what was credited."""

    advertiser: str
    month: str
    start: int
    end: int
    currency: str
    charged: int
    credited: int
    due: int
    lines: tuple[Line, ...]


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "get",
        "/v1/balance",
        "What campaigns have spent and have left",
        keys=READERS,
        gives=Balances,
        parameters=(("advertiser", TEXT, False),),
        refusals=(400, 503),
    ),
    Endpoint(
        "get",
        "/v1/statement",
        "What an advertiser owes for a month; the statements of all sum to the ledger",
        keys=READERS,
        gives=Account,
        parameters=(
            ("month", {"type": "string", "pattern": r"^\d{4}-\d{2}$"}, True),
            ("advertiser", TEXT, False),
        ),
        refusals=(400, 503),
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes of money."""

    async def balance(request: Request) -> Reply:
        asked = _asked(request, ("advertiser",))
        return await run_in_threadpool(_balances, serving(application), asked.get("advertiser"))

    async def statement(request: Request) -> Reply:
        asked = _asked(request, ("month", "advertiser"))
        if "month" not in asked:
            raise unfit("The parameter 'month' is missing.", "Ask for one, such as ?month=2026-10.")
        return await run_in_threadpool(
            _statement, serving(application), asked.get("advertiser", ""), asked["month"]
        )

    return [route("/v1/balance", balance), route("/v1/statement", statement)]


def _balances(engine: Engine, advertiser: str | None) -> Reply:
    now = engine.tick()
    found = engine.ledger.balances(now=now, advertiser=advertiser)
    return Reply(200, msgspec.json.encode(Balances(now, engine.shop.settings.currency, found)))


def _statement(engine: Engine, advertiser: str, name: str) -> Reply:
    settings = engine.shop.settings
    start, end = month(name, utc_offset_minutes=settings.utc_offset_minutes)
    found = engine.ledger.statement(advertiser, start=start, end=end)
    money = (found.charged, found.credited, found.due)
    account = Account(advertiser, name, start, end, settings.currency, *money, found.lines)
    return Reply(200, msgspec.json.encode(account))


def _asked(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    """The parameters of a request; an advertiser asks about itself."""
    asked: dict[str, str] = {}
    for name, value in query(request.scope):
        if name not in known:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(known)))
        if name in asked:
            raise unfit(f"The parameter '{name}' is given twice.")
        asked[name] = value
    return _about(asked, caller(request.scope))


def _about(asked: dict[str, str], who: Caller) -> dict[str, str]:
    if who.role is not Role.ADVERTISER:
        return asked
    if asked.get("advertiser", who.advertiser) != who.advertiser:
        raise refused("An advertiser's key tells of this advertiser alone.", "Leave the parameter out.")
    return {**asked, "advertiser": who.advertiser}
