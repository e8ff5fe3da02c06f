"""Interests are decayed means, several where a shopper has several, and bound to their vectors."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.features import toy

from hawker.features.encode import Codes
from hawker.features.history import INTEREST
from hawker.features.interests import LONG, RECENT, SEVERAL, Interests
from hawker.records.events import DAY, Event

Floats = NDArray[np.float64]


def drawn(count: int = 12, size: int = 8, *, seed: int = 1) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)
    vectors[3] = 0.0  # nothing is known of it
    return vectors


def codes() -> Codes:
    made = Codes()
    made["product"].codes([f"p{i}" for i in range(14)])
    return made


def touched(found: list[Event], held: Codes, name: str) -> list[tuple[int, int]]:
    """Time and product of what counts: vectors are known of the products 0 to 11 but the third."""
    mine = [
        (e.time, held["product"].find(e.product))
        for e in found
        if e.shopper == name and e.kind in INTEREST and e.product
    ]
    return [(time, code) for time, code in mine if code < 12 and code != 3]


def unit(vector: Floats) -> Floats:
    return vector / np.linalg.norm(vector)


def plainly(seen: list[tuple[int, int]], vectors: NDArray[np.float32]) -> tuple[list[Floats], list[float]]:
    """Ward's clusters of one shopper, written as plainly as it can be said."""
    sums: list[Floats] = []
    weights: list[float] = []
    last = 0
    for time, code in seen:
        factor = 2.0 ** (-((time - last) / DAY) / LONG)
        last = time
        sums = [factor * held for held in sums] + [vectors[code].astype(float)]
        weights = [factor * held for held in weights] + [1.0]
        if len(sums) > SEVERAL:
            pairs = sorted(combinations(range(len(sums)), 2), key=lambda pair: pair[::-1])
            first, second = min(pairs, key=lambda pair: cost(sums, weights, *pair))
            sums[first], weights[first] = sums[first] + sums[second], weights[first] + weights[second]
            if second < SEVERAL:  # the new one takes the place that became free
                sums[second], weights[second] = sums[SEVERAL], weights[SEVERAL]
            del sums[SEVERAL], weights[SEVERAL]
    return sums, weights


def cost(sums: list[Floats], weights: list[float], i: int, j: int) -> float:
    apart = sums[i] / weights[i] - sums[j] / weights[j]
    return weights[i] * weights[j] / (weights[i] + weights[j]) * float(apart @ apart)


def test_the_long_and_the_recent_interest_are_decayed_means() -> None:
    found, held, vectors = toy.canonical(toy.events(300, seed=8)), codes(), drawn()
    interests = Interests(vectors, name="toy-1")
    interests.fold(held.encode(found))
    for name in held["shopper"].names:
        seen, code = touched(found, held, name), held["shopper"].find(name)
        for half_life, got in ((LONG, interests.read(code)), (RECENT, interests.recent(code))):
            weights = np.array([2.0 ** (-((found[-1].time - time) / DAY) / half_life) for time, _ in seen])
            mean = weights @ vectors[[product for _, product in seen]].astype(float)
            assert got == pytest.approx(unit(mean), rel=1e-4, abs=1e-5)
        assert interests.matrix()[code] == pytest.approx(interests.read(code), abs=1e-6)
    for nobody in (-1, 99_999):
        assert not interests.read(nobody).any()
        assert not interests.recent(nobody).any()
        assert not interests.readings(nobody).any()
        assert len(interests.several(nobody)[1]) == 0


def test_several_interests_are_wards_clusters() -> None:
    found, held, vectors = toy.canonical(toy.events(300, seed=8)), codes(), drawn()
    interests = Interests(vectors, name="toy-1")
    interests.fold(held.encode(found))
    for name in held["shopper"].names:
        sums, weights = plainly(touched(found, held, name), vectors)
        code = held["shopper"].find(name)
        got, shares = interests.several(code)
        order = np.argsort(-np.array(weights))
        assert shares == pytest.approx(np.array(weights)[order] / sum(weights), rel=1e-4)
        assert got == pytest.approx(np.array([unit(sums[place]) for place in order]), abs=1e-4)
        readings = interests.readings(code)
        assert readings[0] == pytest.approx(interests.read(code), abs=1e-6)
        assert readings[1] == pytest.approx(interests.recent(code), abs=1e-6)
        assert sorted(map(tuple, readings[2:].round(4))) == sorted(map(tuple, got.round(4)))


def test_two_tastes_do_not_become_one() -> None:
    rng = np.random.default_rng(2)
    vectors = np.zeros((40, 16), dtype=np.float32)
    vectors[:20, 0] = vectors[20:, 1] = 1.0
    vectors += rng.normal(0.0, 0.05, vectors.shape).astype(np.float32)
    held = codes()
    found = [
        Event(
            toy.K.VIEW, toy.START + n * DAY // 8, shopper="u-1", product=f"p{rng.integers(20) + 20 * (n % 2)}"
        )
        for n in range(200)
    ]
    held["product"].codes([f"p{i}" for i in range(14, 40)])
    interests = Interests(vectors, name="toy")
    interests.fold(held.encode(found))
    several, shares = interests.several(0)
    assert shares.sum() == pytest.approx(1.0)
    for axis in (0, 1):
        assert sum(share for one, share in zip(several, shares, strict=True) if one[axis] > 0.9) > 0.4
    assert interests.read(0)[:2] == pytest.approx([0.7, 0.7], abs=0.1)


def test_a_shopper_takes_little_and_every_array_has_a_row_each() -> None:
    interests = Interests(drawn(12, 64), name="toy")
    interests.fold(codes().encode(toy.events(200)))
    assert interests.bytes_each == 1384
    assert {len(array) for array in interests.arrays().values()} == {len(interests)}


def test_the_name_tells_vectors_apart() -> None:
    vectors, ids = drawn(), [f"p{i}" for i in range(12)]
    one = Interests(vectors, name="e5-64", ids=ids)
    assert one.name.startswith("e5-64/")
    assert one.name == Interests(vectors.copy(), name="e5-64", ids=ids).name
    others = [
        Interests(vectors * 2, name="e5-64", ids=ids),
        Interests(vectors, name="e6-64", ids=ids),
        Interests(vectors, name="e5-64", ids=ids[::-1]),
    ]
    assert len({one.name, *(other.name for other in others)}) == 4


def test_vectors_find_their_products_whatever_the_codes_are() -> None:
    found, vectors = toy.canonical(toy.events(150)), drawn()
    plain, turned = codes(), Codes()
    turned["product"].codes(["other", "p7", "p3"])
    one = Interests(vectors, name="toy", ids=[f"p{i}" for i in range(12)])
    one.align(plain)
    two = Interests(vectors, name="toy", ids=[f"p{i}" for i in range(12)])
    two.align(turned)
    one.fold(plain.encode(found))
    two.fold(turned.encode(found))
    for name in ("u1", "u2", "u3"):
        left = one.readings(plain["shopper"].find(name))
        assert left.any()
        assert left.tobytes() == two.readings(turned["shopper"].find(name)).tobytes()
    other = turned["product"].codes(["other", "p7", "p3", "p0"])
    assert two.of_products(other).tobytes() == vectors[[3, 7, 3, 0]].tobytes()  # the third says nothing
    assert not two.of_products(np.array([-1, 10_000], dtype=np.int32)).any()


def test_a_vector_that_is_no_number_is_passed_over() -> None:
    vectors = drawn()
    vectors[:11] = np.nan
    interests = Interests(vectors, name="toy")
    interests.fold(codes().encode(toy.events(200)))
    held = np.concatenate([array.ravel() for array in interests.arrays().values()])
    assert np.isfinite(held).all()
    assert interests.matrix().any()
