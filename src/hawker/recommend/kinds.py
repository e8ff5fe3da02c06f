"""The kinds of recommendation a page asks for, each a way to ask the same fitted parts.

All answer with `Ranked`: codes of products, scores, and for each the past item that speaks most for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from hawker.errors import Corrupt
from hawker.recommend import saved
from hawker.recommend.blend import Blend
from hawker.recommend.histories import Codes, Past
from hawker.recommend.links import Links
from hawker.recommend.model import NOBODY, Ranked, Recommender, top
from hawker.storage import snapshot

NEW, NEXT = "new", "next"
_NAMES = "names.npz"
Allowed = NDArray[np.bool_] | None
Given = Past | Codes | Sequence[int]


@dataclass(frozen=True)
class Recommendations:
    """Everything fitted for one shop; `names` are the products by code.

    `blends` holds two: of what a shopper has not taken yet, and of what is taken next, new or again. In all
    kinds `among` (products,) says what may be shown: in stock, allowed for this shopper.
    """

    names: tuple[str, ...]
    blends: dict[str, Blend]
    with_it: Links
    near: Links
    alike: Links | None
    trend: Recommender
    _places: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def code(self, product: str) -> int:
        """The code of a product, -1 where it is not known."""
        if not self._places:
            self._places.update({name: code for code, name in enumerate(self.names)})
        return self._places.get(product, -1)

    def codes(self, products: Sequence[str]) -> Codes:
        """Codes of products, -1 for those not known: these are passed over everywhere."""
        return np.array([self.code(product) for product in products], dtype=np.int32)

    def rank(self, history: Given, k: int = 10) -> Ranked:
        """The same as `for_you`."""
        return self.for_you(history, k)

    def for_you(self, history: Given, k: int = 10, *, among: Allowed = None) -> Ranked:
        """What the shopper has not taken yet; an empty history gets what sells."""
        return self._filled(self.blends[NEW].rank(history, k, among=among), history, k, among)

    def next_purchase(self, history: Given, k: int = 10, *, among: Allowed = None) -> Ranked:
        """What is taken next, new or again."""
        ranked = self.blends[NEXT].rank(history, k, among=among, again=True)
        return self._filled(ranked, history, k, among)

    def similar(self, product: int, k: int = 10, *, among: Allowed = None) -> Ranked:
        """What is described like a product, or taken by the same people: each on its own scale, halves."""
        parts = {"near": cast("Recommender", self.near)}
        if self.alike is not None:
            parts["alike"] = self.alike
        return Blend(parts, dict.fromkeys(parts, 1 / len(parts))).rank([product], k, among=among)

    def together(self, product: int, k: int = 10, *, among: Allowed = None) -> Ranked:
        """What is taken in the same basket as a product."""
        return self.with_it.rank([product], k, among=among)

    def complete(self, basket: Sequence[int] | Codes, k: int = 10, *, among: Allowed = None) -> Ranked:
        """What goes with a basket, and is not in it."""
        return self.with_it.rank(basket, k, among=among)

    def trending(self, k: int = 10, *, among: Allowed = None) -> Ranked:
        """What sells better than it used to, the same for everyone."""
        return self.trend.rank([], k, among=among)

    def save(self, folder: Path) -> None:
        """Write everything into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        text = np.frombuffer("\n".join(self.names).encode(), dtype=np.uint8)
        snapshot.save(folder / _NAMES, {"names": text, "count": np.array([len(self.names)])})
        held = {"new": self.blends[NEW], "next": self.blends[NEXT], "with_it": self.with_it}
        held |= {"near": self.near, "trend": self.trend}
        if self.alike is not None:
            held["alike"] = self.alike
        for name, part in held.items():
            saved.save(part, folder / f"{name}.npz")

    @classmethod
    def load(cls, folder: Path) -> Recommendations:
        """What `save` wrote; raises `Corrupt` where something is missing or torn."""
        held = snapshot.load(folder / _NAMES, remedy=saved.REMEDY)
        count = int(held["count"][0])
        names = tuple(held["names"].tobytes().decode().split("\n")) if count else ()
        parts = {path.stem: saved.load(path) for path in sorted(folder.glob("*.npz")) if path.name != _NAMES}
        missing = {NEW, NEXT, "with_it", "near", "trend"} - parts.keys()
        if missing or len(names) != count:
            raise Corrupt(f"'{folder.name}' lacks {', '.join(sorted(missing))}.", remedy=saved.REMEDY)
        blends = {name: cast("Blend", parts[name]) for name in (NEW, NEXT)}
        links = [cast("Links", parts[name]) for name in ("with_it", "near")]
        alike = cast("Links | None", parts.get("alike"))
        return cls(names, blends, links[0], links[1], alike, parts["trend"])

    def _filled(self, ranked: Ranked, history: Given, k: int, among: Allowed) -> Ranked:
        """What sells, below what was found, where that is fewer than k."""
        missing = k - len(ranked.codes)
        if missing <= 0:
            return ranked
        free = np.ones(len(self.names), dtype=bool) if among is None else among.copy()
        free[ranked.codes] = False
        free[Past.of(history).known(len(self.names)).items] = False
        more = self.trend.scores(Past.of([])) * free
        codes = top(more, missing)
        least = ranked.scores[-1] if len(ranked.scores) else np.float32(1.0)
        scale = least / max(float(more.max(initial=0.0)), 1e-12) * np.float32(0.5)
        scores = np.concatenate([ranked.scores, more[codes] * scale]).astype(np.float32)
        sources = np.concatenate([ranked.sources, np.full(len(codes), NOBODY, dtype=np.int32)])
        return Ranked(np.concatenate([ranked.codes, codes]), scores, sources)
