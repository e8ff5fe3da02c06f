"""A catalogue laid out by shelf, and how well each product answers what was asked, by its fields alone.

What `benchmarks.graded` draws its queries from. Nothing here knows of a search engine.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from benchmarks.graded import phrasing
from hawker.records.catalogue import Product, levels, on_sale

RARE = 5  # titles that hold a word which tells a product from others


@dataclass(frozen=True)
class Asked:
    """What a query means: a shelf, what the thing must be beside, the most it may cost.

    `named` is set where one product was meant by its title.
    """

    text: str
    shelf: str
    facets: frozenset[str] = frozenset()
    most: int = 0
    named: Product | None = None
    filters: dict[str, int] = field(default_factory=dict)


class Stock:
    """A catalogue, laid out by shelf: the last level of the category, or the product words it names."""

    def __init__(self, products: Iterable[Product], *, language: str) -> None:
        self.language = language
        self.products = {product.id: product for product in products}
        self.shelves: dict[str, list[str]] = defaultdict(list)
        self.aisles: dict[str, list[str]] = defaultdict(list)
        self._held: dict[str, tuple[str, ...]] = {}
        self._words = {
            name: [w.lower() for w in phrasing.words(p.title)] for name, p in self.products.items()
        }
        self.titles = Counter(word for found in self._words.values() for word in set(found))
        self.vocabulary = frozenset(word for word in self.titles if word.isalpha())
        starts = Counter(" ".join(found[:n]) for found in self._words.values() for n in (1, 2))
        self._makers = {start for start, count in starts.items() if 2 <= count <= 20}
        for product in self.products.values():
            self._held[product.id] = shelves(product)
            for shelf in self._held[product.id]:
                self.shelves[shelf].append(product.id)
            if aisle(product):
                self.aisles[aisle(product)].append(product.id)
        self._drawn = sorted(shelf for shelf, ids in self.shelves.items() if len(ids) >= 2)

    def draw(self, rng: Random) -> tuple[Product, str]:
        """A product and one of its shelves, every shelf of two and more as likely as another."""
        shelf = rng.choice(self._drawn or sorted(self.shelves))
        return self.products[rng.choice(self.shelves[shelf])], shelf

    def maker(self, product: Product) -> str:
        """Its brand; else the words that its title and a few others begin with."""
        if product.brand:
            return product.brand.lower()
        found = self._words[product.id]
        for count in (2, 1):
            start = " ".join(found[:count])
            plain = phrasing.FACET_WORDS[self.language]
            if start in self._makers and not any(w in plain or phrasing.idle(w) for w in found[:count]):
                return start
        return ""

    def facts(self, product: Product) -> list[str]:
        """The short things said of it: colour, material, size, attributes; colours and materials named."""
        said = [product.color, product.material, product.size]
        said += [v for name, v in product.attributes.items() if name not in ("product", "brand")]
        facts = [value.lower() for value in said if 0 < len(value) <= 16]
        title = product.title.lower() if self.language == "zh" else set(self._words[product.id])
        facts += [word for word in phrasing.FACET_WORDS[self.language] if word in title]
        return list(dict.fromkeys(facts))

    def noun(self, product: Product, shelf: str, rng: Random) -> str:
        """The word for the thing: the part of the shelf's name that its title shares, else any part."""
        name = re.sub(r"\(.*?\)", " ", shelf.split(" > ")[-1]).lower()
        parts = [part.strip() for part in re.split(r"[&,/、]|\band\b|\s-\s", name) if part.strip()]
        title = product.title.lower()
        shared = [part for part in parts if any(word[:4] in title for word in part.split())]
        return rng.choice(shared or parts or [name])

    def fragment(self, product: Product, rng: Random) -> list[str]:
        """Two to four neighbouring words of the title, one of them rare; [] where there are none."""
        found = phrasing.words(product.title)
        runs = [
            found[at : at + count]
            for count in (2, 3, 4)
            for at in range(len(found) - count + 1)
            if any(self.titles[word.lower()] <= RARE for word in found[at : at + count])
            and not phrasing.idle(found[at])
            and not phrasing.idle(found[at + count - 1])
        ]
        return rng.choice(runs) if runs else []

    def words(self, product: Product) -> list[str]:
        """The lowercase words of its title."""
        return self._words[product.id]

    def grades(self, asked: Asked, target: Product) -> dict[str, int]:
        """Every product that answers, with its grade; what costs more than may be paid never does."""
        beside = self.aisles[aisle(target)] if aisle(target) else ()
        found: dict[str, int] = {}
        same = {} if asked.named is None else self._same(asked.named)
        for name in (*self.shelves[asked.shelf], *beside, *same):
            product = self.products[name]
            if asked.most and not 0 < on_sale(product) <= asked.most:
                continue
            on_shelf = asked.shelf in self._held[name]
            grade = same.get(name, 0) or self._grade(product, asked, on_shelf=on_shelf)
            if grade:
                found[name] = max(grade, found.get(name, 0))
        found[target.id] = 3
        return found

    def _same(self, named: Product) -> dict[str, int]:
        """The products that a title means: itself, its variants, what bears the very same title."""
        shelf = [name for held in self._held[named.id] for name in self.shelves[held]]
        return {
            name: 3
            for name in (named.id, *shelf)
            if (named.group and self.products[name].group == named.group)
            or self.products[name].title.lower() == named.title.lower()
        }

    def _grade(self, product: Product, asked: Asked, *, on_shelf: bool) -> int:
        if asked.named is not None:
            maker = self.maker(asked.named)
            return int(on_shelf) * (2 if maker and self.maker(product) == maker else 1)
        met = asked.facets <= {*self.facts(product), f"by {self.maker(product)}"}
        if on_shelf:
            return 3 if met else 1
        return int(met)


def shelves(product: Product) -> tuple[str, ...]:
    """Where a product stands: its category path, else the product words that its feed marks."""
    return (product.category,) if product.category else tuple(product.attributes.get("product", "").split())


def aisle(product: Product) -> str:
    """The path above the shelf where that is not a whole department; '' otherwise.

    >>> aisle(Product(id="1", title="Rye", category="Grocery > Bread > Rye"))
    'Grocery > Bread'
    """
    path = levels(product.category)
    return " > ".join(path[:-1]) if len(path) > 2 else ""
