"""`POST /v1/openrtb2/bid`: each impression is put to the shop's own auction, within the time given."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING

from hawker.delivery import Engine
from hawker.records.traffic import Traffic
from hawker.server.endpoint import SHOP, Endpoint
from hawker.server.openrtb import answer, notices, reading
from hawker.server.openrtb.answer import Bid, BidResponse, response
from hawker.server.openrtb.directory import Directory
from hawker.server.openrtb.native import NativeRequest
from hawker.server.openrtb.reading import NoBid, Passed
from hawker.server.openrtb.request import BidRequest, Imp, Malformed, decode
from hawker.server.openrtb.transport import MALFORMED, NOTHING, base, packed, unpacked
from hawker.server.pages import serving
from hawker.server.wire import Handler, Receive, Reply, Scope, body

if TYPE_CHECKING:
    from hawker.server.application import Application

_TRAFFIC = {
    "declared_bot": NoBid.CRAWLER,
    "no_browser": NoBid.NOT_HUMAN,
    "data_centre": NoBid.DATA_CENTRE,
}
_FIRST_GUESS = 0.002  # seconds a decision takes, until some have been timed
_NEW = 0.1  # the weight of the latest

ENDPOINTS = (
    Endpoint(
        "post",
        "/v1/openrtb2/bid",
        "Bid on an exchange's impressions by OpenRTB 2.6; 204 where there is nothing to bid",
        keys=SHOP,
        takes=BidRequest,
        gives=BidResponse,
        refusals=(413, 503, 507),
        silent=(204, 400),
    ),
    *notices.ENDPOINTS,
)


def hot(application: Application) -> dict[str, Handler]:
    """The raw handlers of the bidder and of its notices."""
    return {"/v1/openrtb2/bid": Bidder(application).answer, **notices.hot(application)}


class Bidder:
    """Answers bid requests for one application; it remembers how long decisions take here."""

    def __init__(self, application: Application, *, clock: Callable[[], float] = perf_counter) -> None:
        self._application = application
        self._clock = clock
        self._typical = _FIRST_GUESS
        self._directory = Directory()

    async def answer(self, scope: Scope, receive: Receive) -> Reply:
        """Bids, or 204, or why there are none; 400 without a body for what breaks the specification."""
        since = self._clock()
        engine, limit = serving(self._application), self._application.limit
        settings, told = engine.shop.settings, self._application.metrics.exchanged
        given = await body(scope, receive, most=limit)
        try:
            asked = decode(unpacked(scope, given, most=limit))
            bids = self.bids(engine, asked, root=base(scope, settings.openrtb), since=since)
        except Malformed:
            told("malformed")
            return MALFORMED
        except Passed as passed:
            told(f"no_bid_{passed.reason.name.lower()}")
            return packed(scope, answer.refusal(asked, passed.reason))
        told("bid" if bids else "nothing")
        if not bids:
            return NOTHING
        return packed(scope, response(asked, bids, seat=settings.openrtb.seat, currency=settings.currency))

    def bids(self, engine: Engine, asked: BidRequest, *, root: str, since: float) -> list[Bid]:
        """The bids on all impressions. Raises `Passed` with the first reason where there are none.

        What was set aside for bids that come too late, or are a test, is given back.
        """
        admitted(engine, asked)
        wanted = [served(engine, imp) for imp in asked.imp]
        until = _until(asked, since, network_ms=engine.shop.settings.openrtb.network_ms)
        found: list[Bid] = []
        shown: list[str] = []
        reasons = [one for one in wanted if isinstance(one, NoBid)]
        for imp, one in zip(asked.imp, wanted, strict=True):
            if isinstance(one, NoBid):
                continue
            if self._clock() + self._typical > until:
                reasons.append(NoBid.TOO_LATE)
                break
            try:
                found += self._bid(engine, asked, imp, wanted=one, root=root, shown=shown)
            except Passed as passed:
                reasons.append(passed.reason)
        late = self._clock() > until
        if late or asked.test == 1:
            for bid in found:  # a bid bears the name of its reservation: decision and place
                decision, _, place = bid.id.rpartition("/")
                engine.withdraw(decision, int(place))
        if late:
            raise Passed(NoBid.TOO_LATE)
        if not found and reasons:
            raise Passed(reasons[0])
        return found

    def _bid(
        self,
        engine: Engine,
        asked: BidRequest,
        imp: Imp,
        *,
        wanted: NativeRequest | None,
        root: str,
        shown: list[str],
    ) -> list[Bid]:
        """The bids on one impression. What is `shown` already is not shown again; it grows by these."""
        settings = engine.shop.settings
        request = reading.request(
            asked,
            imp,
            placement=reading.placed(imp, engine.world.placements),
            wanted=wanted,
            settings=settings.openrtb,
            owners=self._directory.owners(engine),
            shown=shown,
        )
        began = self._clock()
        decision = engine.decide(request, mechanism="first")
        self._typical += _NEW * (self._clock() - began - self._typical)
        self._application.metrics.decided(decision, since=began)
        made, reasons = [], []
        secure = imp.secure == 1 and not settings.openrtb.address
        root = f"https://{root.partition('://')[2]}" if secure else root
        for place, slot in enumerate(self._directory.introduced(engine, decision)):
            if answer.price(slot) < max(request.floor, 1):
                engine.withdraw(decision.id, place)
                continue
            try:
                bid = answer.bid(
                    asked,
                    imp,
                    decision,
                    place=place,
                    slot=slot,
                    wanted=wanted,
                    product=self._directory.product(engine, slot.ad.product),
                    domain=self._directory.domain(engine, slot.ad.advertiser),
                    doors=notices.doors(engine, decision.id, place, base=root),
                    settings=settings,
                )
            except Passed as passed:
                engine.withdraw(decision.id, place)
                reasons.append(passed.reason)
                continue
            made.append(bid)
            shown.append(slot.ad.product)
        if reasons and not made:
            raise Passed(reasons[0])
        return made


def admitted(engine: Engine, asked: BidRequest) -> None:
    """Raises `Passed` where nothing in a request can be bid on, or no person seems to be behind it."""
    settings, device = engine.shop.settings, asked.device
    reading.admit(asked, settings.openrtb, currency=settings.currency, language=settings.language)
    sender = Traffic(agent=device.ua, address=device.ip or device.ipv6, browser=bool(device.ua))
    rule = engine.door.filter.sender(sender)
    if rule:
        raise Passed(_TRAFFIC.get(rule, NoBid.NOT_HUMAN))


def served(engine: Engine, imp: Imp) -> NativeRequest | NoBid | None:
    """What an impression takes: the native request, None for a banner, or why there can be no bid on it."""
    try:
        reading.placed(imp, engine.world.placements)
        return reading.served(imp, currency=engine.shop.settings.currency)
    except Passed as passed:
        return passed.reason


def _until(asked: BidRequest, since: float, *, network_ms: int) -> float:
    """When the answer has to be ready."""
    return since + (asked.tmax - network_ms) / 1000 if asked.tmax > 0 else inf
