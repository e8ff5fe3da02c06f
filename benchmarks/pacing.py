"""What a day's budget buys under each way to pace it, as a share of what hindsight could have bought.

    python -m benchmarks.pacing --json

The world is `hawker.simulate.market`: seeds 0 to 9, budgets of .1, .3 and .6 times 35 % of the day's
prices, 60,000 second-price auctions a day, a decision on the pace ten times in each of 48 slots. Every
policy may read yesterday (the day of seed + 1000) with all its prices. Under `hawker`: `spike` is a day with
three times the traffic in slots 20 to 26, `shock` one with prices half as dear again from slot 24 on, the
budget being what it was before either was known; `blind` is a campaign that never sees the price of an
auction it did not win, as in service: it has only its own spend of three days before (seeds + 3000, 2000,
1000) to learn from; `target` is a campaign with a most for the average cost of a unit, `cost_max` its average
cost against that. The optimum is the linear programme's; `programme_gap` is how far the closed form is from
HiGHS on a small day.

Baselines, written anew from their descriptions: AuctionNet's PID rule (Su et al. 2024; the pace times
1.2 or .7 a slot), LinkedIn's throttling (Agarwal et al. 2014; the share of auctions entered times 1.1 or .9
a minute, against yesterday's traffic), and no pacing at all. Throttled and unpaced buyers bid what an
impression is worth to them, 1 per unit of value; the PID rule starts from yesterday's dual as we do.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hawker.auction import pacing
from hawker.auction.pacing import Plan
from hawker.records.money import MICROS
from hawker.simulate import market
from hawker.simulate.market import SLOTS, YESTERDAY, Buyer, Market, Seen
from hawker.statistics import bootstrap

SEEDS = range(10)
RATIOS = (0.1, 0.3, 0.6)
TARGETS = ((0.6, 150_000), (2.0, 400_000))
STRESS = {"spike": {"spike": 3.0}, "shock": {"shock": 1.5}}
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Hawker:
    """The dual pacer of `hawker.auction.pacing`, for one campaign."""

    def __init__(
        self, yesterday: Market, budget: int, *, target: float = math.inf, plan: Plan | None = None
    ) -> None:
        self.plan = plan or pacing.learned(
            yesterday.values, yesterday.prices, yesterday.bounds, budget=budget, target=target
        )
        self.course, self._budget, self._at = pacing.begin(self.plan), budget, 0.0
        self._fair = target / budget if math.isfinite(target) else 0.0

    def bids(self, values: Floats) -> Ints:
        bids: Ints = np.floor(values * self.course.pace[0]).astype(np.int64)
        return bids

    def saw(self, seen: Seen) -> None:
        self.course = pacing.advance(
            self.course,
            self.plan,
            since=np.array([self._at]),
            until=np.array([seen.until]),
            cost=np.array([seen.cost / self._budget]),
            left=np.array([seen.left / self._budget]),
            paid=np.array([seen.cost / self._budget]),
            worth=np.array([seen.value * self._fair]),
        )
        self._at = seen.until


class Pid:
    """Once a slot: a fifth more where less than .7 of the even share of the rest was spent, .3 less where

    more than 1.1 of it was.
    """

    def __init__(self, yesterday: Market, budget: int) -> None:
        plan = pacing.learned(yesterday.values, yesterday.prices, yesterday.bounds, budget=budget)
        self._pace, self._spent, self._slot = float(plan.start[0]), 0, 0

    def bids(self, values: Floats) -> Ints:
        return np.floor(values * self._pace).astype(np.int64)

    def saw(self, seen: Seen) -> None:
        self._spent += seen.cost
        slot = int(seen.until * SLOTS + 1e-9)
        if slot == self._slot or seen.left <= 0:
            return
        even = seen.left / max(SLOTS - slot, 1)
        if self._spent < 0.7 * even:
            self._pace *= 1.2
        elif self._spent > 1.1 * even:
            self._pace *= 0.7
        self._slot, self._spent = slot, 0


class Throttle:
    """Enter a share of the auctions, a tenth more or less of it as spend is behind or ahead of traffic."""

    def __init__(self, yesterday: Market, budget: int) -> None:
        traffic = np.diff(yesterday.bounds)
        self._plan = np.concatenate([[0.0], np.cumsum(traffic) / traffic.sum()])
        self._share, self._budget, self._minute = 0.1, budget, 0
        self._rng = np.random.default_rng(1)

    def bids(self, values: Floats) -> Ints:
        entered = self._rng.random(len(values)) < self._share
        return np.where(entered, np.floor(values * MICROS), 0).astype(np.int64)

    def saw(self, seen: Seen) -> None:
        planned = float(np.interp(seen.until * SLOTS, np.arange(SLOTS + 1), self._plan)) * self._budget
        minutes = round(seen.until * 24 * 60) - self._minute
        self._minute += minutes
        step = 0.9 if self._budget - seen.left > planned else 1.1
        self._share = min(max(self._share * step**minutes, 1e-4), 1.0)


class NoPacing:
    """Bid what it is worth until the money is gone."""

    def __init__(self, yesterday: Market, budget: int) -> None:
        pass

    def bids(self, values: Floats) -> Ints:
        return np.floor(values * MICROS).astype(np.int64)

    def saw(self, seen: Seen) -> None:
        pass


POLICIES: dict[str, Callable[[Market, int], Buyer]] = {
    "hawker": Hawker,
    "pid": Pid,
    "throttle": Throttle,
    "no_pacing": NoPacing,
}


def judge(
    policy: Callable[[Market, int], Buyer], *, seeds: Sequence[int], spike: float = 1.0, shock: float = 1.0
) -> dict[str, object]:
    """What a policy buys over all seeds and budgets; the interval of the mean is over seeds."""
    shares, spent, over, days = [], [], 0, []
    for seed in seeds:
        yesterday, quiet = market.day(seed + YESTERDAY), market.day(seed)
        today = market.day(seed, spike=spike, shock=shock)
        for ratio in RATIOS:
            budget = market.budget(quiet, ratio)
            bought = market.run(today, policy(yesterday, budget), budget=budget)
            shares.append(bought.value / market.optimum(today, budget))
            spent.append(bought.spent / budget)
            over = max(over, bought.spent - budget)
            days.append(seed)
    mean = bootstrap.mean(days, shares)
    return {
        "mean": round(float(np.mean(shares)), 5),
        "interval": [round(mean.low or 0.0, 5), round(mean.high or 0.0, 5)],
        "min": round(min(shares), 5),
        "spend_min": round(min(spent), 5),
        "overspend_micros": max(over, 0),
    }


def judge_target(*, seeds: Sequence[int]) -> dict[str, object]:
    """What the dual pacer buys, and at what average cost, where the target binds rather than the budget."""
    shares, costs = [], []
    for seed in seeds:
        yesterday, today = market.day(seed + YESTERDAY), market.day(seed)
        for ratio, target in TARGETS:
            budget = market.budget(today, ratio)
            bought = market.run(today, Hawker(yesterday, budget, target=target), budget=budget)
            shares.append(bought.value / market.optimum(today, budget, target=target))
            costs.append(bought.spent / bought.value / target)
    return {
        "mean": round(float(np.mean(shares)), 5),
        "min": round(min(shares), 5),
        "cost_max": round(max(costs), 5),
    }


def judge_blind(*, seeds: Sequence[int]) -> dict[str, object]:
    """What the dual pacer buys when it has learned from nothing but its own spend, for three days."""
    shares = []
    for seed in seeds:
        days = [market.day(seed + back * YESTERDAY) for back in (3, 2, 1, 0)]
        for ratio in RATIOS:
            budgets = [market.budget(one, ratio) for one in days]
            plan = pacing.unknown(np.array([MICROS], np.float64), shape=np.ones(SLOTS))
            for number, one in enumerate(days[:-1]):
                buyer = Hawker(one, budgets[number], plan=plan)
                market.run(one, buyer, budget=budgets[number])
                shape, grown = np.diff(one.bounds), budgets[number + 1] / budgets[number]
                plan = pacing.tomorrow(buyer.course, plan, shape=shape.astype(np.float64), grown=grown)
            bought = market.run(days[-1], Hawker(days[-1], budgets[-1], plan=plan), budget=budgets[-1])
            shares.append(bought.value / market.optimum(days[-1], budgets[-1]))
    return {"mean": round(float(np.mean(shares)), 5), "min": round(min(shares), 5)}


def gap(*, seed: int = 0, auctions: int = 2_000) -> float:
    """How far the closed form of the optimum is from the linear programme's, relatively."""
    small = market.day(seed, auctions=auctions)
    found = []
    for ratio in RATIOS:
        budget = market.budget(small, ratio)
        exact = market.programme(small, budget)
        found.append(abs(market.optimum(small, budget) - exact) / exact)
    return max(found)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--json", action="store_true", help="accepted for uniformity: the answer is always JSON"
    )
    parser.add_argument("--first-seed", type=int, default=0, help="tune on others than 0 to 9")
    given = parser.parse_args(arguments)
    seeds = range(given.first_seed, given.first_seed + len(SEEDS))
    found: dict[str, dict[str, object]] = {}
    for name, policy in POLICIES.items():
        print(f"{name} …", file=sys.stderr)
        found[name] = judge(policy, seeds=seeds)
    for name, disturbed in STRESS.items():
        print(f"{name} …", file=sys.stderr)
        found["hawker"][name] = judge(Hawker, seeds=seeds, **disturbed)
    found["hawker"]["blind"] = judge_blind(seeds=seeds)
    found["hawker"]["target"] = judge_target(seeds=seeds)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    runs = len(seeds) * len(RATIOS)
    print(json.dumps({"runs": runs, **found, "programme_gap": gap(), "machine": machine}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
