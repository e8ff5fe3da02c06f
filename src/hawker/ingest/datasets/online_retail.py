"""UCI Online Retail: a year of a British shop for gifts, lines of invoices with what they call the goods."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hawker.errors import MissingData
from hawker.ingest.datasets.lines import Lines
from hawker.storage import tables

TERMS = "Online Retail (UCI Machine Learning Repository): CC BY 4.0."
FILE = "uci_online_retail.parquet"


def lines(path: Path) -> Lines:
    """Goods sold, line after line as they were entered: every line is a visit of its own, a second long.

    Returns, cancelled invoices and lines without a price or a name are left out. An invoice without a
    customer is a shopper of its own. Raises `MissingData` where the file is not there.
    """
    if not path.is_file():
        raise MissingData(
            f"There is no file '{path}'.",
            remedy="Fetch 'Online Retail' from the UCI Machine Learning Repository and save it as Parquet.",
        )
    held = tables.columns(tables.connect(threads=1), _LINES.format(path=tables.quoted(path)))
    texts, thing = np.unique(held["text"].astype(str), return_inverse=True)
    number = np.arange(len(thing), dtype=np.int64)
    return Lines(
        texts=tuple(texts.tolist()),
        shopper=np.unique(held["shopper"].astype(str), return_inverse=True)[1].astype(np.int64),
        time=held["time"].astype(np.int64) + held["place"].astype(np.int64) * 1_000_000,
        visit=number,
        thing=thing.astype(np.int64),
    )


_LINES = """
SELECT coalesce(CAST(CustomerID AS VARCHAR), 'invoice ' || InvoiceNo) AS shopper,
       lower(trim(Description)) AS text, epoch_us(InvoiceDate) AS time,
       row_number() OVER (PARTITION BY InvoiceNo ORDER BY number) AS place
FROM (SELECT row_number() OVER () AS number, * FROM {path})
WHERE Quantity > 0 AND UnitPrice > 0 AND trim(coalesce(Description, '')) <> '' AND InvoiceNo NOT LIKE 'C%'
ORDER BY time, InvoiceNo, place
"""
