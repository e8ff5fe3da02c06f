"""Audiences computed anew: who is written to the table, who never is, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.audience.town import NOW, moment, shop

from hawker import audience, delivery
from hawker.audience import members
from hawker.delivery import forgetting
from hawker.errors import BadInput, Conflict
from hawker.privacy import erasure
from hawker.records.audience import Audience, Kind
from hawker.records.preferences import Preferences
from hawker.storage.control import Control
from hawker.storage.preferences import Choices
from hawker.storage.shop import Shop

TEA = Audience("tea", rule='bought("Grocery > Tea", days=30)')
POTS = Audience("pots", rule='viewed("Kitchen")')
SHOES = Audience("shoes", rule='viewed("Sport")')
DRINKERS = {f"u{n}" for n in range(0, 120, 2)}
PROTECTED = {"u2", "u4"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop(tmp_path_factory.mktemp("town") / "shop")


def test_rules_become_lists_without_the_protected(town: Shop) -> None:
    found = audience.refresh(moment(town), [TEA, POTS])
    lists = members.Lists(town)
    assert lists["tea"] == DRINKERS - PROTECTED
    assert lists["pots"] == {f"u{n}" for n in range(120)} - PROTECTED
    told = {one.id: one for one in found.audiences}
    assert (told["tea"].size.size, told["tea"].size.share) == (58, 58 / 118)
    assert audience.standings(town)["pots"].size.size == 118
    assert found.changed
    assert not audience.refresh(moment(town), [TEA, POTS]).changed


def test_an_audience_of_few_is_written_as_nobody(town: Shop) -> None:
    found = audience.refresh(moment(town), [SHOES, TEA])
    standing = {one.id: one for one in found.audiences}["shoes"]
    assert (standing.size.size, standing.size.share, standing.reason) == (
        None,
        None,
        "fewer than 50 shoppers",
    )
    assert not standing.size.ctr
    assert "shoes" not in members.sizes(town)


def test_a_choice_against_interests_leaves_every_computed_audience(tmp_path: Path) -> None:
    town = shop(tmp_path / "shop")
    choices = Choices(town.control)
    choices.put("u6", Preferences(interests=False))
    choices.close()
    audience.refresh(moment(town), [TEA])
    assert members.Lists(town)["tea"] == DRINKERS - PROTECTED - {"u6"}


def test_uploaded_lists_stay_beside_computed_ones_and_are_adopted(tmp_path: Path) -> None:
    town = shop(tmp_path / "shop")
    given = [f"u{n}" for n in range(70)]
    assert members.upload(town, "coupons-8", given) == 70
    assert members.upload(town, "coupons-8", ["u99", "u1"], add=True) == 2
    control = Control(town.control)
    assert [one.id for one in audience.adopt(town, control)] == ["coupons-8"]
    assert audience.adopt(town, control) == []
    held = control.audiences()
    control.close()
    assert held == [Audience("coupons-8", Kind.LIST)]
    guests = Audience("guests", rule='in_list("coupons-8") and viewed("Kitchen")')
    found = audience.refresh(moment(town), [*held, TEA, guests])
    lists = members.Lists(town)
    assert lists["coupons-8"] == {*given, "u99"}
    assert lists["guests"] == {*given, "u99"} - PROTECTED
    assert {one.id: one.size.size for one in found.audiences} == {"coupons-8": 71, "tea": 58, "guests": 69}
    members.upload(town, "coupons-8", [])
    assert set(members.sizes(town)) == {"tea", "guests"}
    members.remove(town, ["tea", "nothing"])
    assert set(members.sizes(town)) == {"guests"}


def test_ids_that_are_none_are_refused_by_their_place(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Shopper 2"):
        members.upload(shop(tmp_path / "shop"), "vip", ["u1", "\x00"])


def test_keyed_ids_are_kept_as_pseudonyms(tmp_path: Path) -> None:
    town = shop(tmp_path / "shop", pseudonyms="keyed")
    members.upload(town, "vip", ["u1"])
    held = members.Lists(town)["vip"]
    assert all(name.startswith("sp_") for name in held)
    assert "u1" not in str(town.table("audiences").read_bytes())


def test_members_serve_once_written_and_who_is_forgotten_is_on_no_list(tmp_path: Path) -> None:
    town = shop(tmp_path / "shop")
    audience.refresh(moment(town), [TEA])
    with delivery.build(town) as engine:
        assert engine.world.members.of("u8")[0] == {"tea"}
        assert engine.world.members.of("u7")[0] == frozenset()
        before = audience.at(town, engine.world.state, now=NOW)
        _ = before.shoppers  # computed before anybody is forgotten
        finished = members.erasures(town)
        forgetting.forget(engine, "u8")
        assert engine.world.members.of("u8")[0] == frozenset()
        assert members.Lists(town)["tea"] == DRINKERS - PROTECTED - {"u8"}
        everyone = {"all": np.arange(before.count, dtype=np.int32)}
        members.write(before, everyone)
        assert "u8" not in members.Lists(town)["all"]
        with pytest.raises(Conflict):
            members.write(before, everyone, erased=finished)


def test_whoever_is_being_forgotten_is_not_written(tmp_path: Path) -> None:
    town = shop(tmp_path / "shop")
    before = moment(town)
    erasure.begin(town, "u8")
    audience.refresh(before, [TEA])
    assert members.Lists(town)["tea"] == DRINKERS - PROTECTED - {"u8"}


def test_what_cannot_be_computed_says_why(tmp_path: Path) -> None:
    town = shop(tmp_path / "shop")
    odd = Audience("odd", rule="vists > 3")
    near = Audience("near", Kind.SEMANTIC, text="tea", threshold=0.2)
    alike = Audience("alike", Kind.LOOKALIKE, seed="nobody", share=0.1)
    soon = Audience("soon", Kind.PREDICTED, category="Grocery", threshold=0.5)
    found = audience.refresh(moment(town), [odd, near, alike, soon, TEA])
    reasons = {one.id: one.reason for one in found.audiences}
    assert "Did you mean 'visits'" in reasons["odd"]
    assert "hawker train" in reasons["near"]
    assert reasons["alike"]
    assert reasons["soon"]
    assert set(members.sizes(town)) == {"tea"}


def test_some_are_computed_alone_and_the_others_stand(tmp_path: Path) -> None:
    town = shop(tmp_path / "shop")
    audience.refresh(moment(town), [TEA, POTS])
    audience.refresh(moment(town), [Audience("tea", rule="visits >= 0"), POTS], only=["tea"])
    assert members.sizes(town) == {"tea": 118, "pots": 118}
    assert set(audience.standings(town)) == {"tea", "pots"}


def test_what_was_changed_or_removed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    """While the schedule computes, tea is put anew and computed at once, and shoes are removed."""
    town = shop(tmp_path / "shop")
    audience.refresh(moment(town), [TEA, POTS, SHOES])
    anew = Audience("tea", rule="visits >= 0")

    def current() -> list[Audience]:
        return [anew, POTS]

    early = moment(town)
    audience.refresh(early, current(), only=["tea"])
    members.remove(town, ["shoes"])
    found = audience.refresh(early, [TEA, POTS, SHOES], current=current)
    assert [one.id for one in found.audiences] == ["pots"]
    assert members.sizes(town) == {"tea": 118, "pots": 118}
    assert {name: one.size.size for name, one in audience.standings(town).items()} == {
        "tea": 118,
        "pots": 118,
    }
