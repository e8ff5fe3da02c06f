"""The truth of an invented shop: who wants what, and so how likely each click and purchase is.

Shoppers have one to three interests that drift from month to month, a feeling for prices, a liking
for some brands, and shop at their own hours. Nothing here is learned; a model may be judged by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hawker.errors import BadInput
from hawker.features.examples import microseconds
from hawker.records.catalogue import Product, levels, on_sale
from hawker.simulate.shops.compose import Item, compose, words

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EPOCH_DAYS = 30
DRIFT = 0.3
INTERESTS = 3
CLICK = -3.5
BUY = -3.9
EXAMINE = 0.18
ZIPF = 0.8
_GENDERS = ("female", "male")
_DEVICES = ("mobile", "desktop", "tablet")
_TILT = {"female": {"服饰鞋包", "美妆个护", "母婴用品"}, "male": {"手机数码", "运动户外"}}


@dataclass(frozen=True, eq=False)
class Goods:
    """The products as arrays of length P; families and tops by number, `tier` in -1 … 1 is the price

    beside its family's others, `appeal` the pull of the product itself (mean 0, deviation 1).
    """

    family: Ints
    top: Ints
    brand: Ints
    tier: Floats
    appeal: Floats
    cycle: Floats
    price: Ints
    in_stock: NDArray[np.bool_]
    family_top: Ints
    tops: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class People:
    """The shoppers as arrays of length S; `interest` is (epochs, S, families) in 0 … 1."""

    ids: tuple[str, ...]
    gender: NDArray[np.str_]
    age: NDArray[np.str_]
    region: NDArray[np.str_]
    device: NDArray[np.str_]
    declared: NDArray[np.bool_]
    interest: NDArray[np.float32]
    brand_taste: Floats  # (S, brands)
    tier: Floats
    sensitivity: Floats
    visits: Floats  # expected a day
    evening: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class World:
    """One invented shop with its shoppers. Shoppers, products and families are meant by number."""

    shop: str
    seed: int
    start: int
    days: int
    items: tuple[Item, ...]
    goods: Goods
    people: People

    @property
    def products(self) -> tuple[Product, ...]:
        """The catalogue, in the order of the product numbers."""
        return tuple(item.product for item in self.items)

    def epoch(self, day: ArrayLike) -> Ints:
        """Which row of `people.interest` holds on a day of the log."""
        last = len(self.people.interest) - 1
        row: Ints = np.clip(np.asarray(day) // EPOCH_DAYS, 0, last).astype(np.int64)
        return row

    def match(self, shopper: ArrayLike, product: ArrayLike, *, day: ArrayLike = 0) -> Floats:
        """How much a shopper cares for a product's family on a day of the log, 0 to 1; broadcasts."""
        epoch, family = self.epoch(day), self.goods.family[np.asarray(product)]
        found: Floats = self.people.interest[epoch, np.asarray(shopper), family].astype(np.float64)
        return found

    def click_probability(
        self,
        shopper: ArrayLike,
        product: ArrayLike,
        position: ArrayLike = 0,
        *,
        day: ArrayLike = 0,
        context: ArrayLike = -1,
    ) -> Floats:
        """The chance that an ad for the product in that slot (0 is the top) is clicked; broadcasts.

        `context` is the family of the page or search (-1: none): ads that suit it do better.
        """
        goods, products = self.goods, np.asarray(product)
        page = np.asarray(context)
        same = goods.family[products] == page
        near = (goods.top[products] == goods.family_top[page]) & (page >= 0)
        logit = (
            CLICK
            + 3.0 * self.match(shopper, product, day=day)
            + np.where(same, 1.0, np.where(near, 0.4, 0.0))
            + 0.45 * goods.appeal[products]
            + 0.5 * self.suits(shopper, product)
        )
        chance: Floats = _sigmoid(logit) / (1.0 + EXAMINE * np.asarray(position))
        return chance

    def purchase_probability(self, shopper: ArrayLike, product: ArrayLike, *, day: ArrayLike = 0) -> Floats:
        """The chance that a shopper who reads the product's page buys it in that visit; broadcasts."""
        products = np.asarray(product)
        logit = (
            BUY
            + 2.0 * self.match(shopper, product, day=day)
            + 0.3 * self.goods.appeal[products]
            + 0.8 * self.suits(shopper, product)
        )
        return np.where(self.goods.in_stock[products], _sigmoid(logit), 0.0)

    def suits(self, shopper: ArrayLike, product: ArrayLike) -> Floats:
        """How well price tier and brand suit the shopper: about 0 on average; broadcasts."""
        people, who, what = self.people, np.asarray(shopper), np.asarray(product)
        gap = np.abs(people.tier[who] - self.goods.tier[what])
        liking: Floats = people.brand_taste[who, self.goods.brand[what]]
        price: Floats = people.sensitivity[who] * (0.6 - gap)
        return liking + price


def world(shop: str = "zh", *, shoppers: int = 2000, days: int = 90, seed: int = 7, start: str = "") -> World:
    """Make the truth of an invented shop; the same arguments give the same world.

    `start` is the first day of the log (an ISO date in the shop's own time; '' is the shop's usual).

    >>> truth = world("zh", shoppers=3, days=1)
    >>> truth.click_probability(0, range(len(truth.items)), 0).shape
    (301,)
    """
    if shoppers < 1 or days < 1:
        raise BadInput(f"A world of {shoppers} shoppers and {days} days is empty.", remedy="Use 1 or more.")
    texts = words(shop)
    items = compose(shop, seed=seed)
    goods = _goods(items, np.random.default_rng([seed, 2]))
    first = microseconds(start or texts.start) - texts.utc_offset_minutes * 60_000_000
    people = _people(goods, shop=shop, count=shoppers, epochs=-(-days // EPOCH_DAYS), seed=seed)
    return World(shop, seed, first, days, items, goods, people)


def _sigmoid(logit: Floats) -> Floats:
    chance: Floats = 1.0 / (1.0 + np.exp(-logit))
    return chance


def _goods(items: tuple[Item, ...], rng: np.random.Generator) -> Goods:
    families, family = np.unique([item.family for item in items], return_inverse=True)
    tops, top = np.unique([levels(item.product.category)[0] for item in items], return_inverse=True)
    _, brand = np.unique([item.product.brand for item in items], return_inverse=True)
    price = np.array([on_sale(item.product) for item in items], dtype=np.int64)
    tier = np.zeros(len(items))
    for number in range(len(families)):
        members = np.flatnonzero(family == number)
        low, high = price[members].min(), price[members].max()
        tier[members] = 2.0 * (price[members] - low) / max(high - low, 1) - 1.0
    pull = -ZIPF * np.log(rng.permutation(len(items)) + 8.0)
    family_top = np.zeros(len(families), dtype=np.int64)
    family_top[family] = top
    return Goods(
        family=family.astype(np.int64),
        top=top.astype(np.int64),
        brand=brand.astype(np.int64),
        tier=tier,
        appeal=(pull - pull.mean()) / pull.std(),
        cycle=np.array([item.cycle for item in items], dtype=np.float64),
        price=price,
        in_stock=np.array([item.product.stock != 0 for item in items]),
        family_top=family_top,
        tops=tuple(str(name) for name in tops),
    )


def _people(goods: Goods, *, shop: str, count: int, epochs: int, seed: int) -> People:
    rng, texts = np.random.default_rng([seed, 3]), words(shop)
    gender = rng.integers(0, len(_GENDERS), count)
    brands = int(goods.brand.max()) + 1
    return People(
        ids=tuple(f"u{number:05d}" for number in range(1, count + 1)),
        gender=np.array(_GENDERS)[gender],
        age=rng.choice(texts.age_bands, count, p=_falling(len(texts.age_bands))),
        region=rng.choice(texts.regions, count, p=_falling(len(texts.regions))),
        device=rng.choice(_DEVICES, count, p=(0.74, 0.2, 0.06)),
        declared=rng.random(count) < 0.65,
        interest=_interests(goods, gender, epochs=epochs, rng=rng),
        brand_taste=rng.normal(0.0, 0.4, (count, brands)),
        tier=rng.uniform(-1.0, 1.0, count),
        sensitivity=rng.gamma(4.0, 0.25, count),
        visits=rng.gamma(1.6, 0.047, count),
        evening=rng.random(count) < 0.6,
    )


def _falling(count: int) -> Floats:
    weight = 1.0 / (np.arange(count) + 2.0)
    shares: Floats = weight / weight.sum()
    return shares


def _interests(goods: Goods, gender: Ints, *, epochs: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Interest by epoch, shopper and family: some tops matter, and inside each some families."""
    count, tops = len(gender), len(goods.tops)
    weight = np.ones((len(_GENDERS), tops))
    for row, name in enumerate(_GENDERS):
        weight[row] += [1.2 if top in _TILT[name] else 0.0 for top in goods.tops]
    share = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)[gender]  # (S, tops)
    held = np.arange(INTERESTS) <= rng.integers(0, INTERESTS, count)[:, None]  # (S, 3)
    strength = np.where(held, rng.uniform(0.55, 1.0, (count, INTERESTS)), 0.0)
    leaning = rng.normal(0.0, 1.0, (count, len(goods.family_top)))
    chosen = _draw(share, rng)
    result = np.empty((epochs, count, len(goods.family_top)), dtype=np.float32)
    for epoch in range(epochs):
        if epoch:
            chosen = np.where(rng.random(chosen.shape) < DRIFT, _draw(share, rng), chosen)
        by_top = np.full((count, tops), 0.03)
        for slot in range(INTERESTS):
            np.maximum.at(by_top, (np.arange(count), chosen[:, slot]), strength[:, slot])
        inside = _sigmoid(1.5 * (leaning + rng.normal(0.0, 0.3, leaning.shape)))
        result[epoch] = by_top[:, goods.family_top] * inside
    return result


def _draw(share: Floats, rng: np.random.Generator) -> Ints:
    """Three tops a shopper, each by the shopper's cumulative shares (S, tops)."""
    draws = rng.random((len(share), INTERESTS, 1))
    chosen: Ints = np.minimum((draws > share[:, None, :]).sum(axis=2), share.shape[1] - 1)
    return chosen
