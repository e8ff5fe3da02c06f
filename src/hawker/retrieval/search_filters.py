"""What results are narrowed to, and how many there would be of each kind: columns of the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.language.analysis import plain, terms
from hawker.records.catalogue import LEVELS, Product, advertisable, levels, on_sale
from hawker.records.search import Filters

Mask = NDArray[np.bool_]
MOST_VALUES, MOST_ATTRIBUTES = 12, 8
_KEPT = 60  # attributes that results can be narrowed by
OWN = ("color", "size", "material", "gender", "age_group", "condition")
"""Attributes that are fields of a product; others are named by the catalogue."""


class Value(Struct, frozen=True):
    """One value that results could be narrowed to, and how many would be left."""

    value: str
    count: int


class Facets(Struct, frozen=True):
    """How many results there are of each kind, the commonest first; those of a field disregard its own

    filter. `prices` are the least and most there are, in micros (0 and 0 for none named).
    """

    categories: tuple[Value, ...] = ()
    brands: tuple[Value, ...] = ()
    prices: tuple[int, int] = (0, 0)
    in_stock: int = 0
    attributes: dict[str, tuple[Value, ...]] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One field of all products: a code for each (-1 for none), and what the codes stand for."""

    codes: NDArray[np.int32]
    values: tuple[str, ...]

    @classmethod
    def of(cls, given: Sequence[str]) -> Column:
        """Number the values there are; '' is none."""
        places = {value: place for place, value in enumerate(sorted({one for one in given if one}))}
        codes = np.array([places.get(value, -1) for value in given], dtype=np.int32)
        return cls(codes, tuple(places))

    @cached_property
    def _plain(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for code, value in enumerate(self.values):
            found.setdefault(plain(value), []).append(code)
        return found

    def among(self, values: Iterable[str]) -> Mask:
        """The products that have one of some values, in whatever spelling."""
        codes = [code for value in values for code in self._plain.get(plain(value), ())]
        mask = np.zeros(len(self.values) + 1, dtype=np.bool_)
        mask[codes] = True
        found: Mask = mask[self.codes]
        found &= self.codes >= 0
        return found

    def counted(self, mask: Mask, most: int = MOST_VALUES) -> tuple[Value, ...]:
        """The commonest values among some products."""
        codes = self.codes[mask]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.values))
        order = np.argsort(-counts, kind="stable")[:most]
        return tuple(Value(self.values[one], int(counts[one])) for one in order if counts[one])


class Shelves:
    """The fields of a catalogue that results are narrowed by, as columns."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.size = len(products)
        self.price = np.array([on_sale(one) for one in products], dtype=np.int64)
        self.sold = np.array([advertisable(one) for one in products], dtype=np.bool_)
        self.brand = Column.of([one.brand for one in products])
        self.path = Column.of([one.category for one in products])
        self.levels = tuple(levels(path) for path in self.path.values)
        self.attributes = _attributes(products)
        self._names = [frozenset(terms(path[-1])[0]) if path else frozenset() for path in self.levels]
        self._named: dict[str, list[int]] = {}
        for code, name in enumerate(self._names):
            for term in name:
                self._named.setdefault(term, []).append(code)

    def within(self, category: str) -> Mask:
        """The products in a category or below it."""
        wanted = tuple(plain(level) for level in levels(category))
        held = np.array(
            [tuple(map(plain, path[: len(wanted)])) == wanted for path in self.levels] + [False],
            dtype=np.bool_,
        )
        found: Mask = held[self.path.codes]
        return found

    def called(self, asked: set[str]) -> NDArray[np.float32]:
        """By product, how far the name of its category is what was asked: common terms among all of both."""
        found = np.zeros(len(self._names) + 1, dtype=np.float32)
        for code in {code for term in asked for code in self._named.get(term, ())}:
            name = self._names[code]
            found[code] = len(name & asked) / len(name | asked)
        named: NDArray[np.float32] = found[self.path.codes]
        return named

    def mask(self, filters: Filters, *, but: str = "") -> Mask:
        """The products that filters let through; `but` names one of them to leave out of account.

        An attribute is named by its one spelling after a colon: it may be called as a field is.
        """
        found = np.ones(self.size, dtype=np.bool_)
        if filters.category and but != "category":
            found &= self.within(filters.category)
        if filters.brands and but != "brand":
            found &= self.brand.among(filters.brands)
        if but != "price":
            if filters.least:
                found &= self.price >= filters.least
            if filters.most:
                found &= (self.price <= filters.most) & (self.price > 0)
        if filters.in_stock and but != "stock":
            found &= self.sold
        for name, values in filters.attributes.items():
            if but != f":{plain(name)}":
                column = self.attributes.get(plain(name))
                found &= column.among(values) if column is not None else False
        return found

    def facets(self, matched: Mask, filters: Filters) -> Facets:
        """What the matched products are, by category, brand, price, stock and attribute."""
        every = matched & self.mask(filters)
        known = self.price[matched & self.mask(filters, but="price")]
        known = known[known > 0]
        brands = matched & self.mask(filters, but="brand") if filters.brands else every
        narrowed = {plain(name) for name in filters.attributes}
        shown = {}
        for name, column in self.attributes.items():
            rows = matched & self.mask(filters, but=f":{name}") if name in narrowed else every
            if counted := column.counted(rows):
                shown[name] = counted
        kept = sorted(shown, key=lambda name: (-sum(one.count for one in shown[name]), name))[
            :MOST_ATTRIBUTES
        ]
        return Facets(
            categories=self._categories(every, filters.category),
            brands=self.brand.counted(brands),
            prices=(int(known.min()), int(known.max())) if len(known) else (0, 0),
            in_stock=int((every & self.sold).sum()),
            attributes={name: shown[name] for name in kept},
        )

    def _categories(self, mask: Mask, chosen: str) -> tuple[Value, ...]:
        """The categories one level below the chosen one."""
        depth = len(levels(chosen)) + 1
        codes = self.path.codes[mask]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.levels))
        below: dict[str, int] = {}
        for code in np.flatnonzero(counts):
            path = LEVELS.join(self.levels[code][:depth])
            below[path] = below.get(path, 0) + int(counts[code])
        ranked = sorted(below.items(), key=lambda one: (-one[1], one[0]))
        return tuple(Value(path, count) for path, count in ranked[:MOST_VALUES])


def _attributes(products: Sequence[Product]) -> dict[str, Column]:
    """A column for each of the commonest attributes, by its name in one spelling."""
    said = [
        {plain(name): value for name, value in {**_own(one), **one.attributes}.items() if value}
        for one in products
    ]
    often = Counter(name for one in said for name in one)
    return {name: Column.of([one.get(name, "") for one in said]) for name, _ in often.most_common(_KEPT)}


def _own(product: Product) -> dict[str, str]:
    return {name: getattr(product, name) for name in OWN}
