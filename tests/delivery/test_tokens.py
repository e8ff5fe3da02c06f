"""Tokens: what was minted is understood, until it expires; every other string proves nothing."""

from __future__ import annotations

import random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from hawker.delivery.tokens import ACTS, FORGED, LENGTH, Act, Tokens
from hawker.errors import BadRecord
from hawker.records.events import SECOND
from hawker.records.ids import stamped

OLD, NEW = b"o" * 32, b"n" * 32
HOUR = 3600 * SECOND
NOW = 1_709_294_400 * SECOND
DECISION = stamped("d", NOW, 12345)
TOKENS = Tokens(lambda: (NEW, OLD), lifetime=HOUR)


@given(moment=st.integers(0, 2**51), chance=st.integers(0, 2**40 - 1), slot=st.integers(0, 255))
def test_what_is_minted_is_read_again(moment: int, chance: int, slot: int) -> None:
    decision = stamped("d", moment, chance)
    minted = TOKENS.mint(decision, slot)
    assert len(minted) == len(ACTS) == len(set(minted))
    for act, token in zip(ACTS, minted, strict=True):
        assert len(token) == LENGTH
        claim = TOKENS.read(token, now=moment)
        assert (claim.act, claim.decision, claim.slot, claim.fault) == (act, decision, slot, "")


def test_a_token_expires_but_still_says_what_it_was_for() -> None:
    token = TOKENS.mint(DECISION, 1)[2]
    assert TOKENS.read(token, now=NOW + HOUR).fault == ""
    late = TOKENS.read(token, now=NOW + HOUR + 1)
    assert (late.fault, late.act, late.decision, late.slot) == ("expired_token", Act.CLICK, DECISION, 1)


def test_no_changed_character_is_believed() -> None:
    token = TOKENS.mint(DECISION, 0)[0]
    rng = random.Random(3)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(LENGTH):
        other = rng.choice([letter for letter in alphabet if letter != token[place]])
        assert TOKENS.read(token[:place] + other + token[place + 1 :], now=NOW) == FORGED


@given(text=st.text(max_size=80))
def test_any_other_text_is_forged(text: str) -> None:
    assert TOKENS.read(text, now=NOW) == FORGED


def test_another_shops_token_is_forged() -> None:
    foreign = Tokens(lambda: (b"x" * 32,), lifetime=HOUR).mint(DECISION, 0)[0]
    assert TOKENS.read(foreign, now=NOW) == FORGED


def test_tokens_of_the_key_before_are_understood_and_a_rotation_is_noticed() -> None:
    held = [OLD]
    running = Tokens(lambda: tuple(held), lifetime=HOUR)
    before = running.mint(DECISION, 0)[0]
    held.insert(0, NEW)
    rotated = Tokens(lambda: tuple(held), lifetime=HOUR).mint(DECISION, 0)[0]
    assert before != rotated
    assert running.read(rotated, now=NOW).decision == DECISION
    assert running.read(before, now=NOW).decision == DECISION
    assert running.mint(DECISION, 0)[0] == rotated


@pytest.mark.parametrize("name", ["d-1", "decision", "d-01awx0cc19j0-38nkrka!", ""])
def test_only_a_decisions_own_id_can_be_signed(name: str) -> None:
    with pytest.raises(BadRecord, match="not an id of this shop's making"):
        TOKENS.mint(name, 0)
