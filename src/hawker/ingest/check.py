"""Is this shop fit to learn from? Findings over its catalogue, log and quarantine; it never raises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from hawker.errors import Corrupt
from hawker.ingest import quarantine
from hawker.records.events import DAY, SECOND
from hawker.records.finding import Finding, Severity
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

REASONS: dict[str, str] = {
    "no_catalogue": "The shop has no products.",
    "no_events": "The shop has no events.",
    "unpriced_products": "Products without a price cannot be sold by value.",
    "unknown_products": "Events name products that the catalogue does not have.",
    "silent_products": "Products that no event names.",
    "unknown_shoppers": "Events without a shopper cannot be learned from for anyone.",
    "missing_days": "Days without events, or with far fewer than their weekday has.",
    "rate_change": "The share of a kind of event changed from one week to the next.",
    "clock_skew": "Events came long before or after the time they state.",
    "mixed_currencies": "Values are in more than one currency.",
    "synthetic_events": "The log holds simulated events; every report says so.",
    "quarantined": "Rows were set aside and wait to be mended.",
    "unreadable_log": "A part of the shop cannot be read.",
}

FEW = 0.2
"""A day with less than this share of its weekday's median is a gap."""
MUCH_UNKNOWN = 0.2
SOME_UNKNOWN = 0.01
SKEW = DAY
"""Microseconds between an event's time and its receipt that are too many."""
DOUBLED = 2.0
"""A weekly share of a kind that grows or shrinks by this factor is told."""
LEAST = 100
"""Events a week must hold of a kind before its share is compared."""
_TOP = 5
_PLACE = "events"


@dataclass(frozen=True)
class CheckResult:
    """What was found, the worst first. `exit_code` is 0 (notes at most), 1 (warnings) or 2 (errors)."""

    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        return max((int(finding.severity) for finding in self.findings), default=0)

    def __str__(self) -> str:
        lines = [f"{finding.severity.name.lower():<8}{finding}" for finding in self.findings]
        return "\n".join(lines) or "Nothing to report: the shop is in order."


def check(shop: Shop, *, threads: int | None = None) -> CheckResult:
    """Look over the whole shop; each finding names its place, its reason and the remedy."""
    found: list[Finding] = []
    with tables.connect(threads=threads) as connection:
        products = _table(connection, "products", shop.table("catalogue"), columns="id, title, price")
        found += [] if products else [_nothing("catalogue", "no_catalogue", "products", "catalogue")]
        try:
            EventLog(shop.events).view(connection)
            events = _one(connection, "SELECT count(*) FROM events")
        except (duckdb.Error, Corrupt, OSError) as error:
            remedy = "restore it from a copy, or move it away and ingest its file again."
            found.append(Finding(_PLACE, "unreadable_log", f"{error}; {remedy}", Severity.ERROR))
            events = 0
        else:
            found += [] if events else [_nothing(_PLACE, "no_events", "events", "behaviour log")]
        if products:
            found += _catalogue(connection, products, with_events=bool(events))
        if events:
            found += [*_shoppers(connection, events), *_days(connection), *_rates(connection)]
            found += [*_clocks(connection), *_currencies(connection), *_synthetic(connection, events)]
    found += _quarantine(shop, events)
    return CheckResult(tuple(sorted(found, key=lambda finding: (-finding.severity, -finding.count))))


def _table(connection: duckdb.DuckDBPyConnection, name: str, path: Path, *, columns: str) -> int:
    """A view of a table of the shop, empty where it does not exist; returns the number of rows."""
    empty = f"SELECT {', '.join(f'NULL AS {column}' for column in columns.split(', '))} WHERE false"
    source = f"SELECT {columns} FROM {tables.quoted(path)}" if path.is_file() else empty
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {source}")
    return _one(connection, f"SELECT count(*) FROM {name}")


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0] or 0) if row else 0


def _nothing(place: str, reason: str, what: str, source: str) -> Finding:
    message = f"The shop has no {what}; give it its {source} with hawker ingest."
    return Finding(place, reason, message, Severity.ERROR)


def _catalogue(connection: duckdb.DuckDBPyConnection, products: int, *, with_events: bool) -> list[Finding]:
    found = []
    unpriced = _one(connection, "SELECT count(*) FROM products WHERE coalesce(price, 0) <= 0")
    if unpriced:
        message = f"{unpriced:,} of {products:,} products have no price; add one to the feed."
        severity = Severity.WARNING if unpriced < products else Severity.ERROR
        found.append(Finding("catalogue", "unpriced_products", message, severity, unpriced))
    if not with_events:
        return found
    silent = _one(connection, "SELECT count(*) FROM products WHERE id NOT IN (SELECT product FROM events)")
    if silent:
        message = f"{silent:,} of {products:,} products are named by no event; they start cold."
        found.append(Finding("catalogue", "silent_products", message, Severity.NOTE, silent))
    return found + _unknown(connection)


def _unknown(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    rows = connection.execute(
        "SELECT product, count(*) AS n FROM events WHERE product <> '' GROUP BY product "
        "HAVING product NOT IN (SELECT id FROM products) ORDER BY n DESC, product"
    ).fetchall()
    if not rows:
        return []
    count = sum(number for _, number in rows)
    share = count / _one(connection, "SELECT count(*) FROM events WHERE product <> ''")
    severity = Severity.NOTE
    if share > SOME_UNKNOWN:
        severity = Severity.ERROR if share > MUCH_UNKNOWN else Severity.WARNING
    named = ", ".join(f"'{product}'" for product, _ in rows[:_TOP])
    message = f"{share:.1%} of events name products the catalogue does not have ({named}); complete the feed."
    return [Finding(_PLACE, "unknown_products", message, severity, count)]


def _shoppers(connection: duckdb.DuckDBPyConnection, events: int) -> list[Finding]:
    count = _one(connection, "SELECT count(*) FROM events WHERE shopper = ''")
    if not count:
        return []
    message = (
        f"{count / events:.1%} of events have no shopper: they teach what is popular, not whom it suits."
    )
    severity = Severity.WARNING if count > events / 2 else Severity.NOTE
    return [Finding(_PLACE, "unknown_shoppers", message, severity, count)]


def _days(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Days, the first and last aside, that have far fewer events than the median of their weekday."""
    rows = connection.execute(
        f"""
        WITH counted AS (SELECT time // {DAY} AS day, count(*) AS n FROM events GROUP BY 1),
        edges AS (SELECT min(day) AS first, max(day) AS last FROM counted),
        every AS (
            SELECT day, coalesce(n, 0) AS n
            FROM (SELECT unnest(range(first, last + 1)) AS day FROM edges WHERE last - first < 36600)
            LEFT JOIN counted USING (day)
        ),
        usual AS (SELECT day % 7 AS weekday, median(n) AS level FROM every GROUP BY 1)
        SELECT strftime(make_timestamp(day * {DAY}), '%Y-%m-%d'), n FROM every
        JOIN usual ON day % 7 = weekday, edges
        WHERE day > first AND day < last AND n < {FEW} * level ORDER BY day
        """
    ).fetchall()
    if not rows:
        return []
    named = ", ".join(f"{day} ({count:,})" for day, count in rows[:_TOP])
    message = f"{len(rows):,} days have few events or none for their weekday: {named}; is a file missing?"
    return [Finding(_PLACE, "missing_days", message, Severity.WARNING, len(rows))]


def _rates(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Kinds whose share of all events doubled or halved from one full week to the next."""
    rows = connection.execute(
        f"""
        WITH weekly AS (
            SELECT kind, time // {7 * DAY} AS week, count(*) AS n FROM events GROUP BY 1, 2
        ),
        shares AS (SELECT kind, week, n, n / sum(n) OVER (PARTITION BY week) AS share FROM weekly),
        inner_weeks AS (
            SELECT * FROM shares
            WHERE week > (SELECT min(week) FROM shares) AND week < (SELECT max(week) FROM shares)
        ),
        steps AS (
            SELECT now.kind, now.week, before.share AS old, now.share AS new
            FROM inner_weeks AS now JOIN inner_weeks AS before
            ON now.kind = before.kind AND now.week = before.week + 1 WHERE least(now.n, before.n) >= {LEAST}
        )
        SELECT kind, strftime(make_timestamp(week * {7 * DAY}), '%Y-%m-%d'), old, new,
            count(*) OVER (PARTITION BY kind) FROM steps
        WHERE greatest(new / old, old / new) >= {DOUBLED}
        QUALIFY row_number() OVER (PARTITION BY kind ORDER BY abs(ln(new / old)) DESC) = 1 ORDER BY kind
        """
    ).fetchall()
    return [
        Finding(
            _PLACE,
            "rate_change",
            f"The share of '{kind}' went from {old:.2%} to {new:.2%} in the week of {week}; "
            "did the tracking change?",
            Severity.WARNING,
            count,
        )
        for kind, week, old, new, count in rows
    ]


def _clocks(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    row = connection.execute(
        f"SELECT count(*), median(received - time) FROM events "
        f"WHERE received > 0 AND abs(received - time) > {SKEW}"
    ).fetchone()
    if not row or not row[0]:
        return []
    hours = row[1] / SECOND / 3600
    message = f"Events came {hours:,.1f} hours (median) from the time they state; check the sender's clock."
    return [Finding(_PLACE, "clock_skew", message, Severity.WARNING, int(row[0]))]


def _currencies(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    rows = connection.execute(
        'SELECT currency, count(*) AS n FROM events WHERE "value" <> 0 GROUP BY 1 ORDER BY n DESC, currency'
    ).fetchall()
    if len(rows) < 2:
        return []
    named = ", ".join(f"{currency or 'none'} ({count:,})" for currency, count in rows[:_TOP])
    message = f"Values are in {len(rows)} currencies: {named}; reports keep them apart."
    return [Finding(_PLACE, "mixed_currencies", message, Severity.WARNING, sum(n for _, n in rows[1:]))]


def _synthetic(connection: duckdb.DuckDBPyConnection, events: int) -> list[Finding]:
    count = _one(connection, "SELECT count(*) FROM events WHERE synthetic")
    if not count:
        return []
    message = f"{count / events:.1%} of events are simulated; every report that counts them says so."
    return [Finding(_PLACE, "synthetic_events", message, Severity.NOTE, count)]


def _quarantine(shop: Shop, events: int) -> list[Finding]:
    """What waits to be mended; many beside what was kept is an error of the feed, not of a few rows."""
    try:
        held = quarantine.listed(shop)
    except Corrupt as error:
        return [Finding("quarantine", "unreadable_log", str(error), Severity.WARNING)]
    reasons: dict[str, int] = {}
    for one in held:
        for reason, number in one.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + number
    count = sum(reasons.values())
    if not count:
        return []
    top = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:_TOP]
    named = ", ".join(f"{reason} ({number:,})" for reason, number in top)
    message = f"{count:,} rows lie in {len(held)} quarantine files: {named}; mend and restore them."
    severity = Severity.ERROR if count > events else Severity.WARNING
    return [Finding("quarantine", "quarantined", message, severity, count)]
