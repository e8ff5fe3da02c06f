"""Mergeable statistics and the intervals they support; numpy only."""

from __future__ import annotations

from hawker.statistics.counts import Counts
from hawker.statistics.intervals import Estimate, mean, proportion, ratio, unknown
from hawker.statistics.moments import Covariances, Moments

__all__ = ["Counts", "Covariances", "Estimate", "Moments", "mean", "proportion", "ratio", "unknown"]
