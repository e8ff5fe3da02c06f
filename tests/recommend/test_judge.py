"""Places, gains and baskets, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hawker.errors import BadInput
from hawker.recommend import Histories, Past, judge
from hawker.recommend.blend import Blend
from hawker.recommend.model import top
from hawker.recommend.popular import Seller
from hawker.recommend.weigh import weigh
from hawker.records.events import DAY

NAMES = ("a", "b", "c", "d")


def test_a_place_passes_over_the_past_and_ties_count_against() -> None:
    seller = Seller(np.array([0.4, 0.3, 0.3, 0.0], dtype=np.float32))
    histories = Histories.of([[0], [3], [1], []], NAMES)
    found = judge.places(seller, histories, np.array([1, 0, 3, 0], dtype=np.int32))
    assert found.tolist() == [2, 1, 4, 1]
    assert judge.places(seller, histories, np.array([0] * 4, np.int32), again=True).tolist() == [1] * 4
    assert judge.gains(found).mean() == pytest.approx((1 / np.log2(3) + 1 + 1 / np.log2(5) + 1) / 4)
    assert judge.hits(found, 3).tolist() == [1, 1, 0, 1]


def test_a_basket_is_foretold_from_what_was_before_it() -> None:
    histories = Histories(
        start=np.array([0, 4]),
        items=np.array([0, 1, 2, 3], np.int32),
        step=np.array([0, 1, 1, 2]),
        time=np.array([1, 5, 5, 9]) * DAY,
        names=NAMES,
    )
    found = judge.baskets(histories, start=2 * DAY, end=9 * DAY)
    assert [(one.row, one.moment, one.items.tolist()) for one in found] == [(0, 5 * DAY, [1, 2])]
    seller = Seller(np.array([0.1, 0.4, 0.0, 0.5], dtype=np.float32))
    assert judge.recalls(seller, histories, found, k=2).tolist() == [0.5]
    assert judge.recalls(seller, histories, found, k=1).tolist() == [0.0]


def test_histories_are_cut_and_checked() -> None:
    histories = Histories.of([[0, 1], [2], []], NAMES)
    assert histories.last().tolist() == [1, 2, -1]
    assert histories.before_last().sizes.tolist() == [1, 0, 0]
    assert histories.rows([1, 0])[0].tolist() == [2]
    assert histories.counts.tolist() == [1, 1, 1, 0]
    assert Past.of([0, 1, 9]).known(4, last=1).items.tolist() == [1]
    with pytest.raises(BadInput, match="code 4"):
        Histories.of([[0, 4]], NAMES)


def test_a_blend_gives_weight_to_what_helps() -> None:
    right = Seller(np.array([0.0, 0.9, 0.1, 0.0], dtype=np.float32))
    wrong = Seller(np.array([0.0, 0.1, 0.2, 0.9], dtype=np.float32))
    histories = Histories.of([[0]] * 20, NAMES)
    found = weigh({"wrong": wrong, "right": right}, histories, np.ones(20, dtype=np.int32))
    assert found.weights == {"right": 1.0}
    assert found.ndcg == 1.0
    blend = Blend({"wrong": wrong, "right": right}, {"wrong": 0.5, "right": 1.0})
    spoken = blend.spoken(Past.of([0]), np.array([1, 3], dtype=np.int32))
    np.testing.assert_allclose(spoken["right"], [1, 0])
    np.testing.assert_allclose(spoken["wrong"], [0.5 * (1 / 9) ** 0.3, 0.5], rtol=1e-5)
    assert top(np.array([0, 3, 3, 1], dtype=np.float32), 3).tolist() == [1, 2, 3]
