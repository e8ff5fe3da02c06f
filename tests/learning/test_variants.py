"""Creatives that lose are retired by a test that may be asked at any time; priors, weights."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests import shops
from tests.delivery.test_wording import THREE, live, shop_of, tea

from hawker import Shop, delivery
from hawker.creative import prior
from hawker.learning import variants
from hawker.learning.variants import ALPHA, Clicked
from hawker.records.creative import Creative
from hawker.records.decision import Request, Wording
from hawker.storage import wordings
from hawker.storage.control import Control

PLAIN = prior.load(encoders=())


def clicks(rates: tuple[float, ...], *, count: int, seed: int, wander: bool = True) -> list[Clicked]:
    """Clicks of a product whose policy and whose audience change all the time."""
    rng, found = np.random.default_rng(seed), []
    for time in range(count):
        odds = rng.dirichlet(np.ones(len(rates))) if wander else np.full(len(rates), 1 / len(rates))
        likely = odds * np.array(rates)
        shown = int(rng.choice(len(rates), p=likely / likely.sum()))
        blank = (0.0,) * len(rates)
        wording = Wording(tuple(f"t-{n}" for n in range(len(rates))), tuple(odds.tolist()), blank, blank)
        found.append(Clicked(time, "tea", shown, wording))
    return found


def test_a_clear_loser_is_found_and_the_best_never() -> None:
    found = variants.losers(clicks((0.02, 0.06, 0.05), count=400, seed=1), THREE)
    assert found[0].creative == "t-0"
    assert "t-1" not in {one.creative for one in found}
    assert found[0].evidence > 2 / ALPHA
    assert f"{found[0].own} were on this one" in found[0].reason


def test_equals_are_hardly_ever_retired_however_often_one_looks() -> None:
    retired = 0
    for seed in range(40):
        held = clicks((0.05, 0.05), count=240, seed=seed)
        looks = (variants.losers(held[:upto], THREE[:2]) for upto in (80, 160, 240))
        retired += any(looks)
    assert retired <= 4  # at most 5 % each way, 40 times


def test_the_last_one_is_never_retired() -> None:
    held = clicks((0.01, 0.03, 0.1, 0.3), count=3_000, seed=4)
    four = (*THREE, Creative("t-3", "tea", ""))
    assert {one.creative for one in variants.losers(held, four)} == {"t-0", "t-1", "t-2"}
    alone = (msgspec.structs.replace(THREE[0], retired="earlier"), THREE[1])
    assert variants.losers(held, alone) == []


def test_nearness_is_weighed_by_what_was_clicked() -> None:
    rng = np.random.default_rng(3)
    for true in (0.0, 1.5):
        found = []
        for time in range(1_500):
            near, odds = rng.uniform(-1, 1, 3), rng.dirichlet(np.ones(3))
            likely = odds * np.exp(true * near)
            shown = int(rng.choice(3, p=likely / likely.sum()))
            wording = Wording(("a", "b", "c"), tuple(odds), (0.0,) * 3, (0.0,) * 3, near=tuple(near))
            found.append(Clicked(time, "tea", shown, wording))
        assert variants.nearness(found) == pytest.approx(true, abs=0.15)
    assert variants.nearness([]) == pytest.approx(0.3)


def test_a_shops_losers_are_retired_with_the_reason_and_can_be_brought_back(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, THREE[:2])
    with delivery.build(shop) as engine:
        live(engine, {"t-0": 0.04, "t-1": 0.9}, rounds=50, seed=3, renew=False)
    made = variants.learn(Shop(shop.folder), prior=PLAIN)
    assert [(one.creative, one.to) for one in made.retired] == [("t-0", "t-1")]
    control = Control(shop.control)
    held = control.get("creative", "t-0")
    assert isinstance(held, Creative)
    assert held.approved
    assert held.retired.startswith("'t-1' gets more clicks")
    assert control.changes()[-1].by == variants.BY
    with delivery.build(Shop(shop.folder)) as engine:
        slot = tea(engine.decide(Request("home", shopper="w")))
        assert (slot.ad.creative, slot.wording) == ("t-1", None)
    control.put_creatives([msgspec.structs.replace(held, retired="")], by="ann")
    control.close()
    assert variants.learn(Shop(shop.folder), prior=PLAIN).retired == ()  # what it lost before is done with


def test_a_prior_is_kept_for_those_that_compete_each_against_its_rivals(
    tmp_path: Path,
) -> None:
    pool = (
        Creative("t-0", "tea", "Tea", language="en"),
        Creative("t-1", "tea", "Why nobody who tries this tea ever goes back to coffee", language="en"),
        Creative("p-0", "pot", "Pot", language="en"),
        Creative("x-0", "jam", "Not approved", approved=False),
    )
    shop = shop_of(tmp_path, pool)
    made = variants.learn(shop, prior=PLAIN)
    held = wordings.prior(shop)
    assert held.ids == ("t-0", "t-1")  # the pot has one alone: nothing to choose
    assert (made.creatives, made.retired, made.clicks) == (2, (), 0)
    assert held.scores.tolist() == pytest.approx([-1.0, 1.0])


def test_a_shop_without_creatives_has_nothing_to_learn(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "bare")
    assert variants.learn(shop, prior=PLAIN).creatives == 0
    assert not wordings.prior_file(shop).exists()
