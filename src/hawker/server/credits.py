"""`/v1/credits`: take back what was charged for traffic that turned out to be no person's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.delivery import Engine, billing
from hawker.delivery.billing import Credited
from hawker.records.ids import LONGEST
from hawker.server.endpoint import SHOP, Endpoint
from hawker.server.pages import route, serving
from hawker.server.wire import Reply, body, decoded, unfit

if TYPE_CHECKING:
    from hawker.server.application import Application

MOST = 1_000
_LARGEST = 600_000
_LISTS = ("shoppers", "sessions", "impressions")


class Invalid(Struct, forbid_unknown_fields=True):
    """Traffic found invalid: whose, or which charges ('decision/slot'), and what was found."""

    reason: str
    shoppers: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    impressions: tuple[str, ...] = ()


_DECODER = msgspec.json.Decoder(Invalid)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "post",
        "/v1/credits",
        "Take back what was charged for invalid traffic found later, each charge once",
        keys=SHOP,
        takes=Invalid,
        gives=Credited,
        refusals=(400, 413, 503, 507),
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """The route of credits."""

    async def credit(request: Request) -> Reply:
        engine = serving(application)
        found = sound(await body(request.scope, request.receive, most=_LARGEST))
        done = await run_in_threadpool(_credit, engine, found, now=engine.tick())
        return Reply(200, msgspec.json.encode(done))

    return [route("/v1/credits", credit, method="POST")]


def sound(given: bytes) -> Invalid:
    """What a body asks for, within bounds; raises `Refused` where it cannot be used."""
    example = 'Send {"reason": "…", "shoppers": ["…"]}.'
    found = decoded(_DECODER, given, known=Invalid.__struct_fields__, example=example)
    for name in _LISTS:
        values = getattr(found, name)
        if len(values) > MOST or any(len(value) > LONGEST or not value.isprintable() for value in values):
            raise unfit(f"'{name}' must be at most {MOST:,} ids of at most {LONGEST} printable characters.")
    if not any(getattr(found, name) for name in _LISTS):
        raise unfit("Credit what?", "Name shoppers, sessions or impressions.")
    if not found.reason.strip() or len(found.reason) > LONGEST or not found.reason.isprintable():
        raise unfit(f"'reason' must say what was found, in at most {LONGEST} printable characters.")
    return found


def _credit(engine: Engine, found: Invalid, *, now: int) -> Credited:
    """Runs in a thread: it reads the whole log."""
    shoppers = [known for name in found.shoppers for known in (*engine.naming.ever(name), name)]
    listed = list(found.impressions)
    if shoppers or found.sessions:
        listed += billing.suspects(engine.shop, shoppers=shoppers, sessions=found.sessions)
    return billing.credit_invalid(engine.ledger, listed, reason=found.reason, now=now)
