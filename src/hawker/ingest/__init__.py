"""A shop's raw files become tables and events: read, checked, cleaned; what does not fit is set aside.

`catalogue` reads product feeds, `behaviour` reads what shoppers did, `check` lists what is wrong.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hawker.ingest.behaviour import BehaviourResult, behaviour
from hawker.ingest.catalogue import CatalogueResult, catalogue

_HOMES = {
    "check": "check",
    "CheckResult": "check",
}

__all__ = ["BehaviourResult", "CatalogueResult", "CheckResult", "behaviour", "catalogue", "check"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"hawker.ingest.{_HOMES[name]}"), name)
    raise AttributeError(f"hawker.ingest has no '{name}'")
