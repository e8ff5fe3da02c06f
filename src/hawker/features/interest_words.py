"""A shopper's interest in words: the categories, attributes and phrases they turn to more than others do.

What everybody buys says nothing of anybody: each term is weighed by how many times as often (as odds)
it comes in what this shopper touched and searched, lately weighing more, as in what the whole shop did.
The odds are drawn towards the shop's by a prior of `PRIOR` touches, and each has its interval (Monroe,
Colaresi and Quinn 2008, 'Fightin' Words'); a term is told only where the whole interval is above 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from math import exp, log, sqrt

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.features.phrases import Phrases
from hawker.features.state import State
from hawker.records.catalogue import Product, levels
from hawker.records.events import DAY, EventKind
from hawker.statistics.intervals import Estimate, normal

Floats = NDArray[np.float64]
PRIOR = 5.0
LASTING, RECENT = 60.0, 7.0
"""Days after which a touch counts half, for what lasts and for what is recent."""
SORTS = ("category", "attribute", "phrase")
LEAST = 0.2
"""Touches, faded, below which nothing is told."""
_KINDS = tuple(EventKind)
_HALF = {EventKind.VIEW, EventKind.CLICK}  # a page looked at counts half of what is bought or asked for
_SAMPLE = 20_000  # shoppers whose histories make the background
_LEVEL = 0.95
_SAME = 0.85
_TOLD = {"category": 2, "attribute": 1, "phrase": 2}  # terms of each sort in a sentence
_LONGEST = 24
_CODED = {"female": ("women", "女款"), "male": ("men", "男款")}
_WORDS = {
    "lasting": ("Over time: {terms}.", "长期关注：{terms}。"),
    "recent": ("Lately: {terms}.", "近期关注：{terms}。"),
    "nothing": (
        "Nothing sets this shopper apart from others yet.",
        "目前没有明显区别于其他顾客的偏好。",
    ),
    "comma": (", ", "、"),
}

Term = tuple[str, str]
"""A sort and a name."""
Say = Callable[[str], str]
"""What puts a list of facts into a sentence, such as the writer; without it a template does."""


class Leaning(Struct, frozen=True):
    """A term a shopper turns to: `lift` times as often as the shop's shoppers at large, as odds.

    `share` is its share in their touches, faded with time; the lift's `n` counts the touches behind it (of
    purchases longer ago than the latest touches reach, the products).
    """

    name: str
    sort: str
    lift: Estimate
    share: float


class InWords(Struct, frozen=True):
    """What lasts and what is recent, each by sort, the surest first; nothing where too little is known."""

    lasting: tuple[Leaning, ...] = ()
    recent: tuple[Leaning, ...] = ()

    def of(self, sort: str, *, recent: bool = False) -> tuple[Leaning, ...]:
        """The terms of one sort."""
        return tuple(one for one in (self.recent if recent else self.lasting) if one.sort == sort)

    def text(self, language: str = "en", *, say: Say | None = None) -> str:
        """One or two sentences; `say` may put them better, from these facts alone.

        >>> InWords().text("zh")
        '目前没有明显区别于其他顾客的偏好。'
        """
        chinese = language.lower().startswith("zh")
        told = []
        for which, found in (("lasting", self.lasting), ("recent", self.recent)):
            by = {sort: [one.name for one in found if one.sort == sort] for sort in SORTS}
            names = list(dict.fromkeys(name for sort, most in _TOLD.items() for name in by[sort][:most]))
            if names:
                terms = _WORDS["comma"][chinese].join(names)
                told.append(_WORDS[which][chinese].format(terms=terms))
        plain = ("" if chinese else " ").join(told) or _WORDS["nothing"][chinese]
        return say(plain) if say is not None and told else plain


class Touch(Struct, frozen=True):
    """One thing done: a product touched or words searched, how strongly it counts, and when."""

    product: str
    words: str
    weight: float
    time: int


class Terms:
    """What can be said of a shop's products: their categories, attributes, and phrases of their titles."""

    def __init__(self, catalogue: Mapping[str, Product], *, language: str = "en") -> None:
        self.catalogue = catalogue
        self._chinese = language.lower().startswith("zh")
        self._of: dict[str, tuple[Term, ...]] = {}

    @cached_property
    def phrases(self) -> Phrases:
        """Learned from the titles when first asked for: about a second for 20,000."""
        return Phrases.fit(product.title for product in self.catalogue.values())

    def of(self, product: str) -> tuple[Term, ...]:
        """The terms of a product, each a sort and a name."""
        found = self._of.get(product)
        if found is None:
            held = self.catalogue.get(product)
            found = self._of[product] = self._said(held) if held is not None else ()
        return found

    def searched(self, query: str) -> tuple[Term, ...]:
        """The phrases of a search; the search itself where it holds none the shop knows."""
        known = self.phrases.of(query)
        return tuple(("phrase", phrase) for phrase in known or [query.lower()[:_LONGEST]] if phrase)

    def _said(self, product: Product) -> tuple[Term, ...]:
        path = levels(product.category)
        named = [product.brand, product.color, product.material, self._coded(product.gender)]
        named += [f"{name} {value}" for name, value in product.attributes.items() if value]
        attributes = (value for value in named if value and len(value) <= _LONGEST)
        return (
            *(("category", path[depth]) for depth in range(len(path) - 1, -1, -1)),
            *(("attribute", value) for value in dict.fromkeys(attributes)),
            *(("phrase", phrase) for phrase in self.phrases.of(product.title)),
        )

    def _coded(self, gender: str) -> str:
        return _CODED.get(gender, (gender, gender))[self._chinese]


class Background:
    """How often each term comes in what the shop's shoppers touched, a sample of their latest histories,

    and in what they searched (`asked`: how often each search was made, see `story.asked`).
    """

    def __init__(self, state: State, terms: Terms, *, asked: Mapping[str, int] | None = None) -> None:
        self.terms = terms
        self.total = dict.fromkeys(SORTS, 0.0)
        self.count: dict[Term, float] = {}
        held = state.sequences.arrays()
        every = max(1, len(held["items"]) // _SAMPLE)
        items, kinds = held["items"][::every].ravel(), held["codes"][::every].ravel()
        weight = np.array([0.5 if kind in _HALF else 1.0 for kind in _KINDS])
        mass = np.bincount(items[items >= 0], weights=weight[kinds[items >= 0]])
        names = state.codes["product"].names
        for place in np.flatnonzero(mass).tolist():
            self._add(terms.of(names[place]), float(mass[place]))
        for words, times in (asked or {}).items():
            self._add(terms.searched(words), times / every)

    def share(self, term: Term) -> tuple[float, float]:
        """A term's share, never 0 or 1, and the touches behind it."""
        held = self.count.get(term, 0.0)
        return (held + 0.5) / (self.total[term[0]] + 1.0), held + 0.5

    def _add(self, said: Sequence[Term], times: float) -> None:
        for sort in {sort for sort, _ in said}:
            self.total[sort] += times
        for term in said:
            self.count[term] = self.count.get(term, 0.0) + times


def in_words(
    touches: Sequence[Touch],
    background: Background,
    *,
    now: int,
    bought: Mapping[str, float] | None = None,
    most: int = 5,
) -> InWords:
    """The terms that set a shopper apart, up to `most` of each sort, by what they touched and searched.

    `bought` says how often products were bought over a long time, faded already: longer than the
    history of touches reaches. What it says more than the touches counts for what lasts.
    """
    lasting, recent = _faded(touches, now, LASTING), _faded(touches, now, RECENT)
    counted: dict[str, float] = {}
    for touch, weight in lasting:
        counted[touch.product] = counted.get(touch.product, 0.0) + weight
    for product, count in (bought or {}).items():
        if count > counted.get(product, 0.0):
            lasting.append((Touch(product, "", 1.0, now), count - counted.get(product, 0.0)))
    return InWords(
        lasting=tuple(_leanings(lasting, background, most=most)),
        recent=tuple(_leanings(recent, background, most=most)),
    )


def touches(state: State, shopper: int, *, searches: Iterable[tuple[str, int]] = ()) -> list[Touch]:
    """What a shopper touched, by their code: a product once a day, as its strongest kind; and searches."""
    items, kinds, times = state.sequences.read(shopper)
    names = state.codes["product"].names
    strongest: dict[tuple[str, int], Touch] = {}
    for item, kind, time in zip(items.tolist(), kinds.tolist(), times.tolist(), strict=True):
        touch = Touch(names[item], "", 0.5 if _KINDS[kind] in _HALF else 1.0, time)
        key = (touch.product, time // DAY)
        if key not in strongest or strongest[key].weight < touch.weight:
            strongest[key] = touch
    asked = {(words.lower().strip(), time // DAY): time for words, time in searches}
    searched = (Touch("", words, 1.0, time) for (words, _), time in asked.items() if words)
    return [*strongest.values(), *searched]


def _faded(touches: Sequence[Touch], now: int, half_life: float) -> list[tuple[Touch, float]]:
    return [(touch, touch.weight * 2.0 ** (-max(now - touch.time, 0) / DAY / half_life)) for touch in touches]


def _leanings(
    faded: Sequence[tuple[Touch, float]], background: Background, *, most: int
) -> Iterable[Leaning]:
    """The terms of each sort whose interval is above 1, the surest first, without what says the same."""
    held: dict[Term, list[int]] = {}
    weights = np.array([weight for _, weight in faded])
    terms = background.terms
    said = [terms.of(t.product) if t.product else terms.searched(t.words) for t, _ in faded]
    total = dict.fromkeys(SORTS, 0.0)
    for place, found in enumerate(said):
        for sort in {sort for sort, _ in found}:
            total[sort] += float(weights[place])
        for term in found:
            held.setdefault(term, []).append(place)
    told: list[Leaning] = []
    for sort in SORTS:
        if total[sort] < LEAST:
            continue
        ranked = [
            Leaning(term[1], sort, lift, float(weights[places].sum()) / total[sort])
            for term, places in held.items()
            if term[0] == sort
            and (
                lift := _lift(float(weights[places].sum()), total[sort], background.share(term), len(places))
            )
            and (lift.low or 0.0) > 1.0
        ]
        ranked.sort(key=lambda one: (-round(one.lift.low or 0.0, 6), -len(one.name), one.name))
        told += _apart(ranked, held, weights, told, most=most)
    return told


def _lift(mass: float, total: float, shop: tuple[float, float], count: int) -> Estimate:
    """How many times as often as in the shop, as odds, with the prior's help; and its interval."""
    share, behind = shop
    ours = mass + PRIOR * share
    rest = total - mass + PRIOR * (1 - share)
    ratio = log(ours / rest) - log(share / (1 - share))
    spread = sqrt(1 / ours + 1 / rest + 1 / behind)
    half = normal(_LEVEL) * spread
    return Estimate(exp(ratio), exp(ratio - half), exp(ratio + half), _LEVEL, "log odds, prior", count)


def _apart(
    ranked: Sequence[Leaning],
    held: Mapping[Term, list[int]],
    weights: Floats,
    before: Sequence[Leaning],
    *,
    most: int,
) -> list[Leaning]:
    """The first terms of a sort, none of which merely says again what another says.

    Two terms of a sort that stand for nearly the same touches are one, and the surer is told; a phrase
    that a category or an attribute already says is left out.
    """
    kept: list[Leaning] = []
    names = [one.name.casefold() for one in before]
    for one in ranked:
        name = one.name.casefold()
        before_it = [*names, *(other.name.casefold() for other in kept)]
        if one.sort == "phrase" and any(name in other or other in name for other in before_it):
            continue
        own = set(held[one.sort, one.name])
        if not any(_alike(own, set(held[other.sort, other.name]), weights) for other in kept):
            kept.append(one)
        if len(kept) == most:
            break
    return kept


def _alike(one: set[int], other: set[int], weights: Floats) -> bool:
    shared, either = one & other, one | other
    return float(weights[list(shared)].sum()) > _SAME * float(weights[list(either)].sum())
