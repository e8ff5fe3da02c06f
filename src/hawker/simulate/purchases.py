"""What follows a decision to buy: the cart, the order, buying again, the review and the return."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hawker.records.events import DAY, SECOND, EventKind
from hawker.simulate.rows import Rows
from hawker.simulate.shops.compose import Words, words
from hawker.simulate.world import Floats, Ints, World

AGAIN = 0.55
SAME = 0.8
REVIEWED = 0.2
RETURNED = 0.04
OFFLINE_PER_SHOPPER = 0.5


@dataclass(frozen=True, eq=False)
class Bought:
    """One entry an order line: who, what, when, in which session; `store` -1 means online."""

    shopper: Ints
    product: Ints
    time: Ints
    session: Ints
    store: Ints

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Bought:
        """The lines of a mask or of an index array, in that order."""
        return Bought(*(getattr(self, field.name)[rows] for field in fields(self)))


def online(shopper: Ints, product: Ints, time: Ints, *, session: Ints) -> Bought:
    """Order lines of the web shop."""
    return Bought(shopper, product, time, session, np.full(len(time), -1))


def joined(*parts: Bought) -> Bought:
    """Several sets of order lines as one."""
    return Bought(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Bought))
    )


def complete(rows: Rows, world: World, chosen: Bought, *, sessions: int, rng: np.random.Generator) -> None:
    """Add the orders to the log with all that follows them; `sessions` is the first free number."""
    again = _again(world, chosen, sessions=sessions, rng=rng)
    shops = _offline(world, sessions=sessions + len(again), rng=rng)
    rows.add(
        EventKind.VIEW,
        again.time - rng.integers(200, 500, len(again)) * SECOND,
        shopper=again.shopper,
        session=again.session,
        product=again.product,
        dwell_ms=rng.integers(3_000, 60_000, len(again)),
    )
    orders = joined(chosen, again)
    carted = orders.take(rng.random(len(orders)) < 0.85)
    rows.add(
        EventKind.CART,
        carted.time - rng.integers(20, 180, len(carted)) * SECOND,
        shopper=carted.shopper,
        session=carted.session,
        product=carted.product,
    )
    _order(rows, world, joined(orders, shops), rng)


def _again(world: World, chosen: Bought, *, sessions: int, rng: np.random.Generator) -> Bought:
    """What is used up is bought again about a cycle later, mostly the same product, round after round."""
    end = world.start + world.days * DAY
    latest, found = chosen, [chosen.take(np.zeros(len(chosen), dtype=bool))]
    while True:
        cycle = world.goods.cycle[latest.product]
        wait = np.rint(cycle * rng.lognormal(0.0, 0.25, len(cycle))).astype(np.int64)
        time = latest.time + wait * DAY + rng.integers(-7_200, 7_200, len(wait)) * SECOND
        kept = (cycle > 0) & (wait > 0) & (rng.random(len(wait)) < AGAIN) & (time < end)
        if not kept.any():
            return joined(*found)
        product = _same_or_similar(world, latest.product[kept], rng)
        session = sessions + np.arange(len(product)) + sum(len(part) for part in found)
        latest = online(latest.shopper[kept], product, time[kept], session=session)
        latest = latest.take(world.goods.in_stock[product])
        found.append(latest)


def _same_or_similar(world: World, product: Ints, rng: np.random.Generator) -> Ints:
    """The product itself, or now and then another of its family."""
    family = world.goods.family
    order = np.argsort(family, kind="stable")
    first = np.searchsorted(family[order], family[product])
    size = np.bincount(family)[family[product]]
    other = order[first + (rng.random(len(product)) * size).astype(np.int64)]
    return np.where(rng.random(len(product)) < SAME, product, other)


def _offline(world: World, *, sessions: int, rng: np.random.Generator) -> Bought:
    """Orders at the counters of the shop's stores, by interest and popularity, in opening hours."""
    count = rng.poisson(OFFLINE_PER_SHOPPER * len(world.people.ids) * world.days / 90)
    shopper = rng.integers(0, len(world.people.ids), count)
    day = rng.integers(0, world.days, count)
    everything = np.flatnonzero(world.goods.in_stock)
    pull = 4.0 * world.match(shopper[:, None], everything, day=day[:, None]) + world.goods.appeal[everything]
    product = everything[np.argmax(pull + rng.gumbel(size=pull.shape), axis=1)]
    time = world.start + day * DAY + rng.integers(10 * 3_600, 21 * 3_600, count) * SECOND
    store = rng.integers(0, len(words(world.shop).stores), count)
    return Bought(shopper, product, time, sessions + np.arange(count), store)


def _order(rows: Rows, world: World, orders: Bought, rng: np.random.Generator) -> None:
    texts = words(world.shop)
    several = (world.goods.cycle[orders.product] > 0) & (rng.random(len(orders)) < 0.3)
    quantity = np.where(several, rng.integers(2, 4, len(orders)), 1)
    value = quantity * world.goods.price[orders.product]
    places = np.array(["", *texts.stores], dtype=object)[orders.store + 1]
    rows.add(
        EventKind.PURCHASE,
        orders.time,
        shopper=orders.shopper,
        session=orders.session,
        product=orders.product,
        quantity=quantity,
        value=value,
        location=places,
    )
    content = np.clip(
        np.rint(3.9 + 0.4 * world.suits(orders.shopper, orders.product) + rng.normal(0.0, 1.0, len(orders))),
        1,
        5,
    )
    _review(rows, world, orders, content=content, rng=rng)
    unhappy = rng.random(len(orders)) < RETURNED * np.where(content <= 2, 4.0, 0.7)
    back = orders.take(unhappy & (orders.store < 0))
    rows.add(
        EventKind.RETURN,
        back.time + rng.integers(3 * 86_400, 9 * 86_400, len(back)) * SECOND,
        shopper=back.shopper,
        product=back.product,
        quantity=quantity[unhappy & (orders.store < 0)],
        value=value[unhappy & (orders.store < 0)],
        reason=rng.choice(np.array(texts.return_reasons, dtype=object), len(back)),
    )


def _review(rows: Rows, world: World, orders: Bought, *, content: Floats, rng: np.random.Generator) -> None:
    """Some buyers write, with stars; the words are chosen to agree with the stars."""
    chosen = (rng.random(len(orders)) < REVIEWED) & (orders.store < 0)
    wrote, stars = orders.take(chosen), content[chosen].astype(np.int64)
    texts, luck = words(world.shop), rng.random(len(wrote))
    said = [
        _sentence(texts, star, share).format(noun=world.items[product].noun)
        for star, share, product in zip(stars.tolist(), luck.tolist(), wrote.product.tolist(), strict=True)
    ]
    rows.add(
        EventKind.REVIEW,
        wrote.time + rng.integers(2 * 86_400, 12 * 86_400, len(wrote)) * SECOND,
        shopper=wrote.shopper,
        product=wrote.product,
        rating=stars,
        text=np.array(said, dtype=object),
    )


def _sentence(texts: Words, stars: int, share: float) -> str:
    choice = texts.reviews_good if stars >= 4 else texts.reviews_fair if stars == 3 else texts.reviews_poor
    return choice[int(share * len(choice))]
