"""schema.org products as JSON-LD: a file of it, or the script blocks of an HTML page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hawker.errors import UnreadableFile
from hawker.ingest import decode
from hawker.ingest.feeds import plain
from hawker.ingest.feeds.price import price
from hawker.ingest.feeds.rows import Broken, Row
from hawker.records.ids import derived

WHOLE = 1 << 26
"""Characters of one document: JSON-LD is read whole, so its size is bounded."""

_BLOCK = re.compile(
    r"<script[^>]*type\s*=\s*[\"']?application/ld\+json[\"']?[^>]*>(.*?)</script\s*>",
    re.IGNORECASE | re.DOTALL,
)
_PRODUCTS = frozenset({"Product", "ProductModel", "IndividualProduct", "Vehicle", "Book"})
_OWN = frozenset({"hasVariant", "@type", "@id", "offers"})
_GTINS = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "isbn")
Node = dict[str, Any]


def read(path: Path) -> Iterator[Row | Broken]:
    """The products of a document, wherever they stand in it; a variant inherits from its group."""
    with decode.opened(path) as source:
        text = source.read(WHOLE + 1)
    if len(text) > WHOLE:
        raise UnreadableFile(
            f"'{path.name}' holds more than {WHOLE:,} characters of JSON-LD.",
            remedy="Split it, or write one product a line (.jsonl).",
        )
    for line, block in _blocks(text):
        try:
            found = msgspec.json.decode(block)
        except msgspec.DecodeError as error:
            yield Broken(line, "broken_row", f"this is not JSON: {error}.", block[:500])
            continue
        nodes = list(_nodes(found))
        crumbs = next((_crumbs(node) for node in nodes if "BreadcrumbList" in _types(node)), "")
        for node in nodes:
            if _PRODUCTS & _types(node):
                yield from _rows(line, node, crumbs)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """The JSON of a document with its line: script blocks, one document, or one on each line."""
    bare = text.strip("\ufeff \r\n\t")
    if bare.startswith("<"):
        for found in _BLOCK.finditer(text):
            block = found.group(1).strip().removeprefix("<!--").removesuffix("-->")
            yield text.count("\n", 0, found.start()) + 1, block
    elif plain.lines_of_json(bare):
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip("\ufeff \t"):
                yield number, line.strip("\ufeff \t")
    elif bare:
        yield 1, bare


def _nodes(value: Any, above: Node | None = None) -> Iterator[Node]:
    """Every object of the document that may be a product; a group's variants hold its own fields too."""
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item, above)
    elif isinstance(value, dict):
        if "ProductGroup" in _types(value):
            shared = {name: part for name, part in value.items() if name not in _OWN}
            shared["group"] = _text(value.get("productGroupID") or value.get("sku") or value.get("name"))
            yield from _nodes(value.get("hasVariant", []), shared)
            return
        yield {**(above or {}), **value}
        for name in ("@graph", "mainEntity", "itemListElement", "item"):
            if name in value and "BreadcrumbList" not in _types(value):
                yield from _nodes(value[name])


def _types(node: Node) -> set[str]:
    kinds = node.get("@type", [])
    return {str(kind).rpartition("/")[2] for kind in (kinds if isinstance(kinds, list) else [kinds])}


def _crumbs(node: Node) -> str:
    """The path of a breadcrumb list without its last step, which is the product itself."""
    steps = [step for step in node.get("itemListElement", []) if isinstance(step, dict)]
    steps.sort(key=lambda step: int(_text(step.get("position")) or 0))
    names = [_text(step.get("name") or step.get("item")) for step in steps]
    return " > ".join(filter(None, names[:-1]))


def _rows(line: int, node: Node, crumbs: str) -> Iterator[Row]:
    offers = list(_offers(node.get("offers")))
    skus = {_text(offer.get("sku")) for offer in offers} - {""}
    if len(skus) < 2:
        yield _row(line, node, crumbs, offers)
        return
    for sku in sorted(skus):
        part = {
            **node,
            "sku": sku,
            "group": _text(node.get("sku") or node.get("productID")) or _text(node.get("name")),
        }
        mine = [offer for offer in offers if _text(offer.get("sku")) == sku]
        part["name"] = _text(mine[0].get("name")) or _text(node.get("name"))
        yield _row(line, part, crumbs, mine)


def _offers(value: Any) -> Iterator[Node]:
    for offer in value if isinstance(value, list) else [value]:
        if isinstance(offer, dict):
            inner = offer.get("offers")
            if inner and isinstance(inner, dict | list):
                yield from _offers(inner)
            else:
                yield offer


def _row(line: int, node: Node, crumbs: str, offers: list[Node]) -> Row:
    fields = {
        "title": _text(node.get("name")),
        "description": _text(node.get("description")),
        "brand": _text(node.get("brand") or node.get("manufacturer")),
        "category": _text(node.get("category"), join=" > ") or crumbs,
        "image": _text(node.get("image")),
        "link": _text(
            node.get("url") or next((offer.get("url") for offer in offers if offer.get("url")), "")
        ),
        "mpn": _text(node.get("mpn")),
        "gtin": next((_text(node[name]) for name in _GTINS if node.get(name)), ""),
        "condition": _text(node.get("itemCondition") or (offers[0].get("itemCondition") if offers else "")),
        "language": _text(node.get("inLanguage"))[:2],
        "group": _text(node.get("group") or node.get("inProductGroupWithID")),
        **{name: _text(node.get(name)) for name in ("color", "size", "material")},
        **_priced(offers),
    }
    fields["id"] = _text(node.get("sku") or node.get("productID")) or fields["gtin"] or fields["mpn"]
    if not fields["id"]:
        fields["id"] = derived(_text(node.get("@id")) or fields["link"] or fields["title"])
    more = node.get("additionalProperty", [])
    attributes = {
        _text(item.get("name")): _text(item.get("value")) for item in more if isinstance(item, dict)
    }
    raw = msgspec.json.encode({"@context": "https://schema.org", **node}).decode()
    return Row(line, fields, {name: text for name, text in attributes.items() if name}, raw=raw)


def _priced(offers: list[Node]) -> dict[str, str]:
    """The lowest offer, and the best availability among all."""
    if not offers:
        return {}
    best = min((offer for offer in offers if _cost(offer)), key=_cost_order, default=offers[0])
    states = [_text(offer.get("availability")) for offer in offers]
    ready = next((state for state in states if state.lower().endswith("instock")), states[0])
    code = _text(best.get("priceCurrency") or _specified(best).get("priceCurrency"))
    stock = _text(best.get("inventoryLevel"))
    return {"price": _cost(best), "currency": code, "availability": ready, "stock": stock}


def _cost(offer: Node) -> str:
    return _text(offer.get("price") or offer.get("lowPrice") or _specified(offer).get("price"))


def _specified(offer: Node) -> Node:
    """The price specification, which some shops nest in the offer."""
    inner = offer.get("priceSpecification")
    inner = inner[0] if isinstance(inner, list) and inner else inner
    return inner if isinstance(inner, dict) else {}


def _cost_order(offer: Node) -> int:
    return price(_cost(offer)).amount


def _text(value: Any, *, join: str = "") -> str:
    """What a value says: text, a number, or the name (url, value) of an object; the first of a list."""
    if isinstance(value, list):
        parts = [part for part in map(_text, value) if part]
        return join.join(parts) if join else (parts[0] if parts else "")
    if isinstance(value, dict):
        named = (value.get(name) for name in ("name", "url", "contentUrl", "@value", "value", "@id"))
        return _text(next((part for part in named if part), ""))
    if value is None or isinstance(value, bool):
        return ""
    return html.unescape(str(value)).strip()
