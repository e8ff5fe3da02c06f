"""How far the data can be trusted: what came in each day, what is missing, late, unknown or set aside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hawker.measurement import page
from hawker.measurement.layout import sentences
from hawker.measurement.page import Block, Column, Look, Page, Prose, Table, Tile, Tiles, Tone, Trend
from hawker.measurement.report import Note
from hawker.measurement.sources import Relations, opened
from hawker.measurement.words import kind, word
from hawker.records.finding import Finding
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

LATE_MINUTES = 10


class KindQuality(Struct, frozen=True):
    """One kind of event: how many, and how many of them lack something."""

    kind: str
    events: int
    no_shopper: int
    with_product: int
    unknown_product: int
    late: int
    synthetic: int


class DayQuality(Struct, frozen=True):
    """One day of the shop: events of all kinds, and by kind."""

    day: str
    events: int
    kinds: dict[str, int]


class Quality(Struct, frozen=True):
    """A data-quality check as a value; render it like a report. All figures are complete counts.

    `set_aside` counts quarantined rows by reason; `currencies` counts purchases. Lateness is known
    only where events carry the time they were received.
    """

    shop: str
    events: int
    first: int | None
    last: int | None
    kinds: tuple[KindQuality, ...]
    days: tuple[DayQuality, ...]
    set_aside: dict[str, int]
    currencies: dict[str, int]
    unknown_products: tuple[tuple[str, int], ...]
    notes: tuple[Note, ...]
    method: tuple[Note, ...]
    offset: int = 0

    def total(self, name: str) -> int:
        """A figure of `KindQuality` over all kinds."""
        return sum(getattr(each, name) for each in self.kinds)


_KINDS = """SELECT e.kind, count(*), count(*) FILTER (e.shopper = ''), count(*) FILTER (e.product <> ''),
    count(*) FILTER (e.product <> '' AND p.id IS NULL),
    count(*) FILTER (e.received > 0 AND e.received - e.time > {late}), count(*) FILTER (e.synthetic)
    FROM {events} AS e LEFT JOIN (SELECT DISTINCT id FROM {catalogue}) AS p ON e.product = p.id
    GROUP BY e.kind ORDER BY count(*) DESC, e.kind"""
_DAYS = """SELECT CAST(CAST(make_timestamp(time + {shift}) AS DATE) AS VARCHAR) AS day, kind, count(*)
    FROM {events} GROUP BY ALL ORDER BY day, kind"""
_CURRENCIES = """SELECT currency, count(*) AS n FROM {events} WHERE kind = 'purchase'
    GROUP BY currency ORDER BY n DESC, currency"""
_UNKNOWN = """SELECT product, count(*) AS n FROM {events} WHERE product <> ''
    AND product NOT IN (SELECT id FROM {catalogue}) GROUP BY product ORDER BY n DESC, product LIMIT 20"""


def quality(
    source: Shop | Relations, *, quarantine: Path | None = None, late_minutes: float = LATE_MINUTES
) -> Quality:
    """Check what the shop holds; `quarantine` is the folder of what was set aside (the shop's own)."""
    folder = source.quarantine if isinstance(source, Shop) and quarantine is None else quarantine
    with opened(source) as found:
        return _checked(found, folder, late_minutes)


def _checked(source: Relations, folder: Path | None, late_minutes: float) -> Quality:
    late = round(late_minutes * 60_000_000)
    kinds = tuple(KindQuality(*row) for row in _rows(source, _KINDS, late=late))
    days: dict[str, dict[str, int]] = {}
    for day, name, count in _rows(source, _DAYS, shift=source.shift):
        days.setdefault(day, {})[name] = count
    first, last = _rows(source, "SELECT min(time), max(time) FROM {events}")[0]
    known = _rows(source, "SELECT count(*) FROM {catalogue}")[0][0]
    return Quality(
        shop=source.shop,
        events=sum(each.events for each in kinds),
        first=first,
        last=last,
        kinds=kinds,
        days=tuple(DayQuality(day, sum(each.values()), each) for day, each in days.items()),
        set_aside=dict(set_aside(folder)) if folder else {},
        currencies=dict(_rows(source, _CURRENCIES)),
        unknown_products=tuple(_rows(source, _UNKNOWN)) if known else (),
        notes=_notes(kinds, known),
        method=(Note("census"), Note("unknown_product_rule"), _lateness(source, late_minutes, late)),
        offset=source.offset,
    )


def set_aside(folder: Path) -> list[tuple[str, int]]:
    """Rows in quarantine by reason, most first; a line that cannot be read counts as 'unreadable'."""
    counts = Counter(_reasons(folder))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _reasons(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.jsonl")) if folder.is_dir() else []:
        with path.open("rb") as lines:
            for line in lines:
                if line.strip():
                    yield _reason(line)


def _reason(line: bytes) -> str:
    try:
        found = json.loads(line)
        return str(found["reason"]) if isinstance(found, dict) else "unreadable"
    except (ValueError, KeyError):
        return "unreadable"


def _rows(source: Relations, query: str, **values: Any) -> list[tuple[Any, ...]]:
    text = query.format(events=source.events, catalogue=source.catalogue, **values)
    return source.connection.execute(text).fetchall()


def _notes(kinds: Sequence[KindQuality], known: int) -> tuple[Note, ...]:
    total = sum(each.events for each in kinds)
    simulated = sum(each.synthetic for each in kinds)
    notes = [] if total else [Note("empty_log")]
    if simulated:
        notes.append(Note("synthetic_events", {"count": simulated, "of": total}))
    if total and not known:
        notes.append(Note("no_catalogue"))
    return tuple(notes)


def _lateness(source: Relations, minutes: float, late: int) -> Note:
    found = _rows(
        source,
        "SELECT median(received - time) FROM {events} WHERE received > 0 AND received - time > {late}",
        late=late,
    )[0][0]
    if found is None:
        return Note("no_late", {"minutes": minutes})
    return Note("late_rule", {"minutes": minutes, "median": f"{found / 60_000_000:,.0f} min"})


def quality_page(checked: Quality, *, language: str = "en", alarms: Sequence[Finding] = ()) -> Page:
    """Lay a check out as a page."""
    blocks: list[Block] = []
    if alarms:
        blocks.append(Prose(word("alarms", language), tuple(str(found) for found in alarms), Tone.ALARM))
    if checked.notes:
        blocks.append(Prose(word("notes", language), sentences(checked.notes, language)))
    blocks.append(_tiles(checked, language))
    if len(checked.days) > 1:
        title = f"{word('events', language)} · {word('daily', language)}"
        figures = tuple(page.count(day.events) for day in checked.days)
        blocks.append(Trend(title, tuple(day.day for day in checked.days), figures))
    blocks += [table for table in _tables(checked, language) if table.rows]
    blocks.append(Prose(word("method", language), sentences(checked.method, language), Tone.METHOD))
    title = f"{checked.shop} · {word('quality', language)}"
    return Page(title, _subtitle(checked, language), language, tuple(blocks))


def _subtitle(checked: Quality, language: str) -> str:
    if checked.first is None or checked.last is None:
        return word("nothing", language)
    return " – ".join(page.moment(time, shift=checked.offset) for time in (checked.first, checked.last))


def _tiles(checked: Quality, language: str) -> Tiles:
    total = checked.events
    shares = (
        ("unknown_products", checked.total("unknown_product"), checked.total("with_product")),
        ("no_shopper", checked.total("no_shopper"), total),
        ("late", checked.total("late"), total),
        ("synthetic", checked.total("synthetic"), total),
    )
    series = tuple(float(day.events) for day in checked.days)
    return Tiles(
        (
            Tile(word("events", language), page.count(total), series),
            Tile(word("set_aside", language), page.count(sum(checked.set_aside.values()))),
            *(Tile(word(name, language), page.share(part, whole)) for name, part, whole in shares),
        )
    )


def _tables(checked: Quality, language: str) -> list[Table]:
    days = [(day.day, day.events) for day in reversed(checked.days)]
    names = ("events", "share", "no_shopper", "unknown_products", "late", "synthetic")
    looks = {"events": Look.BAR}
    kinds = Table(
        "kind",
        word("by_kind", language),
        (
            Column("key", "", Look.TEXT, hidden=True),
            Column("label", word("kind", language), Look.TEXT),
            *(Column(name, word(name, language), looks.get(name, Look.NUMBER)) for name in names),
        ),
        tuple(
            (
                page.text(each.kind),
                page.text(kind(each.kind, language)),
                page.count(each.events),
                page.share(each.events, checked.events),
                page.share(each.no_shopper, each.events),
                page.share(each.unknown_product, each.with_product),
                page.share(each.late, each.events),
                page.share(each.synthetic, each.events),
            )
            for each in checked.kinds
        ),
    )
    return [
        kinds,
        _counted("reason", "by_reason", list(checked.set_aside.items()), language),
        _counted("unknown_products", "unknown_products", list(checked.unknown_products), language),
        _counted("currency", "by_currency", list(checked.currencies.items()), language),
        _counted("day", "by_day", days, language, shown=14),
    ]


def _counted(
    key: str, title: str, counts: Sequence[tuple[str, int]], language: str, *, shown: int = 20
) -> Table:
    columns = (
        Column("label", word(key if key != "unknown_products" else "product", language), Look.TEXT),
        Column("events", word("count", language), Look.BAR),
    )
    rows = tuple((page.text(name or word("none", language)), page.count(count)) for name, count in counts)
    left = len(rows) - shown
    more = word("rest", language).format(count=f"{left:,}") if left > 0 else ""
    return Table(key, word(title, language), columns, rows, shown, more)
