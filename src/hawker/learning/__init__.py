"""From the log to a promoted model: training rows, evaluation, promotion, and the whole way at once."""

from hawker.learning.examples import examples
from hawker.learning.replay import Replay

__all__ = ["Replay", "examples"]
