"""TCF: what is written can be read, what is malformed is refused, and only a real ground counts."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.privacy import strings

from hawker.errors import BadRecord
from hawker.privacy import tcf
from hawker.privacy.tcf import Tcf

PURPOSES = st.frozensets(st.integers(1, 24))
TICKS = st.integers(0, 2**36 - 1)
TWELVE = st.integers(0, 2**12 - 1)
SIX = st.integers(0, 63)
PAIR = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2)
CORES = st.builds(
    Tcf,
    created=TICKS,
    updated=TICKS,
    cmp=TWELVE,
    cmp_version=TWELVE,
    screen=SIX,
    language=PAIR,
    vendor_list=TWELVE,
    policy=SIX,
    special_features=st.frozensets(st.integers(1, 12)),
    consented=PURPOSES,
    legitimate=PURPOSES,
    purpose_one_treated=st.booleans(),
    country=PAIR,
)


@given(CORES)
def test_what_is_written_is_read_again(said: Tcf) -> None:
    assert tcf.decode(strings.core(said)) == said


@given(CORES, st.text(strings.ALPHABET + ".", max_size=80))
def test_what_follows_the_core_changes_nothing(said: Tcf, rest: str) -> None:
    assert tcf.decode(strings.core(said) + "." + rest) == said


def test_a_string_worked_out_by_hand() -> None:
    """Version 2 is C; purposes 1, 2 and 4 are the bits 1101 at place 152 of the string."""
    text = strings.tcf((1, 2, 4))
    bits = "".join(format(strings.ALPHABET.index(letter), "06b") for letter in text)
    assert text[0] == "C"
    assert bits[138] == "1"
    assert bits[152 : 152 + 24] == "1101" + "0" * 20
    assert tcf.decode(text).consented == {1, 2, 4}
    assert tcf.decode(text).language == "EN"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "ends too early"),
        ("C", "ends too early"),
        ("CO==", "base64url"),
        ("CÖ", "base64url"),
        (strings.tcf((1,), version=1), "of version 1"),
        (strings.tcf((1,), version=3), "of version 3"),
        (strings.tcf((1,), specific=False), "not specific to one site"),
        (strings.tcf((1,))[:-4], "ends too early"),
    ],
)
def test_a_malformed_string_is_refused_with_its_fault(text: str, told: str) -> None:
    with pytest.raises(BadRecord, match=told):
        tcf.decode(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadRecord):
        assert tcf.decode(text)


def test_a_legitimate_interest_is_a_ground_for_plain_ads_alone() -> None:
    said = tcf.decode(strings.tcf((), (1, 2, 3, 4)))
    assert [purpose for purpose in range(1, 6) if said.allows(purpose)] == [2]
