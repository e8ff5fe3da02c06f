"""Secrets: one key for everybody, nobody else's to read, the old ones understood after a rotation."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hawker.errors import BadSetting, Corrupt
from hawker.storage import secrets
from hawker.storage.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def test_a_key_is_drawn_once_and_only_its_owner_may_read_it(shop: Shop) -> None:
    first = secrets.secret(shop, "tokens")
    assert len(first) == secrets.BYTES
    assert secrets.secret(Shop(shop.folder), "tokens") == first
    assert secrets.secret(shop, "pseudonyms") != first
    path = shop.folder / "secrets" / "tokens"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_many_at_once_agree_on_one_key(shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: secrets.secret(Shop(shop.folder), "tokens"), range(32)))
    assert len(found) == 1
    assert [path.name for path in (shop.folder / "secrets").iterdir()] == ["tokens"]


def test_a_rotated_key_is_used_and_the_ones_before_are_kept(shop: Shop) -> None:
    old = secrets.secret(shop, "tokens")
    new = secrets.rotate(shop, "tokens")
    assert new != old
    assert secrets.keys(shop, "tokens") == (new, old)
    assert stat.S_IMODE((shop.folder / "secrets" / "tokens").stat().st_mode) == 0o600
    for _ in range(secrets.KEPT):
        secrets.rotate(shop, "tokens")
    held = secrets.keys(shop, "tokens")
    assert len(held) == secrets.KEPT
    assert old not in held
    assert len({secrets.key_id(key) for key in held}) == secrets.KEPT


def test_the_environment_wins(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAWKER_SECRET_TOKENS", f"{'ab' * 32},{'cd' * 32}")
    assert secrets.keys(shop, "tokens") == (b"\xab" * 32, b"\xcd" * 32)
    assert not (shop.folder / "secrets").exists()
    with pytest.raises(BadSetting, match="HAWKER_SECRET_TOKENS"):
        secrets.rotate(shop, "tokens")


@pytest.mark.parametrize("given", ["secret-word", "abcd", "ab" * 31, ","])
def test_what_is_no_key_is_refused_and_not_repeated(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("HAWKER_SECRET_TOKENS", given)
    with pytest.raises(BadSetting) as told:
        secrets.secret(shop, "tokens")
    assert given == "," or given not in str(told.value)


def test_a_broken_file_and_a_bad_name_are_told(shop: Shop) -> None:
    secrets.secret(shop, "tokens")
    (shop.folder / "secrets" / "tokens").write_text("")
    with pytest.raises(Corrupt, match="holds no keys"):
        secrets.secret(shop, "tokens")
    with pytest.raises(BadSetting, match="cannot name a secret"):
        secrets.secret(shop, "../ledger")
