"""A bid as it is told: price, markup, notices, and on whose behalf; or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from hawker.delivery.commit import reservation
from hawker.records.campaign import Pricing
from hawker.records.catalogue import Product, levels
from hawker.records.consent import ConsentPath
from hawker.records.decision import Decision, Slot
from hawker.records.exchange import Exchange
from hawker.records.money import MICROS
from hawker.server.openrtb import markup, native
from hawker.server.openrtb.native import NativeRequest
from hawker.server.openrtb.reading import NoBid, Passed, scripted
from hawker.server.openrtb.request import BidRequest, Imp, Size
from hawker.storage.shop import Settings

VERSION = "2.6"
WAITS_SECONDS = 1_500
"""How long after a bid its impression may still come: the ledger's reservation lasts a little longer."""
_BANNER, _NATIVE = 1, 4
_PROFILED, _BASIC = 1, 2
_REQUIRED = 2
_LONGEST_NAME = 100


class Bid(Struct, omit_defaults=True):
    """One bid; `price` is in whole currency units per thousand impressions."""

    id: str
    impid: str
    price: float
    adid: str = ""
    nurl: str = ""
    burl: str = ""
    lurl: str = ""
    adm: str = ""
    adomain: list[str] = []
    cid: str = ""
    crid: str = ""
    cat: list[str] = []
    cattax: int = 0
    language: str = ""
    w: int = 0
    h: int = 0
    exp: int = 0
    mtype: int = 0
    ext: dict[str, Any] | None = None


class SeatBid(Struct, omit_defaults=True):
    """The bids of one buyer."""

    bid: list[Bid]
    seat: str = ""


class BidResponse(Struct):
    """The answer as a whole; `seatbid` is empty where `nbr` says why."""

    id: str
    seatbid: list[SeatBid]
    cur: str | msgspec.UnsetType = msgspec.UNSET
    nbr: int | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the beacons and notices of one slot are: whole addresses."""

    click: str
    viewable: str
    won: str
    billed: str
    lost: str

    @property
    def safe(self) -> bool:
        """Whether a page that allows nothing insecure may use them."""
        return self.click.startswith("https://")


def price(slot: Slot) -> int:
    """What a slot's ad pays for a thousand impressions, in micros, as far as can be foreseen."""
    if slot.pricing == Pricing.CPM:
        return slot.price
    return int(slot.price * slot.probability * 1000)


def bid(
    asked: BidRequest,
    imp: Imp,
    decision: Decision,
    *,
    place: int,
    slot: Slot,
    wanted: NativeRequest | None,
    product: Product,
    domain: str,
    doors: Doors,
    settings: Settings,
) -> Bid:
    """The bid for one slot of a decision, `slot` as it is shown; raises `Passed` where it may not be made."""
    ad, exchange = slot.ad, settings.openrtb
    if imp.secure == 1 and not doors.safe:
        raise Passed(NoBid.SECURE)
    told = transparency(asked, decision, slot, rendered=wanted is None, domain=exchange.domain or domain)
    size = imp.banner.size if imp.banner and wanted is None else Size()
    language = decision.request.language or settings.language
    common = {"language": language, "click": doors.click, "viewable": doors.viewable}
    if wanted is None:
        adm = markup.banner(ad, size=size, secure=imp.secure == 1, scripted=scripted(imp), **common)
    else:
        found = native.answer(
            wanted, ad, product=product, display_url=domain, secure=imp.secure == 1, **common
        )
        if found is None:
            raise Passed(NoBid.FORMAT)
        adm = found
    name = reservation(decision.id, place)
    cat = codes(product.category, exchange)
    return Bid(
        id=name,
        impid=imp.id,
        price=price(slot) / MICROS,
        adid=ad.id,
        nurl=doors.won,
        burl="" if asked.test == 1 else doors.billed,
        lurl=doors.lost,
        adm=adm,
        adomain=[domain] if domain else [],
        cid=ad.campaign,
        crid=ad.creative or ad.id,
        cat=cat,
        cattax=exchange.cattax if cat else 0,
        language=language[:2].lower(),
        w=size.w,
        h=size.h,
        exp=WAITS_SECONDS,
        mtype=_BANNER if wanted is None else _NATIVE,
        ext={"dsa": told} if told else None,
    )


def transparency(
    asked: BidRequest, decision: Decision, slot: Slot, *, rendered: bool, domain: str
) -> dict[str, Any] | None:
    """The DSA object of a bid: on whose behalf, who paid, by what; None where nobody asked.

    Raises `Passed` where it is required and cannot be given, or nobody would show it.
    """
    law = asked.regs.ext.get("dsa")
    if not isinstance(law, dict):
        return None
    required = law.get("dsarequired") in {_REQUIRED, _REQUIRED + 1}
    behalf = slot.ad.behalf[:_LONGEST_NAME]
    ours = rendered and law.get("pubrender") != 2
    if required and (not behalf or (law.get("pubrender") == 0 and not ours)):
        raise Passed(NoBid.TRANSPARENCY)
    told: dict[str, Any] = {
        "behalf": behalf,
        "paid": (slot.ad.payer or slot.ad.behalf)[:_LONGEST_NAME],
        "adrender": int(ours),
    }
    if law.get("datatopub") != 0 and domain:
        profiled = [_PROFILED] if decision.path is ConsentPath.PERSONALISED else []
        told["transparency"] = [{"domain": domain, "dsaparams": [*profiled, _BASIC]}]
    return told


def codes(category: str, settings: Exchange) -> list[str]:
    """The exchange's codes of a category path of the shop's."""
    path = levels(category)
    return [
        code
        for code, paths in settings.categories.items()
        if any(path[: len(levels(one))] == levels(one) for one in paths)
    ]


def response(asked: BidRequest, bids: Sequence[Bid], *, seat: str, currency: str) -> bytes:
    """The answer that holds bids."""
    return msgspec.json.encode(BidResponse(asked.id, [SeatBid(list(bids), seat)], cur=currency))


def refusal(asked: BidRequest, reason: NoBid) -> bytes:
    """The answer that says why there is no bid."""
    return msgspec.json.encode(BidResponse(asked.id, [], nbr=int(reason)))
