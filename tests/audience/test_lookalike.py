"""Likeness finds the kind a list was drawn from, says how well, and refuses what it cannot answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.audience.market import moment, shopper

from hawker.audience.lookalike import LEAST_SEED, Lookalike, alike, lookalike
from hawker.audience.traits import Traits

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra 'train')")


def crowd(*, members: int, shoppers: int = 900, seed: int = 0) -> tuple[Traits, list[str], list[str]]:
    """Traits with one telling column: a third are of the kind the list is drawn from."""
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.arange(shoppers) % 3 == 0)
    x = np.exp(rng.normal(size=(shoppers, 6)))
    x[:, 0] *= np.where(kind, 6.0, 1.0)
    tastes = rng.normal(size=(shoppers, 8))
    tastes /= np.linalg.norm(tastes, axis=1, keepdims=True)
    names = [f"u-{number}" for number in range(shoppers)]
    listed = [names[i] for i in np.flatnonzero(kind)[:members]]
    codes = np.arange(shoppers, dtype=np.int32)
    return Traits(codes, tuple("abcdef"), x, tastes.astype(np.float32)), names, listed


def test_runners_are_found_by_a_list_of_runners(tmp_path: Path) -> None:
    seed = [shopper(number) for number in range(0, 120, 3)]
    found = lookalike(moment(tmp_path), seed)
    assert found.seed == 40
    assert not found.reason
    assert not set(found.shoppers) & set(seed)
    best = [found.shoppers[i] for i in found.scores.chosen(share=60 / 260)]
    assert len(best) == 60
    assert all(name.startswith("r-") for name in best)
    assert found.found is not None
    assert found.found.average_precision.low > found.found.base


def test_the_held_out_say_how_well_and_the_score_is_a_share() -> None:
    known, names, listed = crowd(members=60)
    found = alike(known, names, listed)
    assert found.found is not None
    assert found.found.members == 60
    assert found.found.average_precision.low > found.found.base
    assert found.found.lift["10%"].low > 1.0
    assert found.score.min() == 0.0
    assert found.score.max() == 1.0
    assert "held out" in str(found)


def test_the_same_random_number_gives_the_same_bits() -> None:
    known, names, listed = crowd(members=40)
    once, again = alike(known, names, listed), alike(known, names, listed)
    assert (once.score == again.score).all()
    assert once.blend == again.blend


def test_a_list_that_was_drawn_by_lot_is_not_found() -> None:
    known, names, _ = crowd(members=1)
    listed = list(np.random.default_rng(3).choice(names, 80, replace=False))
    found = alike(known, names, listed).found
    assert found is not None
    assert found.average_precision.low < 1.3 * found.base


@pytest.mark.parametrize("count", [0, 1, LEAST_SEED - 1])
def test_a_small_list_is_answered_with_the_reason(count: int) -> None:
    known, names, listed = crowd(members=count)
    found = alike(known, names, listed)
    assert found.shoppers == ()
    assert f"{count} members" in found.reason
    assert found.scores.reason == found.reason == str(found)


def test_those_the_shop_does_not_know_count_for_nothing() -> None:
    known, names, listed = crowd(members=10)
    strangers = [f"nobody-{number}" for number in range(500)]
    assert "10 members" in alike(known, names, [*listed, *strangers]).reason


def test_too_few_others_are_answered_with_the_reason() -> None:
    known, names, listed = crowd(members=60, shoppers=100)
    known = replace(known, x=known.x)
    assert "not on the list" in alike(known, names, names[:60]).reason
    assert isinstance(alike(known, names, listed), Lookalike)


def test_many_members_bring_trees_and_what_is_unknown_is_filled() -> None:
    known, names, listed = crowd(members=220)
    known.x[::7, 3] = np.nan
    known.x[:, 4] = np.nan
    found = alike(known, names, listed)
    assert "trees" in found.blend
    assert np.isfinite(found.score).all()
    assert found.found is not None
    assert found.found.average_precision.low > found.found.base
