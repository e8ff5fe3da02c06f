"""What the ads earned: counts, rates with intervals and money, by campaign, product, segment, place, day.

Every figure is summed from one table of ads shown (`facts`), so that the cells of each breakdown add
up to the totals. A rate stands with its interval or with the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hawker.errors import BadSetting, nearest
from hawker.measurement.attribution import DAY, Windows
from hawker.measurement.facts import EVER, Gathered, gather, keep
from hawker.measurement.filtered import Filtered, filtered
from hawker.measurement.rates import (
    LEAST_CLICKS,
    LEAST_CONVERSIONS,
    LEAST_IMPRESSIONS,
    LEAST_SHOPPERS,
    moments,
    share,
)
from hawker.measurement.sources import Charge, Relations, opened
from hawker.statistics import Covariances, Estimate, ratio, unknown
from hawker.storage.shop import Shop

BY = ("campaign", "product", "segment", "placement", "day")
OTHERS = "\u2026"
COUNTS = (
    "impressions",
    "clicks",
    "seen_clicks",
    "viewable",
    "hides",
    "feedback",
    "conversions",
    "clicked_conversions",
    "halo",
    "halo_revenue",
    "new_to_brand",
    "prompt",
    "revenue",
    "spend",
)
_LEAST = {
    "impressions": LEAST_IMPRESSIONS,
    "clicks": LEAST_CLICKS,
    "conversions": LEAST_CONVERSIONS,
    "shoppers": LEAST_SHOPPERS,
}
_PAIRS = {
    "ctr": ("seen_clicks", "impressions"),
    "cvr": ("clicked_conversions", "clicks"),
    "conversion_rate": ("conversions", "impressions"),
    "roas": ("revenue", "spend"),
    "viewable_rate": ("viewable", "impressions"),
    "hide_rate": ("hides", "impressions"),
}


class Note(Struct, frozen=True):
    """Something the reader must know, as a code of `words.NOTES` and the values its sentence names."""

    code: str
    values: dict[str, Any] = {}


class Cell(Struct, frozen=True):
    """One line of a report. Money is micros; `synthetic` counts the simulated among its ads shown.

    `ctr` is clicks per impression, `cvr` conversions after a click per click, `conversion_rate`
    conversions per impression, `roas` revenue over spend. `prompt` are conversions within a day of
    the ad and `new_to_brand` the shopper's first of the brand: both are some of `conversions`. Sales of
    other products of the brand or category (`halo`) stand beside and are in no rate and no return.
    `viewable` are impressions in view by the MRC rule, `hides` and `feedback` those that a shopper
    closed or complained of, each once; `viewable_rate` and `hide_rate` are their shares.
    """

    key: str
    label: str
    impressions: int = 0
    clicks: int = 0
    seen_clicks: int = 0
    viewable: int = 0
    hides: int = 0
    feedback: int = 0
    conversions: int = 0
    clicked_conversions: int = 0
    halo: int = 0
    halo_revenue: int = 0
    new_to_brand: int = 0
    prompt: int = 0
    revenue: int = 0
    spend: int = 0
    shoppers: int = 0
    synthetic: int = 0
    ctr: Estimate = Estimate()
    cvr: Estimate = Estimate()
    conversion_rate: Estimate = Estimate()
    roas: Estimate = Estimate()
    viewable_rate: Estimate = Estimate()
    hide_rate: Estimate = Estimate()


class Section(Struct, frozen=True):
    """One breakdown: the cells by most impressions first, days in their order."""

    by: str
    cells: tuple[Cell, ...]


class Report(Struct, frozen=True):
    """A report as a value: render it with `terminal`, `as_json`, `csv` or `html`.

    `start` and `end` are microseconds, `end` is outside; `newest` is the log's latest event, and ads
    shown before `complete_until` can gain no more conversions from what it does not hold yet.
    `offset` leads from UTC to the shop's clock, `shift` to one whose midnight is where its day turns.
    """

    shop: str
    currency: str
    start: int
    end: int
    totals: Cell
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]
    method: tuple[Note, ...]
    windows: Windows
    newest: int
    complete_until: int
    shift: int = 0
    offset: int = 0
    traffic: Filtered = Filtered()

    def section(self, by: str) -> Section:
        """The breakdown by that dimension; raises `BadSetting` where the report has none."""
        for section in self.sections:
            if section.by == by:
                return section
        raise BadSetting(
            f"This report has no breakdown by '{by}'.", remedy=nearest(by, [s.by for s in self.sections])
        )


def report(
    source: Shop | Relations,
    *,
    start: int | None = None,
    end: int | None = None,
    by: Sequence[str] = BY,
    charges: Iterable[Charge] | Mapping[str, Any] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    windows: Windows | None = None,
    campaigns: Collection[str] | None = None,
    most: int = 500,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Measure a shop, or the relations given, from `start` until before `end` (microseconds).

    `charges` are the ledger's (impression, campaign, amount, time); `names` are labels by dimension
    and key; `most` is how many cells a breakdown holds before the rest are summed as one. With
    `campaigns` the report is about those alone: what one advertiser may see.
    """
    for name in by:
        if name not in BY:
            raise BadSetting(f"There is no breakdown by '{name}'.", remedy=nearest(name, list(BY)))
    with opened(source, charges=charges, names=names) as found:
        return _measured(
            found,
            by,
            start=start,
            end=end,
            windows=windows or found.windows,
            campaigns=campaigns,
            most=most,
            told=progress or (lambda _step, _share: None),
        )


def _measured(
    source: Relations,
    by: Sequence[str],
    *,
    start: int | None,
    end: int | None,
    windows: Windows,
    campaigns: Collection[str] | None,
    most: int,
    told: Callable[[str, float], None],
) -> Report:
    told("attribute", 0.0)
    low, high = (EVER[0] if start is None else start), (EVER[1] if end is None else end)
    gathered = gather(source, start=low, end=high, windows=windows)
    if campaigns is not None:
        gathered = keep(source, gathered, campaigns)
    totals = _cells(source, "''", gathered)
    sections = []
    for place, name in enumerate(by):
        told(name, 0.5 + 0.5 * place / len(by))
        sections.append(_section(source, name, gathered=gathered, most=most))
    told("done", 1.0)
    first, last = _span(source)
    total = replace(totals[0], label="") if totals else _empty(gathered)
    return Report(
        shop=source.shop,
        currency=source.currency,
        start=first if start is None else start,
        end=last + 1 if end is None else end,
        totals=total,
        sections=tuple(sections),
        notes=_notes(total, gathered, windows),
        method=_method(windows, source.currency, viewables=gathered.viewables_logged),
        windows=windows,
        newest=gathered.last or 0,
        complete_until=(gathered.last or 0) - _wait(gathered, windows),
        shift=source.shift,
        offset=source.offset,
        traffic=filtered(source, start=low, end=high),
    )


def _section(source: Relations, by: str, *, gathered: Gathered, most: int) -> Section:
    key = by
    if by != "day":
        source.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE foremost AS SELECT {by} AS key FROM facts GROUP BY {by} "
            f"ORDER BY sum(impressions) DESC, sum(spend) DESC, sum(clicks) DESC, key LIMIT {int(most)}"
        )
        key = f"CASE WHEN {by} IN (FROM foremost) THEN {by} ELSE '{OTHERS}' END"
    cells = _cells(source, key, gathered)
    labels = _labels(source, by, [cell.key for cell in cells])
    cells = [replace(cell, label=labels.get(cell.key) or cell.key) for cell in cells]
    order: Callable[[Cell], Any] = lambda cell: (cell.key == OTHERS, -cell.impressions, -cell.spend, cell.key)  # noqa: E731
    return Section(by, tuple(sorted(cells, key=(lambda cell: cell.key) if by == "day" else order)))


def _labels(source: Relations, by: str, keys: list[str]) -> dict[str, str]:
    labels = dict(source.names.get(by, {}))
    if by == "product" and keys:
        found = source.connection.execute(
            "SELECT product, title FROM wares WHERE product IN (SELECT unnest(?))", [keys]
        ).fetchall()
        labels = {**{product: title for product, title in found if title}, **labels}
    return labels


def _cells(source: Relations, key: str, gathered: Gathered) -> list[Cell]:
    """The facts summed by an SQL key: counts exactly, rates from sums by shopper."""
    sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name in (*COUNTS, "marked"))
    sides = ", ".join(moments(x, y) for x, y in _PAIRS.values())
    rows = source.connection.execute(
        f"WITH per AS (SELECT {key} AS key, cluster, {', '.join(f'sum({n}) AS {n}' for n in COUNTS)}, "
        f"sum((synthetic AND impressions + clicks > 0)::INT) AS marked FROM facts GROUP BY 1, 2) "
        f"SELECT key, count(*) FILTER (impressions + clicks > 0), {sums}, {sides} "
        "FROM per GROUP BY key ORDER BY key"
    ).fetchall()
    return [_cell(row, gathered) for row in rows]


def _cell(row: tuple[Any, ...], gathered: Gathered) -> Cell:
    key, shoppers = row[:2]
    counts = dict(zip(COUNTS, row[2 : 2 + len(COUNTS)], strict=True))
    marked, rest = row[2 + len(COUNTS)], row[3 + len(COUNTS) :]
    rates = {}
    for place, name in enumerate(_PAIRS):
        n, *found, highest = rest[7 * place : 7 * place + 7]
        pair = Covariances(n, *(float(value or 0) for value in found))
        rates[name] = _rate(name, counts, pair=pair, alone=highest <= 1, gathered=gathered)
    return Cell(key=key, label=key, shoppers=shoppers, synthetic=marked, **counts, **rates)  # type: ignore[arg-type]


def _rate(
    name: str, counts: Mapping[str, int], *, pair: Covariances, alone: bool, gathered: Gathered
) -> Estimate:
    """One rate, or the reason why there is none; `alone` where no shopper counts twice."""
    above, below = (counts[part] for part in _PAIRS[name])
    if reason := _refusal(name, counts, shoppers=pair.n, gathered=gathered):
        return unknown(reason, n=pair.n)
    if name != "roas":
        return share(above, below, pair=pair, alone=alone)
    found = ratio(pair)
    return found if found.low is None else replace(found, low=max(found.low, 0.0))


def _refusal(name: str, counts: Mapping[str, int], *, shoppers: int, gathered: Gathered) -> str:
    below = counts[_PAIRS[name][1]]
    if name in ("ctr", "cvr") and not gathered.clicks_logged:
        return "no clicks are recorded in this data"
    if name == "viewable_rate" and not gathered.viewables_logged:
        return "no viewable impressions are recorded in this data"
    if name == "roas" and below == 0:
        return "nothing was charged"
    if name == "cvr" and below < LEAST_CLICKS:
        return f"fewer than {LEAST_CLICKS} clicks" if below else "no clicks"
    if name == "roas" and counts["conversions"] < LEAST_CONVERSIONS:
        return f"fewer than {LEAST_CONVERSIONS} conversions"
    if name in ("ctr", "conversion_rate", "viewable_rate", "hide_rate") and below < LEAST_IMPRESSIONS:
        return f"fewer than {LEAST_IMPRESSIONS} impressions" if below else "no impressions"
    return f"fewer than {LEAST_SHOPPERS} shoppers" if shoppers < LEAST_SHOPPERS else ""


def _empty(gathered: Gathered) -> Cell:
    counts = dict.fromkeys(COUNTS, 0)
    rates = {n: _rate(n, counts, pair=Covariances(), alone=False, gathered=gathered) for n in _PAIRS}
    return Cell(key="", label="", **counts, **rates)  # type: ignore[arg-type]


def _span(source: Relations) -> tuple[int, int]:
    found = source.connection.execute("SELECT min(time), max(time) FROM facts").fetchone()
    first, last = found or (None, None)
    return first or 0, last or 0


def _notes(total: Cell, gathered: Gathered, windows: Windows) -> tuple[Note, ...]:
    """What a reader must know before the figures, worst first."""
    shown = total.impressions + total.clicks - total.seen_clicks
    counted = (
        ("lone_clicks", gathered.lone_clicks),
        ("lone_hides", gathered.lone_hides),
        ("repeated_impressions", gathered.repeated_impressions),
        ("repeated_clicks", gathered.repeated_clicks),
        ("repeated_conversions", gathered.twice),
        ("foreign_currency", gathered.foreign),
        ("invalid_traffic", gathered.invalid),
    )
    notes = []
    if not shown:
        notes.append(Note("nothing_shown"))
    if total.synthetic:
        notes.append(Note("synthetic", {"count": total.synthetic, "of": shown}))
    if shown and not gathered.clicks_logged:
        notes.append(Note("no_clicks"))
    notes += [Note(code, {"count": count}) for code, count in counted if count]
    if shown and gathered.last is not None and (wait := _wait(gathered, windows)):
        notes.append(Note("still_open", {"until": gathered.last - wait}))
    return tuple(notes)


def _wait(gathered: Gathered, windows: Windows) -> int:
    """How long an ad can gain conversions: without clicks in the log, only its view window counts."""
    return windows.longest if gathered.clicks_logged else round(windows.view_days * DAY)


def _method(windows: Windows, currency: str, *, viewables: bool) -> tuple[Note, ...]:
    """How it was measured, printed with every report."""
    spans = {"click": windows.click_days, "view": windows.view_days}
    return (
        Note(str(windows.model), spans),
        Note("halo" if windows.halo else "no_halo"),
        Note("new_to_brand", {"days": windows.new_to_brand_days}),
        Note("person"),
        Note("deduplication"),
        Note("cohorts"),
        Note("viewability_mrc" if viewables else "viewability"),
        Note("traffic"),
        Note("intervals", _LEAST),
        Note("money", {"currency": currency}),
        Note("incrementality"),
    )
