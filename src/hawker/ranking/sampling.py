"""Fewer negatives, true rates: what a sample leaves out is put back as weights or as a shift of the log-odds.

Of n negatives a share r is kept, and all positives: the odds rise by 1 / r, whatever the features say. So
a model of the bare sample is put right by adding log r to its log-odds (King & Zeng 2001), a model of
weighted rows is right at once. The shift leaves the order to all kept rows alike, and steadier; weights
also put right what the model cannot express.
"""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np

from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.ranking.blend import Blend
from hawker.ranking.ranker import Model


def thinned(examples: Examples, rate: float, *, weighted: bool = True, seed: int = 0) -> Examples:
    """All positives, and each negative with probability `rate`, in their order.

    Kept negatives weigh 1 / rate as much, so that sums stay true; with `weighted` False weights stay, and
    what is trained on them wants `corrected`.
    """
    _possible(rate)
    kept = np.random.default_rng(seed).random(len(examples)) < rate
    few = examples.take(kept | (examples.y == 1))
    if not weighted:
        return few
    return replace(few, weight=np.where(few.y == 1, few.weight, few.weight / rate))


def corrected(model: Model, rate: float) -> Model:
    """A model of unweighted rows thinned at `rate`, with true rates: its log-odds plus log(rate)."""
    _possible(rate)
    true = Blend((model,), np.ones(1), log(rate))
    true.recipe = {**model.recipe, "negatives": {"rate": rate, "shift": log(rate)}}
    return true


def _possible(rate: float) -> None:
    if not 0 < rate <= 1:
        raise BadSetting(f"A share of negatives lies above 0 and is at most 1, not {rate}.")
