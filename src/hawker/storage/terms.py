"""What an order must say to be kept: amounts, times, shares and aims that can be carried out.

What it names (a campaign, a product) is checked where it comes in; a placement may be made later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from hawker.errors import BadRecord, nearest
from hawker.records.advertiser import Advertiser
from hawker.records.audience import Audience, Kind
from hawker.records.campaign import (
    Ad,
    AdGroup,
    Campaign,
    Cap,
    Daypart,
    Did,
    Pricing,
    Retargeting,
    Strategy,
    Targeting,
    Tier,
    zone,
)
from hawker.records.creative import Creative
from hawker.records.finding import Finding, Severity

Document = Advertiser | Audience | Campaign | AdGroup | Ad | Creative
REASONS: dict[str, str] = {
    "unknown_placement": "A campaign or ad group names a placement that shop.toml does not have."
}
Fault = tuple[str, str]
"""The field, and what it must be."""
DEAREST = 10**15
"""A billion units of a currency, in micros: no amount is above it."""
LATEST = 2**62
LONGEST_RULE = 4_000
RESERVED = ("fields", "preview", "overlap", "suggest")
"""Ids that an audience cannot have: the API answers them itself."""
_AMOUNT = f"an amount in micros from 0 to {DEAREST:,}"


def sound(document: Document) -> None:
    """Raise `BadRecord` naming the first field that cannot be carried out, and what it must be."""
    for field, must in _FAULTS[type(document)](document):
        kind = _NAMES[type(document)]
        raise BadRecord(f"{kind} '{document.id}': '{field}' cannot be used.", remedy=f"Make it {must}.")


def unplaced(documents: Iterable[Document], placements: Collection[str]) -> list[Finding]:
    """A note on each placement that is named in an aim but is not (or not yet) the shop's."""
    found: dict[tuple[str, str], Finding] = {}
    for document in documents:
        if isinstance(document, Campaign | AdGroup):
            aim = document.targeting
            for name in (*aim.placements, *aim.not_placements):
                if name not in placements:
                    place = f"{_NAMES[type(document)]} '{document.id}'"
                    message = (
                        f"There is no placement '{name}' in shop.toml. {nearest(name, list(placements))}"
                    )
                    found[place, name] = Finding(place, "unknown_placement", message, Severity.NOTE)
    return list(found.values())


def _audience(audience: Audience) -> Iterator[Fault]:
    """What says who belongs to it has to be there, and nothing that says it of another kind."""
    if audience.id in RESERVED or audience.id.endswith(("/size", "/members")):
        yield "id", f"another one: the API answers {', '.join(RESERVED)}, …/size and …/members itself"
    needed = {Kind.RULES: "rule", Kind.SEMANTIC: "text", Kind.LOOKALIKE: "seed"}
    for kind, name in needed.items():
        given = getattr(audience, name)
        if (kind is audience.kind) is not bool(given.strip()):
            yield (
                name,
                f"what the kind '{kind}' asks for" if kind is audience.kind else "'': it is of another kind",
            )
        if len(given) > LONGEST_RULE:
            yield name, f"at most {LONGEST_RULE:,} characters"
    if audience.kind is not Kind.PREDICTED and audience.category:
        yield "category", "'': only what is predicted has one"
    if not 1 <= audience.days <= 90:
        yield "days", "from 1 to 90"
    scored = audience.kind in (Kind.SEMANTIC, Kind.LOOKALIKE, Kind.PREDICTED)
    if scored and (audience.threshold is None) is (audience.share is None):
        yield "threshold", "the least score, or give 'share' instead"
    if not scored and audience.threshold is not None:
        yield "threshold", f"null: the kind '{audience.kind}' has no scores"
    if audience.threshold is not None and not abs(audience.threshold) <= 1e6:
        yield "threshold", "a score"
    if audience.share is not None and not (scored and 0.0 < audience.share <= 1.0):
        yield "share", "above 0 and at most 1, of a kind with scores"


def _campaign(campaign: Campaign) -> Iterator[Fault]:
    for name in ("bid", "target_cpa", "daily_budget", "total_budget"):
        yield from _amount(name, getattr(campaign, name))
    for name in ("start", "end"):
        if not 0 <= getattr(campaign, name) < LATEST:
            yield name, "a time in microseconds since 1970"
    if campaign.end and campaign.end <= campaign.start:
        yield "end", "later than 'start', or 0 for open"
    if abs(campaign.utc_offset_minutes) > 840:
        yield "utc_offset_minutes", "from -840 to 840"
    if campaign.timezone:
        try:
            zone(campaign.timezone)
        except BadRecord:
            yield "timezone", "an IANA name such as 'Europe/Paris'"
    yield from _strategy(campaign)
    yield from _caps(campaign.caps)
    yield from _targeting(campaign.targeting)


def _strategy(campaign: Campaign) -> Iterator[Fault]:
    """Targets belong to the strategies that aim at them, a share to what is guaranteed."""
    if not 0.0 <= campaign.target_roas <= 1e6:
        yield "target_roas", "the value sold per unit spent, from 0 to 1,000,000"
    for name, strategy in (("target_cpa", Strategy.TARGET_CPA), ("target_roas", Strategy.TARGET_ROAS)):
        aims = campaign.strategy is strategy
        if aims and not getattr(campaign, name):
            yield name, f"above 0: the strategy '{strategy}' aims at it"
        if not aims and getattr(campaign, name):
            yield name, f"0, or set 'strategy' to '{strategy}'"
    unbounded = campaign.daily_budget is None and campaign.total_budget is None and not campaign.bid
    if campaign.strategy is Strategy.MAXIMISE and campaign.tier is Tier.AUCTION and unbounded:
        yield "daily_budget", "an amount: the strategy 'maximise' spends a budget (or set 'bid', its limit)"
    if not 0.0 < campaign.share <= 1.0:
        yield "share", "above 0 and at most 1"
    if campaign.tier is Tier.GUARANTEED:
        if campaign.pricing is not Pricing.CPM:
            yield "pricing", "'cpm': a guaranteed campaign pays per thousand impressions"
        if campaign.strategy is not Strategy.MANUAL:
            yield "strategy", "'manual': a guaranteed campaign pays what was agreed"


def _group(group: AdGroup) -> Iterator[Fault]:
    yield from _amount("bid", group.bid)
    yield from _targeting(group.targeting)


def _ad(ad: Ad) -> Iterator[Fault]:
    if ad.bid is not None:
        yield from _amount("bid", ad.bid)
    if not 0.0 <= ad.quality <= 1e6:
        yield "quality", "from 0 to 1,000,000"


def _amount(name: str, value: int | None) -> Iterator[Fault]:
    if value is not None and not 0 <= value <= DEAREST:
        yield name, _AMOUNT


def _caps(caps: Sequence[Cap]) -> Iterator[Fault]:
    for place, cap in enumerate(caps):
        if not 1 <= cap.most <= 1_000_000:
            yield f"caps[{place}].most", "from 1 to 1,000,000"
        if not 1 <= cap.count <= 100_000:
            yield f"caps[{place}].count", "from 1 to 100,000"


def _targeting(aim: Targeting) -> Iterator[Fault]:
    for name in ("dayparts", "not_dayparts"):
        for place, part in enumerate(getattr(aim, name)):
            yield from _daypart(f"targeting.{name}[{place}]", part)
    for name in ("keywords", "not_keywords"):
        for place, keyword in enumerate(getattr(aim, name)):
            if not any(letter.isalnum() for letter in keyword.text):
                yield f"targeting.{name}[{place}].text", "text with words in it"
    for name in ("categories", "not_categories"):
        for place, category in enumerate(getattr(aim, name)):
            if not category.strip(" >"):
                yield f"targeting.{name}[{place}]", "a category's path such as 'Grocery > Bread'"
    if aim.retargeting is not None:
        yield from _retargeting(aim.retargeting)


def _daypart(place: str, part: Daypart) -> Iterator[Fault]:
    if not part.weekdays or not all(0 <= day <= 6 for day in part.weekdays):
        yield f"{place}.weekdays", "days from 0, Monday, to 6, Sunday"
    if not 0 <= part.start <= 23:
        yield f"{place}.start", "an hour from 0 to 23"
    if not 0 <= part.end <= 24:
        yield f"{place}.end", "an hour from 0 to 24"


def _retargeting(rule: Retargeting) -> Iterator[Fault]:
    if not rule.did:
        yield "targeting.retargeting.did", "one or more of 'viewed', 'carted', 'bought'"
    if not 1 <= rule.days <= 3_650:
        yield "targeting.retargeting.days", "from 1 to 3,650"
    if set(rule.did) == {Did.BOUGHT} and rule.not_bought and not rule.same_category:
        must = "false, or set 'same_category': nobody has bought it and not bought it"
        yield "targeting.retargeting.not_bought", must


_FAULTS: dict[type, Callable[..., Iterator[Fault]]] = {
    Advertiser: lambda advertiser: _caps(advertiser.caps),
    Audience: _audience,
    Campaign: _campaign,
    AdGroup: _group,
    Ad: _ad,
    Creative: lambda creative: _caps(creative.caps),
}
_NAMES = {
    Advertiser: "advertiser",
    Audience: "audience",
    Campaign: "campaign",
    AdGroup: "ad group",
    Ad: "ad",
    Creative: "creative",
}
