"""Sealed texts: opened with the right key only, changed by nobody, and readable after a rotation."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import shops

from hawker.errors import Corrupt
from hawker.privacy import sealing
from hawker.storage import secrets
from hawker.storage.shop import Pseudonyms

KEY, OTHER = bytes(range(32)), bytes(32)


@given(st.binary(max_size=300))
def test_what_is_sealed_is_opened_again_and_never_sealed_alike(text: bytes) -> None:
    one, two = sealing.seal(text, KEY), sealing.seal(text, KEY)
    assert one != two
    assert b"\n" not in one
    assert len(text) < 8 or text not in one
    assert sealing.unseal(one, (OTHER, KEY)) == sealing.unseal(two, (KEY,)) == text


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_text_is_not_opened(place: int, flip: int) -> None:
    held = bytearray(sealing.seal(b"jane-4711", KEY))
    held[place % len(held)] ^= flip
    with suppress(Corrupt):
        assert sealing.unseal(bytes(held), (KEY,)) == b"jane-4711"  # base64 has bits that say nothing


def test_another_key_is_asked_for_by_name() -> None:
    with pytest.raises(Corrupt, match=secrets.key_id(KEY)):
        sealing.unseal(sealing.seal(b"x", KEY), (OTHER,))


@pytest.mark.parametrize("settings", [{"seal": True}, {"pseudonyms": Pseudonyms.KEYED}])
def test_a_shop_seals_and_rotates(tmp_path: Path, settings: dict[str, object]) -> None:
    shop = shops.tiny(tmp_path / "shop", **settings)
    old = sealing.sealed(shop, b"jane-4711")
    secrets.rotate(shop, "sealing")
    new = sealing.sealed(shop, b"jane-4711")
    assert old.split(b":")[1] != new.split(b":")[1]
    assert b"jane" not in old + new
    assert sealing.opened(shop, old) == sealing.opened(shop, new) == b"jane-4711"
    assert sealing.opened(shop, b"plain") == b"plain"


def test_a_shop_that_does_not_ask_for_it_seals_nothing(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    assert sealing.sealed(shop, b"jane-4711") == b"jane-4711"
    assert not (shop.folder / "secrets" / "sealing").exists()
