"""How a call speaks: bars behind slow work, estimates with their reason, findings by weight."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from hawker.cli import call as calls
from hawker.cli.call import Call
from hawker.cli.words import TOPICS, WORDS, words
from hawker.records.finding import Finding, Severity
from hawker.statistics import Estimate, unknown


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """A call whose two streams are kept, on terminals of 80 columns."""
    made = Call(tmp_path)
    made.__dict__["out"] = Console(file=io.StringIO(), width=80, highlight=False)
    made.__dict__["err"] = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    return made


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_quick_work_shows_no_bar(call: Call) -> None:
    with call.progress() as tell:
        tell("reading", 0.5)
    assert printed(call.err) == ""


def test_slow_work_shows_a_bar_and_where_it_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PATIENCE", 0.01)
    with call.progress() as tell:
        tell("reading " + "x" * 90, 0.5)
        for _ in range(200):
            time.sleep(0.01)
            if "50%" in printed(call.err):
                break
    assert "50%" in printed(call.err)
    assert "…" in printed(call.err)
    assert printed(call.out) == ""


def test_a_bar_is_cleared_away_when_the_work_fails(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PATIENCE", 0.0)

    def work() -> None:
        with call.progress() as tell:
            tell("", 2.0)
            time.sleep(0.05)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert not call.err._live_stack


def test_an_estimate_without_an_answer_says_why(call: Call) -> None:
    assert call.estimated(unknown("too few"), ".1%") == ("–", "too few")
    assert call.estimated(Estimate(0.5, 0.25, 0.75), ".1%") == ("50.0%", "25.0% … 75.0%")
    assert calls.bounds(unknown("too few")) == {"value": None, "low": None, "high": None, "reason": "too few"}


def test_findings_are_listed_worst_first_and_then_counted(call: Call) -> None:
    many = [Finding(f"f:{n}", "x", f"message {n}", Severity.NOTE, n + 1) for n in range(30)]
    call.findings([*many, Finding("g", "y", "the worst", Severity.ERROR)])
    told = printed(call.out).splitlines()
    body = [line for line in told if "message" in line or "worst" in line]
    assert "the worst" in body[0]
    assert "message 29" in body[1]
    assert len(body) == calls.SHOWN
    assert "11 more" in told[-1]


def test_full_width_characters_keep_their_columns(call: Call) -> None:
    lines = calls.table("a", "b")
    lines.add_row("会员编号", "x")
    lines.add_row("user", "x")
    call.say(lines)
    _, chinese, english = printed(call.out).splitlines()
    assert chinese == "会员编号   x"
    assert english == "user       x"


def test_a_sentence_stands_in_one_topic_only() -> None:
    assert len(WORDS) == sum(len(topic) for topic in TOPICS)


def test_every_word_exists_in_both_languages() -> None:
    for code, (english, chinese) in WORDS.items():
        fields = [{part.split(":")[0] for part in text.split("{")[1:]} for text in (english, chinese)]
        names = [{name.split("}")[0].split(":")[0] for name in found} for found in fields]
        assert names[0] == names[1], code
        assert english
        assert chinese
    assert words("next", "fr") == "Next"
    assert words("next", "zh-Hans") == "下一步"


def test_people_whom_a_finding_quotes_are_masked(call: Call) -> None:
    found = [Finding("log:1", "bad_price", "'jane.doe@example.com' is not a price.", Severity.ERROR)]
    call.findings(found)
    told = printed(call.out) + str(calls.plain(found))
    assert "jane.doe" not in told
    assert "j…@example.com" in told
