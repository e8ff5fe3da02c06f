"""From training to serving and back: the store keeps a model, another process makes the same one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.storage.models import ModelStore

PROGRAM = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from hawker import ranking
from tests.behaviour.rankers import toy
for estimator in (ranking.Linear(bits=10), ranking.Trees(trees=10, threads=1)):
    p = ranking.calibrate(ranking.train(estimator, toy(1000), seed=5), toy(600, seed=2)).on(toy(500, seed=1))
    print(hashlib.sha256(p.tobytes()).hexdigest())
"""


def test_a_model_is_stored_promoted_served_and_rolled_back(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    rows, hold, test = toy(1000), toy(600, seed=2), toy(500, seed=1)
    served = []
    for estimator in (ranking.Linear(bits=10), ranking.Trees(trees=10, threads=1)):
        model = ranking.calibrate(ranking.train(estimator, rows, valid=hold, seed=5), hold)
        store.promote("placement", store.save("placement", model.save, model.recipe))
        served.append(ranking.load(store.path("placement")).on(test))
        np.testing.assert_array_equal(served[-1], model.on(test))
        assert store.recipe("placement")["calibration"]["method"] == "isotonic"
        assert store.recipe("placement")["estimator"] == type(estimator).__name__
    store.rollback("placement")
    np.testing.assert_array_equal(ranking.load(store.path("placement")).on(test), served[0])


def test_another_process_makes_the_same_model() -> None:
    root = str(Path(__file__).parents[2])
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, root],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert len(said[0].split()) == 2
