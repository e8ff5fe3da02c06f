"""Gradient-boosted trees: LightGBM learns them, `forest` evaluates them without it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting, extra, nearest
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.forest import Forest
from hawker.ranking.forest_served import ServedForest
from hawker.ranking.ranker import Floats, Model, Progress, Rows, fits, possible, sigmoid
from hawker.ranking.watch import saw
from hawker.storage import files

TEXT = "trees.txt"
_OBJECTIVES = ["binary", "lambdarank", "regression"]
_MEASURES = {"binary": "binary_logloss", "lambdarank": "ndcg", "regression": "l2"}
_LARGEST_GROUP = 10_000
_SEEN = 10
_MEMORY = 20_000  # rows that what was learned before counts for at most


@dataclass(frozen=True)
class Trees:
    """`leaves` up to 64 are evaluated fast. Unknown values take the better side of each split.

    `objective="lambdarank"` learns the order within `examples.group`; its scores become
    probabilities through `calibrate` only (uncalibrated, `predict` is σ(score): an order, no rate).
    `"regression"` imitates scores and is what `distil` uses; labels ask for the first two.
    `columns` and `rows` are the shares each tree sees; `patience` counts trees without gain on the
    validation slice; `smooth` adds LightGBM's categorical smoothing.
    """

    objective: Literal["binary", "lambdarank", "regression"] = "binary"
    trees: int = 500
    leaves: int = 31
    rate: float = 0.05
    least: int = 50
    columns: float = 0.8
    rows: float = 0.8
    l1: float = 0.0
    l2: float = 1.0
    smooth: float = 10.0
    cut: int = 30
    patience: int = 50
    threads: int = 2

    def __post_init__(self) -> None:
        if self.objective not in _OBJECTIVES:
            raise BadSetting(
                f"Trees have no objective '{self.objective}'.", remedy=nearest(self.objective, _OBJECTIVES)
            )
        possible(self, trees=1, leaves=2, rate=1e-9, least=1, columns=1e-9, rows=1e-9, l1=0, l2=0, threads=1)

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> TreesModel:
        """Boost until `trees`, or until the validation loss stops falling."""
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # waiting threads that spin starve busy machines
        lightgbm = extra("lightgbm", "train")
        data = _dataset(lightgbm, examples, self._grouped)
        watched = valid is not None
        callbacks = [lightgbm.early_stopping(self.patience, verbose=False)] if watched else []
        if watched:
            callbacks.append(_seen)
        if progress:
            callbacks.append(_reporting(progress))
        booster = lightgbm.train(
            self._settings(seed),
            data,
            num_boost_round=self.trees,
            valid_sets=[] if valid is None else [_dataset(lightgbm, valid, self._grouped, reference=data)],
            callbacks=callbacks,
        )
        best = booster.best_iteration if watched and booster.best_iteration > 0 else booster.num_trees()
        model = TreesModel(examples.names, booster.model_to_string(num_iteration=best))
        model.recipe["course"] = {"trees": best}
        return model

    @property
    def _grouped(self) -> bool:
        return self.objective == "lambdarank"

    def _settings(self, seed: int) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "num_leaves": self.leaves,
            "learning_rate": self.rate,
            "min_data_in_leaf": self.least,
            "feature_fraction": self.columns,
            "bagging_fraction": self.rows,
            "bagging_freq": 1 if self.rows < 1 else 0,
            "lambda_l1": self.l1,
            "lambda_l2": self.l2,
            "cat_smooth": self.smooth,
            "lambdarank_truncation_level": self.cut,
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "seed": seed,
            "verbosity": -1,
            "metric": _MEASURES[self.objective],
            "eval_at": [self.cut],
        }


@dataclass
class TreesModel(Model):
    """Boosted trees as LightGBM's text, evaluated by `Forest` (or LightGBM, for more than 64 leaves)."""

    names: tuple[str, ...]
    text: str
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "trees"

    def __post_init__(self) -> None:
        forest = Forest.parse(self.text)
        self._evaluate: Callable[[Rows], Floats] = forest if forest else _booster(self.text)
        self._serve: Callable[[Sheet], Floats] = (
            ServedForest.of(forest, self.names) if forest else super().served
        )

    def scored(self, x: Rows) -> Floats:
        return self._evaluate(x)

    def served(self, sheet: Sheet) -> Floats:
        return self._serve(sheet)

    def parts(self, x: Rows) -> Floats:
        """Shapley values (rows, features + 1): what each feature adds to a score, last what none does."""
        return self._attribute(x)

    def explain(self, row: Rows) -> dict[str, float]:
        single = np.asarray(row, dtype=np.float32).reshape(1, -1)
        return dict(zip((*self.names, "(base)"), self.parts(single)[0].tolist(), strict=True))

    @cached_property
    def _attribute(self) -> Callable[[Rows], Floats]:
        """Parsed when first asked for: serving alone needs none of it."""
        from hawker.ranking.shapley import Shapley

        found = Shapley.parse(self.text, width=len(self.names))
        return found if found else _booster(self.text, parts=True)

    def onward(self, examples: Examples, *, seed: int = 0) -> TreesModel:  # noqa: ARG002
        """The same trees with other leaves: all trees share a Newton step, damped by what each leaf has seen.

        A leaf without new rows stays. Pure rankers stay as they are.
        """
        if "lambdarank" in self.text.partition("\nobjective=")[2][:40]:
            return self
        own = fits(self.names, examples)
        booster = extra("lightgbm", "train").Booster(model_str=self.text)
        leaves = booster.predict(own.x, pred_leaf=True, num_threads=1).reshape(len(own), -1)
        counts = min(1.0, _MEMORY / max(self.recipe.get("rows", _MEMORY), 1))
        score = booster.predict(own.x, raw_score=True, num_threads=1)
        weights = _leaf_weights(self.text)
        for tree, seen in enumerate(weights):
            at = leaves[:, tree]
            p = sigmoid(score)
            slope = np.bincount(at, own.weight * (own.y - p), minlength=len(seen))
            curve = np.bincount(at, own.weight * p * (1 - p), minlength=len(seen)) + seen * counts
            step = np.divide(slope, curve, out=np.zeros(len(seen)), where=curve > 0) / len(weights)
            score += step[at]
            for leaf in np.flatnonzero(step).tolist():
                booster.set_leaf_output(tree, leaf, booster.get_leaf_output(tree, leaf) + step[leaf])
        again = TreesModel(self.names, booster.model_to_string())
        again.recipe = dict(self.recipe)
        return again

    def write(self, folder: Path) -> dict[str, Any]:
        files.write(folder / TEXT, self.text)
        return {}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> TreesModel:
        return cls(tuple(head["names"]), (folder / TEXT).read_text("utf-8"))


def _leaf_weights(text: str) -> list[Floats]:
    """The sum of p(1 − p) that each leaf of each tree was fitted on."""
    lines = [line for line in text.split("\n") if line.startswith(("leaf_value=", "leaf_weight="))]
    found: list[Floats] = []
    for line in lines:
        name, _, values = line.partition("=")
        numbers = np.array(values.split(), dtype=np.float64)
        if name == "leaf_value":
            found.append(np.zeros(len(numbers)))
        elif len(numbers):
            found[-1] = numbers
    return found


def _dataset(lightgbm: Any, examples: Examples, grouped: bool, *, reference: Any = None) -> Any:
    """LightGBM's own form; grouped rows are brought together, each group one request."""
    coded = [index for index, name in enumerate(examples.names) if name in examples.categorical]
    sizes: NDArray[np.int64] | None = None
    if grouped:
        if (np.diff(examples.group) < 0).any():
            examples = examples.take(np.argsort(examples.group, kind="stable"))
        sizes = np.unique(examples.group, return_counts=True)[1]
        if sizes.max() > _LARGEST_GROUP:
            raise BadInput(
                f"A group holds {sizes.max():,} rows; lambdarank takes {_LARGEST_GROUP:,} at most.",
                remedy="Sample its negatives, or use objective='binary'.",
            )
    return lightgbm.Dataset(
        examples.x,
        label=examples.y,
        weight=examples.weight,
        group=sizes,
        feature_name=[f"f{index}" for index in range(len(examples.names))],
        categorical_feature=coded,
        reference=reference,
    )


def _reporting(progress: Callable[[str, float], None]) -> Callable[[Any], None]:
    def report(env: Any) -> None:
        done = env.iteration - env.begin_iteration + 1
        progress("train", done / (env.end_iteration - env.begin_iteration))

    return report


def _seen(env: Any) -> None:
    """Tell who looks on the validation loss of every tenth tree."""
    if (env.iteration + 1) % _SEEN == 0 and env.evaluation_result_list:
        name, loss = env.evaluation_result_list[0][1:3]
        saw(env.iteration // _SEEN, -loss if name.startswith("ndcg") else loss)


def _booster(text: str, *, parts: bool = False) -> Callable[[Rows], Floats]:
    booster = extra("lightgbm", "train").Booster(model_str=text)
    kind = {"pred_contrib": True} if parts else {"raw_score": True}

    def evaluate(x: Rows) -> Floats:
        return np.asarray(booster.predict(x, num_threads=1, **kind), dtype=np.float64)

    return evaluate
