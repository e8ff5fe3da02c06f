"""Every recommender against the suite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.recommenders import NAMES, Recommenders

from hawker.recommend import saved, sequence
from hawker.recommend.blend import Blend
from hawker.recommend.ease import Ease
from hawker.recommend.habits import Habits
from hawker.recommend.histories import Histories, Past
from hawker.recommend.model import Recommender
from hawker.recommend.nearby import Nearby
from hawker.recommend.neighbours import Neighbours
from hawker.recommend.popular import Popular
from hawker.recommend.sequence import Sequence
from hawker.records.events import DAY

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

    @pytest.mark.parametrize(("families", "size"), [(3, 16), (9, 64)])
    def test_it_begins_alike_whatever_was_drawn_before(self, families: int, size: int) -> None:
        """Families alike and items never taken: values that are equal or 0, of which no vector is the one."""
        names = tuple(f"item {code}" for code in range(4 * families + 2))
        rings = [
            [4 * family + (first + place) % 4 for place in range(3)]
            for family in range(families)
            for first in range(4)
        ]
        histories = Histories.of(rings, names)
        first = sequence.beginnings(histories, size, seed=1)
        for drawn in range(5):
            np.random.default_rng().normal(size=drawn)
            np.testing.assert_array_equal(sequence.beginnings(histories, size, seed=1), first)
        assert np.isfinite(first).all()
        assert not np.array_equal(sequence.beginnings(histories, size, seed=2), first)


class TestBlend(Recommenders):
    cold = True

    @classmethod
    def made(cls, histories: Histories) -> Recommender:
        parts = {"neighbours": Neighbours().fit(histories), "nearby": Nearby().fit(vectors())}
        return Blend(parts, {"neighbours": 1.0, "nearby": 0.2})


class TestHabits:
    """Not of the suite: it knows nothing but what was taken before."""

    past = Past(
        items=np.array([0, 1, 0, 2, 0, 1, 1], np.int32),
        step=np.array([0, 0, 1, 1, 2, 3, 3]),
        time=np.array([0, 0, 7, 7, 14, 21, 21]) * DAY + DAY,
        now=24 * DAY,
    )

    def histories(self) -> Histories:
        items, step, time, _ = self.past
        return Histories(np.array([0, 7]), items, step, time, NAMES)

    def test_frequency_fades_and_a_basket_counts_once(self) -> None:
        timeless = self.past._replace(now=0)
        scores = Habits(fade=0.5).fit(self.histories()).scores(timeless)
        np.testing.assert_allclose(scores[:4], [1 / 8 + 1 / 4 + 1 / 2, 1 / 8 + 1, 1 / 4, 0])

    def test_what_was_taken_just_now_waits(self) -> None:
        habits = Habits(fade=1.0, early=0.0).fit(self.histories())
        gap = habits.gap[1]
        assert habits.gap[0] < gap
        expected = 2 * np.sqrt(2 / gap)
        assert habits.scores(self.past)[1] == pytest.approx(expected, rel=1e-5)
        assert habits.scores(self.past)[0] == 3

    def test_it_speaks_for_itself_and_saves(self, tmp_path: Path) -> None:
        habits = Habits().fit(self.histories())
        ranked = habits.rank(self.past, 5, again=True)
        assert ranked.codes.tolist() == ranked.sources.tolist()
        assert set(ranked.codes.tolist()) == {0, 1, 2}
        assert len(habits.rank(self.past, 5).codes) == 0
        saved.save(habits, tmp_path / "habits.npz")
        np.testing.assert_array_equal(
            saved.load(tmp_path / "habits.npz").scores(self.past), habits.scores(self.past)
        )
