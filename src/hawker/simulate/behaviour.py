"""The behaviour log of an invented shop: every event follows the world's truth and is `synthetic`."""

from __future__ import annotations

import numpy as np

from hawker.records.events import DAY, SECOND, Event, EventKind
from hawker.simulate import exposure, purchases
from hawker.simulate.campaigns import campaigns
from hawker.simulate.purchases import Bought
from hawker.simulate.rows import Rows
from hawker.simulate.visits import VIEWS, Visits, linger, visits
from hawker.simulate.world import Ints, World

OPTED_OUT = 0.01


def behaviour(world: World, *, seed: int = 7) -> list[Event]:
    """Live through the world's days once; events come in time order, each with an id of its own.

    One world can be lived through with several seeds: the truth stays, chance differs.
    """
    rng = np.random.default_rng([world.seed, seed, 5])
    orders, ads = campaigns(world)
    rows, seen = Rows(), visits(world, rng)
    _declared(rows, world, seen, rng)
    _searches(rows, seen)
    bought = _reading(rows, world, seen, rng)
    clicked = exposure.expose(rows, world, seen, orders=orders, ads=ads, rng=rng)
    chosen = purchases.joined(bought, clicked)
    purchases.complete(rows, world, chosen, sessions=len(seen.time), rng=rng)
    return rows.events(world, [(ad.id, ad.campaign) for ad in ads])


def _declared(rows: Rows, world: World, seen: Visits, rng: np.random.Generator) -> None:
    """What shoppers tell of themselves at their first visit, and the few who refuse profiling."""
    people, count = world.people, len(world.people.ids)
    end = world.start + world.days * DAY
    first = np.full(count, end)
    np.minimum.at(first, seen.shopper, seen.time)
    told = np.flatnonzero(people.declared & (first < end))
    stated = {"age_band": people.age, "gender": people.gender, "location": people.region}
    facts = [{name: str(column[who]) for name, column in stated.items()} for who in told.tolist()]
    rows.add(
        EventKind.ATTRIBUTES,
        first[told] - SECOND,
        shopper=told,
        attributes=np.array(facts, dtype=object),
    )
    refused = np.flatnonzero((rng.random(count) < OPTED_OUT) & (first < end))
    when = world.start + rng.integers(0, world.days * 86_400, len(refused)) * SECOND
    rows.add(EventKind.OPT_OUT, when, shopper=refused)


def _searches(rows: Rows, seen: Visits) -> None:
    typed = np.flatnonzero(seen.query != "")
    rows.add(
        EventKind.SEARCH,
        seen.time[typed] + 8 * SECOND,
        shopper=seen.shopper[typed],
        session=typed,
        query=seen.query[typed],
    )


def _reading(rows: Rows, world: World, seen: Visits, rng: np.random.Generator) -> Bought:
    """Pages read one after another; some are wished for, shared or put in the cart, some bought."""
    visit, page = np.nonzero(seen.pages >= 0)
    who, product = seen.shopper[visit], seen.pages[visit, page]
    suits = world.suits(who, product)
    dwell = np.zeros((len(seen.time), VIEWS), dtype=np.int64)
    dwell[visit, page] = linger(suits, rng)
    before = np.cumsum(dwell, axis=1) - dwell
    time = seen.time[visit] + (20 + 5 * page) * SECOND + before[visit, page] * 1_000
    columns = {"shopper": who, "session": visit, "product": product}
    found = world.goods.family[product] == seen.sought[visit]
    rows.add(
        EventKind.CLICK,
        time[found] - SECOND,
        query=seen.query[visit[found]],
        **{name: column[found] for name, column in columns.items()},
    )
    rows.add(EventKind.VIEW, time, dwell_ms=dwell[visit, page], **columns)
    match = world.match(who, product, day=seen.day[visit])
    chances = ((EventKind.WISH, 0.06, 9), (EventKind.SHARE, 0.02, 12), (EventKind.CART, 0.09, 15))
    for kind, chance, delay in chances:
        chosen = rng.random(len(time)) < chance * (0.4 + match)
        rows.add(
            kind,
            time[chosen] + delay * SECOND,
            **{name: column[chosen] for name, column in columns.items()},
        )
    return _checkout(world, seen, visit=visit, product=product, time=time, rng=rng)


def _checkout(
    world: World, seen: Visits, *, visit: Ints, product: Ints, time: Ints, rng: np.random.Generator
) -> Bought:
    """What is bought in a visit is paid for together, some minutes after the last page."""
    who = seen.shopper[visit]
    chance = world.purchase_probability(who, product, day=seen.day[visit])
    bought = rng.random(len(visit)) < chance
    last = np.zeros(len(seen.time), dtype=np.int64)
    np.maximum.at(last, visit, time)
    paid = last + rng.integers(200, 900, len(last)) * SECOND
    return purchases.online(who[bought], product[bought], paid[visit[bought]], session=visit[bought])
