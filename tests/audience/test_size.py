"""Sizes, overlaps and rates of audiences, as a reader counts them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.audience.town import moment, shop

from hawker.audience import Moment, size
from hawker.statistics import Covariances, ratio


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Moment:
    return moment(shop(tmp_path_factory.mktemp("town") / "shop"))


def codes(town: Moment, numbers: range) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    find = town.state.codes["shopper"].find
    return np.array([find(f"u{n}") for n in numbers], dtype=np.int32)


def test_rates_are_by_shopper_and_have_intervals(town: Moment) -> None:
    drinkers = codes(town, range(0, 120, 2))
    found = size.measured(town, drinkers, size.answers(town))
    assert (found.size, found.share) == (60, 60 / 118)
    expected = ratio(Covariances.of([1, 0] * 29, [10] * 58))
    assert found.ctr.value == pytest.approx(0.05)
    assert (found.ctr.low, found.ctr.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert found.cvr.value == pytest.approx(11 / 29)
    assert found.cvr_of_all.value == found.cvr.value
    assert found.ctr_of_all.value == pytest.approx(0.05)


def test_no_rate_of_few_answers(town: Moment) -> None:
    found = size.measured(town, codes(town, range(1, 120, 2)), size.answers(town))
    assert found.size == 60
    assert not found.ctr
    assert "at least 10" in found.ctr.reason


def test_others_than_the_shop_are_told_round_numbers(town: Moment) -> None:
    seen = size.answers(town)
    assert size.measured(town, codes(town, range(77)), seen, rounded=True).size == 70
    assert size.measured(town, codes(town, range(53)), seen, rounded=True).size == 50
    assert size.measured(town, codes(town, range(49)), seen).size is None


def test_overlap_of_three(town: Moment) -> None:
    lists = {
        "a": codes(town, range(100)),
        "b": codes(town, range(40, 120)),
        "c": codes(town, range(0, 120, 2)),
    }
    found = size.overlap(town, lists)
    assert found.sizes == {"a": 100, "b": 80, "c": 60}
    told = {(pair.first, pair.second): (pair.both, pair.of_first, pair.of_second) for pair in found.pairs}
    assert told == {
        ("a", "b"): (60, 0.6, 0.75),
        ("a", "c"): (50, 0.5, 50 / 60),
        ("b", "c"): (None, None, None),
    }
    assert (found.all, found.any) == (None, 120)


def test_no_small_remainder_is_told_to_others(town: Moment) -> None:
    lists = {"a": codes(town, range(100)), "b": codes(town, range(99))}
    assert size.overlap(town, lists).pairs[0].both == 99
    assert size.overlap(town, lists, rounded=True).pairs[0].both is None
