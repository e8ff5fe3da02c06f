"""What every recommender does, whatever is inside: a test class names its estimator and inherits the rest.

The toy shop: twelve items in three families of four. Shoppers stay in one family and take its items in
a ring, 0 → 1 → 2 → 3 → 0, from anywhere; items 12 and 13 were never taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from hawker.errors import Corrupt
from hawker.recommend import saved
from hawker.recommend.histories import Histories, Past
from hawker.recommend.model import Recommender

NAMES = tuple(f"item {code}" for code in range(14))


def toy(shoppers: int = 90, *, seed: int = 0) -> Histories:
    """Histories of two or three items of one family."""
    rng = np.random.default_rng(seed)
    rows = []
    for shopper in range(shoppers):
        family, first, length = shopper % 3, int(rng.integers(4)), int(rng.integers(2, 4))
        rows.append([4 * family + (first + place) % 4 for place in range(length)])
    return Histories.of(rows, NAMES)


class Recommenders:
    """Inherit, and say how one is `made`; `personal` False marks those that do not listen to the past."""

    personal: ClassVar[bool] = True
    cold: ClassVar[bool] = False

    @classmethod
    def made(cls, histories: Histories) -> Recommender:
        """A recommender of these histories."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls) -> Recommender:
        return cls.made(toy())

    def test_it_stays_in_the_family(self, fitted: Recommender) -> None:
        if not self.personal:
            pytest.skip("it says the same to everyone")
        for family in range(3):
            past = [4 * family, 4 * family + 1]
            assert fitted.rank(past, 1).codes[0] in (4 * family + 2, 4 * family + 3)

    def test_what_was_taken_comes_again_only_if_wanted(self, fitted: Recommender) -> None:
        past = [0, 1, 2]
        assert not set(fitted.rank(past, 14).codes.tolist()) & set(past)
        wider = fitted.rank(past, 14, again=True).codes.tolist()
        assert set(fitted.rank(past, 14).codes.tolist()) <= set(wider)

    def test_scores_fall_and_are_above_zero(self, fitted: Recommender) -> None:
        ranked = fitted.rank([5], 14)
        assert len(ranked.codes) == len(set(ranked.codes.tolist())) == len(ranked.scores)
        assert (np.diff(ranked.scores) <= 0).all()
        assert (ranked.scores > 0).all()
        assert fitted.scores(Past.of([5])).shape == (fitted.size,) == (14,)

    def test_only_what_is_allowed(self, fitted: Recommender) -> None:
        among = np.zeros(14, dtype=bool)
        among[[2, 6, 7]] = True
        assert set(fitted.rank([0, 1, 5], 10, among=among).codes.tolist()) <= {2, 6, 7}
        assert len(fitted.rank([0], 10, among=np.zeros(14, dtype=bool)).codes) == 0

    def test_the_source_is_of_the_past_or_nobody(self, fitted: Recommender) -> None:
        ranked = fitted.rank([0, 4], 6)
        assert set(ranked.sources.tolist()) <= {0, 4, -1}
        if self.personal:
            assert ranked.sources[0] == 4 * (ranked.codes[0] // 4)

    def test_strange_pasts_are_survived(self, fitted: Recommender) -> None:
        for past in ([], [-1, 99], [0] * 500, [13]):
            ranked = fitted.rank(past, 3)
            assert np.isfinite(ranked.scores).all()
        plain, dirty = fitted.scores(Past.of([0, 1])), fitted.scores(Past.of([0, 1, 99]))
        np.testing.assert_allclose(np.argsort(-plain)[:2], np.argsort(-dirty)[:2])
        assert len(fitted.rank([0], 0).codes) == 0

    def test_many_at_once_are_the_same(self, fitted: Recommender) -> None:
        histories = toy(9, seed=3)
        together = fitted.batch(histories)
        for row in range(9):
            np.testing.assert_allclose(
                together[row], fitted.scores(histories.past(row)), rtol=2e-5, atol=1e-6
            )

    def test_the_same_histories_make_the_same(self, fitted: Recommender) -> None:
        again = self.made(toy())
        np.testing.assert_array_equal(again.scores(Past.of([0, 1])), fitted.scores(Past.of([0, 1])))

    def test_it_saves_and_loads(self, fitted: Recommender, tmp_path: Path) -> None:
        path = tmp_path / "part.npz"
        saved.save(fitted, path)
        loaded = saved.load(path)
        assert type(loaded) is type(fitted)
        np.testing.assert_array_equal(loaded.scores(Past.of([0, 1])), fitted.scores(Past.of([0, 1])))
        assert loaded.rank([0, 1], 3).sources.tolist() == fitted.rank([0, 1], 3).sources.tolist()
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(Corrupt, match=r"cannot be read.*Roll back"):
            saved.load(path)

    def test_what_was_never_taken(self, fitted: Recommender) -> None:
        scores = fitted.scores(Past.of([0, 1]))
        if self.cold:
            assert scores[12] > 0
        else:
            assert scores[12] <= scores[2]
