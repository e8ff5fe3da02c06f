"""How a report is read: first what must be known, then the headline, the days, the breakdowns."""

from __future__ import annotations

from collections.abc import Sequence

from hawker.measurement import page
from hawker.measurement.conduct import conduct
from hawker.measurement.page import Block, Column, Figure, Look, Page, Prose, Table, Tile, Tiles, Tone, Trend
from hawker.measurement.report import OTHERS, Cell, Note, Report, Section
from hawker.measurement.words import sentence, word
from hawker.records.finding import Finding

_SHOWN = {"product": 20, "day": 14}
_LOOKS = {
    "impressions": Look.BAR,
    "ctr": Look.INTERVAL,
    "conversion_rate": Look.INTERVAL,
    "cvr": Look.INTERVAL,
    "roas": Look.INTERVAL,
    "viewable_rate": Look.INTERVAL,
}
_SEEN = (
    "impressions", "clicks", "ctr", "cvr", "conversions", "conversion_rate", "spend", "revenue", "roas",
)  # fmt: skip
_FILED = (
    "halo", "halo_revenue", "new_to_brand", "viewable", "viewable_rate", "hides", "feedback", "shoppers",
    "synthetic",
)  # fmt: skip
_SHORT = frozenset({"ctr", "cvr", "conversion_rate", "roas"})
_RANKS = {"cvr": 6, "clicks": 5, "conversions": 4, "spend": 3, "revenue": 2, "roas": 1}
_OF_CLICKS = frozenset({"clicks", "ctr", "cvr"})
_OF_MONEY = frozenset({"spend", "roas"})


def report_page(report: Report, *, language: str = "en", alarms: Sequence[Finding] = ()) -> Page:
    """Lay a report out as a page, with what the alarms found, if any."""
    days = next((section.cells for section in report.sections if section.by == "day"), ())
    blocks: list[Block] = []
    if alarms:
        blocks.append(Prose(word("alarms", language), tuple(str(found) for found in alarms), Tone.ALARM))
    if report.notes:
        blocks.append(Prose(word("notes", language), sentences(report.notes, language, shift=report.offset)))
    blocks.append(_tiles(report, days, language))
    blocks += _trends(report, days, language)
    if report.totals.conversions or report.totals.halo:
        blocks.append(_credited(report.totals, language))
    if report.totals.hides or report.totals.feedback:
        blocks.append(_satisfaction(report.totals, language))
    blocks += [_table(report, section, language) for section in report.sections if section.cells]
    if report.traffic.received:
        blocks += conduct(report.traffic, language)
    method = sentences(report.method, language)
    blocks.append(Prose(word("method", language), method, Tone.METHOD))
    return Page(
        f"{report.shop} · {word('report', language)}", _subtitle(report, language), language, tuple(blocks)
    )


def sentences(notes: Sequence[Note], language: str, *, shift: int = 0) -> tuple[str, ...]:
    """Notes in words; a time among their values is shown as the shop's clock shows it."""
    return tuple(
        sentence(
            note.code,
            {k: page.moment(v, shift=shift) if k == "until" else v for k, v in note.values.items()},
            language=language,
        )
        for note in notes
    )


def _subtitle(report: Report, language: str) -> str:
    if not report.totals.impressions and not report.totals.clicks and not report.totals.spend:
        return word("nothing", language)
    span = f"{page.date(report.start, shift=report.shift)} – {page.date(report.end - 1, shift=report.shift)}"
    shoppers = f"{word('shoppers', language)}: {report.totals.shoppers:,}"
    return f"{span} · {shoppers} · {word('interval', language)}"


def _tiles(report: Report, days: Sequence[Cell], language: str) -> Tiles:
    names = [name for name in _SEEN if not _idle(report, name) or name == "ctr"]
    names += ["viewable_rate"] if report.totals.viewable else []
    return Tiles(
        tuple(
            Tile(
                word(name, language),
                _figure(report.totals, name, language, currency=report.currency),
                tuple(_figure(day, name, language).value for day in days),
            )
            for name in names
        )
    )


def _trends(report: Report, days: Sequence[Cell], language: str) -> list[Block]:
    if len(days) < 2:
        return []
    names = ["impressions", "conversion_rate" if _idle(report, "ctr") else "ctr"]
    if not _idle(report, "spend"):
        names.append("spend")
    return [
        Trend(
            f"{word(name, language)} · {word('daily', language)}",
            tuple(day.key for day in days),
            tuple(_figure(day, name, language) for day in days),
            _LOOKS.get(name, Look.BAR),
        )
        for name in names
    ]


def _credited(total: Cell, language: str) -> Table:
    columns = (
        Column("label", "", Look.TEXT),
        Column("sales", word("sales", language), Look.BAR),
        Column("revenue", word("revenue", language)),
    )
    rows = (
        (page.text(word("same_product", language)), page.count(total.conversions), page.money(total.revenue)),
        (page.text(word("halo", language)), page.count(total.halo), page.money(total.halo_revenue)),
    )
    new = (
        page.text(word("new_to_brand", language)),
        page.count(total.new_to_brand),
        page.Figure(page.NOTHING),
    )
    return Table("credited", word("credited", language), columns, (*rows, new))


def _satisfaction(total: Cell, language: str) -> Table:
    columns = (
        Column("label", "", Look.TEXT),
        Column("count", word("count", language), Look.BAR),
        Column("rate", word("rate", language), Look.INTERVAL),
    )
    hides = (
        page.text(word("hides", language)),
        page.count(total.hides),
        _figure(total, "hide_rate", language),
    )
    spoke = (page.text(word("feedback", language)), page.count(total.feedback), page.Figure(page.NOTHING))
    return Table("satisfaction", word("satisfaction", language), columns, (hides, spoke))


def _table(report: Report, section: Section, language: str) -> Table:
    columns = (
        Column("key", "", Look.TEXT, hidden=True),
        Column("label", word(section.by, language), Look.TEXT),
        *(_column(n, language, hidden=_idle(report, n)) for n in _SEEN),
        *(_column(name, language, hidden=True) for name in _FILED),
    )
    rows = tuple(
        (
            page.text(cell.key),
            page.text(_label(cell, language)),
            *(_figure(cell, name, language) for name in (*_SEEN, *_FILED)),
        )
        for cell in section.cells
    )
    shown = _SHOWN.get(section.by, 20)
    if section.by == "day" and len(rows) > shown:
        rows = rows[::-1]  # the latest first, where not all are shown
    left = len(rows) - shown
    more = word("rest", language).format(count=f"{left:,}") if left > 0 else ""
    return Table(
        section.by, word(f"by_{section.by}", language), columns, rows, shown, more, word("narrow", language)
    )


def _column(name: str, language: str, *, hidden: bool) -> Column:
    title = word(f"short_{name}" if name in _SHORT else name, language)
    return Column(name, title, _LOOKS.get(name, Look.NUMBER), hidden=hidden, rank=_RANKS.get(name, 0))


def _label(cell: Cell, language: str) -> str:
    if cell.key == OTHERS:
        return word("others", language)
    return cell.label or word("none", language)


def _figure(cell: Cell, name: str, language: str, *, currency: str = "") -> Figure:
    value = getattr(cell, name)
    if name in ("spend", "revenue", "halo_revenue"):
        return page.money(value, currency)
    if isinstance(value, int):
        return page.count(value)
    return page.estimate(value, language, times=name == "roas")


def _idle(report: Report, name: str) -> bool:
    """Whether a column would say nothing: no clicks are recorded, or nothing was charged."""
    if name in _OF_CLICKS:
        return any(note.code == "no_clicks" for note in report.notes)
    return name in _OF_MONEY and not report.totals.spend
