"""Who belongs to which audience: rules, lists, texts, likeness and forecasts become lists of shoppers."""

from __future__ import annotations

from hawker.audience.moment import Moment, Scores, at
from hawker.audience.refresh import Refreshed, Standing, adopt, refresh, standings, unsettle
from hawker.audience.size import Size
from hawker.audience.verdict import Verdict

__all__ = [
    "Moment",
    "Refreshed",
    "Scores",
    "Size",
    "Standing",
    "Verdict",
    "adopt",
    "at",
    "refresh",
    "standings",
    "unsettle",
]
