"""Alarms: silent on noise, loud on a planted drop, and honest about what they cannot judge."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from hawker.measurement import Windows, alarms
from hawker.measurement.alarms import rate_band, volume_band
from hawker.measurement.report import Cell, Report, Section
from hawker.records.finding import Severity
from hawker.statistics import Estimate

DAY = 86_400_000_000
FIRST = date(2023, 1, 2)  # a Monday
DAYS = 57


def shop(
    seed: int,
    *,
    drop: float = 1.0,
    day: int = DAYS - 2,
    crowd: float = 1.0,
    skip: int = -1,
    level: float = 6000,
) -> Report:
    """Eight weeks of a shop with weekend peaks; on one day the click rate or the crowd changes."""
    rng = np.random.default_rng(seed)
    cells = []
    for n in range(DAYS):
        if n == skip:
            continue
        shown = int(rng.poisson(level * (1.4 if n % 7 > 4 else 1.0) * (crowd if n == day else 1.0)))
        clicks = int(rng.binomial(shown, 0.03 * (drop if n == day else 1.0)))
        sales = int(rng.binomial(shown, 0.02))
        key = (FIRST + timedelta(days=n)).isoformat()
        counts = {"impressions": shown, "clicks": clicks, "seen_clicks": clicks, "prompt": sales}
        cells.append(Cell(key, key, spend=clicks * 250_000, conversions=sales, **counts))
    first = (FIRST - date(1970, 1, 1)).days * DAY
    total = Cell("", "", seen_clicks=1, ctr=Estimate())
    newest = first + (DAYS + 1) * DAY
    windows = Windows()
    sections = (Section("day", tuple(cells)),)
    return Report("shop", "USD", first, newest, total, sections, (), (), windows, newest, newest)


def test_a_drop_of_forty_per_cent_is_caught() -> None:
    caught = [{finding.place for finding in alarms(shop(seed, drop=0.6))} for seed in range(20)]
    target = f"ctr:{FIRST + timedelta(days=DAYS - 2)}"
    assert sum(target in places for places in caught) >= 19


def test_a_crowd_that_stays_away_is_caught_and_said_plainly() -> None:
    found = next(f for f in alarms(shop(1, crowd=0.6)) if f.place.startswith("impressions:"))
    assert found.reason == "volume_below_band"
    assert "below the expected" in found.message
    silence = next(f for f in alarms(shop(1, skip=DAYS - 2)) if f.place.startswith("impressions:"))
    assert silence.severity is Severity.ERROR
    assert silence.message.startswith("Impressions: 0, below")
    chinese = next(f for f in alarms(shop(1, crowd=0.6), language="zh") if f.place == found.place)
    assert chinese.message.startswith("展示量为")


def test_noise_rarely_rings() -> None:
    """About 0.2 % of judgements may; 20 shops × 7 days × 5 series are 700."""
    assert sum(len(alarms(shop(seed))) for seed in range(20)) <= 5


@pytest.mark.parametrize(("trials", "rate"), [(5000, 0.03), (500, 0.02), (200, 0.01)])
def test_the_false_alarm_rate_of_rates_under_the_null(trials: int, rate: float) -> None:
    rng = np.random.default_rng(3)
    weekdays = np.arange(43) % 7
    rung = 0
    for _ in range(300):
        shown = rng.poisson(trials, 43).astype(np.float64)
        clicks = rng.binomial(shown.astype(int), rate * (1 + 0.15 * (weekdays > 4))).astype(np.float64)
        band = rate_band(clicks, shown, weekdays=weekdays, false_alarms=0.01)
        assert band is not None
        rung += band.score > 1
    assert rung <= 10  # 3 are expected at most


@pytest.mark.parametrize("days", [20, 43])
def test_the_false_alarm_rate_of_volumes_under_the_null(days: int) -> None:
    rng = np.random.default_rng(4)
    weekdays = np.arange(days) % 7
    rung = 0
    for _ in range(300):
        values = 10_000 * np.exp(rng.normal(0, 0.1, days) + 0.3 * (weekdays > 4))
        band = volume_band(values, weekdays=weekdays, false_alarms=0.01)
        assert band is not None
        rung += band.score > 1
    assert rung <= 10


def test_a_bad_day_in_the_past_hides_nothing() -> None:
    weekdays = np.arange(43) % 7
    shown = np.full(43, 5000.0)
    clicks = np.full(43, 150.0)
    clicks[20] = 0
    clicks[-1] = 80
    band = rate_band(clicks, shown, weekdays=weekdays, false_alarms=0.002)
    assert band is not None
    assert band.score > 1
    assert band.low < 0.03 < band.high


def test_too_little_history_is_not_judged() -> None:
    few = np.full(10, 100.0)
    assert rate_band(few, few * 10, weekdays=np.arange(10) % 7, false_alarms=0.01) is None
    assert volume_band(few, weekdays=np.arange(10) % 7, false_alarms=0.01) is None


def test_an_unfinished_day_is_not_judged() -> None:
    report = shop(1, drop=0.0, day=DAYS - 1)
    last = FIRST + timedelta(days=DAYS - 1)
    assert any(f.place == f"ctr:{last}" for f in alarms(report))
    noon = ((last - date(1970, 1, 1)).days) * DAY + DAY // 2
    assert not any(f.place.endswith(str(last)) for f in alarms(report, now=noon))
