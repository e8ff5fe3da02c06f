"""Work in a process of its own: what it gives comes back, so does its error, and nobody's is ended."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time

import pytest

from hawker.errors import Conflict
from hawker.server.apart import apart


def pid_and_niceness(more: int) -> tuple[int, int, int]:
    return os.getpid(), os.nice(0), more + 1


def refuse() -> None:
    raise Conflict("Somebody has been forgotten meanwhile.", remedy="Run it again.")


def die() -> None:
    os._exit(3)


def test_what_it_gives_comes_from_another_process_that_gives_way() -> None:
    pid, niceness, more = asyncio.run(apart(pid_and_niceness, 41, name="sum"))
    assert pid != os.getpid()
    assert niceness > os.nice(0)
    assert more == 42


def test_an_error_of_ours_is_raised_here_and_a_death_is_no_answer() -> None:
    with pytest.raises(Conflict, match="Run it again") as caught:
        asyncio.run(apart(refuse, name="refuse"))
    assert caught.value.remedy == "Run it again."
    with pytest.raises(RuntimeError, match="'die' ended without an answer"):
        asyncio.run(apart(die, name="die"))


def test_it_ends_when_nobody_waits_for_it_any_more() -> None:
    async def impatient() -> None:
        await asyncio.wait_for(apart(time.sleep, 600, name="sleeper"), 0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())
    until = time.monotonic() + 30
    while any(child.name == "sleeper" for child in multiprocessing.active_children()):
        assert time.monotonic() < until
        time.sleep(0.05)
