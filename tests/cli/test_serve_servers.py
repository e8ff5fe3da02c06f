"""A shop on PostgreSQL and Redis from the command line; what is out of reach is told without its password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import servers, shops
from tests.cli.shell import hawker

from hawker.storage.control import Control
from hawker.storage.shop import Shop

ASK = ("serve", "--get", "/v1/decide?placement=home&shopper=u-1")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HAWKER_DATABASE", "HAWKER_STATE"):
        monkeypatch.setenv(name, "")  # and is put back after the test, whatever a command sets


def test_campaigns_and_money_are_where_the_options_say(tmp_path: Path) -> None:
    shop, url = shops.tiny(tmp_path / "tiny"), servers.database()
    options = ("--database", url, "--state", servers.state())
    empty = hawker("-C", shop.folder, *ASK, *options)
    assert empty.exit_code == 0, empty.output
    assert json.loads(empty.stdout)["ads"] == []
    control = Control(url)
    control.put([*shops.CAMPAIGNS, *shops.ADS])
    control.close()
    told = json.loads(hawker("-C", shop.folder, *ASK, *options).stdout)
    assert [ad["id"] for ad in told["ads"]] == ["a-tea", "a-pot"]
    assert not (shop.folder / "ledger.db").exists()


def test_the_environment_goes_before_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shops.tiny(tmp_path / "tiny")
    held = (shop.folder / "shop.toml").read_text("utf-8")
    for name, url in (("database", "postgresql://hawker@db/one"), ("state", "redis://one/0")):
        held = held.replace(f'{name} = ""', f'{name} = "{url}"')
    (shop.folder / "shop.toml").write_text(held, "utf-8")
    shop = Shop(shop.folder)
    monkeypatch.setenv("HAWKER_DATABASE", "")
    assert (shop.ledger, shop.control, shop.shared) == (*["postgresql://hawker@db/one"] * 2, "redis://one/0")
    monkeypatch.setenv("HAWKER_DATABASE", "postgresql://hawker:secret@db/two")
    monkeypatch.setenv("HAWKER_STATE", "redis://two/0")
    again = Shop(shop.folder)
    assert (again.database, again.shared) == ("postgresql://hawker:secret@db/two", "redis://two/0")


@pytest.mark.parametrize(
    ("option", "url"),
    [
        ("--database", "postgresql://hawker:hunter2@127.0.0.1:1/shop"),
        ("--database", "mysql://hawker:hunter2@127.0.0.1/shop"),
        ("--state", "redis://:hunter2@127.0.0.1:1/0"),
    ],
)
def test_a_server_that_is_not_there_is_named_without_its_password(
    tmp_path: Path, option: str, url: str
) -> None:
    done = hawker("-C", shops.tiny(tmp_path / "tiny").folder, *ASK, option, url)
    assert done.exit_code != 0
    assert "127.0.0.1" in done.output
    assert "hunter2" not in done.output
