"""`/v1/shoppers/{shopper}`: what a shopper chose about ads, and the end of all that is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute

from hawker.privacy.receipt import Receipt
from hawker.records.ids import LONGEST
from hawker.records.preferences import Preferences
from hawker.server import upkeep
from hawker.server.endpoint import SHOP, Endpoint
from hawker.server.pages import route, serving
from hawker.server.wire import Refused, Reply, body, decoded, problem, unfit

if TYPE_CHECKING:
    from hawker.server.application import Application

MOST_NAMED = 1_000
_LARGEST = 600_000
_DECODER = msgspec.json.Decoder(Preferences)
_LISTS = ("not_categories", "not_advertisers", "not_products")
_WHO = "/v1/shoppers/{shopper:path}"
_PATH = f"{_WHO}/preferences"
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "get", _PATH, "What a shopper chose about ads", keys=SHOP, gives=Preferences, refusals=(400, 503)
    ),
    Endpoint(
        "put",
        _PATH,
        "Keep what a shopper chose; it holds from the next decision on",
        keys=SHOP,
        takes=Preferences,
        gives=Preferences,
        refusals=(400, 413, 503, 507),
    ),
    Endpoint(
        "delete",
        _WHO,
        "Forget a shopper in every store; the receipt is signed",
        keys=SHOP,
        gives=Receipt,
        refusals=(400, 503, 507),
    ),
)


def routes(application: Application) -> Sequence[BaseRoute]:
    """The routes of shoppers' choices."""

    async def chosen(request: Request) -> Reply:
        engine = serving(application)
        return Reply(200, msgspec.json.encode(engine.wishes.of(engine.naming.of(given(request)))))

    async def choose(request: Request) -> Reply:
        engine = serving(application)
        shopper = engine.naming.of(given(request))
        wishes = sound(await body(request.scope, request.receive, most=_LARGEST))
        engine.wishes.put(shopper, wishes)
        return Reply(200, msgspec.json.encode(wishes))

    async def forget(request: Request) -> Reply:
        receipt = await upkeep.forget(serving(application), given(request))
        if receipt is None:
            detail = "Another server of this shop has yet to let go of the shopper."
            remedy = "It goes on by itself: the receipt will lie in the shop's folder."
            raise Refused(problem(503, "Not finished yet", detail=detail, remedy=remedy))
        return Reply(200, msgspec.json.encode(receipt))

    return [
        route(_PATH, chosen),
        route(_PATH, choose, method="PUT"),
        route(_WHO, forget, method="DELETE"),
    ]


def given(request: Request) -> str:
    """The shopper that a path names."""
    name: str = request.path_params["shopper"]
    if len(name) > LONGEST or not name.isprintable() or not name.strip():
        raise unfit(f"A shopper is named by 1 to {LONGEST} printable characters.")
    return name


def sound(text: bytes) -> Preferences:
    """Preferences within bounds, from a JSON body."""
    example = 'Send preferences, such as {"fewer": true}.'
    wishes = decoded(_DECODER, text, known=Preferences.__struct_fields__, example=example)
    for name in _LISTS:
        listed = getattr(wishes, name)
        if len(listed) > MOST_NAMED or any(not one.strip() or len(one) > LONGEST for one in listed):
            raise unfit(f"'{name}' must be at most {MOST_NAMED} names of 1 to {LONGEST} characters.")
    return wishes
