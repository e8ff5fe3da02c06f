"""`/v1/audiences/…`: what a rule may ask about, sizes before and after, overlaps, and uploaded lists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.audience import members, rules, semantic, size
from hawker.audience.choices import Choice, fields
from hawker.audience.refresh import listed, standings
from hawker.audience.rules.evaluate import taken
from hawker.audience.semantic import Sizes
from hawker.audience.size import Overlap, Size
from hawker.audience.verdict import Verdict, said
from hawker.delivery import Engine
from hawker.errors import nearest
from hawker.privacy import threshold
from hawker.records.audience import Audience, Kind
from hawker.server import aiming, gathering
from hawker.server.endpoint import LANGUAGE, OWNERS, READERS, TEXT, Endpoint
from hawker.server.keys import caller
from hawker.server.ownership import Holdings
from hawker.server.pages import route, serving
from hawker.server.wire import Refused, Reply, body, decoded, problem, query, unfit

if TYPE_CHECKING:
    from hawker.server.application import Application

MOST_COMPARED = 10
LONGEST_TEXT = 400
_FIELDS, _PREVIEW, _OVERLAP = "/v1/audiences/fields", "/v1/audiences/preview", "/v1/audiences/overlap"
_SIZE, _MEMBERS = "/v1/audiences/{audience:path}/size", "/v1/audiences/{audience:path}/members"
T = TypeVar("T")


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be previewed: a rule, as text or as a tree, or a text that speaks of shoppers."""

    rule: str = ""
    tree: rules.Expression | None = None
    text: str = ""
    language: str = ""


class Preview(msgspec.Struct):
    """What would come of it: the rule as it was read, in words; its numbers, or those at each threshold."""

    rule: str
    words: str
    tree: rules.Expression | None
    size: Size | None
    thresholds: Sizes | None
    reason: str


class Stand(msgspec.Struct):
    """How an audience stands: when it was computed (microseconds, 0: not yet), and its numbers.

    `judged` says how good what it learned was found to be, `judged_words` the same for a person.
    """

    id: str
    kind: Kind
    computed: int
    size: Size | None
    words: str
    reason: str
    judged: Verdict | None = None
    judged_words: tuple[str, ...] = ()


class Uploaded(msgspec.Struct, forbid_unknown_fields=True):
    """Shoppers for a list, by the shop's own ids; with `add` beside who is on it already."""

    shoppers: list[str]
    add: bool = False


class Given(msgspec.Struct):
    """What came of an upload: how many ids were given, and the list's size now, None where it is small."""

    given: int
    size: int | None


class Choices(msgspec.Struct):
    """Every field a rule may ask about."""

    fields: tuple[Choice, ...]


_ASKED, _UPLOADED = msgspec.json.Decoder(Asked), msgspec.json.Decoder(Uploaded)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "get",
        _FIELDS,
        "What a rule may ask about, in words, with values there are in this shop",
        keys=READERS,
        gives=Choices,
        parameters=(LANGUAGE,),
        refusals=(400, 503),
    ),
    Endpoint(
        "post",
        _PREVIEW,
        "How many shoppers a rule or a text would take in; nothing is kept",
        keys=READERS,
        takes=Asked,
        gives=Preview,
        refusals=(400, 413, 503),
    ),
    Endpoint(
        "get",
        _OVERLAP,
        "How two audiences or more overlap",
        keys=READERS,
        gives=Overlap,
        parameters=(("audience", {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 10}, True),),
        refusals=(400, 404, 503),
    ),
    Endpoint(
        "get",
        _SIZE,
        "How large an audience is, and how its members have answered ads",
        keys=READERS,
        gives=Stand,
        parameters=(LANGUAGE,),
        refusals=(400, 404, 503),
    ),
    Endpoint(
        "put",
        _MEMBERS,
        "Put shoppers on an uploaded list",
        keys=OWNERS,
        takes=Uploaded,
        gives=Given,
        refusals=(400, 404, 409, 413, 503, 507),
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes beside those of the resource. What reads everybody's history is done one at a time."""
    turn = asyncio.Lock()

    async def alone(work: Callable[..., T], *given: object) -> T:
        async with turn:
            return await run_in_threadpool(work, *given)

    async def offered(request: Request) -> Reply:
        asked = _parameters(request, ("language",))
        return await alone(
            _offered, serving(application), _holdings(application, request), spoken(asked, application)
        )

    async def preview(request: Request) -> Reply:
        engine = serving(application)
        given = await body(request.scope, request.receive, most=application.limit)
        asked = decoded(_ASKED, given)
        language = spoken({"language": asked.language} if asked.language else {}, application)
        return await alone(_preview, engine, _holdings(application, request), asked, language)

    async def overlap(request: Request) -> Reply:
        names = [value for name, value in query(request.scope) if name == "audience"]
        _parameters(request, ("audience",), several=True)
        return await alone(_overlap, serving(application), _holdings(application, request), names)

    async def told(request: Request) -> Reply:
        language = spoken(_parameters(request, ("language",)), application)
        one = await run_in_threadpool(_found, application, request)
        return await alone(_told, serving(application), _holdings(application, request), one, language)

    async def upload(request: Request) -> Reply:
        engine = serving(application)
        given = decoded(_UPLOADED, await body(request.scope, request.receive, most=application.limit))
        one = await run_in_threadpool(_found, application, request)
        holdings = _holdings(application, request)
        if not holdings.everything and one.advertiser != holdings.caller.advertiser:
            raise Refused(problem(403, "Not yours", detail=f"'{one.id[:80]}' is the shop's own.", remedy=""))
        async with application.writing:
            reply = await alone(_upload, engine, holdings, one, given)
        await application.renew()
        return reply

    return [
        route(_FIELDS, offered),
        route(_PREVIEW, preview, method="POST"),
        route(_OVERLAP, overlap),
        route(_SIZE, told),
        route(_MEMBERS, upload, method="PUT"),
    ]


def _offered(engine: Engine, holdings: Holdings, language: str) -> Reply:
    lists = [one.id for one in holdings.seen(holdings.control.audiences())]
    found = fields(gathering.present(engine), language=language, lists=lists)
    return Reply(200, msgspec.json.encode(Choices(found)))


def _preview(engine: Engine, holdings: Holdings, asked: Asked, language: str) -> Reply:
    given = [bool(asked.rule.strip()), asked.tree is not None, bool(asked.text.strip())]
    if sum(given) != 1:
        raise unfit("Preview what?", "Give one of 'rule', 'tree' and 'text'.")
    moment, rounded = gathering.present(engine), not holdings.everything
    if asked.text:
        if len(asked.text) > LONGEST_TEXT or not asked.text.isprintable():
            raise unfit(f"'text' must be at most {LONGEST_TEXT} printable characters.")
        found = semantic.sizes(moment, asked.text, rounded=rounded)
        return Reply(200, msgspec.json.encode(Preview("", "", None, None, found, found.reason)))
    rule = rules.parse(asked.rule) if asked.tree is None else rules.checked(asked.tree)
    own = Audience("preview", rule=rules.text(rule), advertiser=holdings.caller.advertiser)
    aiming.aimed([own], "audience", holdings=holdings, shop=engine.shop)
    outcome = taken({"": rule}, moment, nearness=lambda text: semantic.nearness(moment, text, keep=False))[""]
    words = rules.describe(rule, language)
    if outcome.reason:
        told = Preview(rules.text(rule), words, rule, None, None, outcome.reason)
    else:
        codes = np.flatnonzero(outcome.members).astype(np.int32)
        measured = size.measured(moment, codes, size.answers(moment), rounded=rounded)
        told = Preview(rules.text(rule), words, rule, measured, None, measured.reason)
    return Reply(200, msgspec.json.encode(told))


def _overlap(engine: Engine, holdings: Holdings, names: Sequence[str]) -> Reply:
    wanted = list(dict.fromkeys(names))
    if not 2 <= len(wanted) <= MOST_COMPARED:
        raise unfit(
            f"{len(wanted)} different audiences are named.",
            f"Name 2 to {MOST_COMPARED}: ?audience=one&audience=other.",
        )
    seen = aiming.visible(wanted, holdings=holdings, shop=engine.shop)
    for name in wanted:
        if name not in seen:
            raise _absent(name, holdings)
    moment = gathering.present(engine)
    held = {name: listed(moment, name) for name in wanted}
    return Reply(200, msgspec.json.encode(size.overlap(moment, held, rounded=not holdings.everything)))


def _told(engine: Engine, holdings: Holdings, one: Audience, language: str) -> Reply:
    """Members as they stand in the table now, measured now; the reason is that of the last computing."""
    standing = standings(engine.shop).get(one.id)
    moment = gathering.present(engine)
    words = rules.describe(rules.parse(one.rule), language) if one.kind is Kind.RULES else ""
    if standing is None and one.kind is not Kind.LIST:
        return Reply(
            200, msgspec.json.encode(Stand(one.id, one.kind, 0, None, words, "it is not computed yet"))
        )
    found = size.measured(
        moment, listed(moment, one.id), size.answers(moment), rounded=not holdings.everything
    )
    reason = standing.reason if standing is not None and standing.reason else found.reason
    computed = standing.computed if standing is not None else 0
    judged = standing.judged if standing is not None else None
    if judged is not None:
        least = engine.shop.settings.audiences.least
        judged = judged.told(least, rounded=not holdings.everything)
    sentences = tuple(said(judged, language=language)) if judged is not None else ()
    told = Stand(one.id, one.kind, computed, found, words, reason, judged, sentences)
    return Reply(200, msgspec.json.encode(told))


def _upload(engine: Engine, holdings: Holdings, one: Audience, given: Uploaded) -> Reply:
    if one.kind is not Kind.LIST:
        detail = f"'{one.id[:80]}' is of the kind '{one.kind}': its members are computed."
        raise Refused(
            problem(409, "In conflict", detail=detail, remedy="Put an audience of the kind 'list'.")
        )
    count = members.upload(engine.shop, one.id, given.shoppers, add=given.add)
    gathering.put(engine, holdings.control, [one.id])
    moment = gathering.present(engine)
    found = threshold.told(
        members.sizes(engine.shop).get(one.id, 0),
        least=moment.shop.settings.audiences.least,
        rounded=not holdings.everything,
    )
    return Reply(200, msgspec.json.encode(Given(count, found)))


def _found(application: Application, request: Request) -> Audience:
    holdings, name = _holdings(application, request), str(request.path_params["audience"])
    seen = aiming.visible([name], holdings=holdings, shop=application.shop)
    if name not in seen:
        raise _absent(name, holdings)
    return seen[name]


def _absent(name: str, holdings: Holdings) -> Refused:
    known = [one.id for one in holdings.seen(holdings.control.audiences())]
    remedy = nearest(name, known) if known else "GET /v1/audiences lists them."
    return Refused(problem(404, "Not found", detail=f"There is no audience '{name[:80]}'.", remedy=remedy))


def _holdings(application: Application, request: Request) -> Holdings:
    serving(application)
    return Holdings(application.control, caller(request.scope))


def _parameters(request: Request, known: tuple[str, ...], *, several: bool = False) -> dict[str, str]:
    asked: dict[str, str] = {}
    for name, value in query(request.scope):
        if name not in known:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(known)))
        if name in asked and not several:
            raise unfit(f"The parameter '{name}' is given twice.")
        asked[name] = value
    return asked


def spoken(asked: dict[str, str], application: Application) -> str:
    """The language that is asked for, or else the shop's."""
    language = asked.get("language", "zh" if application.shop.settings.language.startswith("zh") else "en")
    if language not in ("en", "zh"):
        raise unfit(f"'language' is '{language[:20]}'.", "Use 'en' or 'zh'.")
    return language
