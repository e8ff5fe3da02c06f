"""How soon the next request may go out, by a clock that the test turns."""

from __future__ import annotations

from hawker.language.writer_pace import Pace


def test_without_limits_every_turn_is_now() -> None:
    pace = Pace(clock=lambda: 5.0)
    assert [pace.take(10_000)[0] for _ in range(100)] == [0.0] * 100


def test_requests_wait_for_the_minute_to_pass() -> None:
    now = [0.0]
    pace = Pace(requests=2, clock=lambda: now[0])
    assert [pace.take(1)[0], pace.take(1)[0]] == [0.0, 0.0]
    now[0] = 20.0
    assert pace.take(1) == (40.0, [])
    wait, turn = pace.take(1, patience=60.0)
    assert (wait, turn[0]) == (40.0, 60.0)
    now[0] = 60.5
    assert pace.take(1)[0] == 0.0
    assert pace.take(1)[0] == 59.5


def test_tokens_are_counted_as_they_were_spent() -> None:
    now = [0.0]
    pace = Pace(tokens=100, clock=lambda: now[0])
    _, first = pace.take(80)
    assert pace.take(40)[1] == []
    pace.spent(first, 30)
    assert pace.take(40)[0] == 0.0
    now[0] = 10.0
    assert pace.take(40)[0] == 50.0


def test_more_than_a_minutes_worth_goes_out_alone() -> None:
    now = [0.0]
    pace = Pace(tokens=100, clock=lambda: now[0])
    assert pace.take(500)[0] == 0.0
    assert pace.take(1)[0] == 60.0
