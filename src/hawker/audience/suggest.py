"""Which audience a campaign should choose: what each is expected to sell for it, less what that costs.

The unit is the visit, which has room for one ad of the campaign. The budget pays for so many visits: where it
pays for all, reach decides; where it does not, it is the share of visits with a purchase. What is
bought in the audience is not all caused by the ad; only an experiment tells what is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hawker.audience import past
from hawker.audience.expected import Expected, Mask, of_products
from hawker.audience.moment import Moment
from hawker.features.counters import DAY
from hawker.features.encode import Codes
from hawker.features.events import EventArrays
from hawker.records.campaign import Campaign, Pricing, Strategy
from hawker.statistics import Estimate, bootstrap
from hawker.statistics.bootstrap import Totals

Floats = NDArray[np.float64]
EVERYBODY = ""
"""The name of the audience that leaves nobody out."""
DAYS = 28.0
"""How long a campaign without an end is looked ahead for."""
LOOK_BACK = 84.0
"""Days of the past that visits and purchases are counted over, where the log has them; seven at least."""
LEAST = 50
_UNIT = 1_000_000
_RESAMPLES = 400


class Terms(Struct, frozen=True):
    """What a campaign pays, in currency units: an impression, a click, a conversion, and in all at most."""

    impression: float = 0.0
    click: float = 0.0
    conversion: float = 0.0
    budget: float | None = None

    @classmethod
    def of(cls, campaign: Campaign, *, days: float, value: float) -> Terms:
        """The terms of a campaign; an automatic one is taken to pay its target. Budgets hold for `days`."""
        bid = campaign.bid / _UNIT
        daily = None if campaign.daily_budget is None else campaign.daily_budget / _UNIT * days
        total = None if campaign.total_budget is None else campaign.total_budget / _UNIT
        budget = min((limit for limit in (daily, total) if limit is not None), default=None)
        if campaign.strategy is Strategy.TARGET_CPA and campaign.target_cpa:
            return cls(conversion=campaign.target_cpa / _UNIT, budget=budget)
        if campaign.strategy is Strategy.TARGET_ROAS and campaign.target_roas > 0:
            return cls(conversion=value / campaign.target_roas, budget=budget)
        if campaign.pricing is Pricing.CPM:
            return cls(impression=bid / 1000, budget=budget)
        if campaign.pricing is Pricing.CPC:
            return cls(click=bid, budget=budget)
        return cls(conversion=bid, budget=budget)


class Choice(Struct, frozen=True):
    """What is expected of one audience in the campaign's time, with intervals over shoppers drawn again.

    `rate` is the share of visits with a purchase, `lift` that over everybody's less one; `conversions`,
    `cost` and `net` (sold less paid, in currency units) are of the visits that the budget pays for, a share
    `paid` of all.
    """

    audience: str
    members: int
    visits: Estimate
    rate: Estimate
    lift: Estimate
    conversions: Estimate
    cost: Estimate
    net: Estimate
    paid: float


class Unjudged(Struct, frozen=True):
    """An audience nothing can be said of, and why."""

    audience: str
    reason: str


class Suggestion(Struct, frozen=True):
    """The audiences of a campaign, the best first; `lead` is what the best nets beyond everybody.

    `by` says whether purchases of the very products were counted or of their categories; without a
    `costed` click rate nothing is known of costs, and what is sold decides. With a `reason` there is no
    answer at all.
    """

    campaign: str
    choices: tuple[Choice, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    lead: Estimate = Estimate(reason="nothing was compared")
    by: str = "products"
    days: float = DAYS
    costed: bool = True
    reason: str = ""

    @property
    def best(self) -> Choice | None:
        """The audience to choose."""
        return self.choices[0] if self.choices else None


def suggest(
    moment: Moment,
    campaign: Campaign,
    products: Collection[str],
    audiences: Mapping[str, Collection[str]],
    *,
    least: int = LEAST,
    seed: int = 7,
) -> Suggestion:
    """Weigh audiences (names and their members) for a campaign of these products, as of a moment."""
    moment.tell("reading the log", 0.0)
    held = past.replay(moment.shop, moment.state)
    return weighed(
        held.events,
        held.state.codes,
        campaign,
        products,
        {name: frozenset(listed) - moment.without for name, listed in audiences.items()},
        now=moment.now,
        without=moment.without,
        least=least,
        seed=seed,
    )


def weighed(
    events: EventArrays,
    codes: Codes,
    campaign: Campaign,
    products: Collection[str],
    audiences: Mapping[str, Collection[str]],
    *,
    now: int,
    without: Collection[str] = (),
    least: int = LEAST,
    seed: int = 7,
) -> Suggestion:
    """`suggest` from a log in arrays; nothing after `now` is read."""
    days = (campaign.end - max(campaign.start, now)) / DAY if campaign.end else DAYS
    advertised = np.zeros(len(codes["product"]), dtype=bool)
    advertised[[code for one in products if (code := codes["product"].find(one)) >= 0]] = True
    since = max(now - int(LOOK_BACK * DAY), int(events.time[0]) if len(events) else now)
    reason = _unfit(days, advertised, (now - since) / DAY)
    if reason:
        return Suggestion(campaign.id, days=days, reason=reason)
    found, by = of_products(events, codes, advertised, days=days, since=since, until=now, without=without)
    if not found.conversions.any():
        return Suggestion(campaign.id, days=days, reason="nothing like it has been sold lately")
    told = weigh(campaign, audiences, codes=codes, found=found, days=days, least=least, seed=seed)
    return replace(told, by=by)


def weigh(
    campaign: Campaign,
    audiences: Mapping[str, Collection[str]],
    *,
    codes: Codes,
    found: Expected,
    days: float,
    least: int = LEAST,
    seed: int = 7,
) -> Suggestion:
    """Rank audiences by what is expected of their members."""
    terms = Terms.of(campaign, days=days, value=found.value)
    costed = not (terms.click and np.isnan(found.clicks).all())
    terms = terms if costed else Terms()
    active = found.visits > 0
    count = int(active.sum())
    if count < least:
        reason = f"{count} shoppers came lately; {least} are needed"
        return Suggestion(campaign.id, days=days, reason=reason)
    members, unjudged = {EVERYBODY: active}, []
    for name, listed in audiences.items():
        inside = np.zeros(len(active), dtype=bool)
        inside[[code for one in listed if (code := codes["shopper"].find(one)) >= 0]] = True
        inside &= active
        if int(inside.sum()) < least:
            reason = f"fewer than {least} of its members came lately"
            unjudged.append(Unjudged(name, reason))
        else:
            members[name] = inside
    choices, lead = _choices(members, found, terms, seed=seed)
    return Suggestion(campaign.id, choices, tuple(unjudged), lead, days=days, costed=costed)


def _unfit(days: float, advertised: Mask, known: float) -> str:
    """Why there can be no answer; '' where there can."""
    if days <= 0:
        return "the campaign is over"
    if not advertised.any():
        return "none of its products is known to the catalogue or the log"
    return "" if known >= 7 else f"{known:.0f} days of history; at least 7 are needed"


def _choices(
    members: Mapping[str, Mask], found: Expected, terms: Terms, *, seed: int
) -> tuple[tuple[Choice, ...], Estimate]:
    """Every audience by the same resamples of shoppers, best first; and the best's lead over everybody."""
    base = [np.where(members[EVERYBODY], np.nan_to_num(one), 0.0) for one in _columns(found)]
    everyone = np.arange(len(found.visits))

    def net(sums: Totals) -> Floats:
        share, cost = _paid(terms, sums)
        sold: Floats = share * sums[:, 1] * found.value - cost
        return sold

    choices = []
    for name, inside in members.items():
        own = [column * inside for column in base]
        asked = {
            "visits": (own, lambda sums: sums[:, 0]),
            "rate": ([own[1], own[0]], bootstrap.quotient),
            "lift": ([own[1], own[0], base[1], base[0]], _lift),
            "conversions": (own, lambda sums: _paid(terms, sums)[0] * sums[:, 1]),
            "cost": (own, lambda sums: _paid(terms, sums)[1]),
            "net": (own, net),
        }
        told = bootstrap.together(everyone, asked, seed=seed, resamples=_RESAMPLES)
        share = float(_paid(terms, np.array([[column.sum() for column in own]]))[0][0])
        choices.append(Choice(name, int(inside.sum()), paid=share, **told))
    choices.sort(key=lambda one: (-(one.net.value or 0.0), one.audience))
    both = [*(column * members[choices[0].audience] for column in base), *base]
    lead = bootstrap.clustered(
        everyone,
        both,
        statistic=lambda sums: net(sums[:, :3]) - net(sums[:, 3:]),
        seed=seed,
        resamples=_RESAMPLES,
    )
    return tuple(choices), lead


def _columns(found: Expected) -> tuple[Floats, Floats, Floats]:
    return found.visits, found.conversions, found.clicks


def _paid(terms: Terms, sums: Totals) -> tuple[Floats, Floats]:
    """The share of visits that the budget pays for, and what is paid; sums of visits, conversions, clicks."""
    whole: Floats = sums @ np.array([terms.impression, terms.conversion, terms.click])
    if terms.budget is None:
        return np.ones(len(sums)), whole
    share = np.minimum(1.0, terms.budget / np.maximum(whole, 1e-12))
    return share, share * whole


def _lift(sums: Totals) -> Floats:
    lift: Floats = (sums[:, 0] / sums[:, 1]) / (sums[:, 2] / sums[:, 3]) - 1.0
    return lift
