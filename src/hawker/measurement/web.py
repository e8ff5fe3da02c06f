"""A page as one self-contained HTML document: styles and charts inside, nothing fetched, all text escaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from hawker.measurement import charts, words
from hawker.measurement.page import Column, Figure, Look, Page, Prose, Table, Tiles, Trend


def web(page: Page) -> str:
    """The page as a document that opens from disk, in light and dark, on paper and on a phone."""
    rendered: str = _template().render(page=page, lang="zh-CN" if words.spoken(page.language) else "en")
    return rendered


def cell(figure: Figure, column: Column, most: float) -> str:
    """The chart of one table cell as SVG, or nothing."""
    if column.look is Look.BAR:
        return charts.bar_svg(figure.value, most)
    return charts.whisker_svg(figure, most) if column.look is Look.INTERVAL else ""


def _scales(table: Table) -> list[float]:
    """The largest value of each column, so that its charts share one scale."""
    return [
        max((row[place].high or row[place].value or 0.0 for row in table.visible), default=0.0)
        for place in range(len(table.columns))
    ]


def _kind(block: Any) -> str:
    names: dict[Any, str] = {Tiles: "tiles", Trend: "trend", Table: "table", Prose: "prose"}
    return names[type(block)]


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(
        kind=_kind,
        scales=_scales,
        spark=lambda series: Markup(charts.spark_svg(series)),
        trend=lambda block: Markup(charts.trend_svg(block)),
        chart=lambda figure, column, most: Markup(cell(figure, column, most)),
    )
    source = files("hawker.measurement").joinpath("templates/report.html").read_text("utf-8")
    return environment.from_string(source)
