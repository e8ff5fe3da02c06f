"""What the ads earned and how good the data is: the referee, who does not know the player.

`report` and `quality` measure a shop and return values; `alarms` judges a report's days; `terminal`,
`csv`, `html` and `as_json` draw either value in English or Chinese.
"""

from __future__ import annotations

from hawker.measurement.alarms import alarms
from hawker.measurement.attribution import Model, Windows, attribute
from hawker.measurement.draw import as_json, csv, html, terminal
from hawker.measurement.quality import Quality, quality
from hawker.measurement.report import Cell, Report, Section, report
from hawker.measurement.sources import Relations, relations

__all__ = [
    "Cell",
    "Model",
    "Quality",
    "Relations",
    "Report",
    "Section",
    "Windows",
    "alarms",
    "as_json",
    "attribute",
    "csv",
    "html",
    "quality",
    "relations",
    "report",
    "terminal",
]
