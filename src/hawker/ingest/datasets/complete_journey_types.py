"""Complete Journey as types of product: what households bought, visit after visit, without brand or size."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from hawker.ingest.datasets.complete_journey import ZONE, source
from hawker.ingest.datasets.lines import Lines
from hawker.storage import tables

_FIRST = datetime(2016, 12, 26)  # a Monday; weeks turn at midnight in the stores


def lines() -> Lines:
    """Purchases of products whose type is known: type and category are one text, of which there are 3,400.

    Raises `MissingData` with the command that installs the package.
    """
    given = source()
    query = _LINES.format(
        transactions=tables.quoted(given / "transactions.parquet"),
        products=tables.quoted(given / "products.parquet"),
    )
    held = tables.columns(tables.connect(threads=1), query)
    texts, thing = np.unique(held["text"].astype(str), return_inverse=True)
    return Lines(
        texts=tuple(texts.tolist()),
        shopper=held["shopper"].astype(np.int64),
        time=held["time"].astype(np.int64),
        visit=np.unique(held["visit"].astype(str), return_inverse=True)[1].astype(np.int64),
        thing=thing.astype(np.int64),
    )


def week(number: int) -> int:
    """When a retail week begins, in microseconds.

    >>> week(46) - week(45) == 7 * 86_400_000_000 + 3_600_000_000  # clocks went back
    True
    """
    begins = (_FIRST + timedelta(days=7 * (number - 1))).replace(tzinfo=ZoneInfo(ZONE))
    return int(begins.timestamp()) * 1_000_000


_LINES = """
SELECT household_id AS shopper, basket_id AS visit, epoch_us(transaction_timestamp) AS time,
       lower(concat_ws(', ', product_type, product_category)) AS text
FROM {transactions} JOIN {products} USING (product_id)
WHERE product_type IS NOT NULL ORDER BY shopper, time, visit, text
"""
