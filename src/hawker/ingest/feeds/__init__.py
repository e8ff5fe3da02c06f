"""Product feeds: which format a file is in, and the reader that turns it into rows; one file per format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from hawker.errors import BadSetting, nearest
from hawker.ingest import decode
from hawker.ingest.feeds import jsonld, merchant, plain, sales, shopify, tagged, woocommerce, words
from hawker.ingest.feeds.rows import Broken, Row

STANDARD = {
    "merchant_xml": merchant.read_xml,
    "merchant_tsv": merchant.read_table,
    "shopify": shopify.read,
    "woocommerce": woocommerce.read,
    "jsonld": jsonld.read,
    "tagged": tagged.read,
}
"""Readers of formats that say themselves what is where."""

MAPPED = {"plain": plain.read, "sales": sales.read}
"""Readers that need a map of columns: `plain` is any CSV, TSV, JSONL, JSON or Parquet."""

FORMATS = (*STANDARD, *MAPPED)
_HEAD = 1 << 16


def detect(path: Path) -> str:
    """The format of a file, one of `FORMATS`, or '' where it is empty."""
    with path.open("rb") as binary:
        if binary.read(4) == b"PAR1":
            return _table(plain.header(path))
    with decode.opened(path) as source:
        head = source.read(_HEAD).lstrip("\ufeff \t\r\n")
    if not head:
        return ""
    if head.startswith("<"):
        return "jsonld" if "<html" in head[:2000].lower() or "ld+json" in head else "merchant_xml"
    if head[0] in "{[":
        linked = path.suffix.lower() == ".jsonld" or ('"@type"' in head and "schema.org" in head)
        return "jsonld" if linked else _table(plain.header(path))
    if tagged.fits(head.split("\n")[:60][:-1]):
        return "tagged"
    return _table(plain.header(path))


def _table(header: list[str]) -> str:
    if shopify.fits(header):
        return "shopify"
    if woocommerce.fits(header):
        return "woocommerce"
    names = {name.strip().lower().replace(" ", "_") for name in header}
    if {"id", "title", "link", "image_link"} <= names and names & {"availability", "price"}:
        return "merchant_tsv"
    return "sales" if words.sales(header) else "plain"


def read(path: Path, *, form: str = "", columns: Mapping[str, str] | None = None) -> Iterator[Row | Broken]:
    """The rows of a file in that format; the format is detected where none is named.

    `columns` (field to column) asks for a mapped reader, whatever the format looks like.
    """
    if form and form not in FORMATS:
        raise BadSetting(f"There is no feed format '{form}'.", remedy=nearest(form, list(FORMATS)))
    form = form or detect(path)
    if columns and form not in MAPPED:
        form = "plain"
    if form in STANDARD:
        yield from STANDARD[form](path)
    elif form:
        yield from MAPPED[form](path, plain.settled(path, columns))


__all__ = ["FORMATS", "Broken", "Row", "detect", "read"]
