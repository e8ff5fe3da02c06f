"""Small pictures of figures: SVG for pages, Unicode for terminals. Drawing only; no figure is computed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from hawker.measurement.page import Figure, Look, Trend

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_WIDE, _HIGH, _LEFT, _LOW = 520, 184, 46, 24


def sparkline(values: Sequence[float | None], *, width: int = 24) -> str:
    """A line of blocks, one a value; more values than `width` are averaged in order.

    >>> sparkline([1, 2, None, 8])
    '▁▂ █'
    """
    points = _binned(values, width)
    known = [value for value in points if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    step = (high - low) / (len(_LEVELS) - 1) or 1.0
    return "".join(" " if value is None else _LEVELS[round((value - low) / step)] for value in points)


def bar(value: float | None, most: float, *, width: int = 8) -> str:
    """A bar of `width` cells in eighths.

    >>> bar(3, 4, width=4)
    '███ '
    """
    if value is None or most <= 0:
        return " " * width
    whole, rest = divmod(round(max(0.0, min(1.0, value / most)) * width * 8), 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def whisker(figure: Figure, most: float, *, width: int = 9) -> str:
    """An interval as a line with its value marked, on a scale from 0 to `most`.

    >>> whisker(Figure("", value=0.5, low=0.25, high=0.75), 1.0, width=9)
    '  ├─●─┤  '
    """
    if figure.value is None or figure.low is None or figure.high is None or most <= 0:
        return " " * width
    low, value, high = (
        round(min(1.0, part / most) * (width - 1)) for part in (figure.low, figure.value, figure.high)
    )
    cells = [" "] * low + ["─"] * (high - low + 1) + [" "] * (width - 1 - high)
    cells[low], cells[high] = "├", "┤"
    cells[value] = "●"
    return "".join(cells)


def spark_svg(values: Sequence[float | None], *, width: int = 140, height: int = 32) -> str:
    """A small line without axes, for a tile; decoration, so hidden from readers of text."""
    points = _binned(values, width // 2)
    known = [value for value in points if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    across, down = width / max(len(points) - 1, 1), (height - 6) / ((high - low) or 1.0)
    places = [
        None if value is None else (i * across, height - 3 - (value - low) * down)
        for i, value in enumerate(points)
    ]
    return (
        f'<svg class="spark" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="line" d="{_path(places)}"/></svg>'
    )


def bar_svg(value: float | None, most: float) -> str:
    """A bar for a table's cell."""
    share = 0.0 if value is None or most <= 0 else max(0.0, min(1.0, value / most))
    return (
        f'<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="6" rx="3"/>'
        f'<rect class="fill" width="{share * 100:.1f}" height="6" rx="3"/></svg>'
    )


def whisker_svg(figure: Figure, most: float) -> str:
    """An interval with its value, for a table's cell."""
    if figure.value is None or figure.low is None or figure.high is None or most <= 0:
        return ""
    low, value, high = (
        4 + 92 * max(0.0, min(1.0, part / most)) for part in (figure.low, figure.value, figure.high)
    )
    return (
        f'<svg class="whisker" viewBox="0 0 100 10" aria-hidden="true">'
        f'<line class="axis" x1="4" y1="5" x2="96" y2="5"/>'
        f'<line class="span" x1="{low:.1f}" y1="5" x2="{high:.1f}" y2="5"/>'
        f'<circle class="dot" cx="{value:.1f}" cy="5" r="3.2"/></svg>'
    )


def trend_svg(trend: Trend) -> str:
    """A chart of days with a scale and a title for readers of text."""
    most = _round_up(max((f.high or f.value or 0.0) for f in trend.figures) or 1.0)
    inner, floor = _WIDE - _LEFT - 6, _HIGH - _LOW
    body = (_bars if trend.look is Look.BAR else _band)(trend, most, inner, floor)
    rate = trend.look is Look.INTERVAL
    ticks = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDE - 6}" y1="{(y := floor - (floor - 10) * k / 4):.1f}" '
        f'y2="{y:.1f}"/><text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
        f"{escape(_tick(most * k / 4, rate))}</text>"
        for k in range(5)
    )
    step = max(1, -(-len(trend.labels) // 7))
    days = "".join(
        f'<text class="tick" x="{_LEFT + inner * (i + 0.5) / len(trend.labels):.1f}" y="{_HIGH - 6}" '
        f'text-anchor="middle">{escape(label[5:])}</text>'
        for i, label in enumerate(trend.labels)
        if i % step == 0 and len(trend.labels) - i > step // 2
    )
    return (
        f'<svg class="trend" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(trend.title)}">'
        f"{ticks}{body}{days}</svg>"
    )


def _bars(trend: Trend, most: float, inner: float, floor: float) -> str:
    slot = inner / len(trend.figures)
    wide = max(0.6, slot * 0.72)
    return "".join(
        f'<rect class="fill" x="{_LEFT + slot * i + (slot - wide) / 2:.1f}" '
        f'y="{floor - (h := (floor - 10) * (f.value or 0) / most):.1f}" '
        f'width="{wide:.1f}" height="{h:.1f}" rx="1.5">'
        f"<title>{escape(f'{label}: {f.text}')}</title></rect>"
        for i, (label, f) in enumerate(zip(trend.labels, trend.figures, strict=True))
    )


def _band(trend: Trend, most: float, inner: float, floor: float) -> str:
    slot = inner / len(trend.figures)
    x = [_LEFT + slot * (i + 0.5) for i in range(len(trend.figures))]

    def places(name: str) -> list[tuple[float, float] | None]:
        found = [getattr(figure, name) for figure in trend.figures]
        return [
            None if v is None else (a, floor - (floor - 10) * v / most) for a, v in zip(x, found, strict=True)
        ]

    lows, highs, middle = places("low"), places("high"), places("value")
    whiskers = "".join(
        f'<line class="span faint" x1="{low[0]:.1f}" x2="{low[0]:.1f}" y1="{low[1]:.1f}" y2="{high[1]:.1f}"/>'
        for low, high in zip(lows, highs, strict=True)
        if low and high
    )
    dots = "".join(
        f'<circle class="dot" cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="2.6">'
        f"<title>{escape(f'{label}: {f.text} ({f.detail})')}</title></circle>"
        for point, label, f in zip(middle, trend.labels, trend.figures, strict=True)
        if point
    )
    return f'{whiskers}<path class="line" d="{_path(middle)}"/>{dots}'


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    parts, pen = [], "M"
    for place in places:
        if place is None:
            pen = "M"
            continue
        parts.append(f"{pen}{place[0]:.1f} {place[1]:.1f}")
        pen = "L"
    return "".join(parts)


def _binned(values: Sequence[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return list(values)
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    binned: list[float | None] = []
    for start, end in pairwise(edges):
        known = [value for value in values[start:end] if value is not None]
        binned.append(sum(known) / len(known) if known else None)
    return binned


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten, for a scale that ends on a round number."""
    power = 10.0 ** (len(f"{int(value)}") - 1) if value >= 1 else 1.0
    while power > value:
        power /= 10
    return next(
        power * step for step in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if power * step >= value * 0.999999
    )


def _tick(value: float, rate: bool) -> str:
    if rate:
        return f"{value * 100:.3g}%"
    if value >= 1_000_000:
        return f"{value / 1_000_000:.3g}M"
    return f"{value / 1000:.3g}k" if value >= 10_000 else f"{value:,.4g}"
