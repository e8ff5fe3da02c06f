"""From a request to ads: candidates, exploration, price, money and the record."""

from hawker.delivery.build import build
from hawker.delivery.engine import Engine

__all__ = ["Engine", "build"]
