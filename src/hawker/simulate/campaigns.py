"""The invented advertisers: one campaign a brand, one ad a product; every term is synthetic."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from hawker.records.campaign import Ad, Campaign, Pricing, Targeting
from hawker.records.catalogue import Product, advertisable, levels, on_sale
from hawker.records.events import DAY, SECOND
from hawker.records.money import MICROS, micros
from hawker.records.placement import Page, Placement
from hawker.simulate.shops.compose import CURRENCY, words
from hawker.simulate.world import World
from hawker.storage.shop import Settings

ADVERTISERS = 25
_FLOOR = 5 * MICROS


def settings(world: World) -> Settings:
    """The `shop.toml` of the invented shop: Chinese, yuan, clicks are recorded, three placements."""
    texts = words(world.shop)
    return Settings(
        name=texts.name,
        language="zh",
        currency=CURRENCY,
        utc_offset_minutes=texts.utc_offset_minutes,
        outcome="click",
        clock=_end(world),
        placements=placements(),
    )


def _end(world: World) -> str:
    """The moment the log ends, as an ISO time: the shop goes on living there."""
    return datetime.fromtimestamp((world.start + world.days * DAY) / SECOND, UTC).isoformat()


def placements() -> tuple[Placement, ...]:
    """Where ads may stand in the invented shop; the floors are synthetic."""
    return (
        Placement(name="home", page=Page.HOME, slots=6, floor=_FLOOR, most_per_advertiser=2),
        Placement(name="search", page=Page.SEARCH, slots=3, floor=_FLOOR),
        Placement(name="product", page=Page.PRODUCT, slots=3, floor=_FLOOR),
    )


def campaigns(world: World) -> tuple[list[Campaign], list[Ad]]:
    """Campaigns of the brands with most goods, one ad for each product they can sell.

    No ad names its words: whatever is approved for its product competes. A third of the campaigns stand on
    search and product pages only, and there only beside their own category.
    """
    rng = np.random.default_rng([world.seed, 4])
    offers: dict[str, list[Product]] = {}
    for product in world.products:
        if advertisable(product):
            offers.setdefault(product.brand, []).append(product)
    largest = sorted(offers, key=lambda brand: (-len(offers[brand]), brand))[:ADVERTISERS]
    orders, ads = [], []
    for number, brand in enumerate(largest, 1):
        order = _campaign(brand, offers[brand], number=number, world=world, rng=rng)
        orders.append(order)
        ads += [Ad(f"ad-{product.id}", order.id, product.id) for product in offers[brand]]
    return orders, ads


def _campaign(
    brand: str, offer: list[Product], *, number: int, world: World, rng: np.random.Generator
) -> Campaign:
    top = levels(offer[0].category)[0]
    targeting = (
        Targeting(placements=("search", "product"), categories=(top,)) if number % 3 == 0 else Targeting()
    )
    typical = float(np.median([on_sale(product) for product in offer])) / MICROS
    bid = 0.35 + 0.02 * typical**0.7 * rng.uniform(0.7, 1.3)
    daily = float(rng.integers(4, 20) * 50)
    by_thousand = number % 5 == 0
    return Campaign(
        id=f"c-{number:02d}",
        advertiser=brand,
        name=f"{brand} {top}推广",
        pricing=Pricing.CPM if by_thousand else Pricing.CPC,
        bid=micros(round(bid * 30 if by_thousand else bid, 2)),
        daily_budget=micros(daily),
        total_budget=micros(daily * 60),
        currency=CURRENCY,
        utc_offset_minutes=words(world.shop).utc_offset_minutes,
        targeting=targeting,
        synthetic=True,
    )
