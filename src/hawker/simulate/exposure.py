"""The logged ads: some pages show ads drawn uniformly at random, so that a click model can be learned

and judged without bias. The chance each had of its slot is in the event's attributes ("propensity").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.records.campaign import Ad, Campaign
from hawker.records.catalogue import levels
from hawker.records.events import SECOND, EventKind
from hawker.simulate.campaigns import placements
from hawker.simulate.purchases import Bought, joined, online
from hawker.simulate.rows import Rows
from hawker.simulate.shops.compose import words
from hawker.simulate.visits import Visits, linger
from hawker.simulate.world import Floats, Ints, World

SHARE = {"home": 0.36, "search": 0.5, "product": 0.35}
HIDDEN = 0.004
_CHUNK = 20_000
_HIDE_AFTER = 4


@dataclass(frozen=True, eq=False)
class Shown:
    """One entry an impression: the visit it was part of, the ad (by number), slot and chance."""

    visit: Ints
    time: Ints
    ad: Ints
    slot: Ints
    chance: Floats
    context: Ints


def expose(
    rows: Rows,
    world: World,
    seen: Visits,
    *,
    orders: list[Campaign],
    ads: list[Ad],
    rng: np.random.Generator,
) -> Bought:
    """Add impressions, clicks and hides to the log; returns what was bought after a click."""
    number = {item.product.id: index for index, item in enumerate(world.items)}
    product = np.array([number[ad.product] for ad in ads], dtype=np.int64)
    chosen = []
    for place in placements():
        visit, time, context = _requests(place.name, seen, world, rng)
        allowed = _allowed(world, place.name, orders=orders, ads=ads)
        shown = _draw(allowed[context], place.slots, rng=rng)
        shown = Shown(
            visit[shown.visit], time[shown.visit], shown.ad, shown.slot, shown.chance, context[shown.visit]
        )
        chosen.append(
            _respond(rows, world, seen, shown=shown, product=product[shown.ad], place=place.name, rng=rng)
        )
    return joined(*chosen)


def _requests(place: str, seen: Visits, world: World, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """The visits whose page of that kind carried ads, when, and the family of that page (-1: none)."""
    typed = seen.query != ""
    able = typed if place == "search" else np.ones(len(seen.time), dtype=bool)
    visit = np.flatnonzero(able & (rng.random(len(seen.time)) < SHARE[place]))
    delay = {"home": 1, "search": 9, "product": 22}[place] * SECOND
    if place == "home":
        context = np.full(len(visit), -1)
    elif place == "search":
        context = seen.sought[visit]
    else:
        context = world.goods.family[seen.pages[visit, 0]]
    return visit, seen.time[visit] + delay, context


def _allowed(world: World, place: str, *, orders: list[Campaign], ads: list[Ad]) -> NDArray[np.bool_]:
    """Which ads may stand on a page of each family (F + 1, ads); the last row is a page of none."""
    targeting = {order.id: order.targeting for order in orders}
    allowed = np.zeros((len(world.goods.family_top) + 1, len(ads)), dtype=bool)
    tops = [*(world.goods.tops[top] for top in world.goods.family_top), ""]
    for column, ad in enumerate(ads):
        wanted = targeting[ad.campaign]
        if wanted.placements and place not in wanted.placements:
            continue
        heads = {levels(path)[0] for path in wanted.categories}
        allowed[:, column] = [not heads or top in heads for top in tops]
    return allowed


def _draw(allowed: NDArray[np.bool_], slots: int, *, rng: np.random.Generator) -> Shown:
    """Fill slots uniformly without repetition from each request's allowed ads."""
    parts = []
    for first in range(0, len(allowed), _CHUNK):
        mask = allowed[first : first + _CHUNK]
        keys = np.where(mask, rng.random(mask.shape), 2.0)
        ad = np.argsort(keys, axis=1)[:, :slots]
        request, slot = np.nonzero(np.take_along_axis(mask, ad, axis=1))
        chance = 1.0 / (mask.sum(axis=1)[request] - slot)
        parts.append((first + request, ad[request, slot], slot, chance))
    request, ad, slot, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Shown(request, request, ad, slot, chance, request)


def _respond(
    rows: Rows,
    world: World,
    seen: Visits,
    *,
    shown: Shown,
    product: Ints,
    place: str,
    rng: np.random.Generator,
) -> Bought:
    """Clicks follow the world's truth; a click opens the product's page, and some buy."""
    who, day = seen.shopper[shown.visit], seen.day[shown.visit]
    query = seen.query[shown.visit] if place == "search" else np.full(len(who), "", dtype=object)
    columns: dict[str, NDArray[Any]] = {
        "shopper": who,
        "session": shown.visit,
        "product": product,
        "ad": shown.ad,
        "slot": shown.slot,
        "query": query,
    }
    chances = np.array([{"propensity": f"{chance:.6g}"} for chance in shown.chance.tolist()], dtype=object)
    rows.add(EventKind.AD_IMPRESSION, shown.time, placement=place, attributes=chances, **columns)
    chance = world.click_probability(who, product, shown.slot, day=day, context=shown.context)
    clicked = rng.random(len(who)) < chance
    picked = {name: column[clicked] for name, column in columns.items()}
    moment = shown.time[clicked] + rng.integers(2, 20, int(clicked.sum())) * SECOND
    rows.add(EventKind.AD_CLICK, moment, placement=place, **picked)
    rows.add(
        EventKind.VIEW,
        moment + SECOND,
        shopper=picked["shopper"],
        session=picked["session"],
        product=picked["product"],
        dwell_ms=linger(world.suits(picked["shopper"], picked["product"]), rng),
    )
    rest = {name: column[~clicked] for name, column in columns.items()}
    _hide(rows, world, rest, place=place, time=shown.time[~clicked], rng=rng)
    buys = rng.random(len(moment)) < world.purchase_probability(
        picked["shopper"], picked["product"], day=day[clicked]
    )
    later = moment + rng.integers(240, 900, len(moment)) * SECOND
    return online(
        picked["shopper"][buys], picked["product"][buys], later[buys], session=picked["session"][buys]
    )


def _hide(
    rows: Rows,
    world: World,
    columns: dict[str, NDArray[Any]],
    *,
    place: str,
    time: Ints,
    rng: np.random.Generator,
) -> None:
    """Now and then an ad that was not clicked is sent away, with a reason."""
    hidden = rng.random(len(time)) < HIDDEN
    reasons = np.array(words(world.shop).hide_reasons, dtype=object)
    rows.add(
        EventKind.AD_HIDE,
        time[hidden] + _HIDE_AFTER * SECOND,
        placement=place,
        reason=rng.choice(reasons, int(hidden.sum())),
        **{name: column[hidden] for name, column in columns.items()},
    )
