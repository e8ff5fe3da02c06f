"""A bid request as it comes: the fields of OpenRTB 2.6 that matter here, all others ignored."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

Ext = dict[str, Any]


class Malformed(Exception):
    """A request that breaks the specification: answered 400, without a body."""


class Size(Struct):
    """Width and height of an advertisement."""

    w: int = 0
    h: int = 0


class Banner(Struct):
    """A place for HTML; `btype` and `battr` are kinds and attributes of creatives that it refuses."""

    w: int = 0
    h: int = 0
    format: list[Size] = field(default_factory=list)
    btype: list[int] = field(default_factory=list)
    battr: list[int] = field(default_factory=list)

    @property
    def size(self) -> Size:
        """The first size that it takes; zeros where it names none."""
        named = [*self.format, Size(self.w, self.h)]
        return next((size for size in named if size.w > 0 and size.h > 0), Size())


class NativeSlot(Struct):
    """A place for a native ad: `request` is another JSON document, inside a string."""

    request: str
    ver: str = ""
    battr: list[int] = field(default_factory=list)


class Deals(Struct):
    """A private marketplace; with `private_auction` 1 only its deals may bid."""

    private_auction: int = 0


class Imp(Struct):
    """One impression for sale."""

    id: str
    banner: Banner | None = None
    video: Ext | None = None
    audio: Ext | None = None
    native: NativeSlot | None = None
    tagid: str = ""
    bidfloor: float = 0.0
    bidfloorcur: str = "USD"
    secure: int = 0
    pmp: Deals | None = None


class Site(Struct):
    """The website or app that asks."""

    search: str = ""


class Geo(Struct):
    """Where the device is."""

    country: str = ""
    region: str = ""


class Device(Struct):
    """What the shopper looks at it with. `dnt` and `lmt` 1 refuse tracking."""

    ua: str = ""
    ip: str = ""
    ipv6: str = ""
    devicetype: int = 0
    language: str = ""
    dnt: int = 0
    lmt: int = 0
    geo: Geo | None = None


class User(Struct):
    """Whoever looks; `buyeruid` is the shop's own name for them, `consent` a TCF string."""

    id: str = ""
    buyeruid: str = ""
    consent: str = ""
    ext: Ext = field(default_factory=dict)


class Regs(Struct):
    """Laws and signals that apply."""

    coppa: int = 0
    gdpr: int | None = None
    us_privacy: str = ""
    gpp: str = ""
    gpp_sid: list[int] = field(default_factory=list)
    ext: Ext = field(default_factory=dict)


class Feed(Struct):
    """Product listing ads: which products and product categories may (`a`) and may not (`b`) be shown."""

    domain: str
    id: str = ""
    aprod: list[str] = field(default_factory=list)
    bprod: list[str] = field(default_factory=list)
    aprodcat: list[str] = field(default_factory=list)
    bprodcat: list[str] = field(default_factory=list)


class BidRequest(Struct):
    """The request as a whole. `tmax` is milliseconds, the network's included; 0 where none is given."""

    id: str
    imp: list[Imp]
    site: Site | None = None
    app: Site | None = None
    dooh: Site | None = None
    device: Device = field(default_factory=Device)
    user: User = field(default_factory=User)
    test: int = 0
    at: int = 2
    tmax: int = 0
    wseat: list[str] = field(default_factory=list)
    bseat: list[str] = field(default_factory=list)
    cur: list[str] = field(default_factory=list)
    wlang: list[str] = field(default_factory=list)
    wlangb: list[str] = field(default_factory=list)
    acat: list[str] = field(default_factory=list)
    bcat: list[str] = field(default_factory=list)
    cattax: int = 1
    badv: list[str] = field(default_factory=list)
    regs: Regs = field(default_factory=Regs)
    prodfeed: Feed | None = None


_DECODER = msgspec.json.Decoder(BidRequest)
_LONGEST_ID = 512
_MOST_IMPS = 100


def decode(body: bytes) -> BidRequest:
    """The request in a body; raises `Malformed` where it is none, or says what excludes itself."""
    try:
        asked = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if wrong := _wrong(asked):
        raise Malformed(wrong)
    return asked


def _wrong(asked: BidRequest) -> str:
    """What is wrong with a request that decodes; '' where nothing is."""
    if not 0 < len(asked.id) <= _LONGEST_ID:
        return "id is missing or too long"
    if not 0 < len(asked.imp) <= _MOST_IMPS:
        return f"imp must hold 1 to {_MOST_IMPS} impressions"
    names = [imp.id for imp in asked.imp]
    if len(set(names)) < len(names) or not all(0 < len(name) <= _LONGEST_ID for name in names):
        return "imp.id is missing, too long or given twice"
    if any(
        not (imp.banner or imp.native or imp.video is not None or imp.audio is not None) for imp in asked.imp
    ):
        return "an imp needs one of banner, video, audio, native"
    if any(not 0 <= imp.bidfloor < 1e9 for imp in asked.imp):
        return "bidfloor is not a price"
    if sum(place is not None for place in (asked.site, asked.app, asked.dooh)) > 1:
        return "at most one of site, app, dooh"
    pairs = ((asked.wseat, asked.bseat), (asked.acat, asked.bcat), (asked.wlang, asked.wlangb))
    if any(one and other for one, other in pairs):
        return "at most one of wseat and bseat, acat and bcat, wlang and wlangb"
    return "prodfeed needs its domain" if asked.prodfeed and not asked.prodfeed.domain else ""
