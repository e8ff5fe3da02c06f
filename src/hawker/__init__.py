"""Hawker: an open, self-hosted advertising engine for online shops.

`import hawker` is light: each package loads when it is first named. `Shop` locates one shop's
folder; the packages act on it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
_PACKAGES = frozenset(
    {
        "auction",
        "delivery",
        "explain",
        "features",
        "ingest",
        "language",
        "learning",
        "measurement",
        "privacy",
        "ranking",
        "records",
        "retrieval",
        "server",
        "simulate",
        "statistics",
        "storage",
    }
)

if TYPE_CHECKING:
    from hawker.storage.shop import Shop

__all__ = ["Shop", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Shop":
        return import_module("hawker.storage.shop").Shop
    if name in _PACKAGES:
        return import_module(f"hawker.{name}")
    raise AttributeError(f"hawker has no '{name}'")
