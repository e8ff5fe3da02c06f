"""A search as a picture: one self-contained HTML page, drawn as SVG; no figure is computed here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hawker.ranking import paper
from hawker.ranking.space import Choice, Range, written

if TYPE_CHECKING:
    from hawker.ranking.study import Attempt
    from hawker.ranking.tune import Tuned

_WIDE, _HIGH, _LEFT, _LOW = 720, 240, 58, 26
_SHOWN = 10
_WORDS = {
    "title": ("Search: {kind}", "参数搜索：{kind}"),
    "about": (
        "{count} settings on {slices}, by {search}. Lower is better; hollow were given up early.",
        "共试 {count} 组参数（{slices}，{search}）。越低越好；空心点为提前终止。",
    ),
    "slice": ("one validation slice", "单一验证集"),
    "shopper": ("{folds} folds by shopper", "按顾客分 {folds} 折"),
    "time": ("{folds} folds by time", "按时间分 {folds} 折"),
    "gain": ("Gain in log loss, both fitted again: {gain}", "对数损失改进（均重新训练）：{gain}"),
    "caution": (
        "The rows that judged also chose: on rows that nobody looked at the gain is smaller.",
        "评估所用数据也用于选择，因此在全新数据上的改进会更小。",
    ),
    "losses": ("Log loss by attempt", "各次尝试的对数损失"),
    "line": (
        "Line: the best so far. Dashes: the setting as given.",
        "实线：迄今最优；虚线：初始参数。",
    ),
    "parameters": ("Log loss by parameter", "对数损失与各参数"),
    "best": ("The best", "最优参数组"),
    "attempt": ("Attempt", "尝试"),
    "loss": ("Log loss", "对数损失"),
    "seconds": ("CPU s", "CPU 秒"),
}
_EXTRA = """
.few { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 12px 18px; }
.name { fill: var(--ink); font-size: 12px; }
.line { fill: none; stroke: var(--mark); stroke-width: 1.6; }
.given { stroke: var(--soft); stroke-dasharray: 4 4; }
.done { fill: var(--mark); fill-opacity: .55; } .pruned { fill: none; stroke: var(--soft); }
.chosen { fill: var(--mark); stroke: var(--ink); stroke-width: 1.4; }
"""


def page(tuned: Tuned, language: str = "en") -> str:
    """The whole page: losses by attempt, losses by each parameter, and the best settings as a table."""
    chinese = language.lower().startswith("zh")

    def word(code: str, **values: Any) -> str:
        return escape(_WORDS[code][chinese].format(**values))

    title = word("title", kind=type(tuned.given).__name__)
    gain = f"{tuned.gain:.4f}" if tuned.gain else tuned.gain.reason
    slices = _WORDS[tuned.by or "slice"][chinese].format(folds=tuned.folds)
    about = word("about", count=len(tuned.attempts), slices=slices, search=tuned.search)
    scale = _Scale.of(tuned)
    few = "".join(_against(tuned, name, one, scale) for name, one in tuned.ranges.items())
    body = (
        f"<section><h2>{word('losses')}</h2>{_course(tuned, scale, word('losses'))}"
        f"<p>{word('line')}</p></section>\n"
        f'<section><h2>{word("parameters")}</h2><div class="few">{few}</div></section>\n'
        f"<section><h2>{word('best')}</h2>{_table(tuned, [word(c) for c in ('attempt', 'loss', 'seconds')])}"
        f"<p>{word('caution')}</p></section>\n"
    )
    return paper.page(title, [about, word("gain", gain=gain)], body, chinese=chinese, style=_EXTRA)


@dataclass(frozen=True)
class _Scale:
    """Where a loss stands: what lies far above the setting as given is drawn at the upper edge."""

    low: float
    high: float

    @classmethod
    def of(cls, tuned: Tuned) -> _Scale:
        known = sorted(one.loss for one in tuned.attempts if one.loss is not None)
        first = tuned.attempts[0].loss or known[0]
        least, usual = known[0], known[int(0.9 * (len(known) - 1))]
        room = max(usual, first) - least or abs(least) * 0.1 or 1.0
        return cls(least - 0.08 * room, max(usual, first) + 0.08 * room)

    def __call__(self, loss: float, top: float, floor: float) -> float:
        share = (min(loss, self.high) - self.low) / (self.high - self.low)
        return floor - (floor - top) * share

    def ticks(self, top: float, floor: float, left: float, right: float) -> Iterator[str]:
        """Five lines across, each with its loss."""
        for k in range(5):
            loss = self.low + (self.high - self.low) * k / 4
            y = self(loss, top, floor)
            yield f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{loss:.4f}</text>'


def _course(tuned: Tuned, scale: _Scale, title: str) -> str:
    floor, right = _HIGH - _LOW, _WIDE - 10
    across = (right - _LEFT) / max(len(tuned.attempts), 1)
    x = [_LEFT + across * (i + 0.5) for i in range(len(tuned.attempts))]
    done = [one.loss if one.state == "done" and one.loss is not None else math.inf for one in tuned.attempts]
    y = [scale(loss, 10, floor) for loss in accumulate(done, min)]
    line = "M" + "".join(
        f"{'L' if i else ''}{a:.1f} {y[max(i - 1, 0)]:.1f}L{a:.1f} {b:.1f}"
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    )
    given = scale(tuned.attempts[0].loss or 0.0, 10, floor)
    marks = "".join(_mark(tuned, one, a, scale, 10, floor) for one, a in zip(tuned.attempts, x, strict=True))
    step = max(1, -(-len(x) // 10))
    numbers = "".join(
        f'<text class="tick" x="{x[i]:.1f}" y="{_HIGH - 8}" text-anchor="middle">{i}</text>'
        for i in range(0, len(x), step)
    )
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{title}">'
        f"{''.join(scale.ticks(10, floor, _LEFT, right))}"
        f'<line class="given" x1="{_LEFT}" x2="{right}" y1="{given:.1f}" y2="{given:.1f}"/>'
        f'<path class="line" d="{line}"/>{marks}{numbers}</svg>'
    )


def _against(tuned: Tuned, name: str, one: Range, scale: _Scale) -> str:
    """One parameter: its value across, the loss upwards."""
    places, labels = _across(one, [attempt.stored[name] for attempt in tuned.attempts])
    left, right, floor = 50.0, 310.0, 150.0
    marks = "".join(
        _mark(tuned, attempt, left + (right - left) * place, scale, 24, floor)
        for attempt, place in zip(tuned.attempts, places, strict=True)
    )
    ends = "".join(
        f'<text class="tick" x="{left + (right - left) * at:.1f}" y="{floor + 16}" text-anchor="middle">'
        f"{escape(label)}</text>"
        for at, label in labels
    )
    return (
        f'<svg viewBox="0 0 330 176" role="img" aria-label="{escape(name)}">'
        f"{''.join(scale.ticks(24, floor, left, right))}"
        f'<text class="name" x="{left}" y="13">{escape(name)}</text>{marks}{ends}</svg>'
    )


def _across(one: Range, stored: Sequence[Any]) -> tuple[list[float], list[tuple[float, str]]]:
    """Where values stand between 0 and 1, and the labels below them."""
    if isinstance(one, Choice):
        known = [written(value) for value in one.of]
        middle = {text: (i + 0.5) / len(known) for i, text in enumerate(known)}
        return [middle[text] for text in stored], [(middle[t], t.strip("[]").replace(" ", "")) for t in known]
    bend = math.log if one.log else float
    low, high = bend(one.low), bend(one.high)
    labels = [(0.0, f"{one.low:.3g}"), (1.0, f"{one.high:.3g}")]
    return [(bend(value) - low) / ((high - low) or 1.0) for value in stored], labels


def _mark(tuned: Tuned, one: Attempt, x: float, scale: _Scale, top: float, floor: float) -> str:
    told = ", ".join(f"{name} {value}" for name, value in tuned.values(one).items())
    if one.loss is None:
        title = f"<title>{escape(f'{one.number}: {one.reason} ({told})')}</title>"
        return f'<text class="tick" x="{x:.1f}" y="{top + 4}" text-anchor="middle">×{title}</text>'
    look, size = ("chosen", 5.0) if one.number == tuned.best.number else (one.state, 3.4)
    return (
        f'<circle class="{look}" cx="{x:.1f}" cy="{scale(one.loss, top, floor):.1f}" r="{size}">'
        f"<title>{escape(f'{one.number}: {one.loss:.4f} ({told})')}</title></circle>"
    )


def _table(tuned: Tuned, headings: Sequence[str]) -> str:
    """The best settings, the very best first."""
    done = sorted((one.loss, one) for one in tuned.attempts if one.state == "done" and one.loss is not None)
    head = "".join(f"<th>{escape(text)}</th>" for text in (*headings, *tuned.ranges))
    rows = ""
    for _, one in done[:_SHOWN]:
        cells = [str(one.number), f"{one.loss:.4f}", f"{one.seconds:.1f}"]
        cells += [f"{v:.3g}" if isinstance(v, float) else str(v) for v in tuned.values(one).values()]
        rows += f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
