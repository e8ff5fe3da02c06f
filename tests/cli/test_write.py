"""`hawker write` as somebody types it: one product, all of them, and what becomes of what was written."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from tests import shops
from tests.cli.shell import answer, hawker

from hawker.records.audience import Audience, Audiences, Kind
from hawker.records.brand import Brand
from hawker.records.placement import Placement
from hawker.storage.control import Control
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return shops.tiny(tmp_path / "shop").folder


def test_one_product_is_shown_variant_by_variant_with_widths(shop: Path) -> None:
    done = hawker("-C", shop, "write", "--product", "tea", "-n", "2")
    assert done.exit_code == 0
    said = done.stdout
    assert "Green tea: native, by extractive" in said
    assert re.search(r"[12] of 2 may be shown once somebody approves them\.", said)
    assert re.search(r" title +\d+/50   .*[Tt]ea", said)
    assert re.search(r"write approve\s+v-[0-9a-f]{20}-00", said)
    again = hawker("-C", shop, "write", "--product", "tea", "-n", "2").stdout
    assert "Written before" in again
    assert said.partition("\n")[2].splitlines()[1:8] == again.partition("\n")[2].splitlines()[2:9]


def test_the_whole_catalogue_is_written_once(shop: Path) -> None:
    first = answer("-C", shop, "write", "-n", "2")
    assert (first["written"], first["skipped"], first["left"]) == (4, 0, 0)
    assert first["accepted"] + first["fallen"] <= 8
    again = answer("-C", shop, "write", "-n", "2")
    assert (again["written"], again["skipped"]) == (0, 4)
    assert "0 products written, 4 written before" in hawker("-C", shop, "write", "-n", "2").stdout


def test_what_was_written_is_listed_shown_approved_and_refused(shop: Path) -> None:
    name = answer("-C", shop, "write", "--product", "tea", "-n", "2")["sheets"][0]["variants"][0]["id"]
    listed = answer("-C", shop, "write", "list", "--standing", "waiting", "--product", "tea")
    assert name in [one["id"] for one in listed["drafts"]]
    waiting = listed["counts"]["waiting"]
    assert waiting >= 1
    assert f"{waiting} waiting, 0 approved, 0 refused" in hawker("-C", shop, "write", "list").stdout
    assert hawker("-C", shop, "write", "approve", name).exit_code == 0
    shown = answer("-C", shop, "write", "show", name)
    assert (shown["standing"], shown["rulings"][0]["by"], shown["written"]["brief"]["product"]["id"]) == (
        "approved",
        "local",
        "tea",
    )
    assert "approved by local" in hawker("-C", shop, "write", "show", name).stdout
    control = Control(shop / "control.db")
    assert [(one.id, one.headline, one.origin) for one in control.creatives()] == [
        (name, shown["draft"]["parts"]["title"][0], "extractive")
    ]
    assert hawker("-C", shop, "write", "refuse", name).exit_code == 2
    assert hawker("-C", shop, "write", "refuse", name, "--reason", "dull").exit_code == 0
    assert [one.approved for one in control.creatives()] == [False]
    control.close()


def test_a_draft_is_shown_as_it_would_look(shop: Path) -> None:
    made = json.loads(hawker("-C", shop, "write", "--product", "tea", "-n", "2", "--json").stdout)
    one = made["sheets"][0]["variants"][0]
    page = hawker("-C", shop, "write", "show", one["id"], "--as", "html")
    assert page.exit_code == 0, page.output
    title = one["draft"]["parts"]["title"][0]
    assert f">{html.escape(title)}<" in page.stdout
    assert ">Ad<" in page.stdout
    native = json.loads(hawker("-C", shop, "write", "show", one["id"], "--as", "native").stdout)
    assert title in [asset["title"]["text"] for asset in native["assets"] if "title" in asset]
    assert title in hawker("-C", shop, "write", "show", one["id"], "--as", "plain").stdout
    odd = hawker("-C", shop, "write", "show", one["id"], "--as", "poem")
    assert odd.exit_code == 2
    assert "There is no form 'poem'" in odd.output


def test_the_shop_may_answer_for_what_the_gate_lets_pass(shop: Path) -> None:
    done = answer("-C", shop, "write", "--approve", "--advertiser", "Leaf")
    assert done["approved"] == done["accepted"] > 0
    control = Control(shop / "control.db")
    assert {one.advertiser for one in control.creatives()} == {"Leaf"}
    assert {one.product for one in control.creatives()} == {"tea", "pot"}
    control.close()


def test_what_is_no_longer_true_is_taken_down(shop: Path) -> None:
    kept = answer("-C", shop, "write", "--approve", "--product", "tea", "-n", "2")["approved"]
    assert "still holds" in hawker("-C", shop, "write", "check").stdout
    write_products(Shop(shop).table("catalogue"), shops.PRODUCTS[1:])
    taken = answer("-C", shop, "write", "check")["taken"]
    assert [(one["standing"], one["rulings"][-1]["reason"]) for one in taken] == [("refused", "gone")] * kept
    control = Control(shop / "control.db")
    assert not any(one.approved for one in control.creatives())
    control.close()


def test_a_brief_holds_what_was_asked_and_what_the_brand_says(tmp_path: Path) -> None:
    brand = Brand(tone="plain", voice=("Tea. Nothing else.",), avoid=("Lipton",))
    folder = shops.tiny(tmp_path / "shop", brand=brand).folder
    words = ("--audience", "people who read", "--placement", "home", "--avoid", "cheap", "--voice", "Hm.")
    done = answer(
        "-C", folder, "write", "--product", "tea", *words, "--jurisdiction", "uk", "--keywords", "tea"
    )
    brief = done["sheets"][0]["brief"]
    assert {name: brief[name] for name in ("audience", "placement", "tone", "jurisdiction")} == {
        "audience": "people who read",
        "placement": "home",
        "tone": "plain",
        "jurisdiction": "UK",
    }
    assert (brief["avoid"], brief["voice"], brief["must"]) == (
        ["Lipton", "cheap"],
        ["Tea. Nothing else.", "Hm."],
        ["tea"],
    )


def test_a_placement_and_the_command_narrow_what_is_written(tmp_path: Path) -> None:
    home = Placement(name="home", limits={"title": 40, "description": 60, "headline": 20})
    shop = shops.tiny(tmp_path / "shop", placements=(home,)).folder
    asked = ("write", "--product", "tea", "-n", "2", "--placement", "home", "--json")
    (sheet,) = answer("-C", shop, *asked)["sheets"]
    assert sheet["brief"]["limits"] == {"title": 40, "description": 60}
    (sheet,) = answer("-C", shop, *asked, "--limit", "title=20", "--limit", "description=80")["sheets"]
    assert sheet["brief"]["limits"] == {"title": 20, "description": 60}
    told = hawker("-C", shop, "write", "--product", "tea", "--limit", "title=5").stdout
    assert "The limits leave too little room" in " ".join(told.split())


def test_a_placement_that_limits_what_no_copy_has_is_a_bad_setting(tmp_path: Path) -> None:
    home = Placement(name="home", limits={"titel": 40})
    shop = shops.tiny(tmp_path / "shop", placements=(home,)).folder
    done = hawker("-C", shop, "write", "--product", "tea", "--placement", "home")
    assert done.exit_code == 2
    assert "'home' in shop.toml name 'titel', which no copy has. Did you mean 'title'?" in " ".join(
        done.stderr.split()
    )


def test_an_audience_of_the_shops_is_told_by_its_name(tmp_path: Path) -> None:
    folder = shops.tiny(tmp_path / "shop", audiences=Audiences(least=20)).folder
    control = Control(folder / "control.db")
    control.put([Audience("a-1", Kind.LIST, name="Tea lovers")])
    control.close()
    brief = answer("-C", folder, "write", "--product", "tea", "--audience", "a-1")["sheets"][0]["brief"]
    assert brief["audience"] == "Tea lovers"
    assert "interests" not in brief


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--product", "tee"), "no product 'tee'"),
        (("--kind", "nativ"), "Did you mean 'native'?"),
        (("--placement", "hom"), "no placement 'hom'"),
        (("--campaign", "c-leef"), "Did you mean 'c-leaf'?"),
        (("--advertiser", "Laef"), "no advertiser 'Laef'"),
        (("--campaign", "c-leaf", "--advertiser", "Hill"), "is of 'Leaf'"),
        (("--jurisdiction", "FR"), "Invalid enum value 'FR'"),
        (("--tone", "x" * 300), "'tone' cannot be used"),
        (("--limit", "title"), "'title' is no limit. Name a part and its width, as title=20."),
        (("--limit", "titel=20"), "has no part 'titel' to limit. Did you mean 'title'?"),
        (("--limit", "title=1"), "The limit of 'title' is 1. Give at least 2"),
        (("--writer", "extractiv"), "There is no writer 'extractiv'"),
        (("list", "--standing", "wait"), "no standing 'wait'"),
        (("show", "nowhere"), "no draft 'nowhere'"),
        (("approve", "nowhere"), "no draft 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_remedy(shop: Path, words: tuple[str, ...], told: str) -> None:
    done = hawker("-C", shop, "write", *words)
    assert done.exit_code in (1, 2)
    assert told in " ".join(done.stderr.split())


def test_a_feed_that_makes_copy_untrue_takes_it_down(shop: Path, tmp_path: Path) -> None:
    made = answer("-C", shop, "write", "--product", "tea", "-n", "1", "--approve")["sheets"][0]["variants"][0]
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,price\njam,Plum jam,3.00 EUR\n", "utf-8")
    assert answer("-C", shop, "ingest", "catalogue", feed)["taken"] == []
    feed.write_text("id,title,price\ntea,Lentils,3.00 EUR\n", "utf-8")
    said = hawker("-C", shop, "ingest", "catalogue", feed).stdout
    assert "1 approved variants are no longer true" in said
    assert made["id"] in said
    shown = answer("-C", shop, "write", "show", made["id"])
    assert (shown["standing"], shown["rulings"][-1]["by"]) == ("refused", "hawker: no longer true")
