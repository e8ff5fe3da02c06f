"""WooCommerce product CSV: simple, variable and variation rows, the last inheriting from their parent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hawker.ingest.feeds import rows
from hawker.ingest.feeds.rows import Broken, Row
from hawker.ingest.feeds.shopify import OPTIONS

Cells = dict[str, str]
_INHERITED = ("title", "description", "category", "brand", "image", "tags")
_GTIN = ("gtin, upc, ean, or isbn", "gtin", "meta: _global_unique_id")


def fits(header: list[str]) -> bool:
    """Whether these column names are those of a WooCommerce export."""
    names = {name.lower() for name in header}
    return {"type", "name"} <= names and len(
        names & {"published", "regular price", "in stock?", "parent"}
    ) >= 2


def read(path: Path) -> Iterator[Row | Broken]:
    """One row per product that can be bought: a variable product comes as its variations.

    A variation may stand before its parent, so the file is read twice.
    """
    parents, children = _parents(path)
    for record in rows.table(path):
        if isinstance(record, Broken):
            yield record
            continue
        number, cells, text = record
        cells = _lowered(cells)
        kind = cells.get("type", "").lower()
        if "variable" in kind and children & set(_names(cells)):
            continue
        above: Cells = {}
        if "variation" in kind:
            named = cells.get("parent", "").strip()
            if named not in parents:
                message = f"the variation names a parent '{named[:40]}' that the file does not hold."
                yield Broken(number, "unknown_parent", message, text)
                continue
            above = parents[named]
        yield _row(number, cells, above, text)


def _parents(path: Path) -> tuple[dict[str, Cells], set[str]]:
    """The variable products by each name a variation may call them, and the names that are called."""
    parents: dict[str, Cells] = {}
    called: set[str] = set()
    for record in rows.table(path):
        if isinstance(record, Broken):
            continue
        cells = _lowered(record[1])
        if "variable" in cells.get("type", "").lower():
            parents |= dict.fromkeys(_names(cells), cells)
        if cells.get("parent", "").strip():
            called.add(cells["parent"].strip())
    return parents, called


def _lowered(cells: Cells) -> Cells:
    return {name.lower(): cell for name, cell in cells.items()}


def _names(cells: Cells) -> list[str]:
    number, sku = cells.get("id", "").strip(), cells.get("sku", "").strip()
    return [name for name in (sku, number and f"id:{number}", number) if name]


def _row(number: int, cells: Cells, above: Cells, raw: str) -> Row:
    fields, attributes = _fields(cells)
    if above:
        inherited, more = _fields(above)
        title = fields["title"] or " - ".join([inherited["title"], *_options(cells).values()])
        fields |= {name: fields[name] or inherited[name] for name in _INHERITED}
        fields |= {"title": title, "group": inherited["id"]}
        attributes = {**more, **attributes}
    named: Cells = {}
    for name, value in _options(cells).items():
        field = next((field for field, words in OPTIONS.items() if name.lower() in words), "")
        (named if field else attributes)[field or name.lower()] = value
    attributes["tags"] = fields.pop("tags")
    notes: tuple[tuple[str, str], ...] = ()
    if (cells.get("published", "1").strip() or "1") not in ("1", "true") or above.get("published") in (
        "0",
        "-1",
    ):
        fields["availability"] = "out_of_stock"
        notes = (("unpublished", f"'{fields['id']}' is not published: kept, but not advertised."),)
    return Row(number, {**fields, **named}, attributes, notes, raw)


def _fields(cells: Cells) -> tuple[Cells, Cells]:
    """The plain columns of one row."""
    number, sku = (cells.get(name, "").strip() for name in ("id", "sku"))
    stocked = cells.get("in stock?", "").strip().lower()
    stock = cells.get("stock", "").strip()
    fields = {
        "id": sku or number,
        "title": cells.get("name", "").strip(),
        "description": rows.pick(cells, ("short description", "description")),
        "category": _deepest(cells.get("categories", "")),
        "brand": rows.pick(cells, ("brands", "brand", "attribute brand")),
        "price": cells.get("regular price", "").strip(),
        "sale_price": cells.get("sale price", "").strip(),
        "availability": {"1": "in_stock", "0": "out_of_stock", "": ""}.get(stocked, stocked),
        "stock": stock if stocked != "backorder" else "",
        "image": cells.get("images", "").strip(),
        "gtin": rows.pick(cells, _GTIN),
        "link": rows.pick(cells, ("permalink", "external url")),
        "tags": cells.get("tags", "").strip(),
    }
    return fields, {"woo_id": number} if sku and number else {}


def _deepest(text: str) -> str:
    """The longest of the category paths, which a comma parts unless a backslash stands before it."""
    paths = [path.replace("\\,", ",").strip() for path in re.split(r"(?<!\\),", text)]
    return max(paths, key=lambda path: path.count(">"))


def _options(cells: Cells) -> Cells:
    """Attributes by name, from the numbered pairs of columns."""
    options = {}
    for name, text in cells.items():
        found = re.fullmatch(r"attribute (\d+) name", name)
        if found and text.strip():
            value = cells.get(f"attribute {found.group(1)} value(s)", "").strip()
            if value:
                options[text.strip()] = value
    return options
