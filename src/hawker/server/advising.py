"""`/v1/audiences/suggest`: whom a campaign should speak to, worked out in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.audience.advice import advice, called
from hawker.audience.proposal import Proposal, propose, rounded
from hawker.audience.suggest import Suggestion
from hawker.errors import nearest
from hawker.records.audience import Audience
from hawker.records.campaign import Campaign
from hawker.server import gathering
from hawker.server.apart import apart
from hawker.server.audiences import spoken
from hawker.server.endpoint import READERS, Endpoint
from hawker.server.keys import caller
from hawker.server.ownership import Holdings
from hawker.server.pages import route, serving
from hawker.server.wire import Refused, Reply, body, decoded, problem
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    from hawker.server.application import Application

MOST_WAITING = 4
"""Suggestions that are worked on or waited for; who comes then is asked to come again."""
_SUGGEST = "/v1/audiences/suggest"


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """The campaign that is to choose, and the language of the advice."""

    campaign: str
    language: str = ""


class Advised(Suggestion, frozen=True):
    """A suggestion with the `advice` in sentences, what each of its audiences is called, and

    those that are `proposed`, as they would be put; `no_buyers` says why no likely buyers are among these.
    """

    advice: tuple[str, ...] = ()
    names: dict[str, str] = msgspec.field(default_factory=dict)
    proposed: tuple[Audience, ...] = ()
    no_buyers: str = ""


_WANTED = msgspec.json.Decoder(Wanted)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "post",
        _SUGGEST,
        "Which audience a campaign should choose, and why; it takes seconds, and nothing is kept",
        keys=READERS,
        takes=Wanted,
        gives=Advised,
        refusals=(400, 404, 413, 503),
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """One suggestion is worked out at a time."""
    turn, waiting = asyncio.Lock(), 0

    async def suggest(request: Request) -> Reply:
        nonlocal waiting
        engine = serving(application)
        given = await body(request.scope, request.receive, most=application.limit)
        wanted = decoded(_WANTED, given)
        language = spoken({"language": wanted.language} if wanted.language else {}, application)
        holdings = Holdings(application.control, caller(request.scope))
        campaign, products, held = await run_in_threadpool(_asked, holdings, wanted.campaign)
        if waiting >= MOST_WAITING:
            detail = f"{waiting} suggestions are being worked out."
            raise Refused(problem(503, "Busy", detail=detail, remedy="Ask again in a minute."))
        waiting += 1
        try:
            async with turn:
                folder = str(engine.shop.folder)
                found = await apart(_alone, folder, campaign, products, held, name="suggestion")
        finally:
            waiting -= 1
        return _told(engine.shop, holdings, campaign, found, language)

    return [route(_SUGGEST, suggest, method="POST")]


def _asked(holdings: Holdings, name: str) -> tuple[Campaign, list[str], list[Audience]]:
    """The campaign, if the caller may see it, what it advertises, and the audiences the caller may see."""
    control = holdings.control
    mine = [one for one in holdings.seen(control.among("campaign", [name])) if isinstance(one, Campaign)]
    if not mine:
        seen = [one.id for one in holdings.seen(control.campaigns())]
        remedy = nearest(name, seen) if seen else "GET /v1/campaigns lists them."
        raise Refused(problem(404, "Not found", detail=f"There is no campaign '{name[:80]}'.", remedy=remedy))
    products = sorted({ad.product for ad in control.ads() if ad.campaign == name and ad.active})
    held = [one for one in holdings.seen(control.audiences()) if isinstance(one, Audience)]
    return mine[0], products, held


def _alone(folder: str, campaign: Campaign, products: list[str], held: list[Audience]) -> Proposal:
    """In the process of its own: the shop as its folder has it."""
    return propose(gathering.moment(Shop(Path(folder))), campaign, products, held=held)


def _told(shop: Shop, holdings: Holdings, campaign: Campaign, found: Proposal, language: str) -> Reply:
    told, proposed = found.suggestion, found.proposed
    if not holdings.everything:
        told = rounded(told, least=shop.settings.audiences.least)
        own = holdings.caller.advertiser
        proposed = tuple(msgspec.structs.replace(one, advertiser=own) for one in proposed)
    names = called(found.among, language)
    currency = campaign.currency or shop.settings.currency
    sentences = tuple(advice(told, language=language, names=names, currency=currency))
    fields = {name: getattr(told, name) for name in Suggestion.__struct_fields__}
    answer = Advised(**fields, advice=sentences, names=names, proposed=proposed, no_buyers=found.no_buyers)
    return Reply(200, msgspec.json.encode(answer))
