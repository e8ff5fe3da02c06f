"""What each ad bids: the strategy, the chances and the pace become micros in the unit of pricing.

An automatic campaign pays `pace` micros for one unit of what it wants: a click, a conversion, a micro
of goods sold. Under budget and target that is its whole bid: the optimum of the linear programme is
to buy every impression dearer to it than its price times one number (Conitzer et al. 2022; for targets
Balseiro et al. 2021). The advertiser's own bid stays the most it ever pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.records.campaign import Campaign, Objective, Pricing, Strategy, Tier

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CLICK, CONVERSION, SALES = 0, 1, 2
LARGEST = 10**15
"""No bid is above this many micros, whatever a model or a pacer says."""
GUESS = {CLICK: 1e-2, CONVERSION: 1e-3, SALES: 1e4}
"""What a typical impression brings of each aim, until the pacer has seen spend: a click in a hundred, a

conversion in a thousand, goods for ten units of currency in a thousand."""
GOING = 1_000_000
"""The first price per thousand impressions for who names none: one unit of currency."""
_TYPICAL = np.array([GUESS[CLICK], GUESS[CONVERSION], GUESS[SALES]])
_AIM = {Objective.CLICKS: CLICK, Objective.CONVERSIONS: CONVERSION, Objective.RETURN: SALES}
_UNIT = {Pricing.CPM: -1, Pricing.CPC: CLICK, Pricing.CPA: CONVERSION}


@dataclass(frozen=True)
class Bidding:
    """How each campaign bids, one entry a campaign: made when campaigns change, never per request.

    `aim` is what an automatic campaign wants (`CLICK`, `CONVERSION`, `SALES`), `unit` the outcome that
    its pricing pays for (-1: the impression), `target` the most micros a unit of the aim may cost on
    average (infinite: no target), `ceiling` the campaign's own bid; `manual` says that all set their own.
    """

    automatic: NDArray[np.bool_]
    aim: NDArray[np.int8]
    unit: NDArray[np.int8]
    target: Floats
    ceiling: Ints
    guaranteed: NDArray[np.bool_]
    manual: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "manual", not self.automatic.any())


def bidding(campaigns: Sequence[Campaign]) -> Bidding:
    """The strategies of campaigns as arrays. A target decides the aim; else the objective does."""
    return Bidding(
        automatic=np.array(
            [one.strategy is not Strategy.MANUAL and one.tier is Tier.AUCTION for one in campaigns], np.bool_
        ),
        aim=np.array([_aim(one) for one in campaigns], np.int8),
        unit=np.array([_UNIT[one.pricing] for one in campaigns], np.int8),
        target=np.array([_target(one) for one in campaigns], np.float64),
        ceiling=np.array([one.bid for one in campaigns], np.int64),
        guaranteed=np.array([one.tier is Tier.GUARANTEED for one in campaigns], np.bool_),
    )


def start(terms: Bidding) -> Floats:
    """The pace of each campaign before anything is known of what it costs.

    One where the advertiser bids, the target where there is one, else what its ceiling (or the going
    price) comes to for one unit of the aim at typical rates.

    >>> shoes = Campaign("c", strategy=Strategy.TARGET_CPA, target_cpa=8_000_000, pricing=Pricing.CPC)
    >>> start(bidding([shoes, Campaign("d", bid=2_000_000)])).tolist()
    [8000000.0, 1.0]
    """
    asked = np.where(terms.ceiling > 0, terms.ceiling * _paid(terms), GOING / 1000)
    guessed = np.where(np.isfinite(terms.target), terms.target, asked / _TYPICAL[terms.aim])
    return np.where(terms.automatic, guessed, 1.0)


def charges(terms: Bidding, pace: Floats) -> Floats:
    """About what one charge of each campaign comes to, in micros, at a pace and typical rates.

    >>> charges(bidding([Campaign("c", bid=2_000_000)]), np.ones(1)).tolist()
    [2000.0]
    """
    share = np.where(terms.unit < 0, 1e-3, 1.0)
    most = np.where(terms.ceiling > 0, terms.ceiling, LARGEST) * share
    wanted = np.where(terms.automatic, pace * _TYPICAL[terms.aim] / _paid(terms) * share, most)
    least: Floats = np.minimum(wanted, most)
    return least


def _paid(terms: Bidding) -> Floats:
    """How often a typical impression is paid for."""
    return np.where(terms.unit < 0, 1e-3, _TYPICAL[terms.unit])


def bids(
    terms: Bidding,
    owners: NDArray[np.integer],
    asked: Ints,
    *,
    click: Floats | None = None,
    purchase: Floats | None = None,
    sales: NDArray[np.number] | None = None,
    pace: Floats | None = None,
) -> Ints:
    """The effective bids of candidates in micros per thousand impressions, click or conversion.

    `owners` are their campaigns' places in `terms`, `asked` the bids of ad, group or campaign (0 under
    an automatic strategy: no limit), `click` and `purchase` the chances of each given an impression
    (None: no model tells, so that what needs them bids nothing), `sales` the micros that one purchase
    brings. `pace` is by campaign: a factor up to 1 on manual bids, else micros per unit of the aim
    (None: nobody is paced yet). Never above what was asked; nothing for an outcome without a chance.

    >>> clicks = Campaign("c", strategy=Strategy.MAXIMISE, pricing=Pricing.CPM, bid=5_000_000)
    >>> own, rates = np.zeros(3, np.int64), np.array([0.0, 0.002, 0.9])
    >>> bids(bidding([clicks]), own, own + 5_000_000, click=rates, pace=np.array([40_000.0])).tolist()
    [0, 80000, 5000000]
    """
    if terms.manual:
        return asked if pace is None else _slowed(asked, pace[owners])
    paces = (start(terms) if pace is None else pace)[owners]
    automatic = terms.automatic[owners]
    bid = _slowed(asked, np.where(automatic, 1.0, paces))
    rows = np.flatnonzero(automatic)
    if len(rows):
        chosen = owners[rows]
        chances = _Chances(_some(click, rows), _some(purchase, rows), _some(sales, rows))
        worth = chances.of(terms.aim[chosen]) * paces[rows]
        wanted = _in_unit(worth, paid=chances.of(terms.unit[chosen]))
        most = np.where(asked[rows] > 0, np.minimum(asked[rows], LARGEST), LARGEST)
        bid[rows] = np.minimum(wanted, most).astype(np.int64)
    return bid


@dataclass(frozen=True)
class _Chances:
    click: Floats
    purchase: Floats
    sales: Floats

    def of(self, outcome: NDArray[np.int8]) -> Floats:
        """How much of an outcome one impression brings; a thousandth where -1 stands for the impression."""
        many = np.where(outcome == CLICK, self.click, self.purchase)
        many = np.where(outcome == SALES, self.purchase * self.sales, many)
        return np.where(outcome < 0, 1e-3, many)


def _some(column: NDArray[np.number] | None, rows: NDArray[np.intp]) -> Floats:
    return np.zeros(len(rows)) if column is None else column[rows].astype(np.float64)


def _in_unit(worth: Floats, *, paid: Floats) -> Floats:
    """What an impression is worth, asked of the outcome that is paid for; nothing where it never comes."""
    return np.divide(worth, paid, out=np.zeros(len(worth)), where=(paid > 0) & (worth > 0))


def _slowed(asked: Ints, pace: Floats) -> Ints:
    slowed: Ints = (asked * np.clip(pace, 0.0, 1.0)).astype(np.int64)
    return slowed


def _aim(campaign: Campaign) -> int:
    if campaign.strategy is Strategy.TARGET_CPA:
        return CONVERSION
    return SALES if campaign.strategy is Strategy.TARGET_ROAS else _AIM[campaign.objective]


def _target(campaign: Campaign) -> float:
    if campaign.strategy is Strategy.TARGET_CPA and campaign.target_cpa > 0:
        return float(campaign.target_cpa)
    if campaign.strategy is Strategy.TARGET_ROAS and campaign.target_roas > 0:
        return 1.0 / campaign.target_roas
    return float("inf")
