"""Forecasts read the past as it was, beat the simple rules, come true, and say when there can be none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.audience.market import END, START, history, moment, opened

from hawker.audience import past
from hawker.audience.past import NAMES, Asked
from hawker.audience.predicted import Forecast, forecast, predicted, rules
from hawker.features.replay import Replay
from hawker.features.state import State
from hawker.records.audience import Audience, Kind, Outcome
from hawker.records.events import DAY, EventKind

pytest.importorskip("lightgbm", reason="LightGBM is not installed (extra 'train')")
SHOES = Asked(category="Sport > Running > Shoes", days=7)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    _, held = opened(tmp_path_factory.mktemp("market"))
    return forecast(held, SHOES, now=END)


def test_a_row_is_as_of_its_moment_and_the_label_after_it(tmp_path: Path) -> None:
    _, held = opened(tmp_path)
    at = START + 60 * DAY
    x = past.examples(held, SHOES, [at]).only(("category_count", "category_since_last"))
    names = held.state.codes["shopper"].names
    events = [e for e in history() if e.product == "shoe"]
    for row in range(0, len(x), 17):
        mine = [e.time for e in events if e.shopper == names[x.cluster[row]]]
        before = [time for time in mine if time < at]
        assert x.x[row, 0] == len(before)
        if before:
            assert x.x[row, 1] == pytest.approx((at - max(before)) / DAY, rel=1e-5)
        assert x.y[row] == any(at <= time < at + 7 * DAY for time in mine)


def test_a_category_stands_for_all_below_it(tmp_path: Path) -> None:
    _, held = opened(tmp_path)
    state = held.to(END)
    who = past.present(state, SHOES, now=END)
    count = NAMES.index("category_count")
    shoes, socks, sport, everything = (
        past.rows(state, who, Asked(category=name), now=END)[:, count]
        for name in ("Sport > Running > Shoes", "Sport > Running > Socks", "sport", "")
    )
    assert (shoes + socks == sport).all()
    assert (everything == state.read("shopper", who, now=END)["purchases"]).all()
    assert sport.sum() < everything.sum()


def test_runners_will_buy_shoes_and_cooks_will_not(learned: Forecast, tmp_path: Path) -> None:
    scores = learned.scores(moment(tmp_path))
    assert len(scores.shoppers) == 300
    best = [scores.shoppers[i] for i in scores.chosen(share=0.3)]
    assert all(name.startswith("r-") for name in best)
    assert ((scores.score > 0) & (scores.score < 1)).all()


def test_it_comes_near_the_rule_that_is_best_here_and_comes_true(learned: Forecast) -> None:
    assert learned.judged is not None
    assert learned.beside is not None
    assert learned.judged.auc.low > 0.8
    assert learned.beside.auc.value > -0.05
    assert learned.judged.calibration.low < 1.1
    assert learned.judged.calibration.high > 0.9
    assert learned.against in rules(_empty(), SHOES)
    assert "AUC" in str(learned)


def _empty():  # type: ignore[no-untyped-def]
    from hawker.features.examples import Examples

    nobody = np.zeros(0, dtype=np.int64)
    x = np.zeros((0, len(NAMES)), np.float32)
    return Examples(NAMES, x, np.zeros(0, np.float32), nobody, nobody, nobody, np.zeros(0))


def test_wanderers_stayed_away(tmp_path: Path) -> None:
    _, held = opened(tmp_path)
    found = forecast(held, Asked(Outcome.LAPSES, days=6), now=START + 66 * DAY)
    assert found.reason == ""
    assert found.judged is not None
    assert found.judged.auc.low > 0.5
    names = held.state.codes["shopper"].names
    gone = past.happened(held.events, Asked(Outcome.LAPSES, days=6), held.state.codes, since=START + 60 * DAY)
    assert all(gone[code] for code, name in enumerate(names) if name.startswith("w-"))
    assert not all(gone)


def test_of_those_already_gone_nothing_is_foretold(tmp_path: Path) -> None:
    at = moment(tmp_path)
    there = past.present(at.state, Asked(Outcome.LAPSES, days=20), now=END)
    kinds = {at.state.codes["shopper"].names[code][0] for code in there}
    assert kinds == {"r", "c"}


def test_how_long_is_unusual_comes_from_the_shoppers_own_gaps(tmp_path: Path) -> None:
    at = moment(tmp_path)
    assert 9 <= past.usual_silence(at.state, now=END) <= 11
    assert past.usual_silence(State(), now=END) == 0
    told = Audience("gone", kind=Kind.PREDICTED, outcome=Outcome.LAPSES, days=3)
    assert predicted(at, told).asked.days == past.usual_silence(at.state, now=END)


def test_the_log_is_read_again_with_minors_and_refusals_left_out(tmp_path: Path) -> None:
    at = moment(tmp_path)
    at.state.codes.protection.minors |= {at.state.codes["shopper"].find("r-003")}
    held = past.replay(at.shop, at.state)
    held.to(END)
    code = held.state.codes["shopper"].find("r-003")
    assert np.isnan(held.state.read("shopper", np.array([code], np.int32), now=END)["last"][0])
    x = past.examples(
        Replay(held.events, State(held.state.codes)), SHOES, [END - 7 * DAY], without=frozenset({"r-000"})
    )
    assert held.state.codes["shopper"].find("r-000") not in x.cluster
    assert code not in x.cluster


@pytest.mark.parametrize(
    ("category", "days", "word"),
    [("Sport > Running > Shoes", 60, "days of history"), ("Garden", 7, "rarer outcome")],
)
def test_what_cannot_be_learned_is_answered_with_the_reason(
    tmp_path: Path, category: str, days: int, word: str
) -> None:
    _, held = opened(tmp_path)
    found = forecast(held, Asked(category=category, days=days), now=END)
    assert word in found.reason == str(found)
    assert found.scores(moment(tmp_path / "again")).reason == found.reason


def test_an_empty_log_is_answered_with_the_reason(tmp_path: Path) -> None:
    _, held = opened(tmp_path, events=[])
    assert "0 days of history" in forecast(held, SHOES, now=END).reason


def test_the_same_seed_gives_the_same_chances(learned: Forecast, tmp_path: Path) -> None:
    _, held = opened(tmp_path)
    again = forecast(held, SHOES, now=END)
    assert again.model is not None
    assert learned.model is not None
    x = past.rows(held.state, past.present(held.state, SHOES, now=END), SHOES, now=END)
    assert (again.model.predict(x) == learned.model.predict(x)).all()
    assert EventKind.PURCHASE in past.ACTIVE
