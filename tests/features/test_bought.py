"""The filter of purchases never denies one, and seldom claims one that never was."""

from __future__ import annotations

import numpy as np

from hawker.features.bought import Bought, maybe
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS
from hawker.records.events import KIND_CODE, EventKind


def purchases(
    shoppers: np.ndarray, products: np.ndarray, kind: EventKind = EventKind.PURCHASE
) -> EventArrays:
    keys = np.full((len(shoppers), len(KEYS)), -1, dtype=np.int32)
    keys[:, KEYS.index("shopper")], keys[:, KEYS.index("product")] = shoppers, products
    return EventArrays(
        time=np.arange(len(shoppers), dtype=np.int64),
        kind=np.full(len(shoppers), KIND_CODE[kind], dtype=np.int8),
        session=np.zeros(len(shoppers), dtype=np.int64),
        keys=keys,
        values=np.ones((len(shoppers), 4)),
    )


def test_what_was_bought_is_never_denied_and_little_else_is_claimed() -> None:
    held, rng = Bought(), np.random.default_rng(3)
    products = rng.choice(40_000, 40, replace=False).astype(np.int32)
    held.fold(purchases(np.full(40, 90, dtype=np.int32), products))
    bits = held.of(90)
    assert all(maybe(bits, product) for product in products)
    others = np.setdiff1d(np.arange(40_000), products)[:5_000]
    assert np.mean([maybe(bits, product) for product in others]) < 0.002


def test_of_a_household_with_hundreds_of_products_it_still_tells_most() -> None:
    held, rng = Bought(), np.random.default_rng(4)
    products = rng.choice(40_000, 600, replace=False).astype(np.int32)
    held.fold(purchases(np.full(600, 3, dtype=np.int32), products))
    assert all(maybe(held.of(3), product) for product in products)
    others = np.setdiff1d(np.arange(40_000), products)[:5_000]
    assert np.mean([maybe(held.of(3), product) for product in others]) < 0.09


def test_nobody_and_those_who_only_looked_have_bought_nothing() -> None:
    held = Bought()
    held.fold(purchases(np.array([-1, 5]), np.array([7, -1])))
    held.fold(purchases(np.array([5]), np.array([7]), EventKind.VIEW))
    assert not held.of(5).any()
    assert not held.of(-1).any()
    assert not held.of(10_000).any()
