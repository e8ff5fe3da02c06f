"""Who belongs to which audience: rules, lists, texts, likeness and forecasts become lists of shoppers."""

from __future__ import annotations

from hawker.audience.moment import Moment, Scores, at
from hawker.audience.refresh import Refreshed, Standing, adopt, refresh, standings
from hawker.audience.size import Size

__all__ = ["Moment", "Refreshed", "Scores", "Size", "Standing", "adopt", "at", "refresh", "standings"]
