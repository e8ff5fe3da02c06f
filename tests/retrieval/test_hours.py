"""Campaigns run by their advertisers' clocks: across midnight, across zones, across summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hawker.records.campaign import AdGroup, Campaign, Daypart, Targeting
from hawker.retrieval.hours import Hours, hours

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Shanghai", "")
EVENING = Targeting(dayparts=(Daypart(start=18, end=20),))


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: str = "UTC") -> int:
    moment = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def held(*campaigns: Campaign) -> Hours:
    return Hours(campaigns, [None] * len(campaigns), np.arange(len(campaigns), dtype=np.int32))


def open_(found: Hours, now: int) -> list[bool]:
    bits = np.unpackbits(found.at(now).open.view(np.uint8), bitorder="little")
    return bits[: len(found.at(now).running)].astype(bool).tolist()


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    friday = hours((Daypart((4,), start=22, end=2),))
    assert np.flatnonzero(friday).tolist() == [4 * 24 + 22, 4 * 24 + 23, 5 * 24, 5 * 24 + 1]
    assert hours((Daypart(),)).all()
    assert hours((Daypart((0,), start=5, end=5),)).sum() == 24
    assert not hours(()).any()


@pytest.mark.parametrize(
    ("now", "zone", "on"),
    [
        (at(2024, 3, 30, 18, zone="Europe/Paris"), "Europe/Paris", True),
        (at(2024, 3, 30, 17, 59, zone="Europe/Paris"), "Europe/Paris", False),
        (at(2024, 3, 31, 18, zone="Europe/Paris"), "Europe/Paris", True),  # an hour earlier in UTC
        (at(2024, 3, 31, 17), "Europe/Paris", True),
        (at(2024, 3, 30, 16), "Europe/Paris", False),
        (at(2024, 3, 31, 16), "Europe/Paris", True),
        (at(2024, 7, 1, 12, 15), "Asia/Kathmandu", True),
        (at(2024, 7, 1, 12, 14), "Asia/Kathmandu", False),
    ],
)
def test_an_evening_is_the_advertisers_evening(now: int, zone: str, on: bool) -> None:
    assert open_(held(Campaign("c", timezone=zone, targeting=EVENING)), now) == [on]


def test_what_holds_is_worked_out_once_until_it_changes() -> None:
    noon = at(2024, 7, 1, 12)
    found = held(Campaign("c", start=noon + 7, end=noon + 9), Campaign("d"))
    before = found.at(noon)
    assert found.at(noon + 6) is before
    assert found.at(noon + 6).running.tolist() == [False, True]
    assert found.at(noon + 7).running.tolist() == [True, True]
    assert found.at(noon + 9).running.tolist() == [False, True]
    assert found.at(noon + 10**15) is found.at(noon + 9)


def test_excluded_hours_win_and_a_group_narrows_its_campaign() -> None:
    day = Campaign("c", targeting=Targeting(dayparts=(Daypart(start=8, end=20),)))
    lunch = AdGroup("g", "c", targeting=Targeting(not_dayparts=(Daypart(start=12, end=14),)))
    found = Hours([day], [None, lunch], np.zeros(2, dtype=np.int32))
    assert open_(found, at(2024, 7, 1, 13)) == [True, False]
    assert open_(found, at(2024, 7, 1, 15)) == [True, True]
    assert open_(found, at(2024, 7, 1, 21)) == [False, False]


@settings(max_examples=150, deadline=None)
@given(
    start=st.integers(at(2024, 1, 1) // 60_000_000, at(2024, 12, 31) // 60_000_000),
    steps=st.lists(st.integers(0, 200), min_size=1, max_size=8),
    parts=st.lists(
        st.builds(
            Daypart,
            weekdays=st.lists(st.integers(0, 6), min_size=1, max_size=3).map(tuple),
            start=st.integers(0, 23),
            end=st.integers(0, 24),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
)
def test_a_remembered_answer_is_the_answer_of_the_moment(
    start: int, steps: list[int], parts: tuple[Daypart, ...]
) -> None:
    """One schedule asked minute after minute answers as a fresh one does, whatever changes in between."""
    campaigns = [
        Campaign(f"c{n}", timezone=zone, targeting=Targeting(dayparts=parts)) for n, zone in enumerate(ZONES)
    ]
    kept, now = held(*campaigns), start * 60_000_000
    for step in steps:
        now += step * 60_000_000 + 59_999_999
        assert open_(kept, now) == open_(held(*campaigns), now)
