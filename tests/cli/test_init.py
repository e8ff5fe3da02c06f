"""A new shop: its settings, what lies where, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shell import answer, hawker

from hawker import Shop


def test_init_writes_the_settings_it_was_given(tmp_path: Path) -> None:
    target = tmp_path / "dian"
    told = answer(
        "init", target, "--language", "zh", "--currency", "cny", "--utc-offset", "+08:00", "--name", "茶铺"
    )
    assert told == {"folder": str(target), "name": "茶铺", "created": True}
    settings = Shop(target).settings
    assert (settings.language, settings.currency, settings.utc_offset_minutes) == ("zh", "CNY", 480)


def test_init_leaves_a_shop_as_it_is(tmp_path: Path) -> None:
    answer("init", tmp_path, "--currency", "EUR")
    before = (tmp_path / "shop.toml").read_bytes()
    assert answer("init", tmp_path, "--currency", "USD")["created"] is False
    assert (tmp_path / "shop.toml").read_bytes() == before


def test_init_says_what_lies_where_in_the_language_of_the_shop(tmp_path: Path) -> None:
    english = hawker("init", tmp_path / "en").stdout
    chinese = hawker("init", tmp_path / "zh", "--language", "zh").stdout
    assert "the event log" in english
    assert "事件日志" in chinese
    assert "Next  hawker -C " in english
    assert "下一步" in chinese


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--currency", "euro", "three letters"),
        ("--language", "fr", "en or zh"),
        ("--utc-offset", "Asia", "+08:00"),
        ("--utc-offset", "+25:00", "+08:00"),
        ("--outcome", "view", "purchase or click"),
    ],
)
def test_init_refuses_what_cannot_be(tmp_path: Path, option: str, value: str, hint: str) -> None:
    done = hawker("init", tmp_path / "s", option, value)
    assert done.exit_code == 2
    assert hint in done.stderr
    assert not (tmp_path / "s").exists()


def test_a_shop_can_keep_its_shoppers_ids_to_itself(tmp_path: Path) -> None:
    from hawker.privacy.pseudonym import Naming
    from hawker.storage.shop import Shop

    answer("init", tmp_path / "keyed")
    assert Naming(Shop(tmp_path / "keyed")).of("u-1").startswith("sp_")
    answer("init", tmp_path / "plain", "--pseudonyms", "given")
    assert Naming(Shop(tmp_path / "plain")).of("u-1") == "u-1"
    refused = hawker("init", tmp_path / "none", "--pseudonyms", "none")
    assert refused.exit_code == 2
