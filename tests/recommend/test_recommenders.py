"""Every recommender against the suite."""

from __future__ import annotations

import numpy as np
import pytest
from tests.behaviour.recommenders import Recommenders

from hawker.recommend.blend import Blend
from hawker.recommend.ease import Ease
from hawker.recommend.histories import Histories
from hawker.recommend.model import Recommender
from hawker.recommend.nearby import Nearby
from hawker.recommend.neighbours import Neighbours
from hawker.recommend.popular import Popular
from hawker.recommend.sequence import Sequence

pytest.importorskip("scipy")


def vectors() -> np.ndarray:
    """Items of one family point one way; item 12 is like the first family, of 13 nothing is known."""
    made = np.zeros((14, 3), dtype=np.float32)
    made[np.arange(12), np.arange(12) // 4] = 1.0
    made[12, 0] = 1.0
    made[:12] += np.random.default_rng(0).normal(scale=0.05, size=(12, 3)).astype(np.float32)
    return made


class TestNeighbours(Recommenders):
    @classmethod
    def made(cls, histories: Histories) -> Recommender:
        return Neighbours().fit(histories)


class TestEase(Recommenders):
    @classmethod
    def made(cls, histories: Histories) -> Recommender:
        return Ease(penalty=1.0).fit(histories)


class TestNearby(Recommenders):
    cold = True

    @classmethod
    def made(cls, histories: Histories) -> Recommender:  # noqa: ARG003
        return Nearby().fit(vectors())

    def test_it_stays_in_the_family(self, fitted: Recommender) -> None:
        assert set(fitted.rank([4, 5], 2).codes.tolist()) == {6, 7}
        assert set(fitted.rank([0, 1], 3).codes.tolist()) == {2, 3, 12}


class TestPopular(Recommenders):
    personal = False

    @classmethod
    def made(cls, histories: Histories) -> Recommender:
        return Popular().fit(histories)


class TestSequence(Recommenders):
    @classmethod
    def made(cls, histories: Histories) -> Recommender:
        pytest.importorskip("torch", reason="the transformer is trained with torch")
        return Sequence(size=16, epochs=40, batch=64, rate=0.01, dropout=0.0).fit(histories, seed=1)

    def test_it_knows_the_order(self, fitted: Recommender) -> None:
        for item in range(12):
            following = 4 * (item // 4) + (item % 4 + 1) % 4
            assert fitted.rank([item], 1).codes.tolist() == [following]


class TestBlend(Recommenders):
    cold = True

    @classmethod
    def made(cls, histories: Histories) -> Recommender:
        parts = {"neighbours": Neighbours().fit(histories), "nearby": Nearby().fit(vectors())}
        return Blend(parts, {"neighbours": 1.0, "nearby": 0.2})
