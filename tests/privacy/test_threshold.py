"""Numbers of shoppers as they may be told."""

from __future__ import annotations

import pytest

from hawker.privacy.threshold import told


@pytest.mark.parametrize(
    ("count", "rounded", "expected"),
    [(0, False, None), (49, False, None), (50, False, 50), (57, False, 57), (49, True, None), (59, True, 50)],
)
def test_few_are_not_told_and_others_hear_tens(count: int, rounded: bool, expected: int | None) -> None:
    assert told(count, least=50, rounded=rounded) == expected


def test_rounding_never_goes_below_the_least() -> None:
    assert told(57, least=55, rounded=True) == 55


def test_two_that_differ_by_one_look_alike_to_others() -> None:
    alike = sum(
        told(n, least=50, rounded=True) == told(n + 1, least=50, rounded=True) for n in range(50, 550)
    )
    assert alike == 450
