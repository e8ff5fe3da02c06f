"""Interests are there wherever products have vectors: served as replayed, folded anew by other vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests import shops

from hawker import Shop, delivery
from hawker.delivery import restore
from hawker.delivery.forgetting import forget
from hawker.features.interests import Interests
from hawker.learning import load
from hawker.records.events import DAY, Event, EventKind
from hawker.storage import vectors
from hawker.storage.vectors import About, ProductVectors, Space

IDS = tuple(product.id for product in shops.PRODUCTS)


def give(shop: Shop, *, encoder: str = "toy-1", seed: int = 1) -> ProductVectors:
    """Vectors of all four products, serving from now on."""
    drawn = np.random.default_rng(seed).normal(size=(len(IDS), 64))
    matrix = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    space = Space(f"{encoder}-64", encoder, np.zeros(64), np.eye(64))
    made = ProductVectors(IDS, matrix, space, About(space.name, encoder))
    vectors.switch(shop, made)
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shops.tiny(tmp_path / "shop")


def interests(shop: Shop) -> Interests:
    with delivery.build(shop) as engine:
        held = engine.world.state.interests
        assert held is not None
        return held


def test_without_vectors_there_are_none(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        assert engine.world.state.interests is None


def test_what_is_served_is_what_is_replayed_bit_for_bit(shop: Shop) -> None:
    made = give(shop)
    with delivery.build(shop) as engine:
        looked = [
            Event(EventKind.VIEW, shops.NOW + place, id=f"v-{place}", shopper="u-1", product=product)
            for place, product in enumerate(("jam", "sock", "pot", "jam", "tea", "unheard-of"))
        ]
        engine.observe(looked)
        state = engine.world.state
        state.catch_up(engine._arrival, shops.NOW + DAY)
        held = state.interests
        assert held is not None
        assert held.name.startswith(made.name)
        code = state.codes["shopper"].find("u-1")
        served = held.readings(code), held.several(code)[1]
    replay = load(shop)
    replay.to(replay.end)
    again = replay.state.interests
    assert again is not None
    assert again.name == held.name
    code = replay.state.codes["shopper"].find("u-1")
    assert served[0].any()
    assert again.readings(code).tobytes() == served[0].tobytes()
    assert again.several(code)[1].tobytes() == served[1].tobytes()


def test_a_snapshot_serves_until_the_vectors_are_others(shop: Shop) -> None:
    first = give(shop)
    held, waiting = restore.state(shop)
    held.fold(waiting)
    held.advance(shops.NOW)
    restore.keep(shop, held)
    kept, waiting = restore.state(shop)
    assert (kept.watermark, len(waiting)) == (shops.NOW, 0)
    tea = first.of(["tea"])[0]
    assert kept.interests is not None
    assert kept.interests.read(kept.codes["shopper"].find("u-1")) == pytest.approx(tea, abs=1e-6)
    second = give(shop, encoder="toy-2", seed=2)
    anew, waiting = restore.state(shop)
    assert (anew.watermark, len(waiting)) == (0, len(shops.BOUGHT))
    found = interests(shop)
    tea = second.of(["tea"])[0]
    assert found.read(0) == pytest.approx(tea, abs=1e-6)
    assert found.name != kept.interests.name


def test_a_forgotten_shopper_has_no_interest(shop: Shop) -> None:
    give(shop)
    with delivery.build(shop) as engine:
        held = engine.world.state.interests
        assert held is not None
        assert held.read(0).any()
        forget(engine, "u-1")
        assert not any(array[0].any() for array in held.arrays().values())
    assert not interests(shop).matrix().any()
