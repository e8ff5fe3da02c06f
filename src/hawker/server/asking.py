"""`/v1/decide`: what a page asks, and what it is told; money and odds stay on record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hawker.delivery.tokens import ACTS, Tokens
from hawker.errors import nearest
from hawker.explain.words import main_parameters
from hawker.records.consent import Consent
from hawker.records.decision import Decision, Request
from hawker.records.ids import LONGEST
from hawker.server.endpoint import FLAG, PAGES, Endpoint, parameters
from hawker.server.wire import Reply, Scope, bodily, decoded, header, query, unfit

MOST_SLOTS = 100
MOST_PLACES = 20
LABELS = {"zh": "广告", "en": "Sponsored"}
MOST_LISTED = 500
MOST_TEXT = 1_000
MOST_SIGNAL = 10_000
MOST_FLOOR = 10**15
_NAMES = ("placement", "shopper", "session", "product", "location", "device", "language")
_TEXTS = ("query", "category")
_DECODER = msgspec.json.Decoder(Request)
_SIGNALS = Consent.__struct_fields__
_KINDS = {field.name: field.type for record in (Request, Consent) for field in msgspec.structs.fields(record)}
_LISTS = {name for name, kind in _KINDS.items() if kind in (tuple[str, ...], tuple[int, ...])}
_MANY = sorted(_LISTS - set(_SIGNALS))
_FIELDS = (*(name for name in Request.__struct_fields__ if name != "consent"), *_SIGNALS)
PARAMETERS = (*_FIELDS, "debug")


class PageAd(Struct, omit_defaults=True):
    """One ad as a page shows it. `label` has to stand beside it, and `why` has to be reachable from it.

    Whom it speaks for (`behalf`), who pays where that is another (`payer`), the main `parameters` used, and,
    under `why`, how to change them: what article 26 of the Digital Services Act asks of every ad.
    `impression`, `viewable`, `click` and `hide` are paths of beacons, signed for this slot alone.
    """

    slot: int
    id: str
    campaign: str
    advertiser: str
    product: str
    headline: str
    sponsored: bool
    label: str
    why: str
    behalf: str
    parameters: tuple[str, ...]
    payer: str = ""
    description: str = ""
    call_to_action: str = ""
    image: str = ""
    link: str = ""
    impression: str = ""
    viewable: str = ""
    click: str = ""
    hide: str = ""


class PageAnswer(Struct):
    """The answer to a page: the ads in the order of their slots, or `fallback`, why there are none."""

    decision: str
    path: str
    reason: str
    fallback: str
    ads: tuple[PageAd, ...]
    watermark: int


class PageRequest(Struct, forbid_unknown_fields=True):
    """Several places of one page, each asked for as in `POST /v1/decide`."""

    placements: tuple[Request, ...]


class PageAnswers(Struct):
    """One answer a place, in the order asked; no product is advertised twice."""

    placements: tuple[PageAnswer, ...]


_PAGE_DECODER = msgspec.json.Decoder(PageRequest)
ENDPOINTS = (
    Endpoint(
        "post",
        "/v1/decide",
        "Which ads to show in a placement",
        keys=PAGES,
        takes=Request,
        gives=PageAnswer,
        parameters=(FLAG,),
        refusals=(400, 404, 413, 503),
    ),
    Endpoint(
        "post",
        "/v1/decide/page",
        "Which ads to show in several placements of one page",
        keys=PAGES,
        takes=PageRequest,
        gives=PageAnswers,
        refusals=(400, 404, 413, 503),
    ),
    Endpoint(
        "get",
        "/v1/decide",
        "The same, with every field of the request as a parameter",
        keys=PAGES,
        gives=PageAnswer,
        parameters=(*parameters(Request, without=("consent",)), *parameters(Consent), FLAG),
        refusals=(400, 404, 503),
    ),
)


def posted(body: bytes, scope: Scope) -> tuple[Request, bool]:
    """The request in a JSON body, and whether `?debug=1` asks for the whole record."""
    known = (*Request.__struct_fields__, *_SIGNALS)
    asked = decoded(_DECODER, body, known=known, example='Send a request, such as {"placement": "home"}.')
    bodily(scope, but=("debug",))
    debug = [flag(name, value) for name, value in query(scope)]
    return sound(asked, scope), bool(debug) and debug[-1]


def posted_page(body: bytes, scope: Scope) -> list[Request]:
    """The requests in a JSON body, one a place."""
    known = ("placements", *Request.__struct_fields__, *_SIGNALS)
    asked = decoded(
        _PAGE_DECODER, body, known=known, example='Send {"placements": [{"placement": "home"}, …]}.'
    )
    bodily(scope)
    if not 1 <= len(asked.placements) <= MOST_PLACES:
        raise unfit(f"A page of {len(asked.placements)} placements.", f"Ask for 1 to {MOST_PLACES}.")
    return [sound(one, scope) for one in asked.placements]


def in_query(scope: Scope) -> tuple[Request, bool]:
    """The request in a query string: every field a parameter, a list as often as needed."""
    given = fields(scope, known=PARAMETERS)
    debug = flag("debug", given.pop("debug", ""))
    try:
        asked = msgspec.convert(given, Request, strict=False)
    except msgspec.ValidationError as error:
        remedy = "Every decision needs at least ?placement=…" if "missing" in str(error) else ""
        raise unfit(f"{error}.", remedy) from error
    return sound(asked, scope), debug


def fields(scope: Scope, *, known: Sequence[str], lists: Collection[str] = ()) -> dict[str, Any]:
    """The `known` parameters of a query string by name, those of consent in a dictionary of their own.

    What is a list in a request for ads, or among `lists`, is given as often as needed, or with commas.
    """
    given: dict[str, Any] = {}
    for name, value in query(scope):
        if name not in known:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(known)))
        if name in _LISTS or name in lists:
            given.setdefault(name, []).extend(part for part in value.split(",") if part)
        elif name in given:
            raise unfit(f"The parameter '{name}' is given twice.")
        else:
            given[name] = flag(name, value) if _KINDS.get(name) is bool else value
    consent = {name: given.pop(name) for name in _SIGNALS if name in given}
    return {**given, "consent": consent}


def told(decision: Decision, *, language: str, tokens: Tokens) -> bytes:
    """The answer to a page, as JSON. `language` is the shop's, where the request names none."""
    return msgspec.json.encode(answer(decision, language=language, tokens=tokens))


def told_page(decisions: Sequence[Decision], *, language: str, tokens: Tokens) -> bytes:
    """The answers for several places of one page, as JSON."""
    answers = tuple(answer(one, language=language, tokens=tokens) for one in decisions)
    return msgspec.json.encode(PageAnswers(answers))


def answer(decision: Decision, *, language: str, tokens: Tokens) -> PageAnswer:
    """What a page is told of a decision; `language` is the shop's, where the request names none."""
    label = labelled(decision.request.language or language)
    why = f"/v1/explain/{decision.id}"
    used = main_parameters(decision.path, decision.request.language or language)
    ads = tuple(
        PageAd(
            slot=place,
            id=slot.ad.id,
            campaign=slot.ad.campaign,
            advertiser=slot.ad.advertiser,
            product=slot.ad.product,
            headline=slot.ad.headline,
            sponsored=True,
            label=label,
            why=why,
            behalf=slot.ad.behalf or slot.ad.advertiser,
            parameters=used,
            payer=slot.ad.payer,
            description=slot.ad.description,
            call_to_action=slot.ad.call_to_action,
            image=slot.ad.image,
            link=slot.ad.link,
            **beacons(tokens.mint(decision.id, place)),
        )
        for place, slot in enumerate(decision.slots)
    )
    return PageAnswer(
        decision.id, decision.path, decision.path_reason, decision.fallback, ads, decision.watermark
    )


def beacons(minted: Sequence[str]) -> dict[str, str]:
    """The paths of a slot's beacons, from its tokens; any of them will do to hide the ad."""
    paths = {str(act): f"/v1/{act}/{token}" for act, token in zip(ACTS, minted, strict=True)}
    return {**paths, "hide": f"/v1/hide/{minted[0]}"}


def answered(decision: Decision, *, language: str, debug: bool, tokens: Tokens) -> Reply:
    """The reply for a page, or the whole record."""
    if debug:
        return Reply(200, msgspec.json.encode(decision))
    return Reply(200, told(decision, language=language, tokens=tokens))


def labelled(language: str) -> str:
    """The word that marks an ad.

    >>> labelled("zh-CN"), labelled("fr")
    ('广告', 'Sponsored')
    """
    return LABELS.get(language[:2].lower(), LABELS["en"])


def sound(asked: Request, scope: Scope) -> Request:
    """The request within bounds, for it goes on record; with the consent that its headers signal."""
    for name in _NAMES:
        value = getattr(asked, name)
        if len(value) > LONGEST or not value.isprintable():
            raise unfit(f"'{name}' must be at most {LONGEST} printable characters.")
    for name in _TEXTS:
        if len(getattr(asked, name)) > MOST_TEXT:
            raise unfit(f"'{name}' must be at most {MOST_TEXT} characters.")
    for name in _MANY:
        values = getattr(asked, name)
        if len(values) > MOST_LISTED or any(len(value) > MOST_TEXT for value in values):
            raise unfit(f"'{name}' must be at most {MOST_LISTED} texts of at most {MOST_TEXT} characters.")
    if not 0 <= asked.floor <= MOST_FLOOR:
        raise unfit(f"'floor' is {asked.floor}.", f"Give micros, 0 to {MOST_FLOOR}.")
    signals = asked.consent
    if max(len(signals.tcf), len(signals.gpp), len(signals.gpp_sid)) > MOST_SIGNAL:
        raise unfit(f"A consent string must be at most {MOST_SIGNAL} characters.")
    if not 0 <= asked.slots <= MOST_SLOTS:
        raise unfit(
            f"'slots' is {asked.slots}.", f"Ask for 1 to {MOST_SLOTS}, or 0 for the placement's own number."
        )
    if not asked.consent.gpc and header(scope, b"sec-gpc") == b"1":
        consent = msgspec.structs.replace(asked.consent, gpc=True)
        return msgspec.structs.replace(asked, consent=consent)
    return asked


def signal(name: str, value: str) -> Any:
    """A consent signal in a query string."""
    if _KINDS[name] is bool:
        return flag(name, value)
    return value if _KINDS[name] is str else [part for part in value.split(",") if part]


def flag(name: str, value: str) -> bool:
    """A yes or no in a query string."""
    if value.lower() in {"1", "true"}:
        return True
    if value.lower() in {"0", "false", ""}:
        return False
    raise unfit(f"'{name}' is '{value[:40]}'.", "Use 1 or 0.")
