"""From the log to a promoted model: training rows, evaluation, promotion, and the whole way at once."""

from hawker.learning.examples import examples
from hawker.learning.replay import Replay, load
from hawker.learning.trials import Trial, trials

__all__ = ["Replay", "Trial", "examples", "load", "trials"]
