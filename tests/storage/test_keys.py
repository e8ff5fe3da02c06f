"""Keys: told once, kept as a digest, bound to what they are for, ended at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawker.errors import BadRecord, NotFound
from hawker.records.key import Role
from hawker.storage.keys import Keys, digest, origin

NOW = 1_709_294_400_000_000
DAY = 86_400_000_000


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "control.db")


def test_a_secret_is_told_once_and_kept_nowhere(keys: Keys, tmp_path: Path) -> None:
    key, secret = keys.create(Role.SHOP, now=NOW, name="web server")
    keys.close()
    assert secret.startswith("hk_live_")
    assert len(secret) == 8 + 43
    assert key.shown == secret[:12] + "…"
    for file in tmp_path.iterdir():
        held = file.read_bytes()
        assert secret.encode() not in held
        assert secret[8:].encode() not in held
    again = Keys(tmp_path / "control.db")
    assert again.by_digest() == {digest(secret): key}


def test_each_role_needs_what_it_is_bound_to(keys: Keys) -> None:
    keys.create(Role.READER, now=NOW)
    keys.create(Role.ADVERTISER, now=NOW, advertiser="Leaf")
    page, secret = keys.create(Role.PAGE, now=NOW, origins=["https://Shop.example/", "https://shop.example"])
    assert page.origins == ("https://shop.example",)
    assert secret.startswith("hp_")
    for wrong in (
        lambda: keys.create(Role.ADVERTISER, now=NOW),
        lambda: keys.create(Role.SHOP, now=NOW, advertiser="Leaf"),
        lambda: keys.create(Role.PAGE, now=NOW),
        lambda: keys.create(Role.SHOP, now=NOW, origins=["https://shop.example"]),
        lambda: keys.create(Role.SHOP, now=NOW, expires=NOW),
        lambda: keys.create(Role.SHOP, now=NOW, name="a\nb"),
        lambda: keys.create(Role.PAGE, now=NOW, origins=["https://shop.example"] * 101),
    ):
        with pytest.raises(BadRecord):
            wrong()
    assert [key.role for key in keys.all()].count(Role.SHOP) == 0


def test_a_key_is_revoked_by_id_or_by_how_it_begins(keys: Keys) -> None:
    first, _ = keys.create(Role.SHOP, now=NOW)
    second, _ = keys.create(Role.READER, now=NOW + 1)
    assert keys.revoke(first.id, now=NOW + 5).revoked == NOW + 5
    assert keys.revoke(first.shown, now=NOW + 9).revoked == NOW + 5
    assert [key.revoked for key in keys.all()] == [NOW + 5, 0]
    with pytest.raises(NotFound, match=second.id):
        keys.revoke(second.id[:-1], now=NOW)


def test_last_use_is_noted(keys: Keys) -> None:
    key, _ = keys.create(Role.SHOP, now=NOW)
    keys.use({})
    keys.use({key.id: NOW + DAY})
    assert keys.all()[0].used == NOW + DAY


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "null", "shop.example", "ftp://shop.example", "https://", "https://shop.example/path"),
        *(
            "https://a@shop.example",
            "https://shop.example?x=1",
            "https://*.shop.example",
            "javascript:alert(1)",
        ),
        *("https://shop.example\r\nx: y", "https://shop.example:99999", "https://shop example"),
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(BadRecord, match="is not an origin"):
        origin(text)


@given(st.text(max_size=60))
def test_an_origin_is_one_that_a_header_can_carry_or_none(text: str) -> None:
    for one in (text, f"https://{text}", f"http://{text}:8080"):
        try:
            found = origin(one)
        except BadRecord:
            continue
        assert origin(found) == found
        assert found.isascii()
        assert found.isprintable()
        assert " " not in found
