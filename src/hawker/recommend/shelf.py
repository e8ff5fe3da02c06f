"""Recommendations as pages ask for them: of every kind, by the shop's rules, each with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hawker.features.protect import within
from hawker.features.state import State
from hawker.recommend import standing
from hawker.recommend.histories import Codes, Past
from hawker.recommend.kinds import NEW, NEXT, Recommendations
from hawker.recommend.model import Ranked, top
from hawker.recommend.rules import chosen
from hawker.recommend.standing import Standing
from hawker.records.catalogue import Product, advertisable
from hawker.records.events import SECOND
from hawker.records.shelf import Kind, ShelfRules

PERSONAL = (Kind.FOR_YOU, Kind.NEXT_PURCHASE)
STALE = 60 * SECOND
"""How old what sells may be."""
_SPARE, _FIRST, _HELD = 5, 40, 500
_BLENDS = {Kind.FOR_YOU: NEW, Kind.NEXT_PURCHASE: NEXT}
_SAID = {Kind.SIMILAR: "similar", Kind.BOUGHT_TOGETHER: "bought_with", Kind.COMPLETE_BASKET: "goes_with"}
_SELLING = ("folds", "trend", "popular")
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Ask:
    """What a page asks. `shopper` is a code of the folds, -1 for nobody; nothing is read of them unless

    `personal`. `product` is what the page is about, `basket` what lies in it; neither is recommended, nor
    is what `exclude` names. Results are of `category`, a path, where one is given.
    """

    kind: Kind = Kind.FOR_YOU
    number: int = 8
    product: str = ""
    basket: tuple[str, ...] = ()
    category: str = ""
    exclude: tuple[str, ...] = ()
    shopper: int = -1
    personal: bool = True


class Offer(NamedTuple):
    """One product, its score, the part of the recommender that speaks for it, and the reason's code;

    `because` is the product that the reason names, if any.
    """

    product: Product
    score: float
    source: str
    reason: str
    because: Product | None = None


class Offered(NamedTuple):
    """The products, best first; the kind they are of, and why where it is not the one asked for."""

    kind: Kind
    note: str
    offers: tuple[Offer, ...]


@dataclass
class Shelf:
    """What recommendations are made of: products by code, the promoted model, the shop's rules.

    The codes of the model come first, then products that it does not know yet: these only sell.
    `folds` are the products' codes in the folds, `places` leads back.
    """

    names: tuple[str, ...]
    products: tuple[Product | None, ...]
    model: Recommendations | None
    rules: ShelfRules
    allowed: Truths
    special: Truths
    categories: Codes
    paths: tuple[str, ...]
    groups: Codes
    folds: Codes
    places: Codes
    codes: Mapping[str, int] = field(repr=False)
    _standing: Standing | None = None
    _at: int = 0
    _held: dict[str, Truths] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        catalogue: Mapping[str, Product],
        state: State,
        *,
        model: Recommendations | None = None,
        rules: ShelfRules | None = None,
        special: Collection[str] = (),
    ) -> Shelf:
        """The shelf of a catalogue; `special` are category paths that no profile may be about."""
        wanted = rules or ShelfRules()
        known = model.names if model is not None else ()
        there = set(known)
        names = (*known, *(name for name in catalogue if name not in there))
        products = tuple(catalogue.get(name) for name in names)
        paths, categories = _coded("" if one is None else one.category for one in products)
        groups = _coded("" if one is None else one.group for one in products)[1]
        folds = np.array([state.codes["product"].find(name) for name in names], dtype=np.int32)
        places = np.full(int(folds.max(initial=-1)) + 1, -1, dtype=np.int32)
        places[folds[folds >= 0]] = np.flatnonzero(folds >= 0)
        barred = np.array([within(path, wanted.never) for path in paths] + [False], dtype=bool)
        private = np.array([within(path, special) for path in paths] + [False], dtype=bool)
        sold = (
            one is not None and advertisable(one) and not {one.id, one.brand} & {*wanted.never}
            for one in products
        )
        return cls(
            names=names,
            products=products,
            model=model,
            rules=wanted,
            allowed=np.fromiter(sold, dtype=bool, count=len(names)) & ~barred[categories],
            special=private[categories],
            categories=categories,
            paths=paths,
            groups=groups,
            folds=folds,
            places=places,
            codes={name: code for code, name in enumerate(names)},
        )

    def standing(self, state: State, *, now: int) -> Standing:
        """What sells and what is bought again, at most a minute old."""
        held = self._standing
        if held is None or not 0 <= now - self._at < STALE:
            held = standing.standing(state, self.folds, self.categories, now=now)
            self._standing, self._at = held, now
        return held

    def offer(self, ask: Ask, state: State, *, now: int) -> Offered:
        """Answer a page: the kind it asks for, or what can be had instead and why."""
        past, bought = Past.of([]), False
        if ask.personal and ask.shopper >= 0:
            past, bought = standing.past(state, ask.shopper, self.places, now=now)
            past = _only(past, ~self.special[past.items])
        page = self.codes.get(ask.product, -1)
        basket = np.array([self.codes[name] for name in ask.basket if name in self.codes], dtype=np.int32)
        kind, note = self._kind(ask, page=page, basket=basket, past=past)
        among = self._among(ask, page=page)
        ranked = self._ranked(kind, ask.number, page=page, basket=basket, past=past, among=among)
        offers = self._offers(ask, kind, ranked, state=state, now=now, past=past, bought=bought)
        if not offers and kind is not Kind.TRENDING:
            kind, note = Kind.TRENDING, note or "nothing_known"
        if kind is Kind.TRENDING:
            ranked = self._selling(state, ask.number, among=among, now=now)
            offers = self._offers(ask, kind, ranked, state=state, now=now, past=past, bought=bought)
        return Offered(kind, note if offers else note or "nothing_sells", offers)

    def _kind(self, ask: Ask, *, page: int, basket: Codes, past: Past) -> tuple[Kind, str]:
        """The kind that can be answered, and why where it is another."""
        if ask.kind is Kind.TRENDING:
            return ask.kind, ""
        kind, note = ask.kind, ""
        if kind in PERSONAL and not (ask.personal and len(past.items)):
            kind, note = Kind.SIMILAR, "no_history" if ask.personal else "contextual"
        elif kind is Kind.COMPLETE_BASKET and not len(basket):
            kind, note = Kind.BOUGHT_TOGETHER, "no_basket" if ask.personal else "contextual"
        if self.model is None:
            return Kind.TRENDING, "no_model"
        if kind in (Kind.SIMILAR, Kind.BOUGHT_TOGETHER) and page < 0:
            return Kind.TRENDING, note or ("unknown_product" if ask.product else "no_product")
        return kind, note

    def _among(self, ask: Ask, *, page: int) -> Truths:
        """What may be shown: what can be had, is of the category, and is not on the page already."""
        among = self.allowed.copy()
        if not (page >= 0 and self.special[page]):
            among &= ~self.special
        if ask.category:
            among &= self._below(ask.category)
        for name in (ask.product, *ask.basket, *ask.exclude):
            if (code := self.codes.get(name, -1)) >= 0:
                among[code] = False
        return among

    def _below(self, category: str) -> Truths:
        """Which products a category holds, at any level."""
        held = self._held.get(category)
        if held is None:
            paths = np.array([within(path, (category,)) for path in self.paths] + [False], dtype=bool)
            held = paths[self.categories]
            if len(self._held) < _HELD:
                self._held[category] = held
        return held

    def _ranked(
        self, kind: Kind, number: int, *, page: int, basket: Codes, past: Past, among: Truths
    ) -> Ranked:
        """What the model says, more of it than is asked for: some will not do."""
        model, k = self.model, _SPARE * number + _FIRST
        if model is None or kind is Kind.TRENDING:
            return _NONE
        free = among[: len(model.names)]
        if kind is Kind.FOR_YOU:
            return model.for_you(past, k, among=free)
        if kind is Kind.NEXT_PURCHASE:
            return model.next_purchase(past, k, among=free)
        if kind is Kind.COMPLETE_BASKET:
            return model.complete(basket, k, among=free)
        ask = model.similar if kind is Kind.SIMILAR else model.together
        return ask(page, k, among=free)

    def _selling(self, state: State, number: int, *, among: Truths, now: int) -> Ranked:
        """What sells by the folds."""
        trend = np.where(among, self.standing(state, now=now).trend, np.float32(0))
        codes = top(trend, _SPARE * number + _FIRST)
        return Ranked(codes, trend[codes], np.full(len(codes), -1, dtype=np.int32))

    def _offers(
        self, ask: Ask, kind: Kind, ranked: Ranked, *, state: State, now: int, past: Past, bought: bool
    ) -> tuple[Offer, ...]:
        """The best that the rules let through, with their reasons."""
        fit = np.ones(len(ranked.codes), dtype=bool)
        if ask.personal and ask.shopper >= 0:
            own = standing.ever_bought(state, ask.shopper, self.folds[ranked.codes], now=now)
            again = self.standing(state, now=now).again[ranked.codes] >= self.rules.again
            fit = ~own if kind is Kind.FOR_YOU else ~own | again
        shown = [self.codes[name] for name in (ask.product, *ask.basket) if name in self.codes]
        kept = chosen(
            ranked.codes,
            ask.number,
            fit=fit,
            groups=self.groups,
            taken={int(group) for group in self.groups[shown]},
            categories=self.categories,
            most=0 if kind is Kind.SIMILAR else self.rules.per_category,
        )
        sources = self._sources(kind, ranked.codes[kept], past)
        return tuple(
            self._offer(kind, ranked, at, source=source, past=past, bought=bought)
            for at, source in zip(kept, sources, strict=True)
        )

    def _offer(self, kind: Kind, ranked: Ranked, at: int, *, source: str, past: Past, bought: bool) -> Offer:
        code, by = int(ranked.codes[at]), int(ranked.sources[at])
        because = self.products[by] if by >= 0 else None
        product = self.products[code]
        assert product is not None  # what is not in the catalogue is never allowed
        if kind in PERSONAL and code in past.items:
            reason, because = "bought_again" if bought else "viewed_again", None
        elif source in _SELLING:
            reason, because = "trending", None
        elif kind in _SAID:
            reason = _SAID[kind] if because is not None else "trending"
        elif because is None:
            reason = "habits" if bought else "interests"
        else:
            reason = "bought" if bought else "viewed"
        return Offer(product, float(ranked.scores[at]), source, reason, because)

    def _sources(self, kind: Kind, codes: Codes, past: Past) -> list[str]:
        """Which part of the recommender speaks most for each: of a blend by name, else the kind."""
        if kind is Kind.TRENDING:
            return ["folds"] * len(codes)
        if kind not in _BLENDS or self.model is None:
            return [kind.value] * len(codes)
        spoken = self.model.blends[_BLENDS[kind]].spoken(past, codes)
        names, scores = list(spoken), np.stack(list(spoken.values()))
        return [
            names[int(column.argmax())] if column.max(initial=0.0) > 0 else "trend" for column in scores.T
        ]


_NONE = Ranked(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int32))


def _coded(names: Iterable[str]) -> tuple[tuple[str, ...], Codes]:
    """Distinct names, and the code of each among them; -1 for ''."""
    seen: dict[str, int] = {}
    codes = [seen.setdefault(name, len(seen)) if name else -1 for name in names]
    return tuple(seen), np.array(codes, dtype=np.int32)


def _only(past: Past, kept: Truths) -> Past:
    return Past(past.items[kept], past.step[kept], past.time[kept], past.now)
