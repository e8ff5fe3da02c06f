"""What every ledger does, whatever keeps its accounts. Subclass `LedgerBehaviour`, give it `opened`."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sql

from hawker.errors import NotFound
from hawker.records.campaign import Campaign, Pricing
from hawker.records.charge import Charge, Credit, Status, month
from hawker.records.ids import stamped
from hawker.storage.ledger import Ledger

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOON = 20_000 * DAY + DAY // 2


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@contextmanager
def transactions(ledger: Ledger) -> Iterator[list[sql.Connection]]:
    """The transactions that a ledger begins meanwhile."""
    begun: list[sql.Connection] = []

    def heard(connection: sql.Connection) -> None:
        begun.append(connection)

    sql.event.listen(ledger._accounts._engine, "begin", heard)
    try:
        yield begun
    finally:
        sql.event.remove(ledger._accounts._engine, "begin", heard)


class LedgerBehaviour:
    """The tests; `opened` makes one more ledger on the same accounts, as another process would."""

    def opened(self, folder: Path, *, process: str, clock: Clock, hold_seconds: float = 600.0) -> Ledger:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _ledgers(self, tmp_path: Path) -> Iterator[None]:
        self.clock, self._made = Clock(), list[Ledger]()
        self._folder, self._names = tmp_path, itertools.count()
        yield
        for ledger in self._made:
            ledger.close()

    def ledger(self, *campaigns: Campaign, process: str = "", hold_seconds: float = 600.0) -> Ledger:
        name = process or f"p{next(self._names)}"
        made = self.opened(self._folder, process=name, clock=self.clock, hold_seconds=hold_seconds)
        made.register(campaigns)
        self._made.append(made)
        return made

    def click(self, ledger: Ledger, id: str, price: int, *, campaign: str = "c", now: int = NOON) -> Status:
        return ledger.settle(id, campaign=campaign, price=price, pricing=Pricing.CPC, now=now).status

    def test_a_budget_is_spent_to_the_last_micro_and_not_beyond(self) -> None:
        ledger = self.ledger(Campaign(id="c", total_budget=1_003))
        made = [ledger.reserve("c", 100, reservation_id=f"r{n}", now=NOON) for n in range(12)]
        assert made == [True] * 10 + [False] * 2
        assert ledger.reserve("c", 3, reservation_id="last", now=NOON)
        assert ledger.remaining("c", now=NOON) == 0
        assert {self.click(ledger, f"r{n}", 100) for n in range(10)} == {Status.CHARGED}
        assert self.click(ledger, "last", 3) is Status.CHARGED
        assert self.click(ledger, "unreserved", 1) is Status.REFUSED
        assert ledger.spent("c") == 1_003

    def test_what_all_campaigns_spent_is_one_read_by_day_and_in_all(self) -> None:
        one = self.ledger(Campaign(id="c", daily_budget=1_000), Campaign(id="d"), Campaign(id="e"))
        for number, day in enumerate((0, 0, 1)):
            for campaign in ("c", "d"):
                now = NOON + day * DAY
                assert (
                    self.click(one, f"{campaign}{number}", 100, campaign=campaign, now=now) is Status.CHARGED
                )
        totals, by_day = self.ledger().spends({20_000, 20_001, 20_002})
        assert totals == {"c": 300, "d": 300, "e": 0}
        assert by_day == {
            (name, day): amount for name in "cd" for day, amount in ((20_000, 200), (20_001, 100))
        }
        assert one.spends(()) == (totals, {})

    def test_an_impression_is_charged_once_whoever_asks(self) -> None:
        one = self.ledger(Campaign(id="c", total_budget=1_000))
        two = self.ledger()
        assert one.reserve("c", 100, reservation_id="r", now=NOON)
        assert [self.click(ledger, "r", 100) for ledger in (one, one, two)] == [
            Status.CHARGED,
            Status.DUPLICATE,
            Status.DUPLICATE,
        ]
        again = two.settle("r", campaign="c", price=100, pricing=Pricing.CPC, now=NOON)
        assert (again.amount, one.spent("c"), two.spent("c")) == (100, 100, 100)
        assert one.remaining("c", now=NOON) == 900 - self._leased_elsewhere(one)

    def _leased_elsewhere(self, ledger: Ledger) -> int:
        mine = sum(lease.open for lease in ledger._leases.values())
        return sum(balance.leased for balance in ledger.balances(now=NOON)) - mine

    def test_a_batch_with_one_impression_twice_charges_it_once(self) -> None:
        ledger = self.ledger(Campaign(id="c", total_budget=1_000))
        twice = [Charge("r", "c", 10, Pricing.CPC, NOON)] * 2 + [Charge("s", "no", 1, Pricing.CPC, NOON)]
        answers = ledger.settle_many(twice)
        assert [answer.status for answer in answers] == [Status.CHARGED, Status.DUPLICATE, Status.REFUSED]
        assert answers[2].reason == "unknown_campaign"
        assert ledger.spent("c") == 10
        assert ledger.settle_many([]) == []

    def test_several_processes_share_one_budget(self) -> None:
        campaign = Campaign(id="c", total_budget=1_000)
        ledgers = [self.ledger(campaign) for _ in range(3)]
        held = [
            (ledger, f"r{n}")
            for n, ledger in enumerate(itertools.islice(itertools.cycle(ledgers), 60))
            if ledger.reserve("c", 50, reservation_id=f"r{n}", now=NOON)
        ]
        assert len(held) == 20
        assert all(self.click(ledger, id, 50) is Status.CHARGED for ledger, id in held)
        assert ledgers[0].spent("c") == 1_000

    def test_another_process_settles_what_this_one_reserved(self) -> None:
        """Behind one socket the impression may be reported to another process than the one that decided."""
        campaign = Campaign(id="c", total_budget=1_000)
        one, two = self.ledger(campaign), self.ledger()
        ids = [f"{stamped('d', NOON, n)}/0" for n in range(20)]
        assert [one.reserve("c", 50, reservation_id=id, now=NOON) for id in ids] == [True] * 20
        assert {self.click(two, id, 50) for id in ids[:15]} == {Status.CHARGED}
        assert self.click(two, ids[0], 50) is Status.DUPLICATE
        one.heartbeat(now=NOON)
        assert {self.click(one, id, 50) for id in ids[15:]} == {Status.CHARGED}
        one.heartbeat(now=NOON + 700 * SECOND)
        assert not one.reserve("c", 1, reservation_id="more", now=NOON + 700 * SECOND)
        late = f"{stamped('d', NOON, 99)}/0"
        assert self.click(two, late, 1, now=NOON + 700 * SECOND) is Status.REFUSED
        assert (one.spent("c"), two.remaining("c", now=NOON)) == (1_000, 0)

    def test_what_is_released_or_expired_can_be_reserved_again(self) -> None:
        ledger = self.ledger(Campaign(id="c", total_budget=100), hold_seconds=10)
        assert ledger.reserve("c", 100, reservation_id="a", now=NOON)
        assert not ledger.reserve("c", 1, reservation_id="b", now=NOON)
        assert ledger.release("a")
        assert not ledger.release("a")
        assert ledger.reserve("c", 100, reservation_id="b", now=NOON)
        assert ledger.reserve("c", 100, reservation_id="b", now=NOON)
        assert not ledger.reserve("c", 100, reservation_id="c", now=NOON + 9 * SECOND)
        assert ledger.reserve("c", 100, reservation_id="c", now=NOON + 10 * SECOND)
        assert self.click(ledger, "b", 100) is Status.REFUSED
        assert self.click(ledger, "c", 100) is Status.CHARGED

    def test_a_late_outcome_is_charged_where_the_budget_still_allows_it(self) -> None:
        ledger = self.ledger(Campaign(id="c", total_budget=1_000), hold_seconds=10)
        assert ledger.reserve("c", 100, reservation_id="late", now=NOON)
        ledger.heartbeat(now=NOON + 60 * SECOND)
        assert self.click(ledger, "late", 100, now=NOON + 60 * SECOND) is Status.CHARGED
        assert ledger.remaining("c", now=NOON) == 900

    def test_days_turn_where_the_advertiser_is(self) -> None:
        east = Campaign(id="c", daily_budget=100, total_budget=250, utc_offset_minutes=480)
        ledger = self.ledger(east)
        midnight = 20_000 * DAY - 480 * 60 * SECOND
        before, after = midnight - 1, midnight
        assert ledger.reserve("c", 100, reservation_id="a", now=before)
        assert not ledger.reserve("c", 1, reservation_id="b", now=before)
        assert ledger.reserve("c", 100, reservation_id="b", now=after)
        assert self.click(ledger, "a", 100, now=after + 5) is Status.CHARGED
        assert self.click(ledger, "b", 100, now=after + 5) is Status.CHARGED
        assert (ledger.spent("c", 19_999), ledger.spent("c", 20_000)) == (100, 100)
        assert not ledger.reserve("c", 51, reservation_id="d", now=after + DAY)
        self.clock.now += 2 * SECOND
        assert ledger.reserve("c", 50, reservation_id="d", now=after + DAY)

    def test_what_a_day_left_unused_is_free_the_next(self) -> None:
        ledger = self.ledger(Campaign(id="c", daily_budget=1_000, total_budget=1_000))
        for day in range(3):
            assert ledger.reserve("c", 10, reservation_id=f"r{day}", now=NOON + day * DAY)
            assert self.click(ledger, f"r{day}", 10, now=NOON + day * DAY) is Status.CHARGED
        assert ledger.remaining("c", now=NOON + 2 * DAY) == 970

    @pytest.mark.parametrize("price", [1, 999, 1_000, 1_499, 123_457])
    def test_thousandths_add_up_exactly(self, price: int) -> None:
        ledger = self.ledger(Campaign(id="c", total_budget=10**9))
        charges = [Charge(f"i{n}", "c", price, Pricing.CPM, NOON) for n in range(1_234)]
        ledger.settle_many(charges[:500])
        answers = ledger.settle_many(charges[500:])
        assert ledger.spent("c") == 1_234 * price // 1000
        assert max(answer.amount for answer in answers) <= -(-price // 1000)

    def test_statements_and_balances_sum_to_the_charges(self) -> None:
        ledger = self.ledger(
            Campaign(id="c", total_budget=1_000), Campaign(id="d", daily_budget=50), Campaign(id="e")
        )
        for n in range(4):
            self.click(ledger, f"c{n}", 10, campaign="c", now=NOON + n)
            self.click(ledger, f"e{n}", 7, campaign="e", now=NOON + n)
        lines = ledger.lines(NOON + 1, NOON + 4)
        assert [(line.campaign, line.count, line.amount) for line in lines] == [("c", 3, 30), ("e", 3, 21)]
        rows = {balance.campaign: balance for balance in ledger.balances(now=NOON)}
        assert (rows["c"].spent, rows["c"].spent_today, rows["c"].remaining) == (40, 40, 960)
        assert (rows["d"].remaining, rows["e"].remaining, rows["e"].spent) == (50, None, 28)

    def test_a_credit_gives_a_charge_back_once_to_the_day_it_was_made_on(self) -> None:
        ledger = self.ledger(Campaign(id="c", advertiser="acme", daily_budget=100, total_budget=150))
        assert self.click(ledger, "a", 100) is Status.CHARGED
        assert self.click(ledger, "b", 50, now=NOON + DAY) is Status.CHARGED
        assert self.click(ledger, "d", 1, now=NOON + DAY) is Status.REFUSED
        tomorrow = [Credit("a", "robot", NOON + DAY), Credit("no", "robot", NOON + DAY)]
        answers = ledger.credit_many(tomorrow)
        assert [(one.status, one.amount) for one in answers] == [(Status.CREDITED, 100), (Status.REFUSED, 0)]
        assert answers[1].reason == "not_charged"
        again = self.ledger().credit_many([*tomorrow[:1]] * 2)
        assert [(one.status, one.amount) for one in again] == [(Status.DUPLICATE, 100)] * 2
        assert self.click(ledger, "a", 100) is Status.DUPLICATE
        assert (ledger.spent("c"), ledger.spent("c", NOON // DAY), ledger.spent("c", NOON // DAY + 1)) == (
            *(50, 0),
            50,
        )
        assert self.click(ledger, "e", 51, now=NOON + DAY) is Status.REFUSED
        assert self.click(ledger, "e", 50, now=NOON + DAY) is Status.CHARGED
        assert self.click(ledger, "f", 50, now=NOON + 2 * DAY) is Status.CHARGED
        assert ledger.credit_many([]) == []

    def test_statements_of_all_advertisers_sum_to_the_ledger(self) -> None:
        ledger = self.ledger(
            Campaign(id="c", advertiser="acme"), Campaign(id="d", advertiser="bolt"), Campaign(id="e")
        )
        first, last = month("2024-10"), month("2024-11")
        for n, time in enumerate((first[0], first[1] - 1, last[0], last[1] - 1)):
            for campaign in "cde":
                self.click(ledger, f"{campaign}{n}", 10 + n, campaign=campaign, now=time)
        ledger.credit_many([Credit("c0", "replayed", last[0]), Credit("d3", "replayed", last[0])])
        before = ledger.statement("acme", start=first[0], end=first[1])
        after = ledger.statement("acme", start=last[0], end=last[1])
        assert (before.charged, before.credited, before.due) == (21, 0, 21)
        assert (after.charged, after.credited, after.due) == (25, 10, 15)
        every = [
            ledger.statement(name, start=start, end=end).due
            for name in ("acme", "bolt", "")
            for start, end in (first, last)
        ]
        assert sum(every) == sum(ledger.spent(campaign) for campaign in "cde") == 3 * 46 - 10 - 13
        (mine,) = ledger.balances(now=NOON, advertiser="acme")
        assert (mine.campaign, mine.spent, mine.credited) == ("c", 36, 10)
        assert ledger.credits(last[0], last[1]) == [("c0", "c", 10, last[0]), ("d3", "d", 13, last[0])]

    def test_a_daily_budget_turns_with_summer_time(self) -> None:
        ledger = self.ledger(Campaign(id="c", daily_budget=100, timezone="Europe/Paris"))
        winter, summer = 1_704_063_600 * SECOND, 1_719_784_800 * SECOND  # midnights of Paris
        for midnight in (winter, summer):
            assert self.click(ledger, f"{midnight}-", 100, now=midnight - 1) is Status.CHARGED
            assert self.click(ledger, f"{midnight}+", 100, now=midnight) is Status.CHARGED
            assert self.click(ledger, f"{midnight}++", 1, now=midnight) is Status.REFUSED

    def test_an_unlimited_campaign_is_never_short_and_an_unknown_one_is_named(self) -> None:
        ledger = self.ledger(Campaign(id="c"))
        assert ledger.reserve("c", 10**12, reservation_id="r", now=NOON)
        assert ledger.remaining("c", now=NOON) is None
        assert self.click(ledger, "r", 10**12) is Status.CHARGED
        with pytest.raises(NotFound, match="no campaign 'x'"):
            ledger.reserve("x", 1, reservation_id="s", now=NOON)
        assert self.click(ledger, "r2", -5) is Status.REFUSED

    def test_a_restart_under_the_same_name_frees_what_the_dead_one_held(self) -> None:
        campaign = Campaign(id="c", total_budget=100)
        dead = self.ledger(campaign, process="serve-1")
        assert dead.reserve("c", 60, reservation_id="a", now=NOON)
        assert self.click(dead, "paid", 10) is Status.CHARGED
        reborn = self.ledger(process="serve-1")
        assert reborn.remaining("c", now=NOON) == 90
        assert reborn.reserve("c", 90, reservation_id="b", now=NOON)
        assert self.click(dead, "a", 60) is Status.REFUSED
        assert self.click(reborn, "b", 90) is Status.CHARGED
        assert reborn.spent("c") == 100

    def test_a_silent_process_loses_its_leases_and_may_come_back(self) -> None:
        campaign = Campaign(id="c", total_budget=100)
        silent, other = self.ledger(campaign), self.ledger()
        assert silent.reserve("c", 60, reservation_id="a", now=NOON)
        self.clock.now += 59 * SECOND
        assert not other.reserve("c", 90, reservation_id="b", now=NOON)
        self.clock.now += 2 * SECOND
        other.heartbeat()
        assert other.reserve("c", 90, reservation_id="b", now=NOON)
        other.heartbeat()
        assert self.click(silent, "a", 60) is Status.REFUSED
        other.heartbeat()
        assert silent.reserve("c", 10, reservation_id="d", now=NOON)
        assert self.click(silent, "d", 10) is Status.CHARGED
        assert self.click(other, "b", 90) is Status.CHARGED

    def test_a_heartbeat_gives_back_what_lies_unused(self) -> None:
        campaign = Campaign(id="c", total_budget=10_000)
        idle, busy = self.ledger(campaign), self.ledger()
        assert idle.reserve("c", 10, reservation_id="a", now=NOON)
        assert not busy.reserve("c", 9_990, reservation_id="b", now=NOON)
        idle.heartbeat()
        idle.heartbeat()
        self.clock.now += 2 * SECOND
        assert busy.reserve("c", 9_990, reservation_id="b", now=NOON)
        assert self.click(idle, "a", 10) is Status.CHARGED

    def test_what_stands_by_is_reserved_without_a_transaction(self) -> None:
        campaigns = [Campaign(id=f"c{n}", daily_budget=10_000, total_budget=50_000) for n in range(300)]
        resting = [Campaign(id="off", daily_budget=100, active=False), Campaign(id="free")]
        past = Campaign(id="past", total_budget=100, end=NOON)
        ledger = self.ledger(*campaigns, *resting, past)
        ledger.stand_by([*campaigns, *resting, past], now=NOON)
        with transactions(ledger) as begun:
            for n in range(300):
                assert ledger.reserve(f"c{n}", 300, reservation_id=f"r{n}", now=NOON)
            assert begun == []
            assert ledger.reserve("c7", 300, reservation_id="more", now=NOON)
            assert ledger.reserve("past", 10, reservation_id="late", now=NOON)
            assert len(begun) == 2
        leased = {balance.campaign: balance.leased for balance in ledger.balances(now=NOON)}
        assert {leased[f"c{n}"] for n in range(300) if n != 7} == {500}
        assert (leased["off"], leased["free"]) == (0, 0)

    def test_what_stands_by_grows_with_what_is_asked_and_lies_still_without(self) -> None:
        campaign = Campaign(id="c", daily_budget=100_000)
        ledger = self.ledger(campaign)
        ledger.stand_by([campaign], now=NOON)
        asked = 0
        for _ in range(5):
            with transactions(ledger) as begun:
                for _ in range(40):
                    asked += 1
                    assert ledger.reserve("c", 100, reservation_id=f"r{asked}", now=NOON)
                assert begun == []
            ledger.heartbeat(now=NOON)
        assert all(ledger.release(f"r{n}") for n in range(1, asked + 1))
        for _ in range(2):
            ledger.heartbeat(now=NOON)
        (before,) = ledger.balances(now=NOON)
        for _ in range(30):
            ledger.heartbeat(now=NOON)
            (after,) = ledger.balances(now=NOON)
            assert 0 < after.leased <= before.leased
        assert after.leased <= 2 * 5_000

    def test_money_is_ready_when_the_day_turns(self) -> None:
        campaign = Campaign(id="c", daily_budget=1_000, total_budget=10_000)
        ledger = self.ledger(campaign)
        midnight = 20_001 * DAY
        ledger.stand_by([campaign], now=midnight - 60 * SECOND)
        assert ledger.reserve("c", 1_000, reservation_id="old", now=midnight - 60 * SECOND)
        ledger.heartbeat(now=midnight - 5 * SECOND)
        with transactions(ledger) as begun:
            assert not ledger.reserve("c", 1, reservation_id="no", now=midnight - 1)
            asked = len(begun)
            assert ledger.reserve("c", 50, reservation_id="new", now=midnight)
            assert len(begun) == asked <= 1
        assert self.click(ledger, "old", 1_000, now=midnight) is Status.CHARGED
        assert self.click(ledger, "new", 50, now=midnight) is Status.CHARGED
        assert (ledger.spent("c", 20_000), ledger.spent("c", 20_001)) == (1_000, 50)

    def test_processes_that_stand_by_still_share_a_small_budget_to_the_last(self) -> None:
        campaign = Campaign(id="c", total_budget=1_000)
        ledgers = [self.ledger(campaign) for _ in range(2)]
        for ledger in ledgers:
            ledger.stand_by([campaign], now=NOON)
        made: list[list[str]] = [[], []]
        for n in range(200):
            who = n % 2
            if ledgers[who].reserve("c", 10, reservation_id=f"r{n}", now=NOON):
                made[who].append(f"r{n}")
            ledgers[who].heartbeat(now=NOON)
            self.clock.now += SECOND
        assert min(len(made[0]), len(made[1])) >= 30
        assert sum(map(len, made)) >= 98
        for ledger, ids in zip(ledgers, made, strict=True):
            assert {self.click(ledger, id, 10) for id in ids} == {Status.CHARGED}
        assert ledgers[0].spent("c") == 10 * sum(map(len, made)) <= 1_000

    def test_what_one_reserves_and_another_charges_ties_up_no_money(self) -> None:
        campaign = Campaign(id="c", total_budget=6_000)
        showing, told = self.ledger(campaign), self.ledger(campaign)
        for ledger in (showing, told):
            ledger.stand_by([campaign], now=NOON)
        charged = 0
        for n in range(60):  # every outcome of the one is reported to the other
            name = f"{stamped('d', NOON, n)}/0"
            if showing.reserve("c", 300, reservation_id=name, now=NOON):
                assert self.click(told, name, 300) is Status.CHARGED
                showing.told_elsewhere([name])
                charged += 300
            for ledger in (showing, told):
                ledger.heartbeat(now=NOON)
            self.clock.now += 5 * SECOND
        assert charged >= 5_400
        assert showing.spent("c") == charged <= 6_000
        assert sum(lease.held for lease in showing._leases.values()) <= 2 * 300

    def test_what_stands_by_unused_falls_back_when_others_need_it(self) -> None:
        campaign = Campaign(id="c", total_budget=10_000)
        idle, busy = self.ledger(campaign), self.ledger(campaign)
        idle.stand_by([campaign], now=NOON)
        assert busy.reserve("c", 9_500, reservation_id="a", now=NOON)
        assert not busy.reserve("c", 100, reservation_id="b", now=NOON)
        for _ in range(30):
            idle.heartbeat(now=NOON)
        self.clock.now += 2 * SECOND
        assert busy.reserve("c", 475, reservation_id="b", now=NOON)
        for _ in range(60):
            idle.heartbeat(now=NOON)
        assert sum(lease.open for lease in idle._leases.values()) <= 1

    def test_what_stands_by_and_is_short_is_left_alone_until_something_is_free(self) -> None:
        campaign = Campaign(id="c", total_budget=100)
        ledger, other = self.ledger(campaign), self.ledger()
        assert other.reserve("c", 100, reservation_id="a", now=NOON)
        ledger.stand_by([campaign], now=NOON)
        assert not ledger.reserve("c", 60, reservation_id="b", now=NOON)
        for _ in range(4):
            self.clock.now += 5 * SECOND
            ledger.heartbeat(now=NOON)
            assert ledger.exhausted() == {"c"}
        assert other.release("a")
        other.heartbeat(now=NOON)
        other.heartbeat(now=NOON)
        ledger.heartbeat(now=NOON)
        assert ledger.exhausted() == frozenset()
        assert ledger.reserve("c", 60, reservation_id="b", now=NOON)

    def test_a_lowered_budget_binds_at_once_and_a_raised_one_is_there_at_once(self) -> None:
        ledger = self.ledger(Campaign(id="c", total_budget=100))
        assert ledger.reserve("c", 80, reservation_id="a", now=NOON)
        assert not ledger.reserve("c", 80, reservation_id="b", now=NOON)
        assert ledger.exhausted() == {"c"}
        ledger.register([Campaign(id="c", total_budget=50)])
        assert self.click(ledger, "a", 80) is Status.REFUSED
        ledger.register([Campaign(id="c", total_budget=500)])
        assert ledger.exhausted() == frozenset()
        assert ledger.reserve("c", 400, reservation_id="b", now=NOON)
        assert self.click(ledger, "b", 400) is Status.CHARGED

    def test_threads_share_a_ledger(self) -> None:
        ledger = self.ledger(Campaign(id="c", total_budget=3_000))
        charged: list[int] = []

        def spend(name: int) -> None:
            for n in range(60):
                id = f"{name}-{n}"
                if ledger.reserve("c", 20, reservation_id=id, now=NOON):
                    answer = ledger.settle(id, campaign="c", price=20, pricing=Pricing.CPC, now=NOON)
                    charged.append(answer.amount)
                if n % 20 == 0:
                    ledger.heartbeat(now=NOON)

        ledger.stand_by([Campaign(id="c", total_budget=3_000)], now=NOON)
        threads = [threading.Thread(target=spend, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ledger.spent("c") == sum(charged) <= 3_000
        assert ledger.remaining("c", now=NOON) == 3_000 - sum(charged)
        assert len(charged) >= 140
