"""Real titles of products: Taobao's in Chinese, Amazon's in English.

The data are passed on for research (Taobao) and under no clear terms (Amazon); whoever has them gives them.
"""

from __future__ import annotations

import csv
from pathlib import Path

from hawker.errors import BadInput, MissingData
from hawker.ingest.feeds import tagged
from hawker.ingest.feeds.rows import Row
from hawker.records.markup import clean

TAOBAO, AMAZON = "train.txt", "test_sample_1000.csv"


def taobao(folder: Path) -> tuple[str, ...]:
    """Distinct titles of `train.txt`: a character and its tag a line, an empty line between titles."""
    told = (row.fields["title"] for row in tagged.read(_there(folder / TAOBAO)) if isinstance(row, Row))
    return tuple(dict.fromkeys(title for text in told if (title := clean(text))))


def amazon(folder: Path) -> tuple[str, ...]:
    """Distinct product names of `test_sample_1000.csv`."""
    rows = csv.DictReader(_there(folder / AMAZON).read_text("utf-8-sig").splitlines(keepends=True))
    if "Product Name" not in (rows.fieldnames or ()):
        raise BadInput(f"{AMAZON} has no column 'Product Name'.")
    return tuple(dict.fromkeys(name for row in rows if (name := clean(row["Product Name"] or ""))))


def _there(path: Path) -> Path:
    if not path.is_file():
        raise MissingData(f"There is no '{path}'.", remedy=f"Put {path.name} into that folder.")
    return path
