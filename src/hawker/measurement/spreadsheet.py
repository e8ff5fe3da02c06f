"""A page as CSV: all rows of all tables in one rectangle, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from io import StringIO

from hawker.measurement.page import Column, Figure, Look, Page, Prose, Table

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def spreadsheet(page: Page) -> str:
    """One row per line of each table; a rate has columns for its bounds and for its reason.

    Notes and method follow as rows of their own, so that the figures never travel without them.
    A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    tables = [block for block in page.blocks if isinstance(block, Table)]
    names = list(
        dict.fromkeys(name for table in tables for column in table.columns for name in _names(column))
    )
    rows = [
        {
            "section": table.key,
            **dict(part for pair in zip(table.columns, row, strict=True) for part in _parts(*pair)),
        }
        for table in tables
        for row in table.rows
    ]
    first = "label" if "label" in names else (names or ["label"])[0]
    rows += [
        {"section": str(block.tone), first: safe(line)}
        for block in page.blocks
        if isinstance(block, Prose)
        for line in block.lines
    ]
    target = StringIO()
    table = csv.DictWriter(target, ["section", *(names or ["label"])], restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    return target.getvalue()


def safe(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula.

    >>> safe("=HYPERLINK(1)"), safe("tea"), safe(" @x")
    ("'=HYPERLINK(1)", 'tea', "' @x")
    """
    start = text.lstrip(" \u00a0\u3000")
    return f"'{text}" if start.startswith(_FORMULA) else text


def _line(table: Table, row: tuple[Figure, ...]) -> dict[str, str]:
    return dict(part for pair in zip(table.columns, row, strict=True) for part in _parts(*pair))


def _names(column: Column) -> list[str]:
    if column.look is Look.INTERVAL:
        return [column.key, f"{column.key}_low", f"{column.key}_high", f"{column.key}_reason"]
    return [column.key]


def _parts(column: Column, figure: Figure) -> list[tuple[str, str]]:
    if column.look is Look.TEXT:
        return [(column.key, safe(figure.raw))]
    if column.look is not Look.INTERVAL:
        return [(column.key, figure.raw)]
    bounds = ["" if bound is None else f"{bound:.8g}" for bound in (figure.low, figure.high)]
    reason = figure.detail if figure.value is None else ""
    return list(zip(_names(column), [figure.raw, *bounds, safe(reason)], strict=True))
