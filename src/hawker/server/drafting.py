"""`/v1/drafts`: copy on record, written without a model, looked at, approved or refused by its owner."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.creative import studio
from hawker.creative.desk import Desk
from hawker.creative.draft import Extractive
from hawker.errors import NotFound, nearest
from hawker.records.creative import Creative
from hawker.records.draft import Kind
from hawker.records.sheet import Sheet, Standing, Variant
from hawker.server import briefing, gathering
from hawker.server.briefing import Wanted
from hawker.server.endpoint import OWNERS, READERS, TEXT, Endpoint
from hawker.server.keys import caller
from hawker.server.manage import LONGEST_PAGE, PAGE, limited
from hawker.server.orders import refused
from hawker.server.ownership import Holdings
from hawker.server.pages import route, serving
from hawker.server.wire import Reply, body, decoded, query, unfit
from hawker.storage.drafts import Drafts

if TYPE_CHECKING:
    from hawker.server.application import Application

_ALL, _ONE = "/v1/drafts", "/v1/drafts/{draft}"
_APPROVE, _REFUSE = "/v1/drafts/{draft}/approve", "/v1/drafts/{draft}/refuse"
_FILTERS = ("product", "advertiser", "kind", "standing")


class DraftList(msgspec.Struct):
    """Some drafts, by id; `next` is where the list goes on, empty at its end."""

    items: list[Variant]
    next: str


class Looked(msgspec.Struct):
    """One draft with how it came about: its brief, and what the writer was told ('' where none was)."""

    draft: Variant
    written: Sheet
    prompt: str


class Judgement(msgspec.Struct, forbid_unknown_fields=True):
    """Why a draft is approved or refused; a refusal has to say."""

    reason: str = ""


_WANTED, _JUDGEMENT = msgspec.json.Decoder(Wanted), msgspec.json.Decoder(Judgement)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "get",
        _ALL,
        "List drafts, fallen ones too, with what the gate holds against each",
        keys=READERS,
        gives=DraftList,
        parameters=(
            ("product", TEXT, False),
            ("advertiser", TEXT, False),
            ("kind", {"type": "string", "enum": [str(kind) for kind in Kind]}, False),
            ("standing", {"type": "string", "enum": [str(one) for one in Standing]}, False),
            ("after", TEXT, False),
            ("limit", {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE}, False),
        ),
        refusals=(400, 503),
    ),
    Endpoint(
        "post",
        _ALL,
        "Write variants for one product from its own words, and put them on record",
        keys=OWNERS,
        takes=Wanted,
        gives=Sheet,
        refusals=(400, 404, 409, 413, 503, 507),
    ),
    Endpoint(
        "get",
        _ONE,
        "Look at one draft: brief, prompt, seed, findings, who decided",
        keys=READERS,
        gives=Looked,
        refusals=(404, 503),
    ),
    Endpoint(
        "post",
        _APPROVE,
        "Let a draft be shown; the gate looks once more",
        keys=OWNERS,
        takes=Judgement,
        gives=Variant,
        refusals=(400, 404, 409, 413, 503, 507),
    ),
    Endpoint(
        "post",
        _REFUSE,
        "Keep a draft from being shown, and say why; an approved one is taken down",
        keys=OWNERS,
        takes=Judgement,
        gives=Variant,
        refusals=(400, 404, 413, 503, 507),
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes of drafts."""

    async def listed(request: Request) -> Reply:
        return await run_in_threadpool(_list, application, _holdings(application, request), request)

    async def wrote(request: Request) -> Reply:
        wanted = decoded(_WANTED, await body(request.scope, request.receive, most=application.limit))
        holdings = _holdings(application, request)
        async with application.writing:
            made = await run_in_threadpool(_write, application, holdings, wanted)
        await application.renew()
        return Reply(200, msgspec.json.encode(made))

    async def looked(request: Request) -> Reply:
        return await run_in_threadpool(_look, application, _holdings(application, request), _id(request))

    async def approve(request: Request) -> Reply:
        return await ruled(request, Standing.APPROVED)

    async def refuse(request: Request) -> Reply:
        return await ruled(request, Standing.REFUSED)

    async def ruled(request: Request, standing: Standing) -> Reply:
        given = await body(request.scope, request.receive, most=application.limit)
        reason = decoded(_JUDGEMENT, given).reason if given.strip() else ""
        holdings = _holdings(application, request)
        async with application.writing:
            made = await run_in_threadpool(_rule, application, holdings, _id(request), standing, reason)
        await application.renew()
        return Reply(200, msgspec.json.encode(made))

    return [
        route(_ALL, listed),
        route(_ALL, wrote, method="POST"),
        route(_ONE, looked),
        route(_APPROVE, approve, method="POST"),
        route(_REFUSE, refuse, method="POST"),
    ]


@contextmanager
def _desk(application: Application, holdings: Holdings) -> Iterator[Desk]:
    with closing(Drafts(application.shop.control)) as drafts:
        shown = briefing.desk(application.shop, holdings.control, drafts)
        yield dataclasses.replace(shown, catalogue=serving(application).world.catalogue)


def _list(application: Application, holdings: Holdings, request: Request) -> Reply:
    asked = _parameters(request)
    limit, after = limited(asked.pop("limit", str(PAGE))), asked.pop("after", "")
    if not holdings.everything:
        own = holdings.caller.advertiser
        if asked.get("advertiser", own) != own:
            return Reply(200, msgspec.json.encode(DraftList([], "")))
        asked["advertiser"] = own
    with closing(Drafts(application.shop.control)) as drafts:
        found = drafts.page(asked, after=after, limit=limit + 1)
    items = found[:limit]
    return Reply(200, msgspec.json.encode(DraftList(items, items[-1].id if len(found) > limit else "")))


def _look(application: Application, holdings: Holdings, id: str) -> Reply:
    with _desk(application, holdings) as desk:
        one = _found(desk, holdings, id)
        sheet = replace(desk.drafts.sheet(one.sheet), variants=())
        told = desk.drafts.prompt(one.draft.prompt) if one.draft.prompt else ""
    return Reply(200, msgspec.json.encode(Looked(one, sheet, told)))


def _write(application: Application, holdings: Holdings, wanted: Wanted) -> Sheet:
    """Written by the extractive writer at once: a language model is asked by `hawker write` alone."""
    engine, shop, control = serving(application), application.shop, holdings.control
    product = engine.world.catalogue.get(wanted.product)
    if product is None:
        raise unfit(f"product: the catalogue has no '{wanted.product[:80]}'.", "Ingest it first.")
    wanted = _owned(holdings, wanted)
    advertiser, campaign = briefing.behalf(control, wanted)
    brief = briefing.briefs(shop, control, [product], wanted, moment=lambda: gathering.present(engine))[0]
    by = holdings.caller.key or "local"
    made = studio.write(
        Extractive(),
        brief,
        n=wanted.n,
        seed=wanted.seed,
        time=time.time_ns() // 1000,
        by=by,
        advertiser=advertiser,
        campaign=campaign,
        reader=shop.settings.language,
    )
    with _desk(application, holdings) as desk:
        desk.file([made])
        return desk.drafts.sheet(made.id)


def _owned(holdings: Holdings, wanted: Wanted) -> Wanted:
    """What an advertiser wants is for itself, for its own campaigns, and for audiences that it may see."""
    if holdings.everything:
        return wanted
    own = holdings.caller.advertiser
    if wanted.advertiser not in ("", own):
        raise refused(f"advertiser: '{wanted.advertiser[:80]}' is not yours.", f"Name '{own}'.")
    campaigns = holdings.campaigns() or frozenset()
    if wanted.campaign and wanted.campaign not in campaigns:
        raise refused(f"campaign: '{wanted.campaign[:80]}' is not yours.", "Name a campaign of your own.")
    held = holdings.control.get("audience", wanted.audience) if wanted.audience else None
    if held is not None and not holdings.seen([held]):
        raise refused(f"audience: '{wanted.audience[:80]}' is not yours.", "Name one of your own.")
    return replace(wanted, advertiser=own)


def _rule(application: Application, holdings: Holdings, id: str, standing: Standing, reason: str) -> Variant:
    by, now = holdings.caller.key or "local", time.time_ns() // 1000
    with _desk(application, holdings) as desk:
        one = _found(desk, holdings, id)
        if standing is Standing.REFUSED:
            return desk.refuse(id, by=by, time=now, reason=reason)
        if not holdings.everything:
            _open(desk, one, by)
        return desk.approve(id, by=by, time=now, reason=reason, unquestioned=not holdings.everything)


def _open(desk: Desk, one: Variant, by: str) -> None:
    """Refuse an advertiser to approve what the gate asks about, or what the shop said no to."""
    if one.objections and one.standing is not Standing.FALLEN:
        raise refused("The gate has a question about this draft.", "Ask the shop to approve it.")
    shown = desk.control.get("creative", one.id)
    taken = one.standing is Standing.APPROVED and isinstance(shown, Creative) and not shown.approved
    if taken or (one.standing is Standing.REFUSED and one.rulings[-1].by != by):
        raise refused("The shop refused this draft.", "Ask the shop to approve it, or write another.")


def _found(desk: Desk, holdings: Holdings, id: str) -> Variant:
    """A draft that the caller may see; not there where it may not."""
    one = desk.drafts.get(id)
    if not holdings.holds(one.advertiser):
        raise NotFound(f"There is no draft '{id[:80]}'.", remedy="GET /v1/drafts lists them.")
    return one


def _parameters(request: Request) -> dict[str, str]:
    asked: dict[str, str] = {}
    known = (*_FILTERS, "after", "limit")
    for name, value in query(request.scope):
        if name not in known:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(known)))
        if name in asked:
            raise unfit(f"The parameter '{name}' is given twice.")
        asked[name] = value
    for name, kinds in (("kind", Kind), ("standing", Standing)):
        values = [str(one) for one in kinds]
        if asked.get(name, values[0]) not in values:
            raise unfit(f"'{name}' is '{asked[name][:40]}'.", nearest(asked[name], values))
    return asked


def _holdings(application: Application, request: Request) -> Holdings:
    serving(application)
    return Holdings(application.control, caller(request.scope))


def _id(request: Request) -> str:
    return str(request.path_params["draft"])
