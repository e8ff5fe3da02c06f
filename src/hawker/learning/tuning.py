"""A search of parameters on a shop's own rows: each estimator of the course, before it is trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from hawker.features.examples import Examples
from hawker.ranking import Estimator
from hawker.ranking.history import page
from hawker.ranking.space import searchable
from hawker.ranking.tune import Search, Tuned, tune
from hawker.storage import files
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
_LATER = 0.8
_MOST = 100_000


@dataclass
class Tuner:
    """What `learning.train` calls for each estimator: gives back the one to train with.

    The last fifth of the rows in time judges what the others taught; at most 100,000 rows are used, whole
    requests drawn by the seed. The study is kept in the shop's folder `tuning`: the same call, on the
    same log, goes on where an earlier one stopped. Estimators without ranges stay as they are.
    """

    shop: Shop
    trials: int
    search: Search = "tpe"
    prune: Literal["median", "halving", "none"] = "median"
    seed: int = 7
    progress: Progress | None = None
    found: list[Tuned] = field(default_factory=list)

    def __call__(self, estimator: Estimator, rows: Examples) -> Estimator:
        """The estimator with the parameters found, its passes settled so that it needs no validation."""
        if not searchable(estimator):
            return estimator
        drawn = _drawn(rows, self.seed)
        cut = np.quantile(drawn.time, _LATER, method="higher")
        tuned = tune(
            estimator,
            drawn.take(drawn.time < cut),
            valid=drawn.take(drawn.time >= cut),
            trials=self.trials,
            search=self.search,
            prune=self.prune,
            seed=self.seed,
            folder=self.shop.folder / "tuning",
            progress=self.progress,
        )
        self.found.append(tuned)
        return tuned.settled

    def keep(self, name: str, version: str) -> list[Path]:
        """Put the history beside a saved model, as a picture and as JSON; returns the pictures."""
        folder = ModelStore(self.shop.models).path(name, version)
        pictures = []
        for tuned in self.found:
            stem = folder / f"tuning-{type(tuned.given).__name__.lower()}"
            pictures.append(stem.with_suffix(".html"))
            files.write(pictures[-1], page(tuned, self.shop.settings.language))
            files.write(stem.with_suffix(".json"), json.dumps(tuned.as_json(), ensure_ascii=False, indent=1))
        return pictures


def _drawn(rows: Examples, seed: int) -> Examples:
    """Whole requests, drawn, so that about as many rows remain as are wanted."""
    if len(rows) <= _MOST:
        return rows
    groups = np.unique(rows.group)
    share = _MOST / len(rows)
    kept = np.random.default_rng(seed).choice(groups, round(share * len(groups)), replace=False)
    return rows.take(np.isin(rows.group, kept))
