"""The dual pacer: its duals by hand, its correction, and whole days against hindsight."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from benchmarks.pacing import Hawker, NoPacing
from numpy.typing import NDArray

from hawker.auction import pacing
from hawker.auction.pacing import Course, Plan
from hawker.simulate import market

UNIT = 1_000_000
EVEN = np.ones(4)


def at(*shares: float) -> NDArray[np.float64]:
    return np.array(shares)


def moved(plan: Plan, *, cost: list[float], until: float = 0.25) -> Course:
    """The course after the first part of a day in which each campaign spent so much of its budget."""
    spent = np.array(cost)
    times = np.full(len(spent), until)
    return pacing.advance(
        pacing.begin(plan),
        plan,
        since=0 * times,
        until=times,
        cost=spent,
        left=1 - spent,
        paid=spent,
        worth=0 * spent,
    )


def test_yesterdays_dual_is_the_price_of_the_last_unit_its_budget_bought() -> None:
    values, prices = np.array([4.0, 3.0, 2.0, 1.0]), np.full(4, 12 * UNIT)
    plan = pacing.learned(values, prices, np.array([0, 2, 4]), budget=36 * UNIT)
    assert plan.start.tolist() == [6 * UNIT]  # three bought: 3, 4 and 6 a unit
    assert plan.curve.tolist() == [[0.0, 24 / 36, 1.0]]
    assert plan.by(at(0.25)).tolist() == [12 / 36]
    bound = pacing.learned(values, prices, np.array([0, 2, 4]), budget=36 * UNIT, target=3.5 * UNIT)
    assert bound.aimed.tolist() == [4 * UNIT]  # 24 for 7 is 3.43 a unit, 36 for 9 is 4


def test_a_day_as_foreseen_leaves_the_pace_alone() -> None:
    plan = pacing.unknown(at(5.0, 0.5), shape=EVEN)
    course = moved(plan, cost=[0.25, 0.25])
    np.testing.assert_allclose(course.pace, [5.0, 0.5], rtol=1e-9)


def test_ahead_slows_behind_hastens_each_for_itself_and_no_manual_bid_above_itself() -> None:
    plan = pacing.unknown(at(2.0, 2.0, 1.0, 1.0), shape=EVEN, most=at(np.inf, np.inf, 1.0, 1.0))
    pace = moved(plan, cost=[0.5, 0.1, 0.5, 0.1]).pace
    assert pace[0] < 2.0 < pace[1]
    assert pace[2] < 1.0 == pace[3]
    alone = pacing.unknown(at(2.0), shape=EVEN)
    assert moved(alone, cost=[0.5]).pace[0] == pytest.approx(pace[0], rel=1e-12)


def test_a_plan_that_was_learned_gives_way_less_than_a_guess() -> None:
    guess = pacing.unknown(at(2.0), shape=EVEN)
    known = Plan(**{field.name: getattr(guess, field.name) for field in fields(Plan)} | {"trust": np.ones(1)})
    assert moved(guess, cost=[0.5]).pace[0] < moved(known, cost=[0.5]).pace[0] < 2.0


def test_a_spent_budget_and_a_day_at_its_end_give_finite_paces() -> None:
    plan = pacing.unknown(at(2.0, 2.0, 2.0), shape=EVEN)
    for until in (0.5, 1.0):
        pace = moved(plan, cost=[1.0, 0.0, 3.0], until=until).pace
        assert np.isfinite(pace).all()
        assert (pace > 0).all()
        assert pace[0] < 0.1 * pace[1]


def lived(plan: Plan, spent: list[list[float]]) -> Course:
    """A whole day of four parts, each campaign spending what its row says."""
    course, left = pacing.begin(plan), 1.0 - np.cumsum(np.array(spent), axis=1)
    for part in range(4):
        times = np.full((2, len(spent)), [[part / 4], [(part + 1) / 4]])
        course = pacing.advance(
            course,
            plan,
            since=times[0],
            until=times[1],
            cost=np.array(spent)[:, part],
            left=left[:, part],
            paid=np.array(spent)[:, part],
            worth=np.zeros(len(spent)),
        )
    return course


def test_tomorrow_starts_from_the_pace_that_would_just_have_spent_today() -> None:
    plan = pacing.unknown(at(2.0, 2.0, 1.0, 3.0), shape=EVEN, most=at(np.inf, np.inf, 1.0, np.inf))
    steady, cheap, manual, idle = [0.25] * 4, [0.125] * 4, [0.1] * 4, [0.0] * 4
    course = lived(plan, [steady, cheap, manual, idle])
    after = pacing.tomorrow(course, plan, shape=EVEN)
    assert after.start[0] == pytest.approx(2.0)
    assert after.start[1] > 2.0  # it had to be hastened all day
    assert (after.start[2], after.start[3]) == (1.0, 3.0)
    assert after.curve[:, -1].tolist() == pytest.approx([1.0, 1.0, 0.4, 1.0])
    assert after.trust.tolist() == [1.0, 1.0, 1.0, pacing.UNKNOWN]
    doubled = pacing.tomorrow(course, plan, shape=EVEN, grown=2.0)
    assert doubled.start[0] == pytest.approx(4.0)


def test_tomorrows_curve_leans_to_when_money_was_spent_and_half_a_day_teaches_nothing() -> None:
    plan = pacing.unknown(at(2.0), shape=EVEN)
    early = replace(pacing.begin(plan), even=np.array([[0.4, 0.4, 0.1, 0.1]]), lived=np.ones((1, 4)))
    after = pacing.tomorrow(early, plan, shape=EVEN)
    assert (after.start[0], after.by(at(0.5))[0]) == pytest.approx((2.0, (0.8 + 0.5) / 2))
    half = pacing.tomorrow(moved(plan, cost=[0.9]), plan, shape=EVEN)
    assert (half.start[0], half.trust[0]) == (2.0, pacing.UNKNOWN)


def test_one_dear_click_of_ten_is_no_evidence_of_a_rush() -> None:
    fine, coarse = (pacing.unknown(at(2.0), shape=EVEN, grain=at(grain)) for grain in (0.0001, 0.1))
    hasty, calm = (moved(plan, cost=[0.1], until=0.01).pace[0] for plan in (fine, coarse))
    assert hasty < calm < 2.0


@pytest.mark.parametrize("ratio", [0.1, 0.6])
def test_a_day_buys_nearly_what_hindsight_would(ratio: float) -> None:
    today, yesterday = market.day(40, auctions=20_000), market.day(1040, auctions=20_000)
    money = market.budget(today, ratio)
    paced = market.run(today, Hawker(yesterday, money), budget=money)
    best = market.optimum(today, money)
    assert paced.value > 0.98 * best
    assert 0.99 * money < paced.spent <= money
    assert market.run(today, NoPacing(yesterday, money), budget=money).value < 0.75 * best


@pytest.mark.parametrize("disturbed", [{"spike": 3.0}, {"shock": 1.5}])
def test_a_day_unlike_yesterday_is_survived(disturbed: dict[str, float]) -> None:
    quiet, yesterday = market.day(41, auctions=20_000), market.day(1041, auctions=20_000)
    today = market.day(41, auctions=20_000, **disturbed)
    money = market.budget(quiet, 0.3)
    paced = market.run(today, Hawker(yesterday, money), budget=money)
    assert paced.value > 0.95 * market.optimum(today, money)
    assert 0.98 * money < paced.spent <= money


def test_a_target_holds_on_average_and_buys_nearly_what_it_allows() -> None:
    today, yesterday = market.day(42, auctions=20_000), market.day(1042, auctions=20_000)
    money, target = market.budget(today, 0.6), 150_000.0
    bought = market.run(today, Hawker(yesterday, money, target=target), budget=money)
    assert bought.spent / bought.value == pytest.approx(target, rel=0.01)
    assert bought.spent < 0.5 * money
    assert bought.value > 0.98 * market.optimum(today, money, target=target)


def test_campaigns_in_one_array_are_paced_as_each_would_be_alone() -> None:
    rng = np.random.default_rng(2)
    count = 40
    starts, goals = (
        rng.lognormal(0, 1, count),
        np.where(rng.random(count) < 0.5, np.inf, rng.uniform(1, 5, count)),
    )
    shapes = rng.uniform(0.5, 2.0, (count, 6))
    steps = [np.sort(rng.random(count) * 0.2 + 0.2 * step) for step in range(5)]
    spent = rng.random((5, count)) * 0.2
    together = pacing.unknown(starts, shape=shapes, target=goals)
    course = pacing.begin(together)
    for number in range(1, 5):
        left = 1 - spent[:number].sum(axis=0)
        course = _step(course, together, steps, spent, number, left, slice(None))
    for row in range(0, count, 7):
        only = slice(row, row + 1)
        plan = pacing.unknown(starts[only], shape=shapes[only], target=goals[only])
        single = pacing.begin(plan)
        for number in range(1, 5):
            left = 1 - spent[:number].sum(axis=0)
            single = _step(single, plan, steps, spent, number, left, only)
        assert single.pace[0] == pytest.approx(course.pace[row], rel=1e-12)


def _step(
    course: Course,
    plan: Plan,
    steps: list[NDArray[np.float64]],
    spent: NDArray[np.float64],
    number: int,
    left: NDArray[np.float64],
    rows: slice,
) -> Course:
    return pacing.advance(
        course,
        plan,
        since=steps[number - 1][rows],
        until=steps[number][rows],
        cost=spent[number][rows],
        left=left[rows],
        paid=spent[number][rows],
        worth=spent[number][rows] * 0.9,
    )
