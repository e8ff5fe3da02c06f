"""Shopify product CSV, both header generations: a product is a run of rows with one handle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hawker.ingest.feeds import rows
from hawker.ingest.feeds.rows import Broken, Row

_COLUMNS: dict[str, tuple[str, ...]] = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "description": ("body (html)", "body html", "description"),
    "vendor": ("vendor",),
    "category": ("product category", "type", "custom product type", "standardized product type"),
    "tags": ("tags",),
    "status": ("status",),
    "published": ("published", "published on online store"),
    "sku": ("variant sku", "sku"),
    "price": ("variant price", "price"),
    "before": ("variant compare at price", "compare-at price", "compare at price"),
    "stock": ("variant inventory qty", "inventory quantity"),
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "policy": ("variant inventory policy", "continue selling when out of stock"),
    "barcode": ("variant barcode", "barcode"),
    "variant image": ("variant image", "variant image url"),
    "image": ("image src", "product image url"),
    "condition": ("google shopping / condition",),
    "gender": ("google shopping / gender",),
    "age_group": ("google shopping / age group",),
}
OPTIONS = {
    "color": frozenset({"color", "colour", "farbe", "couleur", "颜色", "颜色分类"}),
    "size": frozenset({"size", "größe", "taille", "尺寸", "尺码", "大小"}),
    "material": frozenset({"material", "matériau", "材质", "面料"}),
}
"""Option names that are fields of a product, in the languages shops use."""
Cells = dict[str, str]
Record = tuple[int, Cells, str]


def fits(header: list[str]) -> bool:
    """Whether these column names are those of a Shopify export, old or new."""
    names = {name.lower() for name in header}
    return (
        "title" in names
        and bool(names & {"handle", "url handle"})
        and bool(
            names & {"variant price", "option1 name", "option1 value", "variant sku", "compare-at price"}
        )
    )


def read(path: Path) -> Iterator[Row | Broken]:
    """One row per variant; rows that only add pictures are merged into their product."""
    handle, run = "", list[Record]()
    for record in rows.table(path):
        if isinstance(record, Broken):
            yield record
            continue
        number, cells, text = record
        cells = {name.lower(): cell for name, cell in cells.items()}
        key = _get(cells, "handle") or _slug(_get(cells, "title"))
        if not key:
            yield Broken(number, "missing_title", "the row has neither handle nor title.", text)
            continue
        if key != handle and run:
            yield from _product(handle, run)
            run = []
        handle = key
        run.append((number, cells, text))
    if run:
        yield from _product(handle, run)


def _get(cells: Cells, name: str) -> str:
    return rows.pick(cells, _COLUMNS[name])


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _product(handle: str, run: list[Record]) -> Iterator[Row]:
    head = run[0][1]
    picture = next((found for _, cells, _ in run if (found := _get(cells, "image"))), "")
    variants = [record for record in run if record[1] is head or _sells(record[1])]
    names = [head.get(f"option{n} name", "").strip() for n in (1, 2, 3)]
    shared = {name: _get(head, name) for name in ("title", "description", "category", "gender", "age_group")}
    shared |= {"brand": _get(head, "vendor"), "condition": _get(head, "condition")}
    shared |= {"link": f"/products/{handle}", "group": handle if len(variants) > 1 else ""}
    hidden = (
        _get(head, "status").lower() in ("draft", "archived") or _get(head, "published").lower() == "false"
    )
    used: set[str] = set()
    for number, cells, text in variants:
        options = _options(names, cells)
        key = _get(cells, "sku").lstrip("'")
        if not key or key in used:
            key = "-".join([handle, *map(_slug, options.values())])
        used.add(key)
        named, attributes = _named(options)
        fields = {**shared, **_offer(cells), **named, "id": key}
        fields["image"] = _get(cells, "variant image") or picture
        fields["title"] = " - ".join(filter(None, (shared["title"], " / ".join(options.values()))))
        notes: tuple[tuple[str, str], ...] = ()
        if hidden:
            fields["availability"] = "out_of_stock"
            notes = (("unpublished", f"'{key}' is not published: kept, but not advertised."),)
        yield Row(number, fields, {"tags": _get(head, "tags"), **attributes}, notes, text)


def _sells(cells: Cells) -> bool:
    return bool(_get(cells, "sku") or _get(cells, "price") or cells.get("option1 value", "").strip())


def _options(names: list[str], cells: Cells) -> dict[str, str]:
    """The variant's options by name: {'Color': 'Red', 'Size': 'M'}."""
    options = {}
    for n, name in enumerate(names, 1):
        value = cells.get(f"option{n} value", "").strip()
        if value and value.lower() != "default title":
            options[name or f"option {n}"] = value
    return options


def _named(options: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Options that a product has a field for, and the others."""
    fields, others = {}, {}
    for name, value in options.items():
        field = next((field for field, words in OPTIONS.items() if name.lower() in words), "")
        if field:
            fields[field] = value
        else:
            others[name.lower()] = value
    return fields, others


def _offer(cells: Cells) -> dict[str, str]:
    """Price, code and stock of a variant; one sold beyond its stock is on backorder."""
    price, before = _get(cells, "price"), _get(cells, "before")
    offer = {
        "price": before or price,
        "sale_price": price if before else "",
        "gtin": _get(cells, "barcode").lstrip("'"),
    }
    tracked = bool(_get(cells, "tracker")) or not any(name in cells for name in _COLUMNS["tracker"])
    stock = _get(cells, "stock") if tracked else ""
    if stock.startswith("-") or (stock and not stock.strip("0")):
        beyond = _get(cells, "policy").lower() in ("continue", "true")
        return {**offer, "availability": "backorder"} if beyond else {**offer, "stock": "0"}
    return {**offer, "stock": stock}
