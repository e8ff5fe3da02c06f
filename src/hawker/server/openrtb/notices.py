"""What an exchange reports of a bid: won, billable (the impression is charged), lost (its money is free)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hawker.delivery import Engine
from hawker.delivery.tokens import Act, Claim
from hawker.errors import BadRecord
from hawker.records.money import micros
from hawker.records.verdict import Status
from hawker.server.endpoint import ANYONE, TEXT, Endpoint
from hawker.server.openrtb.answer import Doors
from hawker.server.openrtb.macros import filled
from hawker.server.pages import serving
from hawker.server.wire import Handler, Receive, Reply, Scope, query

if TYPE_CHECKING:
    from hawker.server.application import Application

WON, BILLED, LOST = "/v1/openrtb2/won/", "/v1/openrtb2/billed/", "/v1/openrtb2/lost/"
_PRICED = "?price=${AUCTION_PRICE}&currency=${AUCTION_CURRENCY}"
_LOSS = "?reason=${AUCTION_LOSS}"
_OK, _UNKNOWN = Reply(204, b""), Reply(404, b"")
_LARGEST = 2**53

ENDPOINTS = (
    Endpoint(
        "get",
        "/v1/openrtb2/won/{token}",
        "An exchange says that a bid has won; nothing is charged yet",
        keys=ANYONE,
        parameters=(("price", TEXT, False), ("currency", TEXT, False)),
        refusals=(503,),
        silent=(404,),
        proven=True,
        status=204,
    ),
    Endpoint(
        "get",
        "/v1/openrtb2/billed/{token}",
        "An exchange says that an impression is billable: it is charged, at most at the clearing price",
        keys=ANYONE,
        parameters=(("price", TEXT, False), ("currency", TEXT, False)),
        refusals=(503, 507),
        silent=(404,),
        proven=True,
        status=204,
    ),
    Endpoint(
        "get",
        "/v1/openrtb2/lost/{token}",
        "An exchange says that a bid has lost: its money is free again",
        keys=ANYONE,
        parameters=(("reason", TEXT, False),),
        refusals=(503,),
        silent=(404,),
        proven=True,
        status=204,
    ),
)


def doors(engine: Engine, decision: str, place: int, *, base: str) -> Doors:
    """The addresses that report what became of one slot. The exchange alone learns the one that bills."""
    impression, viewable, click = engine.door.tokens.mint(decision, place)
    return Doors(
        click=f"{base}/v1/click/{click}",
        viewable=f"{base}/v1/viewable/{viewable}",
        won=f"{base}{WON}{impression}{_PRICED}",
        billed=f"{base}{BILLED}{impression}{_PRICED}",
        lost=f"{base}{LOST}{impression}{_LOSS}",
    )


def hot(application: Application) -> dict[str, Handler]:
    """The raw handlers of the three notices."""

    async def won(scope: Scope, _: Receive) -> Reply:
        found = _claim(application, scope)
        return _counted(application, "won", found is not None)

    async def billed(scope: Scope, _: Receive) -> Reply:
        found = _claim(application, scope)
        if found is not None:
            engine = serving(application)
            cleared = _price(scope, currency=application.shop.settings.currency)
            event = engine.door.billed(found, cleared=cleared, now=engine.tick())
            verdict = engine.observe([event])[0]
            application.metrics.judged([verdict])
            if verdict.status is Status.DUPLICATE:
                return _OK
        return _counted(application, "billed", found is not None)

    async def lost(scope: Scope, _: Receive) -> Reply:
        found = _claim(application, scope)
        if found is not None:
            serving(application).withdraw(found.decision, found.slot)
        return _counted(application, "lost", found is not None)

    return {WON: won, BILLED: billed, LOST: lost}


def _claim(application: Application, scope: Scope) -> Claim | None:
    """What the token of a notice proves, if it proves a slot of a decision."""
    engine = serving(application)
    found = engine.door.tokens.read(str(scope["rest"]), now=engine.tick())
    return found if found.act is Act.IMPRESSION and found.decision and not found.fault else None


def _price(scope: Scope, *, currency: str) -> int | None:
    """The clearing price in micros per thousand; None where it is not told, or told in other money."""
    told = {name: filled(value, {}) for name, value in query(scope)}
    if told.get("currency", "") not in {"", currency}:
        return None
    with suppress(BadRecord):
        found = micros(told.get("price", ""))
        return found if 0 <= found <= _LARGEST else None
    return None


def _counted(application: Application, what: str, known: bool) -> Reply:
    application.metrics.exchanged(what if known else f"{what}_unknown")
    return _OK if known else _UNKNOWN
