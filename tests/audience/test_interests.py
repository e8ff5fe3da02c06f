"""What an audience looks at, in words, and never what only a few of it do."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.audience.town import moment, shop

from hawker.audience import Moment
from hawker.audience.interests import interests
from hawker.audience.members import upload
from hawker.records.audience import Audiences


def told(folder: Path, shoppers: range, *, least: int = 20, alone: range = range(0)) -> tuple[str, ...]:
    made = shop(folder, audiences=Audiences(least=least))
    upload(made, "list", [f"u{n}" for n in (*shoppers, *alone)])
    found: Moment = moment(made)
    return interests(found, "list")


def test_an_audience_is_told_by_what_sets_it_apart(tmp_path: Path) -> None:
    found = told(tmp_path / "shop", range(0, 120, 2))
    assert found[0] in ("Tea", "Grocery")
    assert not any("Pot" in one or "hoes" in one for one in found)


@pytest.mark.parametrize("members", [range(0, 36, 2), range(0)])
def test_a_small_audience_is_not_described(tmp_path: Path, members: range) -> None:
    assert told(tmp_path / "shop", members) == ()


def test_what_only_a_few_members_do_is_left_out(tmp_path: Path) -> None:
    """Of 49 who looked at pots alone, and nine tea drinkers, the nine's tea is not told."""
    members = [n for n in range(120) if n % 2 and n % 3]
    found = told(tmp_path / "shop", range(0, 18, 2), alone=range(0))
    assert found == ()
    many = told(tmp_path / "more", range(0, 18, 2), alone=range(1, 120, 2))
    assert len(members) < 60
    assert not any("ea" in one.split() or one in ("Tea", "Grocery") for one in many)
