"""Approved copy looked at again where its product has changed since: what is no longer true is taken down.

state/copy-looked.json   of which catalogue that was done last, and a digest of each product as it was then
"""

from __future__ import annotations

import hashlib
import re
import time as clocks
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from hawker.creative.desk import Desk
from hawker.records.catalogue import Product
from hawker.records.sheet import Standing, Variant
from hawker.storage import files
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts
from hawker.storage.shop import Shop

BY = "hawker: no longer true"
"""Who takes down, in the record of changes."""
_STOCK = re.compile(r"\b(?:stock|left|only \d)|剩|库存|仅余|仅存", re.IGNORECASE)


class Looked(Struct, frozen=True):
    """The catalogue that copy was held against last, and its products then, by id."""

    catalogue: str = ""
    products: dict[str, str] = field(default_factory=dict)


def catalogue(shop: Shop) -> str:
    """What tells one state of the catalogue from another, at the cost of asking for a file's age."""
    path = shop.table("catalogue")
    if not path.is_file():
        return ""
    held = path.stat()
    return f"{held.st_mtime_ns}-{held.st_size}-{held.st_ino}"


def looked(shop: Shop) -> Looked:
    """What was looked at last; nothing, so that all is looked at again, where that cannot be read."""
    try:
        return msgspec.json.decode(_file(shop).read_bytes(), type=Looked)
    except (FileNotFoundError, msgspec.DecodeError):
        return Looked()


def due(shop: Shop) -> bool:
    """Whether the catalogue is another than copy was held against last, and any copy is approved."""
    if looked(shop).catalogue == catalogue(shop):
        return False
    with closing(Drafts(shop.control)) as drafts:
        return bool(drafts.page({"standing": Standing.APPROVED.value}, limit=1))


def proofread(shop: Shop) -> list[Variant]:
    """Hold a shop's approved copy against its catalogue as it is now, where that has changed.

    `shop` has to be opened after the change. Returns what was taken down.
    """
    if not due(shop):
        return []
    brand = shop.settings.brand
    with closing(Control(shop.control)) as control, closing(Drafts(shop.control)) as drafts:
        desk = Desk(drafts, control, shop.catalogue, own=brand.auto_approve, proven=brand.evidence)
        return look(shop, desk, time=clocks.time_ns() // 1000, reader=shop.settings.language)


def look(shop: Shop, desk: Desk, *, time: int, reader: str = "en") -> list[Variant]:
    """Hold approved copy against the gate where its product is another than when it was held last.

    Products that were never looked at are compared with those that the copy was written for. How many
    are in stock is no change, but for copy that speaks of it. Takes down what fails, each with its reason.
    """
    with _alone(shop):
        stamp, before = catalogue(shop), looked(shop).products
        held: dict[str, list[Variant]] = defaultdict(list)
        for one in desk.drafts.all(standing=Standing.APPROVED.value):
            held[one.product].append(one)
        now = {name: _digest(desk.catalogue.get(name), copy) for name, copy in held.items()}
        unknown = {name: copy for name, copy in held.items() if name not in before}
        was = {**before, **_written(desk, unknown, now)}
        changed = [one for name, copy in held.items() if was[name] != now[name] for one in copy]
        taken = desk.stale(by=BY, time=time, reader=reader, among=changed)
        files.write(_file(shop), msgspec.json.encode(Looked(stamp, now)))
    return taken


def _written(desk: Desk, unknown: Mapping[str, list[Variant]], now: Mapping[str, str]) -> dict[str, str]:
    """The digests of products as their copy was written for; '' where that differs from copy to copy."""
    names = {one.sheet for copy in unknown.values() for one in copy}
    told = {sheet.id: sheet.brief.product for sheet in desk.drafts.sheets(names)}
    found = {}
    for name, copy in unknown.items():
        was = {_digest(told.get(one.sheet), copy) for one in copy}
        found[name] = now[name] if was == {now[name]} else ""
    return found


def _digest(product: Product | None, copy: list[Variant]) -> str:
    """What tells one state of a product from another, as far as this copy can speak of it; '-': gone."""
    if product is None:
        return "-"
    lines = (line for one in copy for lines in one.draft.parts.values() for line in lines)
    if not any(map(_STOCK.search, lines)):
        product = replace(product, stock=None)
    text = msgspec.json.encode(product, order="deterministic")
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _file(shop: Shop) -> Path:
    return shop.state / "copy-looked.json"


@contextmanager
def _alone(shop: Shop) -> Iterator[None]:
    """Nobody else looks meanwhile: whoever waited finds nothing left to do."""
    shop.state.mkdir(parents=True, exist_ok=True)
    with files.alone(shop.state / "copy-looked.turn"):
        yield
