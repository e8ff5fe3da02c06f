"""Hot state in process and in Redis: one behaviour, caps against brute force, and what is special to each."""

from __future__ import annotations

import sys
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import servers

from behaviour.hots import CAPS, DAY, HOLD, IDLE, NOON, HotBehaviour, random_life
from hawker.errors import BadSetting, Corrupt, Unreachable
from hawker.storage.hot import Hot, InProcess, erase
from hawker.storage.hot_redis import InRedis


class TestInProcess(HotBehaviour):
    def opened(self) -> Hot:
        return InProcess()


class TestInRedis(HotBehaviour):
    def opened(self) -> Hot:
        return InRedis(servers.state())


@settings(max_examples=10_000, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 2**40))
def test_caps_are_never_exceeded_and_never_refuse_too_soon(seed: int) -> None:
    random_life(InProcess(), seed, steps=7)


def test_long_lives_too() -> None:
    assert sum(random_life(InProcess(), seed, steps=300) for seed in range(12)) > 60


def test_redis_answers_like_brute_force() -> None:
    hot = InRedis(servers.state())
    assert sum(random_life(hot, seed, steps=40) for seed in range(40)) > 60
    hot.close()


def test_a_sessions_counters_end_with_it() -> None:
    hot = InProcess()
    hot.rule(CAPS)
    for n in range(2):
        assert hot.reserve("session:s", ["creative:k"], id=f"r{n}", now=NOON) == ""
        hot.confirm("session:s", ["creative:k"], id=f"r{n}", now=NOON + n)
    assert hot.capped("session:s", now=NOON + IDLE) == {"creative:k"}
    assert hot.capped("session:s", now=NOON + 2 * IDLE - 1) == {"creative:k"}
    assert hot.capped("session:s", now=NOON + 3 * IDLE - 1) == frozenset()


def test_a_session_in_redis_expires_with_its_idleness() -> None:
    hot = InRedis(servers.state())
    hot.rule(CAPS)
    hot.confirm("session:s", ["creative:k"], id="r", now=NOON)
    hot.confirm("u", ["creative:k"], id="r", now=NOON)
    lives = {name: hot._client.pttl(f"hawker:caps:{{{name}}}") for name in ("session:s", "u")}
    assert 0 < lives["session:s"] <= IDLE // 1000 < 365 * DAY // 1000 < lives["u"]
    hot.close()


def test_counters_survive_in_a_file_but_sessions_do_not(tmp_path: Path) -> None:
    path = tmp_path / "caps.msgpack"
    hot = InProcess()
    hot.rule(CAPS)
    for subject in ("u", "session:s"):
        for n in range(2):
            hot.confirm(subject, ["creative:k"], id=f"r{n}", now=NOON)
    hot.save(path, now=NOON + 5)
    again = InProcess()
    again.rule(CAPS)
    assert again.load(tmp_path / "absent") == 0
    assert again.load(path) == NOON + 5
    assert again.capped("u", now=NOON + 9) == {"creative:k"}
    assert again.capped("session:s", now=NOON + 9) == frozenset()
    assert b"session" not in path.read_bytes()
    assert erase(path, "u")
    assert not erase(path, "u")
    assert b"creative:k" not in path.read_bytes()
    path.write_bytes(b"\xc1not counters")
    with pytest.raises(Corrupt, match="event log"):
        InProcess().load(path)


def test_a_reservation_of_an_earlier_life_holds_for_the_rest_of_its_time() -> None:
    hot = InProcess()
    hot.rule(CAPS)
    for n in range(3):
        hot.hold("u", ["campaign:c"], id=f"r{n}", since=NOON, now=NOON + HOLD // 2)
    hot.confirm("u", ["campaign:c"], id="seen", now=NOON)
    hot.hold("u", ["campaign:c"], id="seen", since=NOON, now=NOON + HOLD // 2)
    assert hot.capped("u", now=NOON + HOLD - 1) == {"campaign:c"}
    assert hot.capped("u", now=NOON + HOLD) == frozenset()


def _moved(hot: InRedis, place: str) -> None:
    """Let the client look for its server elsewhere, at once."""
    hot._client.connection_pool.connection_kwargs["path"] = place
    hot._client.connection_pool.reset()
    hot._asleep = 0.0


def test_without_redis_caps_fail_closed_and_impressions_wait() -> None:
    url = servers.state()
    hot = InRedis(url)
    hot.rule(CAPS)
    _moved(hot, "absent")
    assert hot.capped("u", now=NOON) == {name for name, caps in CAPS.items() if caps}
    assert hot.reserve("u", ["advertiser:free", "campaign:c"], id="r", now=NOON) == "campaign:c"
    assert hot.reserve("u", ["advertiser:free"], id="r", now=NOON) == ""
    assert hot.claim("t", now=NOON, until=NOON + DAY)
    assert hot.count("ip", window=DAY, now=NOON) == 0
    for n in range(2):
        hot.confirm("u", ["creative:k"], id=f"seen{n}", now=NOON)
    with pytest.raises(Unreachable, match="forget"):
        hot.forget("v")
    _moved(hot, url.removeprefix("unix://"))
    hot.tidy(now=NOON)
    assert hot.capped("u", now=NOON) == {"creative:k"}
    hot.close()


def test_what_is_no_redis_is_named_without_its_password() -> None:
    with pytest.raises(Unreachable, match="Start Redis") as caught:
        InRedis("redis://:hunter2@127.0.0.1:1/0")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(BadSetting, match="not the URL of a Redis"):
        InRedis("http://example.org")
