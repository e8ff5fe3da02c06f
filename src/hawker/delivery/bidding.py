"""What candidates bid in one decision: their campaigns' strategies, at the pace of the moment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hawker import auction
from hawker.auction.bidder import SALES, Bidding
from hawker.delivery.world import World
from hawker.records.catalogue import Product, on_sale
from hawker.retrieval.index import AdIndex

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def bids(
    world: World, ads: NDArray[np.integer], *, click: Floats | None = None, purchase: Floats | None = None
) -> Ints:
    """The effective bids of some ads, in micros of each campaign's unit of pricing.

    `click` and `purchase` are their chances given an impression; None where no model tells.
    """
    index = world.index
    asked: Ints = index.bid[ads]
    if world.bidding is None:
        return asked
    return auction.bids(
        world.bidding,
        index.campaign[ads],
        asked,
        click=click,
        purchase=purchase,
        sales=None if world.sales is None else world.sales[ads],
        pace=world.pace,
    )


def sales(index: AdIndex, terms: Bidding, *, products: Mapping[str, Product]) -> Ints | None:
    """What one purchase of each ad's product brings, in micros; None where no campaign bids by it."""
    if not (terms.automatic & (terms.aim == SALES)).any():
        return None
    prices = {name: on_sale(products[name]) for name in set(index.product_names) if name in products}
    return np.array([prices.get(name, 0) for name in index.product_names], dtype=np.int64)
