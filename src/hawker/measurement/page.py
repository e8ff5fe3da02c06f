"""What is shown, apart from how: tiles, trends, tables and prose, each figure with its interval.

A report and a data-quality check both become a `Page`; terminal, CSV and HTML each draw any page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from hawker.measurement import words
from hawker.records.money import MICROS, display
from hawker.statistics import Estimate

NOTHING = "–"


class Figure(Struct, frozen=True):
    """One figure: `text` as a person reads it, `detail` its interval or reason, `raw` for files.

    `value`, `low` and `high` are what a chart draws; None where there is nothing to draw.
    """

    text: str
    detail: str = ""
    raw: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Look(StrEnum):
    """How a column is drawn beside its text."""

    TEXT = "text"
    NUMBER = "number"
    BAR = "bar"
    INTERVAL = "interval"


class Column(Struct, frozen=True):
    """A column of a table: a hidden one is in files only; where room lacks, the highest `rank` goes first."""

    key: str
    title: str
    look: Look = Look.NUMBER
    hidden: bool = False
    rank: int = 0


class Table(Struct, frozen=True):
    """Rows of figures; `shown` is how many a person sees, files hold all; `more` says so."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Figure, ...], ...]
    shown: int = 20
    more: str = ""
    narrow: str = "{names}"

    @property
    def visible(self) -> tuple[tuple[Figure, ...], ...]:
        """The rows a person sees."""
        return self.rows[: self.shown]


class Tile(Struct, frozen=True):
    """One headline figure with the small line of its days."""

    title: str
    figure: Figure
    series: tuple[float | None, ...] = ()


class Tiles(Struct, frozen=True):
    """The headline figures."""

    tiles: tuple[Tile, ...]


class Trend(Struct, frozen=True):
    """A figure day by day: bars where it is a count, a line with its band where it is a rate."""

    title: str
    labels: tuple[str, ...]
    figures: tuple[Figure, ...]
    look: Look = Look.BAR


class Tone(StrEnum):
    """What prose is for."""

    NOTE = "note"
    ALARM = "alarm"
    METHOD = "method"


class Prose(Struct, frozen=True):
    """Sentences under a heading."""

    title: str
    lines: tuple[str, ...]
    tone: Tone = Tone.NOTE


Block = Tiles | Trend | Table | Prose


class Page(Struct, frozen=True):
    """A page in one language."""

    title: str
    subtitle: str
    language: str
    blocks: tuple[Block, ...]


def text(value: str) -> Figure:
    """Words as a figure."""
    return Figure(value, raw=value)


def count(value: int) -> Figure:
    """How many."""
    return Figure(f"{value:,}", raw=str(value), value=float(value))


def money(amount: int, currency: str = "") -> Figure:
    """Micros as an amount; exact in files."""
    exact = format((Decimal(amount) / MICROS).normalize(), "f")
    return Figure(display(amount), currency, raw=exact, value=amount / MICROS)


def share(part: int, whole: int) -> Figure:
    """A part of a complete count: no sample, so no interval."""
    if not whole:
        return Figure(NOTHING)
    return Figure(percent(part / whole), f"{part:,} / {whole:,}", f"{part / whole:.6g}", part / whole)


def estimate(value: Estimate, language: str, *, times: bool = False) -> Figure:
    """A rate with its interval, or the reason why there is none; `times` shows a multiple."""
    if value.value is None or value.low is None or value.high is None:
        return Figure(NOTHING, words.reason(value.reason, language))
    numbers = [f"{n:,.2f}" for n in (value.value, value.low, value.high)] if times else _percents(value)
    return Figure(
        numbers[0],
        f"{numbers[1].rstrip('%')}–{numbers[2]}",
        f"{value.value:.8g}",
        value.value,
        value.low,
        value.high,
    )


def percent(value: float, *, digits: int | None = None) -> str:
    """A share as a percentage with about three figures.

    >>> percent(0.0591), percent(0.00071), percent(1.0)
    ('5.91%', '0.071%', '100%')
    """
    if digits is None:
        digits = _digits(value)
    return f"{value * 100:.{digits}f}%"


def moment(time: int, *, shift: int = 0) -> str:
    """A time as the shop's clock shows it, to the minute."""
    return datetime.fromtimestamp((time + shift) / MICROS, UTC).strftime("%Y-%m-%d %H:%M")


def date(time: int, *, shift: int = 0) -> str:
    """The shop's day of a time."""
    return moment(time, shift=shift)[:10]


def _percents(value: Estimate) -> list[str]:
    assert value.value is not None
    assert value.low is not None
    assert value.high is not None
    digits = _digits(value.high)
    return [percent(n, digits=digits) for n in (value.value, value.low, value.high)]


def _digits(value: float) -> int:
    size = abs(value) * 100
    return 0 if size in (0, 100) else 1 if size >= 10 else 2 if size >= 1 else 3
