"""Numbers and what they measure, as people write them."""

from __future__ import annotations

import pytest

from hawker.creative.ground.amounts import amounts
from hawker.creative.ground.numbers import numbers
from hawker.creative.ground.reading import read


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("13-1/2 and 4 1/2, 1/2", [13.5, 4.5, 0.5]),
        ("1,200.5", [1200.5]),
        ("sixty-three, two hundred and five, half a dozen", [63, 205, 6]),
        ("two and a half", [2.5]),
        ("2 million, 10k", [2_000_000, 10_000]),
        ("三百五十、两千五、一百零五、二〇二四", [350, 2500, 105, 2024]),
        ("十二万三千", [123_000]),
        ("三点五", [3.5]),
        ("½", [0.5]),
        ("５００", [500]),
    ],
)
def test_numbers_in_every_spelling(text: str, values: list[float]) -> None:
    assert [number.value for number in numbers(read(text).low)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("text", "measure", "value"),
    [
        ("2.5 kg", "mass", 2500),
        ("三斤", "mass", 1500),
        ("半斤", "mass", 250),
        ("十千克", "mass", 10_000),
        ("12 fl oz", "volume", 354.88),
        ("１．５升", "volume", 1500),
        ('29"', "length", 736.6),
        ("5 ft", "length", 1524),
        ("一个半小时", "time", 5400),
        ("18 months", "time", 1.5 * 31_557_600),
        ("2 kW", "power", 2000),
        ("5000毫安时", "charge", 5000),
        ("86°f", "temperature", 30),
        ("1 TB", "data", 1000),
        ("百分之五十", "share", 50),
        ("九成", "share", 90),
    ],
)
def test_units_are_one_measure(text: str, measure: str, value: float) -> None:
    (one,) = amounts(read(text).low)
    assert any(
        named == measure and total == pytest.approx(value, rel=1e-3) for named, total, _ in one.readings
    )


@pytest.mark.parametrize(
    "text", ["一起挑一件吧", "两全其美", "千万别", "三言两语", "十分期待", "万千宠爱", "bs903-089"]
)
def test_what_only_looks_like_a_number_counts_nothing(text: str) -> None:
    assert [one for one in amounts(text) if one.kind != "bare"] == []


def test_the_unit_of_a_row_is_each_ones() -> None:
    assert [one.readings[0][1] for one in amounts("25 x 18 x 22 cm")] == [250, 180, 220]
    assert [one.lent for one in amounts("ages 3-5 years")] == [True, False]


def test_hedges_and_bounds_are_heard() -> None:
    assert [(one.hedged, one.bound) for one in amounts("about 5 kg, over 30 cm, up to 8 hours, 约3升")] == [
        (True, ""),
        (False, "over"),
        (False, "under"),
        (True, ""),
    ]


def test_a_unit_with_two_meanings_has_two_readings() -> None:
    (one,) = amounts("16 oz")
    assert {measure for measure, _, _ in one.readings} == {"mass", "volume"}
