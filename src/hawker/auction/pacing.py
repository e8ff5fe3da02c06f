"""The dual pacer: what a campaign pays for one unit of what it wants, so that its budget lasts the day.

Under one budget the best policy is one number for the whole day, the inverse of the budget's shadow
price; under a target for the average cost another, and the lower of the two binds. Yesterday's
auctions give both. Today each is corrected by mirror descent, a multiplicative step by what
was spent against what was foreseen (Balseiro and Gur 2019; Balseiro, Lu and Mirrokni 2023), its length
the inverse of the elasticity of spend. Money is in shares of the day's budget.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MEMORY = 0.03
"""The share of a day after which what was seen counts half."""
REACH = 7.0
"""How far from its start a pace may go, as a logarithm: a factor of eleven hundred."""
LAST = 1e-3
"""The least of the day's plan that is taken to be still ahead: nobody pays anything for the last minute."""
UNKNOWN = 0.05
"""The trust in a plan that nothing was learned for."""
ELASTICITY = 1.0
"""The power with which spend follows the pace where nobody has measured it: low, so that steps are long."""
_CHARGES = 3.0  # so many charges of evidence are chance
_SMOOTH = 0.5  # how much of a learned curve is the traffic's shape
_ENOUGH = 0.5  # the share of a day's traffic that must have been paced to learn its curve
_SPREAD = 0.3
_GENTLEST, _STEEPEST = 1.0, 6.0
_SLACK = 0.5


@dataclass(frozen=True)
class Plan:
    """What the day is expected to bring, one row a campaign.

    `start` is the pace that would just spend the budget, `curve` (campaigns, slots + 1) the share of the
    budget spent by the end of each slot at that pace (it may end below 1), `elasticity` the power
    with which spend follows the pace, `trust` how much of a day's evidence the plan weighs against what
    is seen, `grain` the share of the budget that one charge takes. `most` bounds the pace (1 on manual
    bids). `target` is the most a unit of the aim
    may cost on average (infinite: no target), `aimed` the pace that just meets it, `steepness` the power
    with which the average cost follows the pace.
    """

    start: Floats
    curve: Floats
    elasticity: Floats
    trust: Floats
    grain: Floats
    most: Floats
    target: Floats
    aimed: Floats
    steepness: Floats

    def by(self, time: Floats) -> Floats:
        """The share of the budget foreseen to be spent by a time of the day, from 0 to 1, each its own."""
        slots = self.curve.shape[1] - 1
        place = np.clip(time, 0.0, 1.0) * slots
        slot = np.minimum(place.astype(np.intp), slots - 1)
        rows = np.arange(len(self.curve))
        before = self.curve[rows, slot]
        result: Floats = before + (self.curve[rows, slot + 1] - before) * (place - slot)
        return result


@dataclass(frozen=True)
class Course:
    """How the day has gone so far, one entry a campaign.

    `budgeted` and `targeted` are the two multipliers. `seen` and `foreseen` are spend and its forecast at
    the paces that were used, fading; `paid` and `fair` the same for the cost of what was bought and what
    the plan says it should have cost; `owed` is what was paid above the target so far. `even` is the spend
    of each slot (campaigns, slots) as it would have been at the pace the day started from, `lived` the
    share of each slot that was paced: what tomorrow's plan is made of.
    """

    budgeted: Floats
    targeted: Floats
    seen: Floats
    foreseen: Floats
    paid: Floats
    fair: Floats
    owed: Floats
    even: Floats
    lived: Floats

    @property
    def pace(self) -> Floats:
        """The pace to bid at now: budget and target both hold."""
        return np.minimum(self.budgeted, self.targeted)


def begin(plan: Plan) -> Course:
    """The start of a day: yesterday's paces, nothing seen."""
    none, slots = np.zeros(len(plan.start)), np.zeros((len(plan.start), plan.curve.shape[1] - 1))
    return Course(
        budgeted=np.minimum(plan.start, plan.most),
        targeted=np.minimum(plan.aimed, plan.most),
        seen=none,
        foreseen=none,
        paid=none,
        fair=none,
        owed=none,
        even=slots,
        lived=slots,
    )


def advance(
    course: Course,
    plan: Plan,
    *,
    since: Floats,
    until: Floats,
    cost: Floats,
    left: Floats,
    paid: Floats,
    worth: Floats,
) -> Course:
    """Correct the paces after the time from `since` to `until` (fractions of the day).

    `cost` was spent in it and `left` is left of the budget (infinite: no budget), as shares of it. For the
    target count `paid`, what was bought for, and `worth`, what the target allows for it (target × units of
    the aim), both in the same shares. Rows are independent.
    """
    keep = 0.5 ** ((until - since) / MEMORY)
    ahead = np.maximum(plan.by(np.ones(len(until))) - plan.by(until), LAST)
    risen = (course.pace / plan.start) ** plan.elasticity
    planned = (plan.by(until) - plan.by(since)) * risen
    seen, foreseen = course.seen * keep + cost, course.foreseen * keep + planned
    prior = plan.trust * ahead + _CHARGES * plan.grain
    level = (seen + prior) / (foreseen + prior)
    step = np.log(np.maximum(left, 1e-9) / (level * ahead)) / plan.elasticity
    budgeted = plan.start * np.exp(np.clip(step, -REACH, REACH))
    rows, slots = np.arange(len(until)), course.even.shape[1]
    slot = np.minimum((0.5 * (since + until) * slots).astype(np.intp), slots - 1)
    even, lived = course.even.copy(), course.lived.copy()
    even[rows, slot] += cost / risen
    lived[rows, slot] += np.maximum(until - since, 0.0) * slots
    return replace(
        _aimed(course, plan, keep=keep, ahead=ahead, cost=paid, worth=worth),
        budgeted=np.minimum(budgeted, plan.most),
        seen=seen,
        foreseen=foreseen,
        even=even,
        lived=lived,
    )


def _aimed(course: Course, plan: Plan, *, keep: Floats, ahead: Floats, cost: Floats, worth: Floats) -> Course:
    """The second multiplier: what was paid above the target is made up for in what is ahead."""
    bounded = np.isfinite(plan.target)
    if not bounded.any():
        return course
    aimed = np.where(bounded, plan.aimed, 1.0)
    paid = course.paid * keep + cost
    fair = course.fair * keep + worth * (np.where(bounded, course.pace, 1.0) / aimed) ** plan.steepness
    owed = course.owed + cost - worth
    prior = plan.trust * ahead + _CHARGES * plan.grain
    level = (paid + prior) / (fair + prior)
    allowed = np.clip(1.0 - owed / ahead, _SLACK, 1.0 + _SLACK)
    targeted = aimed * np.exp(np.clip(np.log(allowed / level) / plan.steepness, -REACH, REACH))
    targeted = np.where(bounded, np.minimum(targeted, plan.most), np.inf)
    return replace(course, targeted=targeted, paid=paid, fair=fair, owed=owed)


def tomorrow(course: Course, plan: Plan, *, shape: Floats, grown: Floats | float = 1.0) -> Plan:
    """The plan for the day after: the pace that would just have spent the budget, and when it would have.

    That is the empirical dual of the day as it was lived: its spend, slot by slot, brought to one pace by the
    elasticity. `shape` is the traffic's, for slots that were not lived and to smooth the others;
    `grown` is tomorrow's budget over today's. Where too little was lived or nothing spent, the plan stays.
    """
    shares = _shares(shape, len(plan.start))
    lived = np.clip(course.lived, 0.0, 1.0)
    covered = (shares * lived).sum(axis=1)
    day = course.even.sum(axis=1) / np.maximum(covered, 1e-9) / grown  # at today's first pace
    known = (covered >= _ENOUGH) & (course.even.sum(axis=1) > _CHARGES * plan.grain)
    day = np.where(known, day, 1.0)
    start = np.minimum(plan.start * day ** (-1.0 / plan.elasticity), plan.most)
    smooth = course.even / np.maximum(course.even.sum(axis=1), 1e-300)[:, None] * covered[:, None]
    smooth = _shares((1 - _SMOOTH) * smooth + (_SMOOTH + (1 - _SMOOTH) * (1 - lived)) * shares, len(start))
    whole = day * (start / plan.start) ** plan.elasticity
    return replace(
        plan,
        start=np.where(known, start, plan.start),
        curve=np.where(known[:, None], _curve(smooth) * whole[:, None], _curve(shares)),
        trust=np.where(known, 1.0, UNKNOWN),
        grain=plan.grain / grown,
    )


def unknown(
    start: Floats,
    *,
    shape: Floats,
    grain: Floats | None = None,
    most: Floats | None = None,
    target: Floats | None = None,
) -> Plan:
    """The plan of campaigns without a yesterday: their first paces, and the traffic's shape.

    `shape` is the share of traffic of each slot of the day, one row for all or one a campaign.
    """
    count = len(start)
    goals = np.full(count, np.inf) if target is None else target
    return Plan(
        start=start,
        curve=_curve(_shares(shape, count)),
        elasticity=np.full(count, ELASTICITY),
        trust=np.full(count, UNKNOWN),
        grain=np.zeros(count) if grain is None else grain,
        most=np.full(count, np.inf) if most is None else most,
        target=goals,
        aimed=goals,
        steepness=np.ones(count),
    )


def learned(values: Floats, prices: Ints, bounds: Ints, *, budget: int, target: float = np.inf) -> Plan:
    """One campaign's plan from yesterday's auctions: the empirical duals of budget and target.

    `values` are units of the aim, `prices` what winning would have cost, auctions `bounds[s]` to before
    `bounds[s + 1]` those of slot `s`.
    """
    rates = prices / values
    order = np.argsort(rates, kind="stable")
    cost = np.cumsum(prices[order].astype(np.float64))
    gained = np.cumsum(values[order])
    within = np.flatnonzero(cost / gained <= target)
    last = min(int(np.searchsorted(cost, budget)), len(order) - 1)
    start = float(rates[order[last]])
    taken = rates <= start
    slots = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    spent = np.bincount(slots[taken], prices[taken], minlength=len(bounds) - 1) / budget
    aimed = float(rates[order[within[-1]]]) if len(within) else float(rates[order[0]])
    aimed = max(aimed, target) if np.isfinite(target) else np.inf
    return Plan(
        start=np.array([start]),
        curve=np.concatenate([[0.0], np.cumsum(spent)])[None, :],
        elasticity=np.array([_slope(rates, prices, at=start)]),
        trust=np.ones(1),
        grain=np.zeros(1),
        most=np.full(1, np.inf),
        target=np.array([target]),
        aimed=np.array([aimed]),
        steepness=np.array([_mean_slope(rates, values, prices, at=aimed)]),
    )


def _shares(shape: Floats, count: int) -> Floats:
    """Each slot's share of its row's day, one row a campaign; an empty day is taken to be even."""
    rows = np.broadcast_to(np.atleast_2d(shape), (count, np.atleast_2d(shape).shape[1]))
    sums = rows.sum(axis=1, keepdims=True)
    even = np.full(rows.shape, 1.0 / rows.shape[1])
    np.divide(rows, sums, out=even, where=sums > 0)
    return even


def _curve(shares: Floats) -> Floats:
    return np.concatenate([np.zeros((len(shares), 1)), np.cumsum(shares, axis=1)], axis=1)


def _slope(rates: Floats, prices: Ints, *, at: float) -> float:
    """By what power the spend follows the pace around one: d log spend / d log pace."""
    low, high = (float(prices[rates <= at * np.exp(side * _SPREAD)].sum()) for side in (-1.0, 1.0))
    return _bounded(high, low)


def _mean_slope(rates: Floats, values: Floats, prices: Ints, *, at: float) -> float:
    """By what power the average cost of a unit follows the pace."""
    if not np.isfinite(at):
        return 1.0
    means = []
    for side in (-1.0, 1.0):
        taken = rates <= at * np.exp(side * _SPREAD)
        means.append(float(prices[taken].sum()) / max(float(values[taken].sum()), 1e-300))
    return min(max(_bounded(means[1], means[0], least=0.1), 0.1), 1.0)


def _bounded(high: float, low: float, *, least: float = _GENTLEST) -> float:
    if low <= 0:
        return ELASTICITY if high > 0 else least
    return float(np.clip(np.log(high / low) / (2 * _SPREAD), least, _STEEPEST))
