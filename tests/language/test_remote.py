"""A server that is slow, busy, gone, old, or talks nonsense: asked again where that helps, else a reason."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest
from tests.behaviour.writers import FORM, TOLD
from tests.language.writing import Speaking, speaking

from hawker.errors import BadReply, BadSetting
from hawker.language.writer_remote import Remote
from hawker.records.writing import WriterRules

SECRET = "k-" + "7" * 20


@pytest.fixture
def server() -> Iterator[Speaking]:
    with speaking() as started:
        yield started


def asking(server: Speaking, **rules: Any) -> Remote:
    quick = {"first_seconds": 2.0, "patience_seconds": 1.0, **rules}
    made = Remote(server.url, "m", rules=WriterRules(**quick))
    object.__setattr__(made._wire, "pause", 0.001)
    return made


def test_it_asks_in_the_form_of_openai(server: Speaking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAWKER_WRITER_KEY", SECRET)
    written = asking(server).write(TOLD, schema=FORM, seed=5, most_tokens=9, temperature=0.5)
    assert (written.text, written.reason, written.tokens_in, written.tokens_out) == (
        "A red tea pot",
        "",
        20,
        3,
    )
    (body,) = server.asked
    assert body["messages"] == [{"role": one.role, "content": one.text} for one in TOLD]
    assert (body["model"], body["seed"], body["max_tokens"], body["temperature"]) == ("m", 5, 9, 0.5)
    assert body["response_format"]["json_schema"]["schema"] == FORM
    assert server.keys == [f"Bearer {SECRET}"]


def test_the_key_may_stand_in_a_file(
    server: Speaking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HAWKER_WRITER_KEY", raising=False)
    asking(server).write(TOLD)
    (tmp_path / "key").write_text(f"{SECRET}\nan older one\n")
    monkeypatch.setenv("HAWKER_WRITER_KEY_FILE", str(tmp_path / "key"))
    asking(server).write(TOLD)
    assert server.keys == [None, f"Bearer {SECRET}"]
    monkeypatch.setenv("HAWKER_WRITER_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(BadSetting, match="HAWKER_WRITER_KEY_FILE"):
        asking(server).write(TOLD)


@pytest.mark.parametrize("fault", [429, 500, 503, "drop"])
def test_what_passes_is_asked_again(server: Speaking, fault: int | str) -> None:
    server.faults = [fault, fault]
    assert asking(server).write(TOLD).text == "A red tea pot"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "reason", "asked"),
    [
        (429, "busy", 3),
        (500, "away", 3),
        ("drop", "away", 3),
        ("text", "garbage", 1),
        ("wrong", "garbage", 1),
        ("babble", "garbage", 1),
        ("silent", "empty", 1),
        ("cut", "cut", 1),
        ("filtered", "stopped", 1),
    ],
)
def test_what_lasts_is_a_reason(server: Speaking, fault: int | str, reason: str, asked: int) -> None:
    server.faults = [fault] * 3
    written = asking(server).write(TOLD)
    assert written.reason == reason
    assert len(server.asked) == asked


def test_an_answer_that_does_not_begin_is_slow(server: Speaking) -> None:
    server.faults = ["slow"] * 3
    assert asking(server, first_seconds=0.1, tries=2).write(TOLD).reason == "slow"
    assert len(server.asked) == 2


def test_an_answer_that_does_not_end_is_slow_and_what_came_is_kept(server: Speaking) -> None:
    server.faults, server.says = ["trickle"], ["a"] * 40
    written = asking(server, whole_seconds=0.25).write(TOLD)
    assert written.reason == "slow"
    assert 1 <= len(written.text) < 10


def test_how_long_to_wait_is_told(server: Speaking) -> None:
    for header in ("42", formatdate(time() + 42, usegmt=True)):
        server.faults = [(429, {"Retry-After": header}, "{}")]
        written = asking(server).write(TOLD)
        assert written.reason == "busy"
        assert 40 < written.wait <= 42
    server.faults = [(429, {"Retry-After": "0.05"}, "{}")]
    written = asking(server).write(TOLD)
    assert (written.reason, written.seconds >= 0.05, len(server.asked)) == ("", True, 4)


def test_it_keeps_to_a_rate_by_itself(server: Speaking) -> None:
    by = asking(server, requests_a_minute=2)
    assert [by.write(TOLD).reason for _ in range(3)] == ["", "", "busy"]
    assert 50 < by.write(TOLD).wait <= 60
    assert len(server.asked) == 2


@pytest.mark.parametrize("unknown", ["response_format", "stream_options", "seed", "max_tokens"])
def test_what_a_server_does_not_know_is_left_out_from_then_on(server: Speaking, unknown: str) -> None:
    server.refuses = {unknown}
    by = asking(server)
    assert [by.write(TOLD, schema=FORM).text for _ in range(2)] == ["A red tea pot"] * 2
    assert [unknown in body for body in server.asked] == [True, False, False]
    last = server.asked[-1]
    assert last.get("max_completion_tokens" if unknown == "max_tokens" else "max_tokens") == 512
    assert ('"maxLength": 30' in last["messages"][-1]["content"]) == (unknown == "response_format")


def test_a_server_that_does_not_stream_is_understood(server: Speaking) -> None:
    assert asking(server, stream=False).write(TOLD).text == "A red tea pot"
    server.counts = False
    assert asking(server).write(TOLD).tokens_out == 3


@pytest.mark.parametrize(
    ("fault", "said"), [(401, "HAWKER_WRITER_KEY"), (404, "model 'm'"), (307, "307"), (418, "log")]
)
def test_what_no_repetition_mends_is_raised(
    server: Speaking, fault: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAWKER_WRITER_KEY", SECRET)
    server.faults = [fault]
    with pytest.raises(BadReply, match=said) as refused:
        asking(server).write(TOLD)
    assert len(server.asked) == 1
    assert SECRET not in str(refused.value)


def test_more_than_it_can_hold_is_no_fault_of_the_schema(server: Speaking) -> None:
    server.faults = [(400, {}, '{"error": {"code": "context_length_exceeded"}}')]
    assert asking(server).write(TOLD, schema=FORM).reason == "too_long"
    assert asking(server).write(TOLD, schema=FORM).reason == ""
    assert "response_format" in server.asked[-1]


def test_without_a_model_the_first_listed_writes(server: Speaking) -> None:
    by = Remote(server.url)
    by.write(TOLD)
    assert server.asked[0]["model"] == "listed-7b"
    assert (by.name, by.small) == (f"openai:{server.url}", False)
    assert Remote(server.url, "qwen-0.5b").small


def test_nobody_is_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
    assert Remote(url, "m", rules=WriterRules(tries=1)).write(TOLD).reason == "away"


def test_a_server_that_takes_no_call_is_not_waited_for_long() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(0)
        port = held.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        rules = WriterRules(tries=1, connect_seconds=0.2, first_seconds=30)
        written = Remote(f"http://127.0.0.1:{port}/v1", "m", rules=rules).write(TOLD)
        for one in waiting:
            one.close()
    assert written.reason in ("away", "slow")
    assert written.seconds < 10
