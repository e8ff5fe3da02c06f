"""`hawker key`: made, listed without its secret, revoked; in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import shops
from tests.cli.shell import answer, hawker


@pytest.fixture(params=["en", "zh"])
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    answer("init", tmp_path / "shop", "--language", request.param)
    return tmp_path / "shop"


def test_a_key_is_shown_once_listed_and_revoked(shop: Path) -> None:
    made = answer("-C", shop, "key", "create", "--name", "till", "--days", "30")
    assert made["secret"].startswith("hk_live_")
    assert made["expires"] - made["created"] == 30 * 86_400_000_000
    told = hawker("-C", shop, "key", "list")
    assert made["id"] in told.output
    assert made["secret"] not in told.output
    (kept,) = answer("-C", shop, "key", "list")["keys"]
    assert kept == {name: value for name, value in made.items() if name != "secret"}
    assert answer("-C", shop, "key", "revoke", made["id"])["state"] == "revoked"
    assert answer("-C", shop, "key", "list")["keys"][0]["state"] == "revoked"


def test_a_person_reads_the_secret_and_that_it_is_not_shown_again(shop: Path) -> None:
    told = hawker("-C", shop, "key", "create", "--role", "page", "--origin", "https://shop.example")
    assert told.exit_code == 0
    assert told.output.startswith("hp_")
    assert "not shown again" in told.output or "不再显示" in told.output
    assert "https://shop.example" in hawker("-C", shop, "key", "list").output


def test_no_keys_is_an_answer_too(shop: Path) -> None:
    told = hawker("-C", shop, "key", "list")
    assert told.exit_code == 0
    assert "key create" in told.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "--role", "shopp"), "Did you mean 'shop'?"),
        (("create", "--role", "advertiser"), "--advertiser ID"),
        (("create", "--role", "page"), "--origin"),
        (("create", "--role", "page", "--origin", "shop.example"), "is not an origin"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(shop: Path, words: tuple[str, ...], said: str) -> None:
    told = hawker("-C", shop, "key", *words, "--json")
    assert told.exit_code == 2
    error = json.loads(told.stdout)["error"]
    assert said in f"{error['message']} {error['remedy']}"


def test_a_key_that_is_not_there_cannot_be_revoked(shop: Path) -> None:
    told = hawker("-C", shop, "key", "revoke", "k-0")
    assert told.exit_code == 1
    assert "There is no key 'k-0'" in told.output


def test_an_advertisers_key_is_for_one_that_is_there(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop").folder
    made = answer("-C", shop, "key", "create", "--role", "advertiser", "--advertiser", "Leaf")
    assert (made["role"], made["advertiser"]) == ("advertiser", "Leaf")
    told = hawker("-C", shop, "key", "create", "--role", "advertiser", "--advertiser", "Leef")
    assert told.exit_code == 1
    assert "Did you mean 'Leaf'?" in told.output
