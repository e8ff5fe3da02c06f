"""CatBoost as one of our own: codes as codes, parts that add up, a clear word where it is missing."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from tests.behaviour.rankers import toy
from tests.ranking.fields import shop

from hawker import ranking
from hawker.errors import MissingExtra
from hawker.features.examples import Examples

SMALL = ranking.CatBoost(trees=80, rate=0.1)


def _liked(rows: Examples) -> Examples:
    """Products 1 and 4 sell at 70 %, the others at 20 %."""
    rate = np.where(np.isin(rows.x[:, 0], (1, 4)), 0.7, 0.2)
    drawn = np.random.default_rng(len(rows)).permutation(len(rows)) / len(rows)
    return replace(rows, y=(drawn < rate).astype(np.float32))


def test_without_the_library_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "catboost", None)
    with pytest.raises(MissingExtra, match=r"pip install 'hawker\[catboost\]'"):
        ranking.train(SMALL, toy(200))


def test_codes_are_told_apart_and_parts_add_up() -> None:
    pytest.importorskip("catboost", reason="pip install 'hawker[catboost]'")
    rows, valid, test = (_liked(shop(3000, seed=seed)) for seed in range(3))
    model = ranking.train(SMALL, rows, valid=valid)
    assert 1 <= model.recipe["course"]["trees"] <= 80
    judged = ranking.evaluate(model, test).auc
    assert judged.low is not None
    assert judged.low > 0.7
    for row in test.x[:5]:
        parts = model.explain(row)
        assert sum(parts.values()) == pytest.approx(model.score(row[None])[0], abs=1e-6)
    heavy = np.mean(
        [[abs(model.explain(row)[name]) for name in ("product", "price")] for row in test.x[:50]], 0
    )
    assert heavy[0] > 3 * heavy[1]


def test_progress_is_told() -> None:
    pytest.importorskip("catboost", reason="pip install 'hawker[catboost]'")
    heard: list[float] = []
    ranking.train(SMALL, toy(500), progress=lambda _, share: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
