"""What is noticed and kept: outliers, unknown products, near duplicates, mixed currencies, wrong order."""

from __future__ import annotations

from pathlib import Path

import duckdb

from hawker.ingest.duplicates import NEAR_SECONDS, Scan, Verdict, near
from hawker.records.finding import Finding, Severity
from hawker.storage import tables
from hawker.storage.shop import Shop

REASONS: dict[str, str] = {
    "empty_file": "The file is empty.",
    "header_only": "The file has a header and no rows.",
    "unreadable_file": "The file is not what its name says.",
    "already_ingested": "The same file was ingested before; nothing changed.",
    "exact_duplicates": "Rows repeat an event of the same file or of the log; one of each is kept.",
    "equal_rows": "Equal rows whose times tell no more than the minute; all are kept, numbered.",
    "near_duplicates": "Views or clicks repeat within seconds; all are kept.",
    "out_of_order": "Rows are earlier than the row before them; order is restored when the log is read.",
    "unknown_products": "Events name products that the catalogue does not have; they are kept.",
    "mixed_currencies": "The file holds more than one currency; each event keeps its own.",
    "outliers": "A quantity or price is far from what is usual; kept, and listed in the table 'outliers'.",
}
"""What is noted about rows that are kept."""

FARTHEST = 6.0
"""Robust standard deviations, on the log scale, beyond which a value is an outlier."""
SUPPORT = 20
"""Values a product (else its category, else the file) must have before one can be far from them."""
LEAST_SPREAD = 0.35
"""A spread on the log scale is taken to be this at least: prices that never move still may double."""
_TOP = 5


def of(
    shop: Shop, connection: duckdb.DuckDBPyConnection, part: Path, *, file: str, batch: str
) -> list[Finding]:
    """What is notable about the events of a finished part. Writes the table of outliers."""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW part AS SELECT * FROM {tables.quoted(part)}")
    found = [*_unknown(shop, connection, file), *_currencies(connection, file)]
    return found + _outliers(shop, connection, file=file, batch=batch)


def repeats(verdict: Verdict, scan: Scan, *, file: str) -> list[Finding]:
    """What is notable about the order of a file's rows and their likeness."""
    found = []
    if verdict.within or verdict.before:
        message = (
            f"{verdict.within:,} rows repeat a row of this file, {verdict.before:,} an event of the log."
        )
        found.append(
            Finding(file, "exact_duplicates", message, Severity.NOTE, verdict.within + verdict.before)
        )
    if len(verdict.copies):
        message = "Equal rows whose times tell no more than the minute; all are kept, numbered."
        found.append(Finding(file, "equal_rows", message, Severity.NOTE, len(verdict.copies)))
    close = near(scan.near[scan.good])
    if close:
        message = (
            f"Views or clicks repeat within {NEAR_SECONDS} seconds (the same shopper and product); kept."
        )
        found.append(Finding(file, "near_duplicates", message, Severity.NOTE, close))
    if scan.disordered:
        message = "Rows are earlier than the row before them; order is restored when the log is read."
        found.append(Finding(file, "out_of_order", message, Severity.NOTE, scan.disordered))
    return found


def _unknown(shop: Shop, connection: duckdb.DuckDBPyConnection, file: str) -> list[Finding]:
    """Products the catalogue does not have, the most frequent by name; nothing without a catalogue."""
    catalogue = shop.table("catalogue")
    if not catalogue.is_file():
        return []
    rows = connection.execute(
        "SELECT product, count(*) AS n FROM part WHERE product <> '' GROUP BY product "
        f"HAVING product NOT IN (SELECT id FROM {tables.quoted(catalogue)}) ORDER BY n DESC, product"
    ).fetchall()
    if not rows:
        return []
    named = ", ".join(f"'{product}' ({count:,})" for product, count in rows[:_TOP])
    message = f"Events name {len(rows):,} products the catalogue does not have: {named}; they are kept."
    return [Finding(file, "unknown_products", message, Severity.WARNING, sum(count for _, count in rows))]


def _currencies(connection: duckdb.DuckDBPyConnection, file: str) -> list[Finding]:
    rows = connection.execute(
        'SELECT currency, count(*) AS n FROM part WHERE "value" <> 0 '
        "GROUP BY currency ORDER BY n DESC, currency"
    ).fetchall()
    if len(rows) < 2:
        return []
    named = ", ".join(f"{currency or 'none'} ({count:,})" for currency, count in rows[:_TOP])
    message = f"The values are in {len(rows)} currencies: {named}; each event keeps its own."
    return [Finding(file, "mixed_currencies", message, Severity.WARNING, sum(count for _, count in rows[1:]))]


def _outliers(shop: Shop, connection: duckdb.DuckDBPyConnection, *, file: str, batch: str) -> list[Finding]:
    """Quantities and unit values beyond `FARTHEST` robust deviations, into the table of outliers."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE far AS {_far(shop, batch=batch)}")
    counted = connection.execute("SELECT count(*) FROM far").fetchone()
    count = int(counted[0]) if counted else 0
    table = shop.table("outliers")
    older = (
        f"SELECT * FROM {tables.quoted(table)} WHERE batch <> '{batch}' UNION ALL " if table.is_file() else ""
    )
    if count:
        tables.replace(connection, f"{older}SELECT * FROM far ORDER BY score DESC, id", table)
    if not count:
        return []
    worst = connection.execute(
        'SELECT id, "column", amount, usual FROM far ORDER BY score DESC, id LIMIT 1'
    ).fetchone()
    told = (
        f"; the farthest: {worst[1]} {worst[2]:,.6g} where {worst[3]:,.6g} is usual (event {worst[0]})"
        if worst
        else ""
    )
    message = f"Quantities or prices are far from what is usual; kept, listed in the table 'outliers'{told}."
    return [Finding(file, "outliers", message, Severity.NOTE, count)]


def _far(shop: Shop, *, batch: str) -> str:
    """SQL for the outliers: each value against the robust centre and spread of its product on the

    log scale, where the product has `SUPPORT` values; else of its category, else of the file.
    """
    catalogue = shop.table("catalogue")
    known = (
        f"SELECT id, category FROM {tables.quoted(catalogue)}"
        if catalogue.is_file()
        else "SELECT '' AS id, '' AS category"
    )
    return f"""
        WITH catalogue AS ({known}),
        bought AS (
            SELECT part.id, product, coalesce(category, '') AS category, quantity,
                "value" / quantity / 1e6 AS price
            FROM part LEFT JOIN catalogue ON product = catalogue.id
            WHERE kind IN ('purchase', 'return', 'cart')
        ),
        valued AS (
            SELECT id, product, category, 'quantity' AS "column", quantity AS amount, ln(quantity) AS x
            FROM bought WHERE quantity > 0
            UNION ALL
            SELECT id, product, category, 'value', price, ln(price) FROM bought WHERE price > 0
        ),
        products AS ({_spread("product")}), categories AS ({_spread("category")}), files AS ({_spread("''")}),
        scored AS (
            SELECT valued.*, coalesce(p.centre, c.centre, f.centre) AS centre,
                greatest(1.4826 * coalesce(p.mad, c.mad, f.mad), {LEAST_SPREAD}) AS spread
            FROM valued
            LEFT JOIN products AS p ON valued.product = p.name AND valued."column" = p."column"
            LEFT JOIN categories AS c ON valued.category = c.name AND valued."column" = c."column"
            LEFT JOIN files AS f ON valued."column" = f."column"
        )
        SELECT id, product, "column", amount, exp(centre) AS usual, abs(x - centre) / spread AS score,
            '{batch}' AS batch
        FROM scored WHERE abs(x - centre) > {FARTHEST} * spread"""


def _spread(name: str) -> str:
    """The centre and median absolute deviation of every group with enough values."""
    return f"""
        SELECT {name} AS name, "column", median(x) AS centre, mad(x) AS mad FROM valued SEMI JOIN (
            SELECT {name} AS name, "column" AS what FROM valued GROUP BY 1, 2 HAVING count(*) >= {SUPPORT}
        ) AS big ON {name} = big.name AND "column" = big.what GROUP BY 1, 2"""


def shoppers(shop: Shop, connection: duckdb.DuckDBPyConnection, batches: list[str]) -> None:
    """Bring the table of shoppers up to what these batches declare; nothing declared leaves it alone.

    A new value replaces an old one, an opt-out stays. Of a minor nothing is kept but the age band.
    """
    parts = [shop.events / "history" / f"{name}.parquet" for name in batches]
    if not parts:
        return
    listed = ", ".join(map(tables.quoted, parts))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE declared AS SELECT shopper, "
        "kind, time, id, attributes, location FROM "
        f"read_parquet([{listed}]) WHERE kind IN ('attributes', 'opt_out')"
    )
    counted = connection.execute("SELECT count(*) FROM declared").fetchone()
    if not counted or not counted[0]:
        return
    table = shop.table("shoppers")
    older = f"SELECT * FROM {tables.quoted(table)}" if table.is_file() else _NOBODY
    tables.replace(connection, _merged(older), table)


_NOBODY = "SELECT '' AS id, '' AS age_band, '' AS gender, '' AS location, false AS opted_out WHERE false"
_MINOR = (
    "(lower(trim(age_band)) IN ('0-12', '13-17', 'under-18', 'minor', 'child', 'teen') "
    "OR coalesce(TRY_CAST(regexp_extract(trim(age_band), '^[0-9]{1,4}') AS INTEGER) < 18, false))"
)


def _merged(older: str) -> str:
    def last(name: str, value: str) -> str:
        return (
            f"coalesce(arg_max({value}, (time, id)) FILTER (WHERE coalesce({value}, '') <> ''), '') AS {name}"
        )

    def said(name: str) -> str:
        return f"attributes ->> '$.{name}'"

    declared = (
        f"SELECT shopper AS id, {last('age_band', said('age_band'))}, {last('gender', said('gender'))}, "
        f"{last('location', said('location'))}, "
        "bool_or(kind = 'opt_out') AS opted_out FROM declared GROUP BY shopper"
    )
    joined = (
        "SELECT coalesce(new.id, old.id) AS id, "
        + ", ".join(
            f"coalesce(nullif(new.{name}, ''), old.{name}, '') AS {name}"
            for name in ("age_band", "gender", "location")
        )
        + ", coalesce(new.opted_out, false) OR coalesce(old.opted_out, false) AS opted_out "
        f"FROM ({declared}) AS new FULL JOIN ({older}) AS old ON new.id = old.id"
    )
    return (
        f"SELECT id, age_band, CASE WHEN {_MINOR} THEN '' ELSE gender END AS gender, "
        f"CASE WHEN {_MINOR} THEN '' ELSE location END AS location, opted_out FROM ({joined}) ORDER BY id"
    )
