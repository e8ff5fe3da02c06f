"""How a shopper names a product: its title, its first words where they mean no other, in whatever case."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

from hawker.records.catalogue import Product

_LONGEST = 90
_FEWEST, _MOST = 3, 8
_LOOSE = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "your", "&")
)


class Names:
    """The ways in which the products of one catalogue can be named without meaning another.

    A short name is said only where no second title holds all of its words.
    """

    def __init__(self, products: Sequence[Product], *, language: str) -> None:
        self.chinese = language == "zh"
        self.titles = Counter(" ".join(_words(one.title)) for one in products)
        self.holding: defaultdict[str, set[str]] = defaultdict(set)
        for one in products:
            for word in _words(one.title):
                self.holding[word].add(one.id)

    def pick(self, product: Product, rng: Random) -> str | None:
        """One of its names; None where the title is another's as well, or too long to be typed."""
        if self.titles[" ".join(_words(product.title))] > 1:
            return None
        ways = ["".join(product.title.split())] if self.chinese else self._short(product.title)
        if len(product.title) <= _LONGEST:
            ways.append(product.title)
        if not ways:
            return None
        name = rng.choice(ways).strip(" ,.-:(")
        return name.lower() if not self.chinese and rng.random() < 0.3 else name

    def _short(self, title: str) -> list[str]:
        """Its first few words, as soon as they mean no other, and one more."""
        words = title.split()
        starts = (words[:size] for size in range(_FEWEST, min(len(words), _MOST) + 1))
        alone = [
            " ".join(start) for start in starts if start[-1].lower() not in _LOOSE and self._alone(start)
        ]
        return alone[:2]

    def _alone(self, start: Sequence[str]) -> bool:
        holders = [self.holding[word] for word in _words(" ".join(start)) if word not in _LOOSE]
        return bool(holders) and len(set.intersection(*holders)) == 1


def _words(title: str) -> list[str]:
    return re.findall(r"\w+", title.casefold())
