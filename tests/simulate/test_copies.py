"""Choosing among creatives lived through beforehand: it moves to the best, or says why it cannot be told."""

from __future__ import annotations

import pytest
from tests import shops
from tests.delivery.test_pipeline import world

from hawker.records.creative import Creative
from hawker.records.decision import Request
from hawker.simulate import copies

FOUR = tuple(Creative(f"{name}-{n}", name, f"{name} {n}") for name in ("tea", "jam") for n in range(4))
ASKED = [Request("home", shopper=f"v-{n}") for n in range(50)]


def test_the_choice_moves_to_what_is_clicked() -> None:
    found = copies.live(world(creatives=FOUR), ASKED, now=shops.NOW, rounds=1_200)
    assert found.reason == ""
    assert found.early < found.late
    assert found.late > 0.4
    assert found.gain.low is not None
    assert found.gain.low > 0.1


def test_an_effect_is_a_creatives_own() -> None:
    assert copies.effect("tea-1", seed=1) == copies.effect("tea-1", seed=1)
    spread = [copies.effect(f"c-{n}", seed=1) for n in range(300)]
    assert (sum(one * one for one in spread) / 300) ** 0.5 == pytest.approx(copies.SPREAD, rel=0.15)


def test_where_there_is_no_choice_it_says_so() -> None:
    found = copies.live(world(), ASKED, now=shops.NOW, rounds=30)
    assert found.gain.value is None
    assert "0 slots had several creatives" in found.reason
