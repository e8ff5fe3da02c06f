"""Training rows of a log larger than memory: assembled trial by trial, laid down in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from hawker.delivery.world import World
from hawker.errors import BadInput, Conflict
from hawker.features import table
from hawker.features.examples import Examples
from hawker.features.stream import Stream
from hawker.learning.examples import examples
from hawker.learning.replay import Replay
from hawker.learning.trials import Trial
from hawker.storage import files

Progress = Callable[[str, float], None]
_TRIALS = 50


def write(
    replay: Replay,
    world: World,
    trials: Sequence[Trial],
    folder: str | Path,
    rows_a_part: int = 100_000,
    *,
    negatives: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Stream:
    """The rows of `learning.examples`, the same ones, as Parquet parts of about `rows_a_part` rows.

    Never more than one part is held in memory. Raises `Conflict` where the folder already holds parts.
    """
    home = Path(folder)
    files.sweep(home)
    if any(home.glob("*.parquet")):
        raise Conflict(f"'{folder}' already holds training rows.", remedy="Name another folder, or empty it.")
    dice = np.random.default_rng(seed)
    held: list[Examples] = []
    written = 0
    for start in range(0, len(trials), _TRIALS):
        try:
            held.append(
                examples(replay, world, trials[start : start + _TRIALS], negatives=negatives, seed=dice)
            )
        except BadInput:  # none of these had an ad on offer
            continue
        if sum(map(len, held)) >= rows_a_part:
            written = _part(held, home, written)
        if progress:
            progress("training rows", min(start + _TRIALS, len(trials)) / len(trials))
    if held:
        written = _part(held, home, written)
    if not written:
        raise BadInput(
            "There is nothing to learn from: no moment had an ad on offer and a known outcome.",
            remedy="Check the campaigns' schedule and flights, and that the log holds impressions.",
        )
    return Stream(home)


def _part(held: list[Examples], home: Path, written: int) -> int:
    """Write one part and let go of its rows; returns how many there are."""
    table.stacked(held).to_parquet(home / f"part-{written:05d}.parquet")
    held.clear()
    return written + 1
