"""Who belongs to which audience: rules, lists, texts, likeness and forecasts become lists of shoppers."""

from __future__ import annotations

from hawker.audience.moment import Moment, Scores

__all__ = ["Moment", "Scores"]
