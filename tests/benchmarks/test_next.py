"""The benchmark of the next item: its own code, on data whose answer a reader knows."""

from __future__ import annotations

import numpy as np

from benchmarks import basket, recommend
from hawker.recommend import Histories, Past


def test_half_of_the_last_pairs_are_turned_round() -> None:
    whole = Histories.of([[0, 1, 2, 3]] * 400, ("a", "b", "c", "d"))
    turned = recommend.swapped(whole)
    ends = [turned[user].tolist() for user in range(400)]
    assert {tuple(end) for end in ends} == {(0, 1, 2, 3), (0, 1, 3, 2)}
    assert 150 < sum(end[-1] == 2 for end in ends) < 250
    assert whole[0].tolist() == [0, 1, 2, 3]


def test_figures_of_places() -> None:
    ours, theirs = np.array([[1, 1, 11, 1] * 20] * 2), np.array([[1, 11, 11, 3] * 20])
    told = recommend.figures(ours)
    assert (told["ndcg10"], told["recall10"], told["users"]) == (0.75, 0.75, 80)
    assert told["low"] < 0.75 < told["high"]
    gap = recommend.paired(ours, theirs)
    assert gap["ndcg10"]["value"] == 0.375
    assert gap["recall10"] == {"value": 0.25, **{name: gap["recall10"][name] for name in ("low", "high")}}
    assert gap["ndcg10"]["low"] > 0
    assert recommend.lifted(ours, theirs)["value"] == 1.0


def test_the_rule_counts_baskets_and_breaks_ties_by_sales() -> None:
    rows = Histories.of([[0, 0, 1, 2, 2, 2]], ("a", "b", "c", "d"))
    rule = basket.Own.of(rows)
    past = Past(np.array([0, 0, 1, 2], np.int32), np.array([0, 0, 1, 1]), np.zeros(4, np.int64))
    assert rule.rank(past, 4, again=True).codes.tolist() == [2, 0, 1]
