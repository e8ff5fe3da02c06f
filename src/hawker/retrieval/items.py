"""The products that are advertised: their codes and categories, and which ads show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.features.encode import Codes
from hawker.records.catalogue import levels

_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Items:
    """Each product once. `product` is its code (-1 unknown), `category` a place in `paths`, 0 for none;

    `kind` is the catalogue's code of that category (-1 for none). `under` finds the places of all
    paths below a category, itself included.
    """

    names: tuple[str, ...]
    places: Mapping[str, int]
    product: NDArray[np.int32]
    category: NDArray[np.int32]
    kind: NDArray[np.int32]
    paths: tuple[tuple[str, ...], ...]
    under: Mapping[tuple[str, ...], NDArray[np.int64]]

    @classmethod
    def of(cls, names: Iterable[str], *, codes: Codes) -> Items:
        """The items of some products, in order of first sight."""
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        vocabulary = codes["product"]
        product = np.array([vocabulary.find(name) for name in places], dtype=np.int32)
        kind = codes.of_products("category", product)
        known, category = np.unique(np.append(np.int32(-1), kind), return_inverse=True)
        named = codes["category"].names
        paths = tuple(levels(named[code]) if code >= 0 else () for code in known.tolist())
        under: dict[tuple[str, ...], list[int]] = {}
        for place, path in enumerate(paths):
            for depth in range(len(path) + 1):
                under.setdefault(path[:depth], []).append(place)
        return cls(
            names=tuple(places),
            places=places,
            product=product,
            category=category[1:].astype(np.int32),
            kind=kind,
            paths=paths,
            under={path: np.array(below, dtype=np.int64) for path, below in under.items()},
        )

    def found(self, names: Iterable[str]) -> list[int]:
        """The places of those of some products that are advertised."""
        return [self.places[name] for name in names if name in self.places]

    def within(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """By path: whether it is one of some categories or below it."""
        mask = np.zeros(len(self.paths), dtype=np.bool_)
        for category in categories:
            mask[self.under.get(levels(category), _NONE)] = True
        return mask
