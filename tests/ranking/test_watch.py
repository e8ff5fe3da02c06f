"""Whoever looks on while a model is trained hears each validation loss, and can end the training."""

from __future__ import annotations

import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.ranking.watch import watching


class Enough(Exception):
    """Raised by who has seen enough."""


@pytest.mark.parametrize(
    ("estimator", "most"),
    [(ranking.Linear(bits=10, epochs=3, patience=9), 3), (ranking.Trees(trees=40, threads=1), 4)],
    ids=["linear", "trees"],
)
def test_it_hears_each_loss_and_can_end_the_training(estimator: ranking.Estimator, most: int) -> None:
    heard: list[tuple[int, float]] = []
    with watching(lambda step, loss: heard.append((step, loss))):
        ranking.train(estimator, toy(1500), valid=toy(600, seed=3))
    assert [step for step, _ in heard] == list(range(most))
    assert heard[-1][1] < heard[0][1] < 0.7

    def weary(step: int, _loss: float) -> None:
        if step == 1:
            raise Enough

    with pytest.raises(Enough), watching(weary):
        ranking.train(estimator, toy(1500), valid=toy(600, seed=3))
    ranking.train(estimator, toy(600), valid=toy(600, seed=3))
    assert len(heard) == most
