"""Traits say what the folds and the log know, as of a moment, and nothing of who may not be profiled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from tests.audience.market import DAYS, END, START, history, moment, opened

from hawker.audience import Moment
from hawker.audience.traits import Scale, Traits, category_mix, traits
from hawker.records.events import DAY
from hawker.records.traffic import MARK

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra 'train')")


def named(known: Traits, folder_moment, name: str) -> int:  # type: ignore[no-untyped-def]
    code = folder_moment.state.codes["shopper"].find(name)
    return int(np.flatnonzero(known.shoppers == code)[0])


def test_habits_count_what_purchases_carry(tmp_path: Path) -> None:
    at = moment(tmp_path)
    known = traits(at)
    share = known.column("share with:coupon")
    names = [at.state.codes["shopper"].names[code] for code in known.shoppers]
    of = {kind: share[[name.startswith(kind) for name in names]].mean() for kind in "rcw"}
    assert of["r"] == pytest.approx(0.7, abs=0.03)
    assert of["c"] == 0.0
    assert of["w"] == pytest.approx(0.05, abs=0.02)
    assert (known.column("with:coupon") <= known.column("purchases")).all()
    assert (known.column("visits with:coupon") == known.column("with:coupon")).all()  # one line a visit
    assert known.column("share of visits with:coupon") == pytest.approx(share)


def test_a_special_category_and_invalid_traffic_make_no_habit(tmp_path: Path) -> None:
    told = [structs.replace(one, attributes={"coupon": "2"}) for one in history()]
    hers = [one.id for one in told if one.shopper == "c-001"]
    judged = [structs.replace(one, reason=f"{MARK}bot") if one.id in hers[2:] else one for one in told]
    shop, replay = opened(tmp_path, judged, special_categories=("sport > running",))
    known = traits(Moment(shop, replay.to(END), END))
    named = [replay.state.codes["shopper"].names[code] for code in known.shoppers]
    carried = dict(zip(named, known.column("with:coupon").tolist(), strict=True))
    assert {carried[name] for name in named if name.startswith("r")} == {0.0}
    assert carried["c-001"] == 2.0 < len(hers)
    assert carried["c-004"] == sum(one.shopper == "c-004" for one in told)


def test_nothing_later_is_known_and_who_was_not_there_yet_has_no_row(tmp_path: Path) -> None:
    early = traits(moment(tmp_path / "a", now=START + 2 * DAY))
    late = traits(moment(tmp_path / "b", now=END))
    assert len(early) < len(late) == 300
    assert early.column("purchases").max() <= 2
    assert early.column("with:coupon").max() <= 2
    assert late.column("purchases").max() > DAYS / 8


def test_who_may_not_be_profiled_has_no_row(tmp_path: Path) -> None:
    at = moment(tmp_path, without=frozenset({"r-000", "c-001"}))
    names = {at.state.codes["shopper"].names[code] for code in traits(at).shoppers}
    assert len(names) == 298
    assert not names & {"r-000", "c-001"}


def test_tastes_of_one_kind_point_one_way(tmp_path: Path) -> None:
    at = moment(tmp_path)
    known = traits(at)
    kinds = np.array([at.state.codes["shopper"].names[code][0] for code in known.shoppers])
    alike = known.tastes @ known.tastes.T
    assert np.linalg.norm(known.tastes, axis=1) == pytest.approx(np.ones(300), abs=1e-5)
    assert (
        alike[kinds == "r"][:, kinds == "r"].mean() > 0.8 > 0.4 > alike[kinds == "r"][:, kinds == "c"].mean()
    )


def test_a_state_without_categories_has_tastes_of_nothing(tmp_path: Path) -> None:
    at = moment(tmp_path, now=START)
    mix, variety = category_mix(at.state, at.shoppers, now=START)
    assert not mix.any()
    assert not variety.any()


def test_a_scale_fills_the_unknown_and_silences_what_is_the_same_for_all() -> None:
    x = np.array([[1.0, 5.0], [np.nan, 5.0], [3.0, 5.0], [100.0, 5.0]])
    scaled = Scale.of(x)(x)
    assert np.isfinite(scaled).all()
    assert not scaled[:, 1].any()
    assert scaled[1, 0] == pytest.approx(scaled[2, 0])
    assert scaled[0, 0] < scaled[1, 0] < scaled[3, 0]
