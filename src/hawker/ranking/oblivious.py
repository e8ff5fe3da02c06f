"""Oblivious boosted trees: CatBoost learns and evaluates them (Prokhorenkova et al. 2018).

Every level of a tree asks one question of all rows; codes become rates of earlier rows in a random order,
so that no row is told its own label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hawker.errors import extra
from hawker.features.examples import Examples
from hawker.ranking.ranker import Floats, Model, Progress, Rows, possible

_FILE = "trees.cbm"


@dataclass(frozen=True)
class CatBoost:
    """`depth` levels a tree, `rate` the step, `l2` the penalty on leaves, `columns` the share seen a level.

    `patience` counts trees without gain on the validation slice.
    """

    trees: int = 500
    depth: int = 6
    rate: float = 0.05
    l2: float = 3.0
    columns: float = 1.0
    patience: int = 50
    threads: int = 1

    def __post_init__(self) -> None:
        possible(self, trees=1, depth=1, rate=1e-9, l2=0, columns=1e-9, patience=1, threads=1)

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> CatBoostModel:
        """Boost until `trees`, or until the validation loss stops falling."""
        catboost = extra("catboost", "catboost")
        taught = examples.take(examples.weight > 0)  # codes become rates without regard to weights
        coded = tuple(name in taught.categorical for name in taught.names)
        learner = catboost.CatBoost(self._settings(seed))
        learner.fit(
            _pool(catboost, taught.x, coded, label=taught.y, weight=taught.weight),
            eval_set=None if valid is None else _pool(catboost, valid.x, coded, valid.y, valid.weight),
            use_best_model=valid is not None,
            early_stopping_rounds=None if valid is None else self.patience,
            callbacks=[_Reporting(progress, self.trees)] if progress else None,
        )
        model = CatBoostModel(examples.names, coded, learner)
        model.recipe["course"] = {"trees": learner.tree_count_}
        return model

    def _settings(self, seed: int) -> dict[str, Any]:
        return {
            "loss_function": "Logloss",
            "iterations": self.trees,
            "depth": self.depth,
            "learning_rate": self.rate,
            "l2_leaf_reg": self.l2,
            "rsm": self.columns,
            "boost_from_average": True,
            "thread_count": self.threads,
            "random_seed": seed,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }


@dataclass
class CatBoostModel(Model):
    """CatBoost's own model; `coded` says which columns hold codes."""

    names: tuple[str, ...]
    coded: tuple[bool, ...]
    learner: Any
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "catboost"

    def scored(self, x: Rows) -> Floats:
        if not len(x):
            return np.zeros(0)
        pool = _pool(extra("catboost", "catboost"), x, self.coded)
        return np.asarray(self.learner.predict(pool, thread_count=1), dtype=np.float64)

    def explain(self, row: Rows) -> dict[str, float]:
        """Shapley values of the trees, as CatBoost finds them; they sum to the score."""
        pool = _pool(extra("catboost", "catboost"), np.asarray(row, np.float32).reshape(1, -1), self.coded)
        told = self.learner.get_feature_importance(pool, type="ShapValues", thread_count=1)[0].tolist()
        order = np.argsort(self.coded, kind="stable").tolist()  # in a pool codes stand last
        return {"(base)": told[-1], **{self.names[at]: part for at, part in zip(order, told, strict=False)}}

    def write(self, folder: Path) -> dict[str, Any]:
        self.learner.save_model(str(folder / _FILE), format="cbm")
        return {"coded": list(self.coded)}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> CatBoostModel:
        learner = extra("catboost", "catboost").CatBoost()
        learner.load_model(blob=(folder / _FILE).read_bytes())
        return cls(tuple(head["names"]), tuple(head["coded"]), learner)


@dataclass
class _Reporting:
    """Tells how far boosting is."""

    progress: Callable[[str, float], None]
    trees: int

    def after_iteration(self, info: Any) -> bool:
        self.progress("train", min(info.iteration / self.trees, 1.0))
        return True


def _pool(catboost: Any, x: Rows, coded: tuple[bool, ...], label: Any = None, weight: Any = None) -> Any:
    """Rows in CatBoost's form: codes as words, the unknown one of their own."""
    codes = np.flatnonzero(coded)
    quantities = np.flatnonzero(~np.array(coded))
    data = catboost.FeaturesData(
        num_feature_data=np.ascontiguousarray(x[:, quantities]) if len(quantities) else None,
        cat_feature_data=_words(x[:, codes]) if len(codes) else None,
    )
    return catboost.Pool(data, label=label, weight=weight)


def _words(codes: Rows) -> Any:
    """Codes as byte strings: (rows, columns) of objects."""
    whole = np.where(np.isnan(codes) | (codes < 0), -1, codes).astype(np.int64)
    known, place = np.unique(whole, return_inverse=True)
    return np.array([b"%d" % code for code in known.tolist()], dtype=object)[place.reshape(whole.shape)]
