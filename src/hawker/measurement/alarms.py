"""When a day's figure leaves its band: judged by the days before it, the weekday and its own noise.

Counts are compared on the square-root scale (Anscombe), where their noise hardly depends on their
level; volumes on the log scale. Level and spread are robust, so that one bad day in the past neither
hides nor raises an alarm. Conversions count here only when prompt (within a day of the ad), because
later ones are still to come for recent days.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from math import exp, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hawker.measurement.attribution import DAY
from hawker.measurement.page import percent
from hawker.measurement.report import Cell, Report
from hawker.measurement.words import sentence, word
from hawker.records.finding import Finding, Severity
from hawker.records.money import display
from hawker.statistics.intervals import student

LEAST_DAYS = 14
LONGEST = 56
_WEEKS = 28  # days of history before weekdays are told apart
_CALM = 0.03  # the least spread of a volume on the log scale: no band is tighter than this
_CALM_UNITS = 25.0  # events a weekday needs before its own level counts as much as the common one
_MAD = 1.4826
_EFFICIENCY = 0.4  # what a robust spread from n days is worth, as a share of n

Days = NDArray[np.float64]


class Band(NamedTuple):
    """Where a day's figure was expected; `score` is how far it lies out, 1 being the edge."""

    value: float
    low: float
    high: float
    score: float


class _Series(NamedTuple):
    """What is judged: a volume (`of` is '') or a rate of two counts, and how it is written."""

    name: str
    above: str
    of: str
    written: Callable[[float], str]
    delay: int = 0


def _whole(value: float) -> str:
    return f"{value:,.0f}"


_SERIES = (
    _Series("impressions", "impressions", "", _whole),
    _Series("spend", "spend", "", lambda value: display(round(value))),
    _Series("ctr", "seen_clicks", "impressions", percent),
    _Series("conversion_rate", "prompt", "impressions", percent, DAY),
    _Series("cvr", "prompt", "clicks", percent, DAY),
)


def alarms(
    report: Report,
    *,
    days: int = 7,
    false_alarms: float = 0.002,
    now: int | None = None,
    language: str = "en",
) -> list[Finding]:
    """Judge each of the last `days` finished days of a report that is broken down by day.

    About `false_alarms` of the judgements ring without a cause. Fewer than 14 days before a day are
    too few to judge it. `now` (microseconds) says which days are over; without it, the log's newest
    event and the hour after it do.
    """
    cells = _calendar(report.section("day").cells)
    until = report.newest + DAY // 24 if now is None else now
    silent = not report.totals.seen_clicks
    found = []
    for series in _SERIES:
        if silent and series.name in ("ctr", "cvr"):
            continue
        over = [cell for cell in cells if _end(cell.key, report.shift) + series.delay <= until]
        for place in range(max(LEAST_DAYS, len(over) - days), len(over)):
            band = _judged(series, over[max(0, place - LONGEST) : place + 1], false_alarms)
            if band is not None and band.score > 1:
                found.append(_finding(series, over[place].key, band, language))
    return sorted(found, key=lambda finding: (finding.place.partition(":")[2], finding.place))


def rate_band(counts: Days, trials: Days, *, weekdays: NDArray[np.intp], false_alarms: float) -> Band | None:
    """The band of the last day's rate, from the days before it; None where there is nothing to judge.

    The spread is at least binomial, and more where the past days varied more than that.
    """
    if trials[-1] <= 0:
        return None
    past, of = counts[:-1], trials[:-1]
    kept = of > 0
    if kept.sum() < LEAST_DAYS or past[kept].sum() <= 0:
        return None
    for _ in range(3):
        level = past[kept].sum() / of[kept].sum()
        weekly = _weekly(past, of * level, weekdays=weekdays, kept=kept)
        expected = level * trials * weekly
        gaps = 2 * (np.sqrt(counts + 0.375) - np.sqrt(expected + 0.375))
        spread = max(1.0, _spread(gaps[:-1][of > 0]) ** 2)
        kept = (of > 0) & (np.abs(gaps[:-1]) <= 3 * sqrt(spread))
        if kept.sum() < LEAST_DAYS // 2:
            return None
    doubt = expected[-1] / max(past[kept].sum(), 1.0)
    edge = student(1 - false_alarms, freedom=_EFFICIENCY * kept.sum()) * sqrt(spread + doubt)
    root = sqrt(expected[-1] + 0.375)
    low, high = (max(0.0, root + side * edge / 2) ** 2 - 0.375 for side in (-1, 1))
    return Band(
        counts[-1] / trials[-1],
        max(low, 0.0) / trials[-1],
        high / trials[-1],
        abs(float(gaps[-1])) / edge,
    )


def volume_band(values: Days, *, weekdays: NDArray[np.intp], false_alarms: float) -> Band | None:
    """The band of the last day's volume, from the days before it; None where most of those were empty."""
    past = values[:-1]
    if len(past) < LEAST_DAYS or np.median(past) <= 0:
        return None
    floor = float(np.median(past)) / 1000
    logs = np.log(np.maximum(values, floor))
    shape = np.zeros(7)
    if len(past) >= _WEEKS:
        centre = float(np.median(logs[:-1]))
        shape = np.array([np.median(logs[:-1][weekdays[:-1] == day]) - centre for day in range(7)])
    flat = logs - shape[weekdays]
    level = float(np.median(flat[:-1][-_WEEKS:]))
    fitted = 7 if len(past) >= _WEEKS else 1
    spread = _spread(flat[:-1]) * sqrt(len(past) / (len(past) - 2 * fitted))
    if fitted == 1:  # weekdays are not told apart yet, so their differences are part of the spread
        spread = max(spread, float(np.std(flat[:-1], ddof=1)))
    spread = max(spread, _CALM) * sqrt(1 + 1.6 * fitted / len(past))
    edge = student(1 - false_alarms, freedom=_EFFICIENCY * (len(past) - fitted)) * spread
    middle = level + shape[weekdays[-1]]
    score = abs(float(logs[-1]) - middle) / edge
    return Band(float(values[-1]), exp(middle - edge), exp(middle + edge), score)


def _judged(series: _Series, cells: Sequence[Cell], false_alarms: float) -> Band | None:
    counts = np.array([getattr(cell, series.above) for cell in cells], dtype=np.float64)
    weekdays = np.array([date.fromisoformat(cell.key).weekday() for cell in cells], dtype=np.intp)
    if not series.of:
        return volume_band(counts, weekdays=weekdays, false_alarms=false_alarms)
    trials = np.array([getattr(cell, series.of) for cell in cells], dtype=np.float64)
    return rate_band(counts, trials, weekdays=weekdays, false_alarms=false_alarms)


def _weekly(counts: Days, expected: Days, *, weekdays: NDArray[np.intp], kept: NDArray[np.bool_]) -> Days:
    """How much above the common level each day's weekday runs, drawn towards 1 where events are few."""
    if len(counts) < _WEEKS:
        return np.ones(len(weekdays))
    past = weekdays[:-1][kept]
    seen = np.bincount(past, counts[kept], minlength=7) + _CALM_UNITS
    usual = np.bincount(past, expected[kept], minlength=7) + _CALM_UNITS
    factors: Days = (seen / usual)[weekdays]
    return factors


def _spread(gaps: Days) -> float:
    return _MAD * float(np.median(np.abs(gaps - np.median(gaps)))) if gaps.size else 0.0


def _calendar(cells: Sequence[Cell]) -> list[Cell]:
    """The days without holes: one on which nothing was shown is a day of zeros."""
    if not cells:
        return []
    known = {cell.key: cell for cell in cells}
    first, last = (date.fromisoformat(cells[place].key) for place in (0, -1))
    keys = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    return [known.get(key) or Cell(key=key, label=key) for key in keys]


def _end(day: str, shift: int) -> int:
    """The moment a shop's day is over."""
    return ((date.fromisoformat(day) - date(1970, 1, 1)).days + 1) * DAY - shift


def _finding(series: _Series, day: str, band: Band, language: str) -> Finding:
    side = "below" if band.value < band.low else "above"
    values = zip(("value", "low", "high"), (band.value, band.low, band.high), strict=True)
    written = {name: series.written(value) for name, value in values}
    figure = word(f"{series.name}_prompt" if series.delay else series.name, language)
    return Finding(
        place=f"{series.name}:{day}",
        reason=f"{'rate' if series.of else 'volume'}_{side}_band",
        message=sentence(f"{side}_band", {"figure": figure, **written}, language=language),
        severity=Severity.ERROR if side == "below" and band.score > 2 else Severity.WARNING,
    )
