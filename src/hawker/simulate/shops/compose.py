"""What an invented shop sells: products composed from families, models and variants in TOML files.

A *family* ("连衣裙") has one sentence pattern; each of its *models* fills every blank by hand, so no
combination is left to chance; where a blank holds a list, each entry is one *variant* of the model.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from hawker.errors import BadInput, NotFound, nearest
from hawker.records.catalogue import LEVELS, Availability, Product
from hawker.records.money import micros

CURRENCY = "CNY"
SOLD_OUT = 0.03
_WORDS = "words.toml"
_NAMES = {
    "age": "适用年龄",
    "area": "适用面积",
    "battery": "电池与续航",
    "capacity": "容量",
    "charge": "充电功率",
    "fit": "适用",
    "load": "承重",
    "pack": "规格",
    "pages": "页数",
    "place": "产地",
    "power": "功率",
    "proof": "防水",
    "scent": "香味",
    "season": "季节",
    "skin": "适用肤质",
    "taste": "口味",
    "weight": "重量",
}
ATTRIBUTES = tuple(_NAMES.values())
"""The names of the attributes that products may have beside the fields of the record."""


class Family(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of thing. `cycle` is the days until it is used up (0: it lasts)."""

    key: str
    path: str
    queries: tuple[str, ...]
    title: str
    text: str
    models: tuple[dict[str, Any], ...]
    cycle: int = 0
    gender: str = ""
    fit: str = ""


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """What people of this shop say, and where and when it trades."""

    name: str
    start: str
    utc_offset_minutes: int
    reviews_good: tuple[str, ...]
    reviews_fair: tuple[str, ...]
    reviews_poor: tuple[str, ...]
    return_reasons: tuple[str, ...]
    hide_reasons: tuple[str, ...]
    stray_queries: tuple[str, ...]
    stores: tuple[str, ...]
    regions: tuple[str, ...]
    age_bands: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """A product with what only its maker knows: its family, its searches, its cycle in days."""

    product: Product
    family: str
    noun: str
    queries: tuple[str, ...]
    cycle: int


def names() -> list[str]:
    """The invented shops there are.

    >>> names()
    ['zh']
    """
    return sorted(entry.name for entry in _root().iterdir() if entry.joinpath(_WORDS).is_file())


@cache
def words(shop: str) -> Words:
    """What the shoppers of an invented shop say; raises `NotFound` where there is no such shop."""
    return msgspec.convert(tomllib.loads(_folder(shop).joinpath(_WORDS).read_text("utf-8")), Words)


def compose(shop: str = "zh", *, seed: int = 7) -> tuple[Item, ...]:
    """Every product of an invented shop, in the order of its files; the seed draws the stock.

    >>> compose("zh")[0].product.title
    '暖厨纪 R1电饭煲 1.6升 不粘涂层内胆 可预约'
    """
    rng = np.random.default_rng([seed, 1])
    items = []
    for top, family in _families(shop):
        for number, model in enumerate(family.models, 1):
            for variant, blanks in enumerate(_variants(family, model), 1):
                stock = 0 if rng.random() < SOLD_OUT else int(rng.integers(8, 400))
                name = f"{family.key}-{number}"
                group = name if any(isinstance(value, list) for value in model.values()) else ""
                items.append(_item(top, family, blanks, group=group, id=f"{name}{variant}", stock=stock))
    return tuple(items)


def _root() -> Traversable:
    return resources.files("hawker.simulate") / "shops"


def _folder(shop: str) -> Traversable:
    if shop not in names():
        raise NotFound(f"There is no invented shop '{shop[:40]}'.", remedy=nearest(shop, names()))
    return _root() / shop


def _families(shop: str) -> Iterator[tuple[str, Family]]:
    files = [file for file in _folder(shop).iterdir() if file.name.endswith(".toml") and file.name != _WORDS]
    for file in sorted(files, key=lambda entry: entry.name):
        content = tomllib.loads(file.read_text("utf-8"))
        for family in msgspec.convert(content["family"], list[Family]):
            yield content["top"], family


def _variants(family: Family, model: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One set of filled blanks for each variant; lists of one model must be equally long."""
    lengths = {len(value) for value in model.values() if isinstance(value, list)} or {1}
    if len(lengths) > 1:
        raise BadInput(f"Family '{family.key}': the lists of one model differ in length.")
    for index in range(lengths.pop()):
        blanks = {key: value[index] if isinstance(value, list) else value for key, value in model.items()}
        yield {"gender": family.gender, "fit": family.fit, **blanks}


def _item(top: str, family: Family, blanks: dict[str, Any], *, group: str, id: str, stock: int) -> Item:
    product = Product(
        id=id,
        title=family.title.format(**blanks),
        description=family.text.format(**blanks),
        category=LEVELS.join((top, *family.path.split(LEVELS))),
        brand=blanks["brand"],
        price=micros(blanks["price"]),
        sale_price=micros(blanks.get("sale", 0)),
        currency=CURRENCY,
        availability=Availability.IN_STOCK if stock else Availability.OUT_OF_STOCK,
        stock=stock,
        link=f"https://shop.example/p/{id}",
        group=group,
        color=blanks.get("color", ""),
        size=blanks.get("size", ""),
        material=blanks.get("material", ""),
        gender=blanks["gender"],
        language="zh",
        attributes={_NAMES[key]: str(value) for key, value in blanks.items() if key in _NAMES and value},
    )
    queries = tuple(dict.fromkeys(query.format(**blanks) for query in family.queries))
    return Item(product, family.key, family.path.split(LEVELS)[-1], queries, family.cycle)
