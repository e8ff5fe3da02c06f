"""How many shoppers may be told: none where they are few, and to others than the shop in round numbers."""

from __future__ import annotations

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
