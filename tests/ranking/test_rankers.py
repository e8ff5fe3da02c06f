"""Every ranker passes the shared suite; what only one of them promises is beside it."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from tests.behaviour.rankers import Rankers, toy

from hawker import ranking


class TestLinear(Rankers):
    estimator = ranking.Linear(bits=12)


class TestLinearInValues(Rankers):
    estimator = ranking.Linear(bits=12, quantities="both", steps=1)


class TestFactorised(Rankers):
    estimator = ranking.Factorised(bits=12, rank=4)


class TestFieldWeighted(Rankers):
    estimator = ranking.Factorised(bits=12, rank=4, fields="weighted")


class TestTrees(Rankers):
    estimator = ranking.Trees(trees=60, threads=1, least=20)


@pytest.mark.skipif(not find_spec("catboost"), reason="pip install 'hawker[catboost]'")
class TestCatBoost(Rankers):
    estimator = ranking.CatBoost(trees=60, rate=0.1)


class TestStack(Rankers):
    estimator = ranking.Stack(
        (ranking.Linear(bits=12), ranking.Trees(trees=60, threads=1, least=20)), folds=2, by="shopper"
    )


class TestBag(Rankers):
    estimator = ranking.Bag(ranking.Linear(bits=12), models=3)


class TestManyLeaves(Rankers):
    """More than 64 leaves: LightGBM itself evaluates."""

    estimator = ranking.Trees(trees=10, leaves=80, least=5, rate=0.1, threads=1, rows=1.0)


class TestLambdaRank(Rankers):
    estimator = ranking.Trees("lambdarank", trees=60, threads=1, least=20)
    scale = False

    def test_weights_change_the_order(self) -> None:
        rows = toy()
        upside_down = replace(rows, weight=np.where(rows.x[:, 0] > 0, 0.001, 1.0))
        plain = ranking.train(self.estimator, rows, seed=7)
        tilted = ranking.train(self.estimator, upside_down, seed=7)
        pair = np.array([[5, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
        assert np.diff(plain.score(pair))[0] < np.diff(tilted.score(pair))[0]


@pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
class TestNet(Rankers):
    estimator = ranking.Net(hidden=(16,), embedding=4, batch=128, rate=5e-3, epochs=6, threads=1)
    tolerance = 1e-5


@pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
class TestCrossNet(Rankers):
    estimator = ranking.Net(
        hidden=(16,), embedding=4, crosses=2, batch=128, rate=5e-3, epochs=4, threads=1, norm=False
    )
    tolerance = 1e-5


@pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
class TestDeepFM(Rankers):
    estimator = ranking.Net(
        hidden=(16,), embedding=4, fm=True, wide=True, bins=1, batch=128, rate=5e-3, epochs=4, l2=1e-6
    )
    tolerance = 1e-5


@pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
class TestHashedNet(Rankers):
    """Hashed codes, fresh embeddings every pass, no perceptron."""

    estimator = ranking.Net(
        hidden=(), embedding=4, crosses=2, hashed=64, batch=64, rate=1e-2, epochs=3, renew=True, wide=True
    )
    tolerance = 1e-5
