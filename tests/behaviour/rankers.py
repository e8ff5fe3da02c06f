"""What every ranker does, whatever is inside: a test class names its estimator and inherits the rest.

The toy shop: who bought before buys again at 50 %, others at 5 %; product kind 2 sells three times
as often to newcomers; the remaining columns are noise. One value in ten is unknown.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from hawker import ranking
from hawker.errors import BadInput, Corrupt, NotFound
from hawker.features.examples import Examples
from hawker.ranking.metrics import log_loss

NAMES = ("bought", "kind", "noise a", "noise b")


def toy(rows: int = 3000, *, seed: int = 0) -> Examples:
    """Examples whose answer a reader knows; groups of ten rows, shoppers of thirty."""
    rng = np.random.default_rng(seed)
    bought, kind = rng.integers(0, 2, rows), rng.integers(0, 4, rows)
    rate = np.where(bought == 1, 0.5, np.where(kind == 2, 0.15, 0.05))
    x = np.column_stack([bought * rng.integers(1, 20, rows), kind, rng.normal(size=(rows, 2))])
    x = x.astype(np.float32)
    x[:, 2:][rng.random((rows, 2)) < 0.1] = np.nan
    return Examples(
        names=NAMES,
        x=x,
        y=(rng.random(rows) < rate).astype(np.float32),
        time=np.arange(rows, dtype=np.int64) * 60_000_000,
        group=np.arange(rows) // 10,
        cluster=np.arange(rows) // 30,
        weight=np.ones(rows),
        categorical=("kind",),
    )


class Rankers:
    """Inherit, and set `estimator`; `scale` False marks a pure ranker, whose raw level means nothing."""

    estimator: ClassVar[Any]
    scale: ClassVar[bool] = True
    tolerance: ClassVar[float] = 0.0

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> ranking.Model:
        return ranking.train(cls.estimator, toy(), seed=7)

    def test_it_beats_the_base_rate(self, model: ranking.Model) -> None:
        test = toy(seed=1)
        judged = ranking.evaluate(ranking.calibrate(model, toy(seed=2)), test)
        assert judged.normalised_entropy.high is not None
        assert judged.normalised_entropy.high < 1
        assert judged.auc.low is not None
        assert judged.auc.low > 0.7
        assert judged.calibration.low is not None
        assert judged.calibration.high is not None
        assert 0.8 < judged.calibration.low < judged.calibration.high < 1.25

    def test_it_knows_who_buys_again(self, model: ranking.Model) -> None:
        p = model.predict(np.array([[5, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
        assert p[0] > p[1] > p[2]
        if self.scale:
            np.testing.assert_allclose(p, [0.5, 0.15, 0.05], atol=0.13)

    def test_the_same_seed_makes_the_same_model(self, model: ranking.Model) -> None:
        again = ranking.train(self.estimator, toy(), seed=7)
        np.testing.assert_array_equal(again.predict(toy(seed=1).x), model.predict(toy(seed=1).x))

    def test_it_saves_and_loads(self, model: ranking.Model, tmp_path: Path) -> None:
        model.save(tmp_path / "model")
        loaded = ranking.load(tmp_path / "model")
        np.testing.assert_array_equal(loaded.predict(toy(seed=1).x), model.predict(toy(seed=1).x))
        assert type(loaded) is type(model)
        assert loaded.names == NAMES
        assert loaded.recipe["seed"] == 7
        assert loaded.recipe["rows"] == 3000

    def test_a_damaged_model_is_named(self, model: ranking.Model, tmp_path: Path) -> None:
        model.save(tmp_path)
        for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
            content = path.read_bytes()
            for broken in (content[: len(content) // 2], b"", b'{"kind": "nothing known"}'):
                path.write_bytes(broken)
                with pytest.raises(Corrupt, match=r"cannot be read.*Roll back"):
                    ranking.load(tmp_path)
            path.write_bytes(content)
        assert ranking.load(tmp_path).names == NAMES
        with pytest.raises(NotFound, match="no model in"):
            ranking.load(tmp_path / "elsewhere")

    def test_the_order_of_rows_does_not_matter(self, model: ranking.Model) -> None:
        x = toy(seed=1).x
        order = np.random.default_rng(0).permutation(len(x))
        forward = model.predict(x)
        np.testing.assert_allclose(model.predict(x[order]), forward[order], rtol=self.tolerance)
        alone = np.array([model.predict(x[r : r + 1])[0] for r in range(5)])
        np.testing.assert_allclose(alone, forward[:5], rtol=self.tolerance)

    def test_a_weight_of_three_is_three_rows(self, model: ranking.Model) -> None:
        if not self.scale:
            pytest.skip("a pure ranker's level means nothing; see test_weights_change_the_order")
        rows = toy()
        heavy = np.where(rows.y > 0, 3.0, 1.0)
        weighted = ranking.train(self.estimator, replace(rows, weight=heavy), seed=7)
        index = np.repeat(np.arange(len(rows)), heavy.astype(int))
        repeated = ranking.train(self.estimator, rows.take(index), seed=7)
        x = toy(seed=1).x
        gap = np.abs(weighted.predict(x) - repeated.predict(x)).mean()
        assert gap < 0.25 * np.abs(weighted.predict(x) - model.predict(x)).mean()

    def test_rows_without_weight_teach_nothing(self) -> None:
        rows = toy()
        contrary = replace(rows, y=1 - rows.y, weight=np.zeros(len(rows)))
        both = Examples(
            names=NAMES,
            categorical=rows.categorical,
            **{
                part: np.concatenate([getattr(rows, part), getattr(contrary, part)])
                for part in ("x", "y", "time", "group", "cluster", "weight")
            },
        )
        model = ranking.train(self.estimator, both, seed=7)
        p = model.predict(np.array([[5, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
        assert p[0] > p[1]

    def test_the_unknown_is_survived(self, model: ranking.Model) -> None:
        strange = np.full((3, 4), np.nan, dtype=np.float32)
        strange[1] = [0, 99, 0, 0]
        strange[2] = [3e38, -1, -3e38, 1e-38]
        p = model.predict(strange)
        assert ((p > 0) & (p < 1)).all()

    def test_every_value_unknown_in_training_is_survived(self) -> None:
        rows = toy()
        rows.x[:, 2] = np.nan
        p = ranking.train(self.estimator, rows, seed=7).on(rows)
        assert ((p > 0) & (p < 1)).all()

    @pytest.mark.parametrize("label", [0, 1])
    def test_one_class_is_refused(self, label: int) -> None:
        rows = toy(50)
        with pytest.raises(BadInput, match=rf"labels are {label}.*longer period"):
            ranking.train(self.estimator, replace(rows, y=np.full(50, label, dtype=np.float32)))

    def test_a_missing_feature_is_named(self, model: ranking.Model) -> None:
        with pytest.raises(BadInput, match="'noise b' is missing"):
            model.predict(toy().x[:, :3])
        renamed = replace(toy(), names=("bought", "kind", "noise a", "noise c"))
        with pytest.raises(BadInput, match=r"lack.*noise b.*hold.*noise c"):
            model.on(renamed)

    def test_no_rows_give_no_answers(self, model: ranking.Model) -> None:
        assert model.predict(np.zeros((0, 4), dtype=np.float32)).shape == (0,)

    @pytest.mark.parametrize("method", ["isotonic", "platt"])
    def test_calibration_keeps_the_order(self, model: ranking.Model, tmp_path: Path, method: Any) -> None:
        hold, test = toy(seed=2), toy(seed=1)
        calibrated = ranking.calibrate(model, hold, method=method)
        assert calibrated.on(hold).mean() == pytest.approx(hold.y.mean(dtype=np.float64), abs=1e-9)
        order = np.argsort(model.score(test.x), kind="stable")
        raw, bent = model.score(test.x)[order], calibrated.score(test.x)[order]
        assert (np.diff(bent)[np.diff(raw) > 1e-9] > 0).all()
        assert (np.diff(bent) >= 0).all()
        calibrated.save(tmp_path)
        np.testing.assert_array_equal(ranking.load(tmp_path).on(test), calibrated.on(test))

    def test_calibration_never_costs_much(self, model: ranking.Model) -> None:
        hold, test = toy(seed=2), toy(seed=1)
        calibrated = ranking.calibrate(model, hold)
        assert log_loss(calibrated.on(test), test) < log_loss(model.on(test), test) + 0.01

    def test_validation_is_measured_into_the_recipe(self) -> None:
        model = ranking.train(self.estimator, toy(1500), valid=toy(600, seed=3), seed=1)
        low, high = model.recipe["valid"]["auc"][1:]
        assert 0.6 < low < high <= 1
        assert model.recipe["features"] == list(NAMES)
        assert model.recipe["from"].startswith("1970-01-01T00:00:00")
