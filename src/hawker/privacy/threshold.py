"""How many shoppers may be told: none where they are few, and to others than the shop in round numbers."""

from __future__ import annotations

from msgspec.structs import replace

from hawker.statistics import Estimate

STEP = 10
"""Sizes that leave the shop are multiples of this: two that differ by one person look alike."""


def told(count: int, *, least: int, rounded: bool = False) -> int | None:
    """A number of shoppers as it may be told; None where there are fewer than `least`.

    >>> told(1_234, least=50), told(1_234, least=50, rounded=True), told(49, least=50)
    (1234, 1230, None)
    """
    if count < least:
        return None
    return max(count // STEP * STEP, least) if rounded else count


def figure(told: Estimate, *, digits: int = 2) -> Estimate:
    """A figure as it is told to others than the shop: in two digits, and of a round number of units.

    So two groups that differ by one person mostly look alike.

    >>> print(figure(Estimate(0.0347, 0.0291, 0.0406, n=1_234)))
    0.035 [0.029, 0.041]
    """
    value, low, high = (
        None if one is None else float(f"{one:.{digits}g}") for one in (told.value, told.low, told.high)
    )
    return replace(told, value=value, low=low, high=high, n=told.n // STEP * STEP)
