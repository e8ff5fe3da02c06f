"""One campaign's arithmetic: thousandths carry exactly, budgets bound every charge."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from hawker.records.campaign import Pricing
from hawker.records.charge import Charge, Status, Terms, dearest
from hawker.storage.books import Account

PRICES = st.lists(st.integers(0, 5_000_000), max_size=60)


def charges(prices: list[int], pricing: Pricing) -> list[Charge]:
    return [Charge(f"i{n}", "c", price, pricing, n) for n, price in enumerate(prices)]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(PRICES)
def test_any_prices_per_thousand_sum_to_the_whole_micro_below(prices: list[int]) -> None:
    account = Account(Terms(None, None, 0), charged=0, carry=0)
    done = [account.charge(one, day=0, lease=None) for one in charges(prices, Pricing.CPM)]
    assert sum(answer.amount for answer in done) == sum(prices) // 1000 == account.charged
    assert all(
        answer.amount <= dearest(price, Pricing.CPM) for answer, price in zip(done, prices, strict=True)
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    PRICES,
    st.sampled_from(list(Pricing)),
    st.integers(0, 20_000_000),
    st.integers(0, 60_000_000),
    st.integers(0, 5_000_000),
)
def test_no_charge_breaks_a_budget_or_anothers_lease(
    prices: list[int], pricing: Pricing, daily: int, total: int, leased: int
) -> None:
    leased = min(leased, daily, total)
    account = Account(Terms(daily, total, 0), charged=0, carry=0, leases={(0, "other"): leased})
    for one in charges(prices, pricing):
        day = one.time % 3
        before = (account.charged, account.carry, dict(account.days))
        answer = account.charge(one, day=day, lease=None)
        if answer.status is Status.REFUSED:
            assert (account.charged, account.carry, account.days) == before
        assert account.charged + leased <= total
        assert account.days.get(0, 0) + leased <= daily
        assert max(account.days.values(), default=0) <= daily
    assert account.charged == sum(account.days.values())


def test_a_lease_pays_before_the_open_budget_and_only_for_its_owner() -> None:
    account = Account(Terms(None, 100, 0), charged=0, carry=0, leases={(0, "me"): 70, (0, "you"): 30})
    mine, yours, more = charges([60, 30, 1], Pricing.CPC)
    assert account.remaining(0) == 0
    assert account.charge(more, day=0, lease=None).status is Status.REFUSED
    assert account.charge(mine, day=0, lease=(0, "me")).leased
    assert account.charge(yours, day=0, lease=(0, "you")).leased
    assert account.leases == {(0, "me"): 10, (0, "you"): 0}
    assert account.charge(more, day=0, lease=(1, "me")).status is Status.REFUSED
    assert account.charged == 90
