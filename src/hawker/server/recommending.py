"""`/v1/recommend`: what a page may ask to be recommended, and what it is told: products, with reasons."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hawker.recommend.reasons import noted, worded
from hawker.recommend.shelf import Ask, Offer, Offered
from hawker.records.consent import Consent, ConsentPath
from hawker.records.decision import Request
from hawker.records.ids import LONGEST
from hawker.records.shelf import Kind
from hawker.server import asking
from hawker.server.asking import MOST_LISTED
from hawker.server.endpoint import PAGES, TEXT, Endpoint, parameters
from hawker.server.wire import Scope, bodily, decoded, unfit

MOST_SHOWN = 100


class RecommendRequest(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is wanted, and by whom: `product` is what the page is about, `basket` what lies in it; results

    are of `category`, where one is given, and none is of those that `exclude` names.
    """

    kind: Kind = Kind.FOR_YOU
    number: int = 8
    product: str = ""
    basket: tuple[str, ...] = ()
    category: str = ""
    exclude: tuple[str, ...] = ()
    shopper: str = ""
    session: str = ""
    language: str = ""
    consent: Consent = Consent()


class Recommended(Struct, frozen=True, omit_defaults=True):
    """One product, and why it is there: `reason` is a code, `words` say the same, `because` is the product

    that they name. `source` is the part of the recommender that speaks most for it. Prices are in micros.
    """

    id: str
    title: str
    reason: str
    words: str
    source: str
    score: float
    because: str = ""
    link: str = ""
    image: str = ""
    price: int = 0
    sale_price: int = 0
    currency: str = ""
    category: str = ""
    brand: str = ""


class RecommendAnswer(Struct):
    """The products, best first. `kind` is what they are, and where it is not what was `asked` for, or there

    are none, `note` is the code of why and `told` its words. `path` and `reason` say whether the shopper's
    profile was read; `version` is the recommender's, '' where none serves.
    """

    asked: Kind
    kind: Kind
    note: str
    told: str
    path: ConsentPath
    reason: str
    version: str
    products: tuple[Recommended, ...]


_DECODER = msgspec.json.Decoder(RecommendRequest)
_SIGNALS = {field.name: field.type for field in msgspec.structs.fields(Consent)}
_LISTS = ("basket", "exclude")
_TEXTS = ("product", "category", "shopper", "session", "language")
PARAMETERS = ("kind", "number", *_LISTS, *_TEXTS, *_SIGNALS)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "post",
        "/v1/recommend",
        "Products to recommend, each with its reason",
        keys=PAGES,
        takes=RecommendRequest,
        gives=RecommendAnswer,
        refusals=(400, 413, 503),
    ),
    Endpoint(
        "get",
        "/v1/recommend",
        "The same, with every field of the request as a parameter",
        keys=PAGES,
        gives=RecommendAnswer,
        parameters=(
            ("kind", {"type": "string", "enum": [kind.value for kind in Kind]}, False),
            ("number", {"type": "integer", "minimum": 1, "maximum": MOST_SHOWN}, False),
            *((name, {"type": "array", "items": TEXT}, False) for name in _LISTS),
            *((name, TEXT, False) for name in _TEXTS),
            *parameters(Consent),
        ),
        refusals=(400, 503),
    ),
)


def posted(body: bytes, scope: Scope) -> RecommendRequest:
    """The request in a JSON body."""
    known = (*RecommendRequest.__struct_fields__, *_SIGNALS)
    example = 'Send a request, such as {"kind": "trending"}.'
    asked = decoded(_DECODER, body or b"{}", known=known, example=example)
    bodily(scope)
    return _bounded(asked)


def in_query(scope: Scope) -> RecommendRequest:
    """The request in a query string: lists as often as needed, or with commas."""
    given = asking.fields(scope, known=PARAMETERS, lists=_LISTS)
    try:
        asked = msgspec.convert(given, RecommendRequest, strict=False)
    except msgspec.ValidationError as error:
        raise unfit(f"{error}.") from error
    return _bounded(asked)


def request(asked: RecommendRequest, scope: Scope) -> Request:
    """The same as a request whose path consent decides, within bounds."""
    return asking.sound(
        Request(
            placement="",
            shopper=asked.shopper,
            session=asked.session,
            product=asked.product,
            category=asked.category,
            language=asked.language,
            organic=asked.basket,
            shown=asked.exclude,
            consent=asked.consent,
        ),
        scope,
    )


def ask(asked: RecommendRequest, *, shopper: int, path: ConsentPath, reason: str) -> Ask:
    """The question to the shelf: on any path but the personalised one, nothing of the shopper's.

    A basket is a shopper's own too, unless it is nobody's.
    """
    personal = path is ConsentPath.PERSONALISED
    own = personal or reason == "no_shopper"
    return Ask(
        kind=asked.kind,
        number=asked.number,
        product=asked.product,
        basket=asked.basket if own else (),
        category=asked.category,
        exclude=asked.exclude if own else (*asked.exclude, *asked.basket),
        shopper=shopper if personal else -1,
        personal=personal,
    )


def answered(
    asked: RecommendRequest,
    found: Offered,
    *,
    path: ConsentPath,
    reason: str,
    version: str,
    language: str,
) -> bytes:
    """The answer as JSON; `language` is the shop's, where the request names none."""
    spoken = asked.language or language
    return msgspec.json.encode(
        RecommendAnswer(
            asked=asked.kind,
            kind=found.kind,
            note=found.note,
            told=noted(found.note, spoken),
            path=path,
            reason=reason,
            version=version,
            products=tuple(_recommended(offer, spoken) for offer in found.offers),
        )
    )


def _recommended(offer: Offer, language: str) -> Recommended:
    one, by = offer.product, offer.because
    return Recommended(
        id=one.id,
        title=one.title,
        reason=offer.reason,
        words=worded(offer.reason, language, title=by.title if by else ""),
        source=offer.source,
        score=round(offer.score, 6),
        because=by.id if by else "",
        link=one.link,
        image=one.image,
        price=one.price,
        sale_price=one.sale_price,
        currency=one.currency,
        category=one.category,
        brand=one.brand,
    )


def _bounded(asked: RecommendRequest) -> RecommendRequest:
    if not 1 <= asked.number <= MOST_SHOWN:
        raise unfit(f"'number' is {asked.number}.", f"Ask for 1 to {MOST_SHOWN}.")
    for name in _LISTS:
        listed = getattr(asked, name)
        if len(listed) > MOST_LISTED or any(len(one) > LONGEST for one in listed):
            raise unfit(f"'{name}' must be at most {MOST_LISTED} ids of at most {LONGEST} characters.")
    return asked
