"""`/v1/search`: what a page may ask of a search, and what it is told: products, and ads marked as such."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from hawker.errors import nearest
from hawker.records.catalogue import advertisable
from hawker.records.consent import Consent
from hawker.records.decision import Request
from hawker.records.search import Filters, Sort
from hawker.retrieval.search import Found, Hit
from hawker.retrieval.search_filters import Facets
from hawker.retrieval.search_query import LONGEST
from hawker.server import asking
from hawker.server.asking import MOST_FLOOR, MOST_TEXT, PageAnswer
from hawker.server.endpoint import PAGES, TEXT, WHOLE, Endpoint, parameters
from hawker.server.wire import Scope, bodily, decoded, query, unfit

MOST_SHOWN, MOST_PAGES, MOST_QUERY, MOST_NARROWED = 100, 1_000, 20_000, 100


class SearchRequest(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is looked for, and by whom: `page` of `size` results, narrowed by `filters`; `slots` 0 asks for as

    many ads as the placement has (of `SearchRules.placement`, unless one is named). The rest is as in a
    request for ads.
    """

    query: str = ""
    filters: Filters = Filters()
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    size: int = 24
    facets: bool = True
    placement: str = ""
    slots: int = 0
    shopper: str = ""
    session: str = ""
    location: str = ""
    device: str = ""
    language: str = ""
    consent: Consent = Consent()


class Result(Struct, frozen=True, omit_defaults=True):
    """One product found; `words` are those of the query that it meets, prices are in micros."""

    id: str
    title: str
    score: float
    brand: str = ""
    category: str = ""
    price: int = 0
    sale_price: int = 0
    currency: str = ""
    image: str = ""
    link: str = ""
    in_stock: bool = True
    words: tuple[str, ...] = ()


class SearchAnswer(Struct):
    """One page of results, and the ads beside them.

    `understood` is the query without its price words, which stand in `filters`; `suggestion` is another
    spelling, where a word had to be guessed; `relaxed` says that too few products have enough of the words,
    so that any of them was enough. `sponsored` is as `/v1/decide` answers, null where the shop has no such
    placement.
    """

    query: str
    understood: str
    suggestion: str
    relaxed: bool
    total: int
    page: int
    filters: Filters
    facets: Facets
    results: tuple[Result, ...]
    sponsored: PageAnswer | None


_DECODER = msgspec.json.Decoder(SearchRequest)
_SIGNALS = {field.name: field.type for field in msgspec.structs.fields(Consent)}
_WHO = ("shopper", "session", "location", "device", "language")
_NARROWING = ("category", "least", "most", "in_stock")
_GIVEN = (
    ("category", TEXT, False),
    ("brand", {"type": "array", "items": TEXT}, False),
    ("least", WHOLE, False),
    ("most", WHOLE, False),
    ("in_stock", {"type": "boolean"}, False),
    ("attribute", {"type": "array", "items": {"type": "string", "pattern": "^[^:]+:.+$"}}, False),
)
PARAMETERS = (
    *("query", "sort", "page", "size", "facets", "placement", "slots", "brand", "attribute"),
    *(*_NARROWING, *_WHO, *_SIGNALS),
)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "post",
        "/v1/search",
        "Products for a query, with sponsored ones beside them",
        keys=PAGES,
        takes=SearchRequest,
        gives=SearchAnswer,
        refusals=(400, 404, 413, 503),
    ),
    Endpoint(
        "get",
        "/v1/search",
        "The same, with fields and filters as parameters; an attribute as name:value",
        keys=PAGES,
        gives=SearchAnswer,
        parameters=(
            ("query", TEXT, False),
            ("sort", {"type": "string", "enum": [sort.value for sort in Sort]}, False),
            *(
                (name, {"type": "integer", "minimum": least, "maximum": most}, False)
                for name, least, most in (("page", 1, MOST_PAGES), ("size", 0, MOST_SHOWN), ("slots", 0, 100))
            ),
            ("facets", {"type": "boolean"}, False),
            *((name, TEXT, False) for name in ("placement", *_WHO)),
            *_GIVEN,
            *parameters(Consent),
        ),
        refusals=(400, 404, 503),
    ),
)


def posted(body: bytes, scope: Scope) -> SearchRequest:
    """The search in a JSON body."""
    known = (*SearchRequest.__struct_fields__, *Filters.__struct_fields__, *_SIGNALS)
    asked = decoded(_DECODER, body or b"{}", known=known, example='Send a search, such as {"query": "tea"}.')
    bodily(scope)
    return _bounded(asked)


def in_query(scope: Scope) -> SearchRequest:
    """The search in a query string: lists as often as needed, an attribute as `name:value`."""
    given: dict[str, Any] = {}
    filters: dict[str, Any] = {"brands": [], "attributes": {}}
    consent: dict[str, Any] = {}
    for name, value in query(scope):
        if name not in PARAMETERS:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(PARAMETERS)))
        if name == "brand":
            filters["brands"].append(value)
        elif name == "attribute":
            key, mark, wanted = value.partition(":")
            if not (key and mark and wanted):
                raise unfit(f"'attribute' is '{value[:40]}'.", "Write name:value, such as color:red.")
            filters["attributes"].setdefault(key, []).append(wanted)
        elif name in consent or name in filters or name in given:
            raise unfit(f"The parameter '{name}' is given twice.")
        elif name in _SIGNALS:
            consent[name] = asking.signal(name, value)
        else:
            into = filters if name in _NARROWING else given
            into[name] = asking.flag(name, value) if name in ("facets", "in_stock") else value
    try:
        asked = msgspec.convert(
            {**given, "filters": filters, "consent": consent}, SearchRequest, strict=False
        )
    except msgspec.ValidationError as error:
        raise unfit(f"{error}.") from error
    return _bounded(asked)


def request(asked: SearchRequest, *, placement: str, scope: Scope) -> Request:
    """The request for the ads beside the results, within bounds; for a placement '' there is to be none."""
    return asking.sound(
        Request(
            placement=asked.placement or placement,
            shopper=asked.shopper,
            session=asked.session,
            query=" ".join(asked.query[:LONGEST].split()),
            category=asked.filters.category,
            location=asked.location,
            device=asked.device,
            language=asked.language,
            slots=asked.slots,
            consent=asked.consent,
        ),
        scope,
    )


def answered(asked: SearchRequest, found: Found, ads: PageAnswer | None, *, once: bool) -> bytes:
    """The answer as JSON; `once` leaves out results that are advertised on the page."""
    advertised = {ad.product for ad in ads.ads} if ads is not None and once else set()
    return msgspec.json.encode(
        SearchAnswer(
            query=asked.query[:LONGEST],
            understood=found.question.text,
            suggestion=found.question.suggestion,
            relaxed=found.relaxed,
            total=found.total,
            page=asked.page,
            filters=found.filters,
            facets=found.facets,
            results=tuple(result(hit) for hit in found.hits if hit.product.id not in advertised),
            sponsored=ads,
        )
    )


def result(hit: Hit) -> Result:
    """A hit as a page is told of it."""
    one = hit.product
    return Result(
        id=one.id,
        title=one.title,
        score=round(hit.score, 4),
        brand=one.brand,
        category=one.category,
        price=one.price,
        sale_price=one.sale_price,
        currency=one.currency,
        image=one.image,
        link=one.link,
        in_stock=advertisable(one),
        words=hit.words,
    )


def _bounded(asked: SearchRequest) -> SearchRequest:
    """The search within bounds, and its query as text that can be kept."""
    if len(asked.query) > MOST_QUERY:
        raise unfit(f"'query' must be at most {MOST_QUERY} characters.")
    if not 1 <= asked.page <= MOST_PAGES:
        raise unfit(f"'page' is {asked.page}.", f"Ask for 1 to {MOST_PAGES}; narrow what is further off.")
    if not 0 <= asked.size <= MOST_SHOWN:
        raise unfit(f"'size' is {asked.size}.", f"Ask for 0 to {MOST_SHOWN}.")
    narrowed = asked.filters
    lists = (narrowed.brands, tuple(narrowed.attributes), *narrowed.attributes.values())
    if any(len(values) > MOST_NARROWED or any(len(one) > MOST_TEXT for one in values) for values in lists):
        raise unfit(f"A filter must be at most {MOST_NARROWED} texts of at most {MOST_TEXT} characters.")
    if not 0 <= narrowed.least <= MOST_FLOOR or not 0 <= narrowed.most <= MOST_FLOOR:
        raise unfit("A price filter is out of bounds.", f"Give micros, 0 to {MOST_FLOOR}.")
    return asked
