"""Whole catalogues: kept as they are written, gone on with, slowed down, stopped, and never lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.creative.scripted import AWAY, BREAD, BUSY, GOOD, HEAVY, Scripted

from hawker.creative.desk import Desk
from hawker.creative.studio_run import Order, Run, lasts, run
from hawker.records.draft import Brief, Draft, Effort
from hawker.records.sheet import Standing
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    place = tmp_path / "control.db"
    made = Desk(Drafts(place), Control(place), {})
    yield made
    made.drafts.close()
    made.control.close()


def briefs(number: int) -> list[Brief]:
    return [Brief(replace(BREAD, id=f"bread-{n:05d}")) for n in range(number)]


class Clock:
    """A clock that moves only when somebody sleeps, or by `step` when it is read."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Limited(Scripted):
    """A server that lets ten requests a minute through, and says when to come back."""

    def __init__(self, clock: Clock, a_minute: int = 10) -> None:
        super().__init__()
        self.clock, self.a_minute = clock, a_minute
        self.times: list[float] = []

    def draft(self, brief: Brief, *, n: int, seed: int) -> tuple[Draft, ...]:
        recent = [moment for moment in self.times[-self.a_minute :] if moment > self.clock.now - 60]
        if len(recent) >= self.a_minute:
            self.script = [[Effort("busy", wait=recent[0] + 60 - self.clock.now)]]
        else:
            self.times.append(self.clock.now)
        return super().draft(brief, n=n, seed=seed)


def test_what_is_on_record_is_not_written_twice(desk: Desk) -> None:
    writer = Scripted()
    first = run(writer, briefs(3), desk, order=Order(n=1))
    assert (first.wanted, first.written, first.skipped, first.accepted) == (3, 3, 0, 3)
    again = run(writer, briefs(5), desk, order=Order(n=1))
    assert (again.written, again.skipped) == (2, 3)
    assert [name for name, _, _ in writer.asked] == [one.product.id for one in briefs(5)]
    newer = Scripted()
    newer.version = "2"
    assert run(newer, briefs(5), desk, order=Order(n=1)).written == 5


def test_a_catalogue_at_ten_requests_a_minute(desk: Desk) -> None:
    """Two thousand products in three hours and twenty minutes of the clock, as was foretold; none lost."""
    clock = Clock()
    writer = Limited(clock)
    told: list[str] = []
    order = Order(n=1, clock=clock, sleep=clock.sleep, progress=lambda step, _: told.append(step))
    done = run(writer, briefs(2_000), desk, order=order)
    assert (done.written, done.left, done.stopped) == (2_000, 0, "")
    assert lasts(done.waited) == "3 h 19 min"
    assert desk.drafts.counts()[Standing.WAITING] == 2_000
    assert told[1_000] == "1,000 of 2,000, 1 h 39 min to go"
    assert len(writer.times) == 2_000


def test_a_run_that_is_stopped_says_where_it_stands_and_goes_on_there(desk: Desk) -> None:
    clock = Clock()
    impatient = Order(n=1, patience=10.0, clock=clock, sleep=clock.sleep)
    done = run(Limited(clock), briefs(25), desk, order=impatient)
    assert (done.written, done.left, done.stopped, done.wait) == (10, 15, "busy", 60.0)
    clock.now += 60
    again = run(Limited(clock), briefs(25), desk, order=impatient)
    assert (again.skipped, again.written, again.left) == (10, 10, 5)


def test_a_server_that_goes_away_costs_nothing_that_was_written(desk: Desk) -> None:
    writer = Scripted([GOOD], [AWAY])
    done = run(writer, briefs(3), desk, order=Order(n=1))
    assert (done.written, done.left, done.stopped) == (1, 2, "away")
    assert run(Scripted(), briefs(3), desk, order=Order(n=1)).written == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interruption_keeps_what_was_written(desk: Desk, error: type[BaseException]) -> None:
    class Interrupted(Scripted):
        def draft(self, brief: Brief, *, n: int, seed: int) -> tuple[Draft, ...]:
            if len(self.asked) == 4:
                raise error
            return super().draft(brief, n=n, seed=seed)

    with pytest.raises(error):
        run(Interrupted(), briefs(9), desk, order=Order(n=1))
    assert desk.drafts.counts()[Standing.WAITING] == 4
    assert run(Scripted(), briefs(9), desk, order=Order(n=1)).skipped == 4


def test_what_is_slow_is_kept_at_once(desk: Desk) -> None:
    """With two seconds between readings of the clock nothing waits to be kept."""
    seen: list[int] = []

    class Looking(Scripted):
        def draft(self, brief: Brief, *, n: int, seed: int) -> tuple[Draft, ...]:
            seen.append(desk.drafts.counts()[Standing.WAITING])
            return super().draft(brief, n=n, seed=seed)

    run(Looking(), briefs(4), desk, order=Order(n=1, clock=Clock(step=3.0)))
    assert seen == [0, 1, 2, 3]


def test_a_run_counts_what_fell_why_and_what_it_cost(desk: Desk) -> None:
    spent = Effort("not_json", tokens_in=100, tokens_out=7, cost=3)
    writer = Scripted([GOOD, HEAVY], [spent, spent], [], [HEAVY, GOOD])
    done = run(writer, briefs(4), desk, order=Order(n=2, approver="ann", reason="seen"))
    assert (done.accepted, done.approved, done.fallen, done.without) == (2, 2, 4, 2)
    assert done.reasons == {"ground: number": 2, "writer: not_json": 2}
    assert (done.spent.tokens_in, done.spent.tokens_out, done.spent.cost) == (200, 14, 6)
    assert len(desk.control.creatives()) == 2


def test_only_the_prompts_of_what_is_kept_are_kept(desk: Desk) -> None:
    run(Scripted(), briefs(1), desk, order=Order(n=1))
    assert desk.drafts.prompt("p-1") == "Write about bread."
    with pytest.raises(Exception, match="p-2"):
        desk.drafts.prompt("p-2")


def test_nothing_to_write_is_nothing(desk: Desk) -> None:
    done = run(Scripted(), [], desk, order=Order())
    assert (done.wanted, done.written, done.accepted) == (0, 0, 0)
    assert isinstance(done, Run)
    assert run(Scripted([BUSY]), briefs(1), desk, order=Order(patience=0.0)).left == 1
