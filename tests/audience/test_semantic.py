"""Audiences by a text, on the floor: TF-IDF vectors of the town's products."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.audience.town import moment, shop

from hawker import audience
from hawker.audience import Moment, members, semantic
from hawker.language import annotate
from hawker.records.audience import Audience, Kind
from hawker.storage.shop import Shop


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = shop(tmp_path_factory.mktemp("town") / "shop")
    annotate.products(made)
    return made


@pytest.fixture(scope="module")
def now(town: Shop) -> Moment:
    return moment(town)


def test_those_with_the_interest_are_nearest(now: Moment) -> None:
    found = semantic.scores(now, "running shoes for the trail")
    assert not found.reason
    runners = {f"u{n}" for n in range(0, 120, 3)} - now.without
    best = {found.shoppers[place] for place in found.chosen(share=len(runners) / len(found.shoppers))}
    assert best == runners
    assert now.without.isdisjoint(found.shoppers)


def test_sizes_fall_with_the_threshold_and_say_what_was_understood(now: Moment) -> None:
    found = semantic.sizes(now, "green tea", thresholds=(-1.0, 0.5, 1.1))
    assert all("tea" in title for title in found.products)
    everybody, some, none = found.levels
    assert everybody.size == 118
    assert some.size == 58
    assert (none.size, none.share) == (None, None)
    assert not none.touched
    assert some.touched.value == 1.0
    assert found.touched.value is not None


def test_thresholds_are_laid_where_shoppers_are(now: Moment) -> None:
    levels = semantic.sizes(now, "green tea").levels
    thresholds = [one.threshold for one in levels]
    assert thresholds == sorted(set(thresholds))
    sizes = [one.size for one in levels if one.size is not None]
    assert sizes == sorted(sizes, reverse=True)
    assert 50 <= sizes[0] <= 118


def test_the_size_shown_is_the_size_written(town: Shop, now: Moment) -> None:
    found = semantic.sizes(now, "green tea", thresholds=(0.5,))
    drinkers = Audience("drinkers", Kind.SEMANTIC, text="green tea", threshold=0.5)
    audience.refresh(now, [drinkers])
    assert members.sizes(town) == {"drinkers": found.levels[0].size}


def test_what_is_only_tried_is_not_kept(town: Shop, now: Moment) -> None:
    def kept() -> int:
        return len(list(town.vectors.rglob("queries/*")))

    before = kept()
    tried = semantic.sizes(now, "a kitchen pot of iron", thresholds=(0.3,))
    assert tried.levels[0].size
    assert kept() == before
    scored = semantic.scores(now, "a kitchen pot of iron")
    assert kept() == before + 1
    assert len(scored.chosen(0.3)) == tried.levels[0].size
    assert semantic.sizes(now, "a kitchen pot of iron", thresholds=(0.3,)) == tried


def test_a_text_the_encoder_knows_nothing_of_has_its_reason(now: Moment) -> None:
    found = semantic.sizes(now, "🜚🜚🜚")
    assert not found.levels
    assert "knows nothing" in found.reason
    assert "knows nothing" in semantic.scores(now, "").reason


def test_without_vectors_the_reason_says_what_to_do(tmp_path: Path) -> None:
    bare = moment(shop(tmp_path / "shop"))
    assert "hawker train" in semantic.sizes(bare, "green tea").reason


def test_interests_of_other_vectors_are_not_mixed(town: Shop) -> None:
    held = moment(town)
    held.state.interests = None
    near, reason = semantic.nearness(held, "green tea")
    assert "other vectors" in reason
    assert np.isnan(near).all()
