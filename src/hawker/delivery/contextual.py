"""Choosing by what a context says of each option: linear Thompson sampling with its odds computed.

For few options that are met in many contexts (an offer, a layout, a kind of message), where words have too
many products to share: what is believed of each option is a linear function of the context, and one is
drawn as words are (`delivery.odds`), so the propensity of every choice is known.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.delivery import odds
from hawker.errors import BadInput

Floats = NDArray[np.float64]
_SURE = 1e-6


class Contextual:
    """Options met in contexts of `size` numbers. `deviation` is of a reward around its mean, `width` of a

    weight beforehand, both in units of reward. `known` gives options whose reward is known and needs no
    learning ({0: 0.0}: doing nothing brings nothing).
    """

    def __init__(
        self,
        options: int,
        size: int,
        *,
        deviation: float,
        width: float,
        known: dict[int, float] | None = None,
        least: float = odds.LEAST,
    ) -> None:
        if options < 2 or size < 1 or deviation <= 0 or width <= 0:
            raise BadInput("A choice needs two options, a context, and deviations above 0.")
        self._known, self._least = dict(known or {}), least
        self._noise = deviation**2
        self._weights = np.zeros((options, size))
        self._covariance = np.tile(np.eye(size) * width**2, (options, 1, 1))

    def believed(self, context: Floats) -> tuple[Floats, Floats]:
        """Mean and deviation of each option's expected reward in a context."""
        means, deviations = _believed(self._weights, self._covariance, context)
        for option, reward in self._known.items():
            means[option], deviations[option] = reward, _SURE
        return means, deviations

    def choose(self, context: Floats, rng: np.random.Generator) -> tuple[int, Floats]:
        """An option, and the odds it was drawn by. Takes one number from `rng`."""
        likely = odds.best(*self.believed(context), least=self._least)
        return odds.taken(likely, float(rng.random())), likely

    def learn(self, context: Floats, option: int, reward: float) -> None:
        """Take in what an option brought in a context."""
        if option not in self._known:
            _learn(self._weights[option], self._covariance[option], context, reward, self._noise)


@njit(cache=True)
def _believed(weights, covariance, context):  # type: ignore[no-untyped-def]
    count = len(weights)
    means, deviations = np.empty(count), np.empty(count)
    for option in range(count):
        means[option] = weights[option] @ context
        deviations[option] = np.sqrt(max(context @ (covariance[option] @ context), 1e-18))
    return means, deviations


@njit(cache=True, error_model="numpy")
def _learn(weights, covariance, context, reward, noise):  # type: ignore[no-untyped-def]
    """Bayesian linear regression, one row at a time (recursive least squares)."""
    spread = covariance @ context
    gain = spread / (noise + context @ spread)
    weights += gain * (reward - weights @ context)
    for row in range(len(gain)):
        for column in range(len(gain)):
            covariance[row, column] -= gain[row] * spread[column]
