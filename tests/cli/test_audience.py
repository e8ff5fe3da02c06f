"""`hawker audience`, typed: previewed, made, uploaded, listed, compared, removed; in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.audience import town
from tests.cli.shell import answer, hawker

from hawker.audience import members
from hawker.records.campaign import Campaign, Targeting
from hawker.storage.control import Control
from hawker.storage.shop import Shop

TEA = 'bought("Grocery > Tea", days=30)'


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town") / "shop"
    town.shop(folder)
    return folder


def ask(shop: Path, *words: object) -> Any:
    return answer("-C", shop, "audience", *words)


def test_a_rule_from_its_preview_to_its_end(shop: Path) -> None:
    found = ask(shop, "preview", "--rule", TEA)
    assert (found["size"], found["words"]) == (58, "bought from “Grocery > Tea” in the last 30 days")
    assert found["ctr"]["low"] < found["ctr"]["value"] < found["ctr"]["high"]
    made = ask(shop, "create", "tea", "--rule", TEA, "--name", "Tea drinkers")
    assert made["standing"]["size"] == 58
    assert members.sizes(Shop(shop)) == {"tea": 58}
    assert ask(shop, "size", "tea")["size"] == 58
    told = hawker("-C", shop, "audience", "list").output
    assert "tea" in told
    assert "58" in told
    assert ask(shop, "remove", "tea") == {"removed": "tea"}
    assert members.sizes(Shop(shop)) == {}
    assert ask(shop, "list") == {"audiences": []}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ids.txt", "\n".join(f"u{n}" for n in range(60))),
        ("ids.csv", "mail,Shopper_ID\n" + "\n".join(f"a@b,u{n}" for n in range(60))),
        ("ids.json", json.dumps([f"u{n}" for n in range(60)])),
        ("more.json", json.dumps({"shoppers": [f"u{n}" for n in range(60)]})),
    ],
)
def test_a_file_of_ids_becomes_a_list(shop: Path, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    found = ask(shop, "upload", "vip", tmp_path / name)
    assert (found["given"], found["standing"]["size"]) == (60, 60)
    assert members.Lists(Shop(shop))["vip"] == {f"u{n}" for n in range(60)}
    ask(shop, "remove", "vip")


def test_overlap_and_refresh(shop: Path) -> None:
    ask(shop, "create", "tea", "--rule", TEA)
    ask(shop, "create", "pots", "--rule", 'viewed("Kitchen")')
    found = ask(shop, "overlap", "tea", "pots")
    assert (found["pairs"][0]["both"], found["any"]) == (58, 118)
    again = ask(shop, "refresh")
    assert again["changed"] is False
    assert {one["id"]: one["size"] for one in again["audiences"]} == {"tea": 58, "pots": 118}
    assert "118" in hawker("-C", shop, "audience", "refresh", "pots").output
    ask(shop, "remove", "tea")
    ask(shop, "remove", "pots")


def test_what_is_aimed_at_is_not_removed(shop: Path) -> None:
    ask(shop, "create", "tea", "--rule", TEA)
    control = Control(Shop(shop).control)
    control.put([Campaign("c", targeting=Targeting(audiences=("tea",)))])
    told = hawker("-C", shop, "audience", "remove", "tea")
    assert (told.exit_code, "'c'" in told.output) == (1, True)
    control.remove("campaign", ["c"])
    control.close()
    ask(shop, "remove", "tea")


def test_it_speaks_chinese(tmp_path: Path) -> None:
    town.shop(tmp_path / "shop", language="zh")
    told = hawker("-C", tmp_path / "shop", "audience", "preview", "--rule", TEA).output
    assert "近30天买过“Grocery > Tea”" in told
    assert "点击率" in told
    assert "近期购买中" in hawker("-C", tmp_path / "shop", "audience", "fields").output
    assert "尚无受众" in hawker("-C", tmp_path / "shop", "audience", "list").output


def test_without_vectors_a_text_has_its_reason(shop: Path) -> None:
    found = ask(shop, "preview", "--text", "green tea")
    assert "hawker train" in found["reason"]
    assert "hawker train" in hawker("-C", shop, "audience", "preview", "--text", "green tea").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("preview",), "--rule or --text"),
        (("preview", "--rule", "vists > 3"), "Did you mean 'visits'?"),
        (("create", "x", "--rule", "visits > 3", "--lapses"), "Give one of"),
        (("create", "x", "--text", "tea"), "'threshold' cannot be used"),
        (("create", "preview", "--rule", "visits > 3"), "'id' cannot be used"),
        (("overlap", "tea"), "two audiences"),
    ],
)
def test_what_does_not_fit_is_refused(shop: Path, words: tuple[str, ...], said: str) -> None:
    told = hawker("-C", shop, "audience", *words, "--json")
    assert told.exit_code == 2
    error = json.loads(told.stdout)["error"]
    assert said in f"{error['message']} {error['remedy']}"


def test_what_is_not_there_names_the_nearest(shop: Path) -> None:
    ask(shop, "create", "tea", "--rule", TEA)
    for words in (("size", "tee"), ("remove", "tee"), ("refresh", "tee"), ("create", "x", "--like", "tee")):
        told = hawker("-C", shop, "audience", *words)
        assert told.exit_code == 1
        assert "Did you mean 'tea'?" in told.output
