"""What a report says of its traffic: viewable, closed, complained of, and what was no person's at all."""

from __future__ import annotations

import json

import pytest
from tests.measurement.toy import HOUR, NOON, ad, lay

from hawker.delivery.traffic import REASONS
from hawker.measurement import as_json, csv, html, report, terminal
from hawker.measurement.words import RULES
from hawker.records.events import Event
from hawker.statistics import Estimate, proportion


def crowd(shown: int = 100, *, viewable: int = 0, hidden: int = 0, marked: int = 0) -> list[Event]:
    """Each ad to a shopper of its own; the first so many in view, the last so many hidden."""
    events = [ad("ad_impression", f"d{n}", NOON + n, shopper=f"s{n}") for n in range(shown)]
    events += [ad("ad_viewable", f"d{n}", NOON + HOUR, shopper=f"s{n}") for n in range(viewable)]
    events += [ad("ad_hide", f"d{shown - 1 - n}", NOON + HOUR, shopper="any") for n in range(hidden)]
    rules = ("invalid: declared_bot", "invalid: rate")
    events += [
        ad("ad_impression", f"bot{n}", NOON, shopper=f"b{n}", reason=rules[n % 3 > 1]) for n in range(marked)
    ]
    return events


def test_the_viewable_rate_stands_with_its_interval() -> None:
    total = report(lay(crowd(viewable=70))).totals
    assert (total.impressions, total.viewable) == (100, 70)
    assert total.viewable_rate == proportion(70, 100)
    assert "viewability_mrc" in {note.code for note in report(lay(crowd(viewable=70))).method}


def test_where_nothing_was_measured_there_is_no_viewable_rate() -> None:
    found = report(lay(crowd()))
    assert found.totals.viewable_rate.reason == "no viewable impressions are recorded in this data"
    assert "viewability" in {note.code for note in found.method}


def test_an_impression_is_viewable_once_and_hidden_once() -> None:
    twice = [ad("ad_viewable", "d1", NOON + n, shopper="s1") for n in range(3)]
    closed = [ad("ad_hide", "d1", NOON + n, shopper="s1") for n in range(2)]
    spoke = [ad("ad_feedback", "d1", NOON + 1, shopper="s1", text="no", product="tea")]
    total = report(lay([*crowd(), *twice, *closed, *spoke])).totals
    assert (total.viewable, total.hides, total.feedback) == (1, 1, 1)


def test_the_share_of_invalid_traffic_and_its_rules() -> None:
    found = report(lay(crowd(viewable=20, marked=30)))
    assert found.totals.impressions == 100  # what is marked is counted nowhere
    assert (found.traffic.received, found.traffic.invalid) == (150, 30)
    assert found.traffic.share.method == "clustered wilson"
    assert found.traffic.share.value == pytest.approx(0.2)
    assert found.traffic.share.low < 0.2 < found.traffic.share.high  # type: ignore[operator]
    assert {one.kind: (one.received, one.invalid) for one in found.traffic.kinds} == {
        "ad_impression": (130, 30),
        "ad_viewable": (20, 0),
    }
    assert {one.rule: one.count for one in found.traffic.rules} == {"declared_bot": 20, "rate": 10}


def test_one_bot_is_one_sender_however_often_it_asks() -> None:
    """A hundred events of one address tell less of the share than a hundred of a hundred."""
    one = [ad("ad_impression", f"x{n}", NOON, shopper="bot", reason="invalid: rate") for n in range(50)]
    many = [ad("ad_impression", f"x{n}", NOON, shopper=f"b{n}", reason="invalid: rate") for n in range(50)]
    lone, spread = (report(lay([*crowd(), *more])).traffic.share for more in (one, many))
    assert lone.value == spread.value == pytest.approx(1 / 3)
    assert width(lone) > 2 * width(spread)


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def test_too_little_traffic_gives_the_reason() -> None:
    assert report(lay([])).traffic.share.reason == "no ad events"
    assert report(lay(crowd(9))).traffic.share.reason == "fewer than 30 ad events"
    alone = [ad("ad_impression", f"d{n}", NOON, shopper="ann") for n in range(60)]
    assert report(lay(alone)).traffic.share.reason == "fewer than 10 shoppers"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_form_shows_it_in_both_languages(language: str) -> None:
    found = report(lay(crowd(viewable=60, hidden=5, marked=30)))
    said = {"en": ("Viewable rate", "Invalid traffic", "declared bot", "Hides")}
    said["zh"] = ("可见率", "无效流量", "声明的机器人", "隐藏")
    for text in (terminal(found, language=language), html(found, language=language)):
        for words in said[language]:
            assert words in text
    assert "declared" in csv(found, language="en")
    document = json.loads(as_json(found, language=language))
    assert document["traffic"]["rules"][0] == {"rule": "declared_bot", "count": 20}
    assert document["totals"]["hide_rate"]["value"] == 0.05


def test_every_rule_has_its_words() -> None:
    assert set(RULES) == set(REASONS)
