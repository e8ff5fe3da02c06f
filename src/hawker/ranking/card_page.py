"""A model's card written down, as Markdown, as JSON and as a page; no figure is computed here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import msgspec

from hawker.ranking import paper
from hawker.ranking.card import Card, Gap, Part, Point, Slice
from hawker.statistics import Estimate
from hawker.storage import files

JSON, TEXT, PAGE = "card.json", "card.md", "card.html"
_SIDE, _LEFT, _LOW, _TOP = 340, 54, 34, 10
_SHOWN = 200
_WORDS = {
    "title": ("Model card: {model}", "模型卡：{model}"),
    "about": (
        "Predicts: {outcome}. Made {made} by Hawker {version}.",
        "预测目标：{outcome}。生成于 {made}，Hawker {version}。",
    ),
    "data": ("What it learned from, and what it was judged on", "训练数据与评估数据"),
    "fit": ("fitted on", "训练"),
    "judged": ("judged on", "评估"),
    "rows": ("rows", "行数"),
    "positives": ("positive", "正例"),
    "requests": ("requests", "请求数"),
    "shoppers": ("shoppers", "顾客数"),
    "from": ("from", "起"),
    "to": ("to", "止"),
    "figures": ("How good it is", "总体指标"),
    "figure": ("figure", "指标"),
    "value": ("value", "数值"),
    "interval": ("95 % interval", "95% 区间"),
    "log_loss": ("log loss", "对数损失"),
    "auc": ("AUC", "AUC"),
    "group_auc": ("AUC within requests", "请求内 AUC"),
    "normalised_entropy": ("normalised entropy", "归一化熵"),
    "calibration": ("predicted / observed", "预测值 / 实际值"),
    "ece": ("calibration error", "校准误差"),
    "shown": (
        "predicted / observed of the {slots} best of each request",
        "每次请求前 {slots} 名的预测值 / 实际值",
    ),
    "halves": (
        "A calibration is judged on shoppers it was not fitted on.",
        "校准在未参与其拟合的顾客上评估。",
    ),
    "curve": ("Does what it predicts come true?", "预测是否与实际相符"),
    "axis": ("predicted", "预测"),
    "came": ("came true", "实际"),
    "line": (
        "Ten bins of equal weight, each with its interval; on the line, what is predicted comes true. "
        "Both axes are logarithmic.",
        "十个等权重分箱及其区间；落在直线上表示预测与实际一致。两轴均为对数刻度。",
    ),
    "segments": ("By {dimension}", "按{dimension}"),
    "groups": ("Does it serve all alike? By {dimension}", "是否一视同仁：按{dimension}"),
    "difference": (
        "Each group against all others who stated theirs: differences of AUC and of predicted / observed.",
        "各组与其他已申报人群的差异：AUC 之差，以及预测值/实际值之差。",
    ),
    "name": ("", ""),
    "placement": ("placement", "广告位"),
    "shopper": ("acquaintance", "新老顾客"),
    "activity": ("visits so far", "累计到访次数"),
    "device": ("device", "设备"),
    "new": ("never seen before", "新客"),
    "returning": ("seen before", "老客"),
    "age_band": ("age", "年龄段"),
    "gender": ("gender", "性别"),
    "household": ("household", "家庭构成"),
    "income": ("income", "收入"),
    "limits": ("What it must not be trusted with", "已知局限"),
    "offered": (
        "It was judged on what was on offer in the past; what an ad causes, only an experiment tells.",
        "评估基于过去曾展示或可展示的内容；广告的因果效果只能由实验得出。",
    ),
    "refitted": (
        "The figures are of the model before its last step: more rows, or a light model before it.",
        "指标取自模型完成最后一步之前：其后又用更多数据重新训练，或在其前加上了轻量模型。",
    ),
    "elsewhere": (
        "It was fitted elsewhere, on rows not known here: those above are the ones before its calibration. "
        "If it was fitted on the days that judge it, it looks better than it is.",
        "模型在别处训练，训练数据未知：上文“训练”一栏为校准时段之前的数据。若训练时用过评估时段的数据，指标会偏高。",
    ),
    "season": (
        "It has seen {days} days, less than a year: seasons it has not seen are guesses.",
        "训练数据仅覆盖 {days} 天，不足一年：未见过的季节只能推测。",
    ),
    "few": (
        "Only {positives} positive rows on one side: its intervals are wide.",
        "其中一侧仅有 {positives} 个正例：区间较宽。",
    ),
    "unknown": (
        "{count} features are unknown in more than 95 % of the rows: {names}.",
        "{count} 个特征在 95% 以上的行中缺失：{names}。",
    ),
    "limit_shown": (
        "Of what would be shown, predicted over observed is {ratio}.",
        "对将被展示的内容，预测值/实际值为 {ratio}。",
    ),
    "segment": (
        "{dimension}, {name}: predicted over observed is {ratio}.",
        "{dimension}「{name}」：预测值/实际值为 {ratio}。",
    ),
    "group_auc_gap": (
        "{dimension}, {name}: the AUC differs from all others' by {gap}.",
        "{dimension}「{name}」：AUC 与其他人群相差 {gap}。",
    ),
    "group_calibration": (
        "{dimension}, {name}: predicted over observed differs from all others' by {gap}.",
        "{dimension}「{name}」：预测值/实际值与其他人群相差 {gap}。",
    ),
    "chance": (
        "Of twenty such intervals one leaves out the truth by chance.",
        "每二十个此类区间，约有一个会因偶然而不含真值。",
    ),
    "features": ("Features", "特征"),
    "kind": ("kind", "类型"),
    "unknown_share": ("unknown", "缺失"),
    "quantity": ("quantity", "数量"),
    "category": ("category", "类别"),
    "sequence": ("sequence", "序列"),
    "vector": ("vector", "向量"),
    "recipe": ("Recipe", "训练配方"),
}
_CODES = {"shown": "limit_shown", "group_auc": "group_auc_gap"}
_EXTRA = """
.diagonal { stroke: var(--soft); stroke-dasharray: 4 4; } .whisker { stroke: var(--mark); }
.dot { fill: var(--mark); } pre { white-space: pre-wrap; font-size: 12px; } td:first-child,
th:first-child { text-align: left; } svg.square { max-width: 420px; }
"""

Table = tuple[list[str], list[list[str]]]


class _Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.chinese = language.lower().startswith("zh")

    def __call__(self, code: str, **values: object) -> str:
        return _WORDS[code][self.chinese].format(**values) if code in _WORDS else code


def save(card: Card, folder: Path, *, language: str = "en") -> None:
    """Write the card beside the model it tells of."""
    files.write(folder / JSON, msgspec.json.format(msgspec.json.encode(card), indent=1))
    files.write(folder / TEXT, text(card, language))
    files.write(folder / PAGE, page(card, language))


def text(card: Card, language: str = "en") -> str:
    """The card as Markdown."""
    say = _Words(language)
    lines = [f"# {say('title', model=card.model)}", "", _about(card, say), ""]
    for title, notes, table in _sections(card, say):
        lines += [f"## {title}", ""]
        if table:
            head, rows = table
            marks = ["---", *["---:"] * (len(head) - 1)]
            lines += [f"| {' | '.join(cells)} |" for cells in (head, marks, *rows)] + [""]
        lines += [note if note.startswith("- ") else f"{note}\n" for note in notes]
        lines += [""] if notes else []
    recipe = msgspec.json.format(msgspec.json.encode(card.recipe), indent=1).decode()
    lines += [f"## {say('recipe')}", "", "```json", recipe, "```", ""]
    return "\n".join(lines)


def page(card: Card, language: str = "en") -> str:
    """The card as one self-contained page."""
    say = _Words(language)
    parts = []
    for title, notes, table in _sections(card, say):
        drawn = _curve(card.curve, say) if title == say("curve") else ""
        told = _table(table) if table and not drawn else ""
        items = "".join(f"<p>{escape(note.removeprefix('- '))}</p>" for note in notes)
        parts.append(f"<section><h2>{escape(title)}</h2>{drawn}{told}{items}</section>\n")
    recipe = msgspec.json.format(msgspec.json.encode(card.recipe), indent=1).decode()
    parts.append(f"<section><h2>{say('recipe')}</h2><pre>{escape(recipe)}</pre></section>\n")
    title = escape(say("title", model=card.model))
    about = escape(_about(card, say))
    return paper.page(title, [about], "".join(parts), chinese=say.chinese, style=_EXTRA)


def _about(card: Card, say: _Words) -> str:
    return say("about", outcome=card.outcome or "y", made=card.made, version=card.version)


def _sections(card: Card, say: _Words) -> Iterator[tuple[str, list[str], Table | None]]:
    """Title, notes and table of each part of the card."""
    yield say("data"), [], _slices(card.fit, card.judged, say)
    figures = [[say(name), *_estimated(one)] for name, one in card.figures.items()]
    figures.append([say("shown", slots=card.slots), *_estimated(card.shown)])
    yield say("figures"), [say("halves")], ([say("figure"), say("value"), say("interval")], figures)
    points = [[f"{point.predicted:.4g}", *_estimated(point.observed)] for point in card.curve]
    yield say("curve"), [say("line")], ([say("axis"), say("came"), say("interval")], points)
    for dimension, parts in card.segments.items():
        yield say("segments", dimension=say(dimension)), [], _segment(parts, say)
    for dimension, gaps in card.groups.items():
        yield say("groups", dimension=say(dimension)), [say("difference")], _group(gaps, say)
    limits = [f"- {say(_CODES.get(one.code, one.code), **_spoken(one.values, say))}" for one in card.limits]
    tested = {one.code for one in card.limits} & {"segment", "group_auc", "group_calibration"}
    yield say("limits"), [*limits, *([f"- {say('chance')}"] if tested else [])], None
    rows = [[one.name, say(one.kind), f"{one.unknown:.1%}"] for one in card.features[:_SHOWN]]
    yield say("features"), [], ([say("name"), say("kind"), say("unknown_share")], rows)


def _spoken(values: dict[str, str], say: _Words) -> dict[str, str]:
    return {name: say(value) if name in ("dimension", "name") else value for name, value in values.items()}


def _slices(fit: Slice, judged: Slice, say: _Words) -> Table:
    names = ("from", "to", "rows", "positives", "requests", "shoppers")
    rows = [
        [say(side), one.start[:10], one.end[:10]]
        + [f"{count:,}" for count in (one.rows, one.positives, one.requests, one.shoppers)]
        for side, one in (("fit", fit), ("judged", judged))
    ]
    return ["", *(say(name) for name in names)], rows


def _segment(parts: Sequence[Part], say: _Words) -> Table:
    names = ("rows", "shoppers", "auc", "log_loss", "calibration")
    rows = [
        [say(part.name), f"{part.rows:,}", f"{part.shoppers:,}"]
        + [f"{one:.4f}" for one in (part.auc, part.log_loss, part.calibration)]
        for part in parts
    ]
    return ["", *(say(name) for name in names)], rows


def _group(gaps: Sequence[Gap], say: _Words) -> Table:
    rows = [
        [gap.name, f"{gap.rows:,}", f"{gap.shoppers:,}", f"{gap.auc:+.4f}", f"{gap.calibration:+.4f}"]
        for gap in gaps
    ]
    return ["", *(say(name) for name in ("rows", "shoppers", "auc", "calibration"))], rows


def _estimated(one: Estimate) -> list[str]:
    if one.value is None:
        return ["–", one.reason]
    return [f"{one.value:.4f}", f"{one.low:.4f} – {one.high:.4f}"]


def _table(table: Table) -> str:
    head, rows = table
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{cells}</tr>{body}</table>"


def _curve(points: Sequence[Point], say: _Words) -> str:
    """Predicted against observed on logarithmic axes, with intervals, beside the line where both agree."""
    known = [point for point in points if point.observed.value and point.predicted > 0]
    if not known:
        return ""
    ends = [
        value
        for point in known
        for value in (point.predicted, point.observed.low or point.observed.value, point.observed.high)
        if value
    ]
    low, high = math.log10(min(ends)) - 0.1, math.log10(max(ends)) + 0.1

    def at(value: float) -> float:
        return (min(max(math.log10(max(value, 1e-12)), low), high) - low) / (high - low) * _SIDE

    floor = _TOP + _SIDE
    drawn = [f'<line class="diagonal" x1="{_LEFT}" y1="{floor}" x2="{_LEFT + _SIDE}" y2="{_TOP}"/>']
    for power in range(math.ceil(low), math.floor(high) + 1):
        place, label = at(10.0**power), f"{10.0**power:g}"
        drawn.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _SIDE}" y1="{floor - place:.1f}" '
            f'y2="{floor - place:.1f}"/><text class="tick" x="{_LEFT - 6}" y="{floor - place + 4:.1f}" '
            f'text-anchor="end">{label}</text><text class="tick" x="{_LEFT + place:.1f}" y="{floor + 16}" '
            f'text-anchor="middle">{label}</text>'
        )
    for point in known:
        x, y = _LEFT + at(point.predicted), floor - at(point.observed.value or 0.0)
        if point.observed.low is not None and point.observed.high is not None:
            ends_ = [floor - at(value) for value in (point.observed.low, point.observed.high)]
            drawn.append(
                f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{ends_[0]:.1f}" y2="{ends_[1]:.1f}"/>'
            )
        told = f"{point.predicted:.4g} → {point.observed:.4g}"
        drawn.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{told}</title></circle>')
    label = escape(f"{say('axis')} / {say('came')}")
    return (
        f'<svg class="square" viewBox="0 0 {_LEFT + _SIDE + 12} {floor + _LOW}" role="img" '
        f'aria-label="{label}">{"".join(drawn)}</svg>'
    )
