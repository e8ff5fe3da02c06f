"""Estimators of estimators: what they weigh, what they average, what they refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.rankers import toy
from tests.ranking.fields import shop

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.ranking.blend import Blend
from hawker.ranking.metrics import log_loss

SMALL = ranking.Linear(bits=12, epochs=2)
CROSSED = replace(SMALL, pairs=(("product", "season"),))
SEEN = ranking.Factorised(bits=12, rank=4)


@pytest.mark.parametrize("by", ["time", "shopper"])
def test_a_stack_trusts_who_is_right_out_of_fold(by: str) -> None:
    rows, test = shop(cross=1.5), shop(seed=1, cross=1.5)
    stack = ranking.train(ranking.Stack((SMALL, CROSSED), folds=3, by=by), rows)  # type: ignore[arg-type]
    assert isinstance(stack, Blend)
    shares = stack.recipe["shares"]
    assert shares[1] > 0.9
    alone = ranking.train(CROSSED, rows)
    assert log_loss(stack.on(test), test) < log_loss(alone.on(test), test) + 0.002
    assert [part["estimator"] for part in stack.recipe["of"]] == ["Linear", "Linear"]
    assert stack.recipe["estimator"] == "Stack"


def test_memory_is_not_mistaken_for_knowledge() -> None:
    """A model that knows every row of training by heart weighs nothing, because folds ask for other rows."""
    rows = toy(2000)
    stack = ranking.Stack(
        (ranking.Trees(trees=60, leaves=60, least=1, rate=0.3, l2=0.0, rows=1.0, threads=1), SMALL), folds=3
    )
    heart, linear = ranking.train(stack, rows).recipe["shares"]
    assert heart < 0.35 < linear


def test_a_bag_is_the_mean_of_its_models_and_steadier_than_one(tmp_path: Path) -> None:
    rows, test = shop(1500, text=2.0), shop(seed=1, text=2.0)
    wild = ranking.Trees(trees=60, rate=0.2, least=5, threads=1)
    bag = ranking.train(ranking.Bag(wild, models=6), rows, seed=3)
    assert isinstance(bag, Blend)
    each = np.array([model.score(test.x) for model in bag.models])
    np.testing.assert_allclose(bag.score(test.x), each.mean(axis=0), atol=1e-12)
    assert len({tuple(one[:50]) for one in each.tolist()}) == 6
    alone = [log_loss(model.on(test), test) for model in bag.models]
    assert log_loss(bag.on(test), test) < min(alone)
    bag.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).on(test), bag.on(test))


def test_a_bag_in_a_stack_is_calibrated_like_any_other() -> None:
    rows, hold, test = (shop(seed=seed, seen=2.0, cross=1.0) for seed in range(3))
    stack = ranking.Stack((ranking.Bag(CROSSED, models=2), SEEN), folds=2)
    heard: list[float] = []
    model = ranking.train(stack, rows, progress=lambda _, share: heard.append(share))
    judged = ranking.evaluate(ranking.calibrate(model, hold), test)
    assert judged.auc.low is not None
    assert judged.auc.low > 0.7
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)


def test_the_parts_of_what_explains_itself_add_up() -> None:
    model = ranking.train(ranking.Stack((SMALL, SEEN), folds=2), shop(seen=1.0))
    for row in shop(5, seed=4).x:
        assert sum(model.explain(row).values()) == pytest.approx(model.score(row[None])[0], abs=1e-6)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadSetting, match="no estimator to weigh"):
        ranking.Stack(())
    with pytest.raises(BadSetting, match="'folds' must be at least 2"):
        ranking.Stack((SMALL,), folds=1)
    with pytest.raises(BadSetting, match="'share' must be at most 1"):
        ranking.Bag(SMALL, share=1.5)
    late = replace(toy(300), y=(np.arange(300) > 290).astype(np.float32))
    with pytest.raises(BadInput, match=r"fold 1: all .* labels are 0"):
        ranking.train(ranking.Stack((SMALL,), folds=2), late)
