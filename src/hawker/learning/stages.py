"""Rows of two stages, where both are real: who came and who bought; what kind was bought and which product.

The labels are named as in advertising: "click" is the first stage, "purchase" the second, which never
happens without the first. `y` is the purchase, and "value" what it brought where that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import pipeline
from hawker.delivery.world import World
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ingest.datasets import hillstrom as files
from hawker.learning.examples import CODED, Progress, on_offer
from hawker.learning.replay import Replay
from hawker.learning.trials import Trial

OWN = ("kind", "product", "shopper")


def hillstrom(folder: Path) -> Examples:
    """Hillstrom's customers: who came after the mailing, who bought, for how much; no row has a time."""
    sent = files.read(folder)
    index = np.arange(len(sent), dtype=np.int64)
    return Examples(
        names=(*files.NUMBERS, *files.CODES),
        x=np.column_stack([sent.numbers, sent.codes]),
        y=sent.bought,
        time=index,
        group=index,
        cluster=index,
        weight=np.ones(len(sent)),
        categorical=files.CODES,
        labels={"click": sent.visited, "purchase": sent.bought, "value": sent.spent},
    )


def visits(
    replay: Replay,
    world: World,
    trials: Sequence[Trial],
    *,
    others: int = 50,
    seed: int = 0,
    progress: Progress | None = None,
) -> Examples:
    """Store visits: of a promoted product, was its kind bought in that visit, and was it itself?

    The kind is the product's category path. Rows are all products on offer that were bought and `others`
    that were not: half of them of kinds that were bought, the rest of other kinds, each weighted by
    how many it stands for. Beside the features of the moment stand three codes, `OWN`, for who embeds
    them. Trials come in order of time; `world` holds the replay's state.
    """
    kind = _kinds(world)
    wide = replace(world, candidates=0)
    rng = np.random.default_rng(seed)
    x: list[NDArray[np.float32]] = []
    stages: list[NDArray[np.float32]] = []
    weights: list[NDArray[np.float64]] = []
    seen_in: list[Trial] = []
    names: tuple[str, ...] = ()
    for count, trial in enumerate(trials):
        replay.to(trial.time)
        found = pipeline.retrieve(trial.request, wide, on_offer(wide, trial), now=trial.time)
        product = world.index.product[found.ads]
        bought = np.isin(product, trial.taken)
        wanted = np.isin(kind[product], kind[trial.taken])
        rows, weight = _drawn(bought, wanted, others, rng)
        if len(rows):
            seen = pipeline.rows(wide, found.take(rows))
            own = np.column_stack([kind[product[rows]], product[rows], np.full(len(rows), trial.shopper)])
            names = (*seen.names, *OWN)
            x.append(np.concatenate([seen.matrix(), own.astype(np.float32)], axis=1))
            stages.append(np.stack([wanted[rows], bought[rows]], axis=1).astype(np.float32))
            weights.append(weight)
            seen_in.append(trial)
        if progress and count % 100 == 0:
            progress("rows of two stages", count / len(trials))
    if not x:
        raise BadInput(
            "Nothing was on offer in these visits.", remedy="Check the flights, or take more days."
        )
    sizes = [len(part) for part in x]
    click, purchase = np.concatenate(stages).T
    return Examples(
        names=names,
        x=np.concatenate(x),
        y=purchase,
        time=np.repeat([trial.time for trial in seen_in], sizes).astype(np.int64),
        group=np.repeat([trial.name for trial in seen_in], sizes).astype(np.int64),
        cluster=np.repeat([trial.shopper for trial in seen_in], sizes).astype(np.int64),
        weight=np.concatenate(weights),
        categorical=tuple(name for name in (*CODED, *OWN) if name in names),
        labels={"click": click, "purchase": purchase},
    )


def _kinds(world: World) -> NDArray[np.int64]:
    """A number for the category path of each product, by its code; the same for all that have none."""
    codes = world.state.codes["product"].names
    paths = [product.category if (product := world.catalogue.get(name)) else "" for name in codes]
    return np.unique(paths, return_inverse=True)[1].astype(np.int64).ravel()


def _drawn(
    bought: NDArray[np.bool_], wanted: NDArray[np.bool_], others: int, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """All that were bought, half of the others from the same kinds and half from elsewhere; their weights."""
    rows, weights = [np.flatnonzero(bought)], [np.ones(int(bought.sum()))]
    near, far = np.flatnonzero(wanted & ~bought), np.flatnonzero(~wanted)
    first = min(len(near), others // 2)
    for pool, few in ((near, first), (far, min(len(far), others - first))):
        drawn = rng.choice(pool, few, replace=False) if few < len(pool) else pool
        rows.append(drawn)
        weights.append(np.full(few, len(pool) / max(few, 1)))
    found, weight = np.concatenate(rows), np.concatenate(weights)
    order = np.argsort(found, kind="stable")
    return found[order], weight[order]
