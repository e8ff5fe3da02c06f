"""Raw files come in: shown before they are read, kept once, mended and put back."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shell import answer, files, hawker, terminal

from hawker import Shop
from hawker.records.campaign import Pricing
from hawker.storage import tables
from hawker.storage.control import Control
from hawker.storage.event_log import EventLog


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An empty shop beside its raw files; the tests stand in that folder."""
    files(tmp_path)
    monkeypatch.chdir(tmp_path)
    answer("init", "shop", "--currency", "EUR")
    return Shop("shop")


def ingest(*words: str) -> dict[str, object]:
    return answer("-C", "shop", "ingest", *words)  # type: ignore[no-any-return]


def test_a_catalogue_comes_in_and_what_does_not_fit_is_set_aside(shop: Shop) -> None:
    told = ingest("catalogue", "catalogue.csv")
    assert (told["products"], told["changed"], told["set_aside"]) == (3, 3, 1)
    assert shop.catalogue["tea"].price == 4_500_000
    assert ingest("catalogue", "catalogue.csv")["changed"] == 0


def test_the_map_is_shown_before_anything_is_written(shop: Shop) -> None:
    done = hawker("-C", "shop", "ingest", "behaviour", "log.jsonl", "--dry-run")
    assert done.exit_code == 0
    for words in (["shopper", "user_id", "u-1"], ["time", "timestamp", "2024-03-01T10:00:00Z"]):
        assert words in [line.split() for line in done.stdout.splitlines()]
    assert not shop.events.exists()
    told = ingest("behaviour", "log.jsonl", "--dry-run")
    assert told["maps"][0]["columns"]["product"] == "item_id"  # type: ignore[index]


def test_a_catalogue_is_shown_with_its_first_product(shop: Shop) -> None:
    done = hawker("-C", "shop", "ingest", "catalogue", "catalogue.csv", "--dry-run")
    assert ["title", "title", "Green", "tea"] in [line.split() for line in done.stdout.splitlines()]
    assert not shop.table("catalogue").exists()


def test_a_feed_in_a_standard_format_names_it(tmp_path: Path) -> None:
    (tmp_path / "feed.tsv").write_text(
        "id\ttitle\tlink\timage_link\tprice\tavailability\n"
        "x\tA cup\thttps://s/x\thttps://s/i\t3 EUR\tin_stock\n"
    )
    done = hawker("-C", "shop", "ingest", "catalogue", "feed.tsv", "--dry-run")
    assert "feed.tsv · merchant tsv" in done.stdout
    assert "A cup" in done.stdout


def test_a_log_comes_in_once() -> None:
    first, second = ingest("behaviour", "log.jsonl"), ingest("behaviour", "log.jsonl")
    assert (first["events"], first["set_aside"], first["files"]) == (3, 1, 1)
    assert (second["events"], second["duplicates"]) == (0, 3)


def test_columns_are_named_by_hand_and_the_rest_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text(
        "when it was,wer,was\n2024-03-01 10:00,u-9,tea\n2024-03-02 11:00,u-9,pot\n"
    )
    refused = hawker("-C", "shop", "ingest", "behaviour", "odd.csv")
    assert refused.exit_code == 2
    assert "--map" in refused.stderr
    assert "columns=" not in refused.stderr
    told = ingest("behaviour", "odd.csv", "--kind", "view", "--map", "shopper=wer", "--map", "product=was")
    assert told["events"] == 2


def test_a_map_to_a_column_that_is_not_there_names_the_nearest() -> None:
    done = hawker("-C", "shop", "ingest", "behaviour", "log.jsonl", "--map", "shopper=user")
    assert done.exit_code == 2
    assert "Did you mean 'user_id'?" in done.stderr
    done = hawker("-C", "shop", "ingest", "behaviour", "log.jsonl", "--map", "shopper")
    assert "FIELD=COLUMN" in done.stderr


def test_times_without_a_zone_are_the_shops_own(tmp_path: Path) -> None:
    answer("init", "east", "--utc-offset", "+08:00")
    (tmp_path / "bare.csv").write_text("event,time,user_id,item_id\nview,2024-03-01 10:00:00,u-1,tea\n")
    done = hawker("-C", "east", "ingest", "behaviour", "bare.csv")
    assert "UTC+08:00" in done.stdout
    with tables.connect(threads=1) as connection:
        EventLog(Path("east/events")).view(connection)
        assert connection.execute("SELECT time FROM events").fetchall() == [(1_709_258_400_000_000,)]


def test_files_of_several_forms_are_shown_apart(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("event,time,user_id,item_id\nview,2024-03-01 10:00:00,u-1,tea\n")
    told = ingest("behaviour", "log.jsonl", "two.csv", "--dry-run")
    assert [one["form"] for one in told["maps"]] == ["jsonl", "csv"]  # type: ignore[attr-defined]


def test_an_empty_file_is_a_finding_and_a_missing_one_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    for what in ("behaviour", "catalogue"):
        found = ingest(what, "empty.csv")["findings"]
        assert [one["reason"] for one in found] == ["empty_file"]  # type: ignore[attr-defined]
        done = hawker("-C", "shop", "ingest", what, "nothing-*.csv")
        assert done.exit_code == 2
        assert "nothing-*.csv" in done.stderr


def test_a_picture_named_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    done = hawker("-C", "shop", "ingest", "behaviour", "picture.csv")
    assert done.exit_code == 2
    assert "picture.csv" in done.stderr


def test_mended_lines_go_back(shop: Shop) -> None:
    ingest("behaviour", "log.jsonl")
    ingest("catalogue", "catalogue.csv")
    (log,) = (shop.quarantine / "behaviour").glob("*.jsonl")
    assert "2999-" not in log.read_text()
    assert ingest("unseal", log.name)["lines"] == 1
    log.write_text(log.read_text().replace("2999-", "2024-"))
    assert ingest("restore", str(log))["events"] == 1
    (feed,) = (shop.quarantine / "catalogue").glob("*.jsonl")
    ingest("unseal", feed.name)
    feed.write_text(feed.read_text().replace(",No id", "cup,No id"))
    told = ingest("restore", feed.name)
    assert (told["products"], told["set_aside"]) == (1, 0)
    assert Shop("shop").catalogue["cup"].title == "No id"


def test_campaigns_come_from_a_file_a_person_writes(shop: Shop) -> None:
    ingest("catalogue", "catalogue.csv")
    told = ingest("campaigns", "campaigns.toml")
    assert told == {"advertisers": 0, "campaigns": 1, "groups": 0, "creatives": 0, "ads": 1, "changed": 2}
    control = Control(shop.control)
    (campaign,) = control.campaigns()
    control.close()
    assert (campaign.bid, campaign.daily_budget, campaign.pricing) == (4_000_000, 20_000_000, Pricing.CPM)
    assert campaign.start == 1_709_251_200_000_000
    assert ingest("campaigns", "campaigns.toml")["changed"] == 0


def test_campaigns_may_be_json(tmp_path: Path) -> None:
    document = {"campaigns": [{"id": "a", "bid": 5, "start": "2024-03-01T08:00:00+08:00"}]}
    (tmp_path / "c.json").write_text(json.dumps(document))
    assert ingest("campaigns", "c.json")["campaigns"] == 1


def test_campaigns_may_be_json_lines_with_advertisers_and_groups(shop: Shop, tmp_path: Path) -> None:
    ingest("catalogue", "catalogue.csv")
    lines = [
        {"ad": {"id": "a", "campaign": "c", "group": "g", "product": "tea"}},
        {"group": {"id": "g", "campaign": "c", "bid": "0.50 EUR", "targeting": {"devices": ["phone"]}}},
        {"campaign": {"id": "c", "advertiser": "leaf", "timezone": "Europe/Paris", "start": "2024-07-01"}},
        {"advertiser": {"id": "leaf", "name": "Leaf & Co"}},
    ]
    (tmp_path / "orders.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert ingest("campaigns", "orders.jsonl")["changed"] == 4
    control = Control(shop.control)
    assert control.advertisers()[0].name == "Leaf & Co"
    assert (control.groups()[0].bid, control.groups()[0].targeting.devices) == (500_000, ("phone",))
    assert control.campaigns()[0].start == 1_719_784_800_000_000  # midnight in Paris, in summer
    control.close()
    lines[1]["group"]["id"] = "h"
    lines[0]["ad"]["group"] = "i"
    (tmp_path / "orders.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = hawker("-C", "shop", "ingest", "campaigns", "orders.jsonl")
    assert done.exit_code == 2
    assert "its campaign has no group 'i'" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("bid =", "bud =", "Did you mean 'bid'?"),
        ("[[campaigns]]", "[[campaign]]", "Did you mean 'campaigns'?"),
        ('"4.00 EUR"', '"4.00 USD"', "'bid' is in USD"),
        ('"4.00 EUR"', '"free"', "holds no price"),
        ("2024-03-01", '"soon"', "campaigns[0]"),
        ('"tea"', '"tee"', "Did you mean 'tea'?"),
        ('campaign = "spring"', 'campaign = "sprung"', "Did you mean 'spring'?"),
        ("[[ads]]", "[[ads", "neither TOML nor"),
    ],
)
def test_a_campaign_file_is_refused_whole(shop: Shop, tmp_path: Path, old: str, new: str, told: str) -> None:
    ingest("catalogue", "catalogue.csv")
    path = tmp_path / "campaigns.toml"
    path.write_text(path.read_text().replace(old, new))
    done = hawker("-C", "shop", "ingest", "campaigns", "campaigns.toml")
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    control = Control(shop.control)
    assert not control.campaigns()
    control.close()


def test_a_chinese_shop_is_spoken_to_in_chinese(tmp_path: Path) -> None:
    answer("init", "dian", "--language", "zh", "--currency", "CNY")
    (tmp_path / "订单.csv").write_text(
        "订单号,下单时间,会员编号,商品编号,数量,实付金额\nA1,2024-03-01 10:00:00,会员一,茶,1,59.00\n", "utf-8"
    )
    done = hawker("-C", "dian", "ingest", "behaviour", "订单.csv")
    assert done.exit_code == 0, done.output
    assert "保留事件 1 条" in done.stdout
    assert ["shopper", "会员编号", "会员一"] in [line.split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("typed", "kept"), [("n\n", False), ("\n", True)])
def test_at_a_terminal_nothing_is_written_before_yes(
    shop: Shop, tmp_path: Path, typed: str, kept: bool
) -> None:
    code, screen = terminal("-C", "shop", "ingest", "behaviour", "log.jsonl", folder=tmp_path, typed=typed)
    assert code == 0
    assert screen.index("user_id") < screen.index("Read it so?")
    assert ("3 events kept" in screen) is kept
    assert shop.events.exists() is kept
    assert ("Nothing was written" in screen) is not kept


def test_a_bar_appears_at_a_terminal_only_where_it_takes_long(tmp_path: Path) -> None:
    code, screen = terminal("-C", "shop", "ingest", "catalogue", "catalogue.csv", "--yes", folder=tmp_path)
    assert code == 0
    assert "━" not in screen
