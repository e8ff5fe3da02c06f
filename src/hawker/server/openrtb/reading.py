"""What an exchange asks, as the shop's own request for ads, or the reason why there will be no bid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

from hawker.records.catalogue import LEVELS, levels
from hawker.records.consent import Consent
from hawker.records.decision import Request
from hawker.records.exchange import Exchange
from hawker.records.ids import LONGEST
from hawker.records.money import micros
from hawker.records.placement import Page, Placement
from hawker.server.asking import MOST_TEXT
from hawker.server.openrtb import native
from hawker.server.openrtb.native import NativeRequest
from hawker.server.openrtb.request import BidRequest, Imp, Regs, User

MOST_ADS = 20
DEVICES = {1: "mobile", 2: "desktop", 3: "tv", 4: "mobile", 5: "tablet", 6: "tv", 7: "tv", 8: "outdoor"}
_HTML, _SCRIPT = 2, 3  # kinds of banner: XHTML, JavaScript


class NoBid(IntEnum):
    """Reasons for no bid: OpenRTB's own, and from 500 on ours."""

    CRAWLER = 3
    NOT_HUMAN = 4
    DATA_CENTRE = 5
    TOO_LATE = 15
    NO_PLACEMENT = 500
    CURRENCY = 501
    FORMAT = 502
    SEAT = 503
    LANGUAGE = 504
    TRANSPARENCY = 505
    SECURE = 506
    OTHER_FEED = 507
    CATEGORY = 508
    DEALS_ONLY = 509


class Passed(Exception):
    """No bid, for a reason that the exchange may know."""

    def __init__(self, reason: NoBid) -> None:
        super().__init__(reason.name)
        self.reason = reason


def admit(asked: BidRequest, settings: Exchange, *, currency: str, language: str) -> None:
    """Raises `Passed` where nothing in a request can be bid on."""
    named = set(asked.cur) or {imp.bidfloorcur for imp in asked.imp}
    if currency not in named:
        raise Passed(NoBid.CURRENCY)
    if (asked.wseat and settings.seat not in asked.wseat) or (settings.seat and settings.seat in asked.bseat):
        raise Passed(NoBid.SEAT)
    spoken = {name[:2].lower() for name in asked.wlang}
    if (spoken and language[:2] not in spoken) or language[:2] in {name[:2].lower() for name in asked.wlangb}:
        raise Passed(NoBid.LANGUAGE)
    feed = asked.prodfeed
    if feed and settings.domain and not within(feed.domain, settings.domain):
        raise Passed(NoBid.OTHER_FEED)
    if (asked.acat or (feed and feed.aprodcat)) and not _allowed(asked, settings):
        raise Passed(NoBid.CATEGORY)


def placed(imp: Imp, placements: Mapping[str, Placement]) -> Placement:
    """The shop's placement that an impression is for: by its tag, else one off the shop's site."""
    found = placements.get(imp.tagid)
    offsite = (one for one in placements.values() if one.page is Page.OFFSITE)
    found = found or next(offsite, None)
    if found is None:
        raise Passed(NoBid.NO_PLACEMENT)
    return found


def served(imp: Imp, *, currency: str) -> NativeRequest | None:
    """The native request of an impression, or None for a banner.

    Raises `Passed` where it takes neither, `Malformed` where its native request is none.
    """
    asked = native.decode(imp.native.request) if imp.native else None
    if imp.pmp and imp.pmp.private_auction:
        raise Passed(NoBid.DEALS_ONLY)
    if imp.bidfloor > 0 and imp.bidfloorcur != currency:
        raise Passed(NoBid.CURRENCY)
    if asked is None and (imp.banner is None or _HTML in imp.banner.btype):
        raise Passed(NoBid.FORMAT)
    return asked


def scripted(imp: Imp) -> bool:
    """Whether a banner may hold a script."""
    return imp.banner is not None and _SCRIPT not in imp.banner.btype


def request(
    asked: BidRequest,
    imp: Imp,
    *,
    placement: Placement,
    wanted: NativeRequest | None,
    settings: Exchange,
    owners: Mapping[str, Sequence[str]],
    shown: Sequence[str],
) -> Request:
    """The shop's request for one impression. `owners`: advertisers by domain; `shown`: what stands there."""
    feed, device = asked.prodfeed, asked.device
    return Request(
        placement=placement.name,
        shopper=_name(asked.user.buyeruid or asked.user.id),
        query=_text(asked.site.search if asked.site else ""),
        location=_name(_location(asked)),
        device=DEVICES.get(device.devicetype, ""),
        language=_name(device.language),
        slots=min(max(wanted.plcmtcnt, 1), MOST_ADS) if wanted else 1,
        shown=tuple(shown),
        blocked_advertisers=tuple(
            owner for domain, held in owners.items() if _blocked(domain, asked.badv) for owner in held
        ),
        blocked_categories=(
            *_categories(asked.bcat, asked, settings),
            *(feed.bprodcat if feed else ()),
        ),
        blocked_products=tuple(feed.bprod) if feed else (),
        allowed_categories=_allowed(asked, settings),
        allowed_products=tuple(feed.aprod) if feed else (),
        floor=micros(imp.bidfloor),
        consent=consent(asked.regs, asked.user, tracked=not (device.dnt == 1 or device.lmt == 1)),
    )


def consent(regs: Regs, user: User, *, tracked: bool) -> Consent:
    """The privacy signals of a request, where this version of the protocol or an older one keeps them."""
    more = regs.ext
    gdpr = regs.gdpr if regs.gdpr is not None else more.get("gdpr")
    sale = str(regs.us_privacy or more.get("us_privacy") or "")
    sections = regs.gpp_sid or more.get("gpp_sid") or []
    return Consent(
        gpc=str(more.get("gpc", "")) == "1",
        opted_out=not tracked or sale[2:3].upper() == "Y",
        minor=regs.coppa == 1,
        gdpr=str(gdpr) == "1",
        tcf=str(user.consent or user.ext.get("consent") or ""),
        gpp=str(regs.gpp or more.get("gpp") or ""),
        gpp_sid=tuple(one for one in sections if isinstance(one, int)) if isinstance(sections, list) else (),
    )


def within(domain: str, other: str) -> bool:
    """Whether a domain is another or lies under it.

    >>> within("www.shop.example", "shop.example"), within("myshop.example", "shop.example")
    (True, False)
    """
    one, two = domain.lower().strip("."), other.lower().strip(".")
    return one == two or one.endswith(f".{two}")


def _blocked(domain: str, badv: Sequence[str]) -> bool:
    return any(within(domain, bad) for bad in badv if bad.strip("."))


def _categories(codes: Sequence[str], asked: BidRequest, settings: Exchange) -> tuple[str, ...]:
    """The shop's categories behind an exchange's codes; a code stands for those below it as well."""
    if asked.cattax != settings.cattax:
        return ()
    return tuple(
        path
        for code, paths in settings.categories.items()
        if any(code == given or code.startswith(f"{given}-") for given in codes)
        for path in paths
    )


def _allowed(asked: BidRequest, settings: Exchange) -> tuple[str, ...]:
    """The only categories to show: those of the feed, as far as the exchange allows them too."""
    wide = _categories(asked.acat, asked, settings)
    narrow = tuple(asked.prodfeed.aprodcat) if asked.prodfeed else ()
    if not (asked.acat and narrow):
        return narrow or wide
    both = [(levels(one), levels(other)) for one in wide for other in narrow]
    common = (max(pair, key=len) for pair in both if pair[0][: len(pair[1])] == pair[1][: len(pair[0])])
    return tuple(dict.fromkeys(LEVELS.join(path) for path in common))


def _location(asked: BidRequest) -> str:
    geo = asked.device.geo
    return "-".join(part for part in (geo.country, geo.region) if part) if geo else ""


def _name(text: str) -> str:
    """A name that may go on record, or none: an exchange's words are not ours to refuse a request for."""
    return text if len(text) <= LONGEST and text.isprintable() else ""


def _text(text: str) -> str:
    return text if len(text) <= MOST_TEXT and "\0" not in text else ""
