"""The match is the cosine of what it says it is, and unknown where there is nothing to compare."""

from __future__ import annotations

import numpy as np
import pytest
from tests.features import toy

from hawker.features.encode import Codes
from hawker.features.interests import Interests
from hawker.features.match import MATCH, match, nearness
from hawker.features.state import State
from hawker.records.events import Event


def folded() -> tuple[Interests, Codes]:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(12, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[3] = 0.0  # a product without text
    codes = Codes()
    codes["product"].codes([f"p{i}" for i in range(14)])
    interests = Interests(vectors, name="toy")
    interests.fold(codes.encode(toy.canonical(toy.events(300))))
    return interests, codes


def test_each_column_is_a_cosine() -> None:
    interests, codes = folded()
    products = np.arange(12, dtype=np.int32)
    page = interests.vectors[5]
    for name in ("u1", "u2", "u3"):
        code = codes["shopper"].find(name)
        found = match(interests, products, shopper=code, page=page)
        assert tuple(found) == MATCH
        vectors = interests.of_products(products)
        said = np.arange(12) != 3
        near = np.sort(vectors @ interests.several(code)[0].T, axis=1)
        wanted = {
            "interest_long": vectors @ interests.read(code),
            "interest_recent": vectors @ interests.recent(code),
            "interest_best": near[:, -1],
            "interest_second": near[:, -2],
            "page_match": vectors @ page,
        }
        for column, values in wanted.items():
            assert found[column][said] == pytest.approx(values[said], abs=1e-5), column
            assert np.isnan(found[column][3])
        assert found["page_match"][5] == pytest.approx(1.0)


def test_nobody_has_no_interest_but_the_page_still_counts() -> None:
    interests, _ = folded()
    products = np.arange(12, dtype=np.int32)
    found = match(interests, products, page=interests.vectors[0])
    assert all(np.isnan(found[name]).all() for name in MATCH[:4])
    assert found["page_match"][0] == pytest.approx(1.0)
    assert np.isnan(match(interests, products, shopper=10_000)["page_match"]).all()


def test_without_vectors_and_of_unknown_products_all_is_unknown() -> None:
    interests, codes = folded()
    code = codes["shopper"].find("u1")
    strangers = np.array([-1, 12, 13, 10**6], dtype=np.int32)
    assert np.isnan(list(match(interests, strangers, shopper=code).values())).all()
    assert np.isnan(list(match(None, strangers, shopper=code).values())).all()


def test_one_interest_has_no_second() -> None:
    interests = Interests(np.eye(4, dtype=np.float32), name="toy")
    codes = Codes()
    codes["product"].codes(["a"])
    interests.fold(codes.encode([Event(toy.K.VIEW, toy.START, shopper="u", product="a")]))
    found = match(interests, np.array([0, 1], dtype=np.int32), shopper=0)
    assert found["interest_best"].tolist() == [1.0, 0.0]
    assert np.isnan(found["interest_second"]).all()


def test_what_sells_and_suits_is_near() -> None:
    state = State()
    state.codes["product"].codes(["a", "b", "c", "d", "plain"])
    products = np.arange(5, dtype=np.int32)
    assert nearness(state, products, shopper=0) is None
    space = np.array([[1, 0], [1, 0], [0.6, 0.8], [-1, 0]], dtype=np.float32)
    state.adopt(Interests(space, name="toy", ids=("a", "b", "c", "d")))
    bought = [Event(toy.K.PURCHASE, toy.START + n, id=f"{n}", shopper="u", product="a") for n in range(3)]
    state.fold(state.codes.encode(bought))
    state.advance(toy.START + 9)
    found = nearness(state, products, shopper=state.codes["shopper"].find("u"))
    assert found is not None
    assert found == pytest.approx([2.0, 1.0, 0.36, 0.0, 0.0])
    page = np.array([0.0, 1.0], dtype=np.float32)
    asked = nearness(state, products, page=page)
    assert asked is not None
    assert asked == pytest.approx([0.0, 0.0, 0.64, 0.0, 0.0])
    assert nearness(state, products) is None
