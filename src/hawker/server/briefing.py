"""From what somebody wants written to briefs: the brand's wishes, an audience in words, whose copy it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from hawker.audience import Moment
from hawker.audience.interests import direction, interests
from hawker.creative.desk import Desk, evidence
from hawker.creative.layout import LAYOUTS, parts
from hawker.errors import BadInput, BadSetting, NotFound, nearest
from hawker.records.audience import Audience
from hawker.records.brand import Brand, Jurisdiction
from hawker.records.campaign import Campaign
from hawker.records.catalogue import Product, advertisable
from hawker.records.draft import Brief, Kind
from hawker.records.placement import Placement
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts
from hawker.storage.shop import Shop

LONGEST, MOST_WORDS = 200, 20
Number = Annotated[int, Meta(ge=1, le=20)]
Seed = Annotated[int, Meta(ge=0, lt=1 << 53)]
_TEXTS = ("placement", "audience", "tone", "language")
_LISTS = ("must", "avoid", "voice")


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be written: `n` variants of a kind, for whom (`audience` by its id, or in words), and how.

    `limits` are widths of its parts that are narrower than those of its kind, and of its placement.
    `campaign` says for which order and so on whose behalf; else `advertiser` does, '' is the shop.
    """

    product: str = ""
    kind: Kind = Kind.NATIVE
    n: Number = 4
    seed: Seed = 0
    placement: str = ""
    audience: str = ""
    tone: str = ""
    language: str = ""
    jurisdiction: Jurisdiction = Jurisdiction.USUAL
    must: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    voice: tuple[str, ...] = ()
    limits: dict[str, int] = msgspec.field(default_factory=dict)
    campaign: str = ""
    advertiser: str = ""


def briefs(
    shop: Shop,
    control: Control,
    products: Iterable[Product],
    wanted: Wanted,
    *,
    moment: Callable[[], Moment] | None = None,
) -> list[Brief]:
    """A brief for each product. `moment` gives the shop as it stands, asked only for an audience's interests.

    Raises `NotFound` for a placement that the shop does not have, `BadInput` for a text that is too long or a
    limit that cannot be kept, `BadSetting` where the placement's own limits name what no copy has.
    """
    _sound(wanted)
    owner, _ = behalf(control, wanted)
    limits = _limits(wanted, shop.placement(wanted.placement) if wanted.placement else None)
    brand = shop.settings.brand
    proof = evidence(control, owner, brand.evidence)
    audience, likes = _audience(control, wanted, moment)
    return [
        Brief(
            product,
            kind=wanted.kind,
            placement=wanted.placement,
            audience=audience,
            interests=likes,
            tone=wanted.tone or brand.tone,
            language=wanted.language,
            jurisdiction=_jurisdiction(wanted, brand),
            must=_joined(brand.must, wanted.must),
            avoid=_joined(brand.avoid, wanted.avoid),
            voice=_joined(brand.voice, wanted.voice),
            evidence=proof,
            limits=limits,
        )
        for product in products
    ]


def interest(control: Control, wanted: Wanted, *, moment: Callable[[], Moment]) -> NDArray[np.float32] | None:
    """Where the interests of the audience that is named point; None for words, and for a small one."""
    held = control.get("audience", wanted.audience) if wanted.audience else None
    return direction(moment(), held.id) if isinstance(held, Audience) else None


def behalf(control: Control, wanted: Wanted) -> tuple[str, str]:
    """On whose behalf and for which campaign; raises `NotFound` for what is not there."""
    if wanted.campaign:
        held = control.get("campaign", wanted.campaign)
        if not isinstance(held, Campaign):
            known = [one.id for one in control.campaigns()]
            raise NotFound(
                f"There is no campaign '{wanted.campaign[:80]}'.", remedy=nearest(wanted.campaign, known)
            )
        if wanted.advertiser and wanted.advertiser != held.advertiser:
            raise BadInput(
                f"The campaign '{held.id[:80]}' is of '{held.advertiser[:80]}'.",
                remedy="Leave --advertiser out.",
            )
        return held.advertiser, held.id
    if wanted.advertiser:
        known = sorted(
            {one.advertiser for one in control.campaigns()} | {one.id for one in control.advertisers()}
        )
        if wanted.advertiser not in known:
            raise NotFound(
                f"There is no advertiser '{wanted.advertiser[:80]}'.",
                remedy=nearest(wanted.advertiser, known),
            )
    return wanted.advertiser, ""


def products(shop: Shop, control: Control, *, advertiser: str = "", campaign: str = "") -> list[Product]:
    """What may be advertised: of a campaign's or an advertiser's ads, or of the whole catalogue, by id."""
    if not advertiser and not campaign:
        return [product for product in shop.catalogue.values() if advertisable(product)]
    own = {one.id for one in control.campaigns() if one.advertiser == advertiser}
    own = {campaign} if campaign else own
    named = sorted({ad.product for ad in control.ads() if ad.campaign in own})
    found = (shop.catalogue.get(name) for name in named)
    return [product for product in found if product is not None and advertisable(product)]


def desk(shop: Shop, control: Control, drafts: Drafts) -> Desk:
    """Where a shop's drafts are decided about."""
    brand = shop.settings.brand
    return Desk(drafts, control, shop.catalogue, own=brand.auto_approve, proven=brand.evidence)


def _audience(
    control: Control, wanted: Wanted, moment: Callable[[], Moment] | None
) -> tuple[str, tuple[str, ...]]:
    """For whom, in words, and what they look at where it is an audience of the shop's with enough members."""
    held = control.get("audience", wanted.audience) if wanted.audience else None
    if not isinstance(held, Audience):
        return wanted.audience, ()
    said = held.name or held.text or held.category or held.id
    return said, interests(moment(), held.id, language=wanted.language or "en") if moment else ()


def _jurisdiction(wanted: Wanted, brand: Brand) -> str:
    return (wanted.jurisdiction or brand.jurisdiction).value


def _limits(wanted: Wanted, placement: Placement | None) -> dict[str, int]:
    """The narrower of what is asked for and what the placement allows, of the parts that the kind has."""
    parts(wanted.kind, wanted.limits)
    limits = dict(wanted.limits)
    known = sorted({part for layout in LAYOUTS.values() for part in layout})
    for name, limit in (placement.limits if placement else {}).items():
        if name not in known:
            where = f"The limits of the placement '{placement.name[:80]}'" if placement else ""
            raise BadSetting(
                f"{where} in shop.toml name '{name[:40]}', which no copy has.", remedy=nearest(name, known)
            )
        if name in LAYOUTS[wanted.kind]:
            limits[name] = min(limit, limits.get(name, limit))
    return limits


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _sound(wanted: Wanted) -> None:
    for name in _TEXTS:
        text = getattr(wanted, name)
        if len(text) > LONGEST or not text.isprintable():
            raise BadInput(
                f"'{name}' cannot be used.", remedy=f"Give at most {LONGEST} printable characters."
            )
    for name in _LISTS:
        texts = getattr(wanted, name)
        if len(texts) > MOST_WORDS or any(
            len(text) > LONGEST or not text.strip() or not text.isprintable() for text in texts
        ):
            raise BadInput(
                f"'{name}' cannot be used.",
                remedy=f"Give at most {MOST_WORDS} texts of 1 to {LONGEST} printable characters.",
            )
