"""What was learned is kept with how well it was judged, in words, and in round figures to others."""

from __future__ import annotations

import json

import pytest
from tests.audience.market import END, moment, shopper

from hawker import audience
from hawker.audience import members
from hawker.audience.moment import Moment
from hawker.audience.verdict import Verdict, Way, said
from hawker.records.audience import Audience, Kind
from hawker.statistics import Estimate, unknown

AP = Estimate(0.6234, 0.5432, 0.7123, n=301)
BEYOND = Estimate(0.0312, 0.0123, 0.0567, n=301)
LIKE = Verdict(Way.HELD_OUT, True, {"average_precision": AP}, 64, 301, 64 / 301, parts=("straight",))
WILL = Verdict(
    Way.LAST_DAYS,
    True,
    {"auc": AP, "auc_beyond_rule": BEYOND},
    64,
    301,
    64 / 301,
    against="bought often",
    days=7,
    windows=9,
)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Moment:
    pytest.importorskip("lightgbm", reason="LightGBM is not installed (extra 'train')")
    found = moment(tmp_path_factory.mktemp("market"))
    members.upload(found.shop, "runners", [shopper(number) for number in range(0, 180, 3)])
    members.upload(found.shop, "handful", [shopper(number) for number in range(0, 90, 3)])
    return audience.at(found.shop, found.state, now=END)


def test_a_refresh_keeps_how_good_what_it_learned_is(at: Moment) -> None:
    alike = Audience("alike", Kind.LOOKALIKE, seed="runners", share=0.25)
    few = Audience("few", Kind.LOOKALIKE, seed="handful", share=0.25)
    none = Audience("none", Kind.LOOKALIKE, seed="gone", share=0.25)
    buys = Audience("buys", Kind.PREDICTED, category="Sport > Running", share=0.3)
    rule = Audience("rule", rule="visits >= 1")
    audience.refresh(at, [alike, few, none, buys, rule])
    stands = audience.standings(at.shop)
    like, will = stands["alike"].judged, stands["buys"].judged
    assert like is not None
    assert will is not None
    assert (like.way, like.better, like.members, like.parts != ()) == (Way.HELD_OUT, True, 60, True)
    assert set(like.figures) == {"average_precision", "lift_1%", "lift_5%", "lift_10%", "lift_20%"}
    assert like.base is not None
    assert like.base < (like.figures["average_precision"].low or 0.0)
    assert (will.way, will.days, will.windows > 2) == (Way.LAST_DAYS, 7, True)
    assert set(will.figures) == {"auc", "auc_of_rule", "auc_beyond_rule", "calibration"}
    assert all(one.low <= one.value <= one.high for one in will.figures.values())
    hidden = stands["few"].judged
    assert hidden is not None
    assert (hidden.members, hidden.base, bool(hidden.figures["lift_10%"])) == (None, None, True)
    assert (stands["none"].judged, "needs at least 20" in stands["none"].reason) == (None, True)
    assert stands["rule"].judged is None
    audience.unsettle(at.shop, ["alike", "unheard of"])
    assert set(audience.standings(at.shop)) == {"few", "none", "buys", "rule"}


def test_what_stood_before_figures_were_kept_is_still_read(at: Moment) -> None:
    path = at.shop.state / "audiences.json"
    held = path.read_bytes()
    size = {"size": None, "share": None, "ctr": {}, "cvr": {}, "ctr_of_all": {}, "cvr_of_all": {}}
    old = {"id": "old", "kind": "predicted", "computed": 1, "size": size, "reason": ""}
    path.write_text(json.dumps({"old": old}), "utf-8")
    assert audience.standings(at.shop)["old"].judged is None
    path.write_bytes(held)


def test_it_is_said_in_both_languages() -> None:
    first, *rest = said(LIKE)
    assert first == (
        "Members who were held out are found better than by chance: "
        "average precision 0.623 [0.543, 0.712] where chance has 0.213."
    )
    assert "64 members" in rest[0]
    assert "logistic regression" in rest[0]
    assert "AUC 0.623 [0.543, 0.712], +0.031 [+0.012, +0.057]" in said(WILL)[0]
    assert "last 7 days" in said(WILL)[1]
    assert "能比随机更好" in said(LIKE, language="zh-CN")[0]
    assert "“常买”" in said(WILL, language="zh")[0]


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.01, 0.05, "better than the simple rule"), (-0.02, 0.05, "no better"), (-0.05, -0.01, "rule “bought")],
)
def test_a_rule_that_does_as_well_is_named(low: float, high: float, says: str) -> None:
    beyond = Estimate((low + high) / 2, low, high)
    told = Verdict(
        Way.LAST_DAYS, low > 0, {"auc": AP, "auc_beyond_rule": beyond}, 64, 301, 0.2, against="bought often"
    )
    assert says in said(told)[0]
    assert ("simple rule “bought often” foretells better" in said(told)[0]) == (high < 0)


def test_without_a_figure_the_reason_is_said() -> None:
    none = unknown("everyone did it")
    told = Verdict(Way.LAST_DAYS, False, {"auc": none, "auc_beyond_rule": none}, 64, 301, 0.2)
    assert said(told)[0] == "How good it is cannot be told: everyone did it."


def test_others_are_told_round_figures_and_nothing_of_few() -> None:
    told = LIKE.told(50, rounded=True)
    assert told is not None
    figure = told.figures["average_precision"]
    assert (figure.value, figure.low, figure.high, figure.n) == (0.62, 0.54, 0.71, 300)
    assert (told.members, told.shoppers, told.base) == (60, 300, 0.2)
    assert LIKE.told(50) == LIKE
    assert LIKE.told(65, rounded=True) is None
