"""Native 1.2: the assets a page asks for, filled from an ad and its product, or the reason why not."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from hawker.creative.native import EXACT, MAIN, VERSION, Filled, NativeAnswer, facts, shortened
from hawker.records.catalogue import Product
from hawker.records.decision import ShownAd
from hawker.server.openrtb.request import Malformed

MOST = 20
_MAIN, _ICON = MAIN, 1
_VIEWABLE, _IMAGE = 2, 1
_KINDS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "gif": "gif", "webp": "webp"}


class Title(Struct):
    """Words of at most `len` characters; 25, 90 or 140 as a rule."""

    len: int


class Img(Struct):
    """A picture: 1 icon, 3 main; `mimes` are the kinds it takes ([]: all)."""

    type: int = 0
    mimes: list[str] = field(default_factory=list)


class Data(Struct):
    """A fact of a numbered type, at most `len` characters (0: any)."""

    type: int
    len: int = 0


class Asset(Struct):
    """One part of a native ad; exactly one of its four kinds is asked for."""

    id: int
    required: int = 0
    title: Title | None = None
    img: Img | None = None
    video: dict[str, Any] | None = None
    data: Data | None = None


class Tracker(Struct):
    """An event the page can report: 1 impression, 2 viewable; `methods` 1 image, 2 script."""

    event: int = 0
    methods: list[int] = field(default_factory=list)


class NativeRequest(Struct):
    """What the string in `imp.native.request` holds. `plcmtcnt` is how many ads stand there alike."""

    assets: list[Asset]
    ver: str = VERSION
    context: int = 0
    plcmttype: int = 0
    plcmtcnt: int = 1
    eventtrackers: list[Tracker] = field(default_factory=list)
    wrapped: bool = False


class _Wrapped(Struct):
    native: NativeRequest


_BARE = msgspec.json.Decoder(NativeRequest)
_WRAPPED = msgspec.json.Decoder(_Wrapped)


def decode(text: str) -> NativeRequest:
    """The request in a string, with or without the root `native` of version 1.0; raises `Malformed`."""
    raw = text.encode("utf-8", "surrogatepass")
    try:
        try:
            found = _BARE.decode(raw)
        except msgspec.ValidationError:
            found = msgspec.structs.replace(_WRAPPED.decode(raw).native, wrapped=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if not found.assets or len({asset.id for asset in found.assets}) < len(found.assets):
        raise Malformed("native assets are missing or share an id")
    kinds = ([asset.title, asset.img, asset.video, asset.data] for asset in found.assets)
    if any(sum(kind is not None for kind in given) != 1 for given in kinds):
        raise Malformed("a native asset needs exactly one of title, img, video, data")
    return found


def answer(
    asked: NativeRequest,
    ad: ShownAd,
    *,
    product: Product,
    display_url: str,
    language: str,
    click: str,
    viewable: str,
    secure: bool,
) -> str | None:
    """The ad as native markup, JSON in a string; None where a required asset cannot be filled."""
    known = facts(ad, product, display_url=display_url, language=language)
    assets = []
    for asset in asked.assets:
        found = _filled(asset, ad, known, secure=secure)
        if found is not None:
            assets.append(found)
        elif asset.required:
            return None
    told = NativeAnswer({"url": click}, assets, VERSION, _trackers(asked, viewable))
    text = msgspec.json.encode({"native": told} if asked.wrapped else told).decode()
    return text.replace("${", "$\\u007b")  # an advertiser's words hold no macro


def _filled(asset: Asset, ad: ShownAd, known: dict[int, str], *, secure: bool) -> Filled | None:
    made = Filled(asset.id, asset.required)
    if asset.title:
        made.title = {"text": shortened(ad.headline, asset.title.len)}
        return made if ad.headline else None
    if asset.img:
        made.img = {"type": asset.img.type, "url": ad.image} if asset.img.type else {"url": ad.image}
        return made if _shows(asset.img, ad.image, secure=secure) else None
    if asset.data and (text := known.get(asset.data.type, "")):
        exact = asset.data.type in EXACT
        if exact and 0 < asset.data.len < len(text):
            return None
        value = text if exact else shortened(text, asset.data.len)
        made.data = {"type": asset.data.type, "value": value, "len": len(value)}
        return made
    return None


def _shows(wanted: Img, address: str, *, secure: bool) -> bool:
    """Whether a picture may stand there: its address, and where its name tells, its kind."""
    if wanted.type not in {0, _ICON, _MAIN} or not address.startswith("https://" if secure else "http"):
        return False
    ending = address.partition("?")[0].rpartition(".")[2].lower()
    kind = f"image/{_KINDS[ending]}" if ending in _KINDS else ""
    return not (kind and wanted.mimes and kind not in {mime.replace("jpg", "jpeg") for mime in wanted.mimes})


def _trackers(asked: NativeRequest, viewable: str) -> list[dict[str, Any]]:
    """The viewable beacon, where the page can fire it; impressions are told by `burl` alone."""
    told = {"event": _VIEWABLE, "method": _IMAGE, "url": viewable}
    able = any(one.event == _VIEWABLE and _IMAGE in one.methods for one in asked.eventtrackers)
    return [told] if able else []
