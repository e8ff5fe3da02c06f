"""A question to the engine and its whole answer, kept so that it can be executed again."""

from __future__ import annotations

from msgspec import Struct, field

from hawker.records.consent import Consent, ConsentPath

VERSION = 1


class Request(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One place on a page asking for ads. Only `placement` must be there; `slots` 0: the placement's own.

    `organic` are products the page shows unpaid, `shown` those of ads that stand on it already.
    `blocked_*` are never advertised here; where `allowed_*` are given nothing else is. `floor` (micros
    per thousand impressions) counts where it is above the placement's.
    """

    placement: str
    shopper: str = ""
    session: str = ""
    query: str = ""
    product: str = ""
    category: str = ""
    location: str = ""
    device: str = ""
    language: str = ""
    slots: int = 0
    organic: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    blocked_advertisers: tuple[str, ...] = ()
    blocked_categories: tuple[str, ...] = ()
    blocked_products: tuple[str, ...] = ()
    allowed_categories: tuple[str, ...] = ()
    allowed_products: tuple[str, ...] = ()
    floor: int = 0
    consent: Consent = Consent()


class ShownAd(Struct, frozen=True, omit_defaults=True):
    """What the page needs to show one ad: `behalf` is whom it speaks for, `payer` who else pays."""

    id: str
    campaign: str
    advertiser: str
    product: str
    headline: str
    description: str = ""
    image: str = ""
    link: str = ""
    creative: str = ""
    group: str = ""
    call_to_action: str = ""
    behalf: str = ""
    payer: str = ""


class Wording(Struct, frozen=True, omit_defaults=True):
    """Among which approved creatives the words of a slot were chosen, and by what odds; one entry each.

    `means` and `deviations` are what was believed of the logarithm of each one's click rate against the
    product's, as the odds were computed from them; `near` how near each was to the shopper's interest
    (empty: not asked). `segment` is the shopper's, '' where none is known or may be used.
    """

    creatives: tuple[str, ...]
    odds: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    near: tuple[float, ...] = ()
    segment: str = ""


class Slot(Struct, frozen=True, omit_defaults=True):
    """One filled slot. `price` is micros per thousand impressions, click or conversion (`pricing`);

    `charge` is what the ledger reserves for it; `propensity` is the chance that this ad got this
    slot given the ones above it; `probability` the model's calibrated chance of `outcome`. `wording` is
    there where several creatives could have been its words.
    """

    ad: ShownAd
    price: int
    pricing: str
    charge: int
    propensity: float
    probability: float
    value: float
    explored: bool = False
    runner_up: str = ""
    wording: Wording | None = None

    @property
    def creative_propensity(self) -> float:
        """The chance that these words were shown, given that the ad was: 1 where there was no choice."""
        held = self.wording
        return 1.0 if held is None else held.odds[held.creatives.index(self.ad.creative)]


class Look(Struct, frozen=True, omit_defaults=True):
    """What was looked at for some candidates only, those that a light model put first.

    `rows` are their places among the candidates; the rest is laid out as in `Candidates`.
    """

    rows: tuple[int, ...]
    feature_names: tuple[str, ...]
    features: bytes = b""
    common: bytes = b""
    columns: tuple[int, ...] = ()


class Candidates(Struct, frozen=True, omit_defaults=True):
    """What was scored, column by column, enough to score, rank and price again.

    `bids` are the effective bids in micros; `quality` (empty: all 1) and `probabilities` (of the
    decision's outcome) are in the order of `ads`, `others` holds the probabilities of further outcomes
    by name. `common` is float32, one value a feature; the features at `columns` differ between ads
    instead and stand in `features`, float32, column by column. Without `common` (older records)
    `features` holds all of them, row by row. `products` numbers the ads' products (empty: all
    differ), `guaranteed` lists ads ahead of the auction with the share of requests each is due,
    `apart` pairs of advertisers that may not stand side by side, `looks` further features of some.
    """

    ads: tuple[str, ...] = ()
    bids: tuple[int, ...] = ()
    advertisers: tuple[str, ...] = ()
    pricing: tuple[str, ...] = ()
    quality: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()
    feature_names: tuple[str, ...] = ()
    features: bytes = b""
    others: dict[str, tuple[float, ...]] = field(default_factory=dict)
    common: bytes = b""
    columns: tuple[int, ...] = ()
    products: tuple[int, ...] = ()
    guaranteed: tuple[tuple[int, float], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    looks: tuple[Look, ...] = ()


class Decision(Struct, frozen=True, omit_defaults=True):
    """The record: who could have been shown, who was, at what price, how likely, and by which versions.

    `excluded` counts ads by `NoBidReason`. `attempts` lists the campaigns a refused reserve took
    out before this final call. `watermark` is the release time up to which folds had been applied.
    `wanted` is how many slots were to be filled, `most_per_advertiser` and `mechanism` the rules of
    the auction.
    """

    id: str
    time: int
    request: Request
    path: ConsentPath
    path_reason: str
    slots: tuple[Slot, ...] = ()
    fallback: str = ""
    eligible: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    candidates: Candidates = Candidates()
    runner_up: str = ""
    attempts: tuple[str, ...] = ()
    seed: int = 0
    exploration: float = 0.0
    floor: int = 0
    wanted: int = 0
    most_per_advertiser: int | None = None
    mechanism: str = "gsp"
    outcome: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    watermark: int = 0
    synthetic: bool = False
    schema: int = VERSION

    @property
    def ad(self) -> ShownAd | None:
        """The ad of the first slot, or None where nothing was shown."""
        return self.slots[0].ad if self.slots else None

    @property
    def price(self) -> int | None:
        """The price of the first slot, in micros of its pricing, or None."""
        return self.slots[0].price if self.slots else None

    @property
    def propensity(self) -> float | None:
        """The propensity of the first slot, or None."""
        return self.slots[0].propensity if self.slots else None
