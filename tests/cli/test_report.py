"""Check and report at the edge: files written, days read in the shop's clock, names and money found."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from shell import answer, files, hawker

import shops
from hawker import Shop
from hawker.records.campaign import Pricing
from hawker.records.charge import Charge, dearest
from hawker.records.events import Event, EventKind
from hawker.storage.event_log import EventLog
from hawker.storage.ledger import Ledger

MINUTE = 60 * shops.UNIT


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The tiny shop after forty impressions of tea, four clicks, and the charges that followed."""
    made = shops.tiny(tmp_path / "tiny")
    events, charges = [], []
    for number in range(40):
        time, place = shops.NOW + number * MINUTE, f"d-{number}"
        about = {"shopper": f"u-{number}", "product": "tea", "campaign": "c-leaf", "ad": "a-tea"}
        shown = {"decision": place, "slot": 0, "placement": "home", **about}
        events.append(Event(EventKind.AD_IMPRESSION, time, id=f"i-{number}", **shown))  # type: ignore[arg-type]
        if number % 10 == 0:
            events.append(Event(EventKind.AD_CLICK, time + 1, id=f"c-{number}", **shown))  # type: ignore[arg-type]
        charges.append(Charge(f"{place}/0", "c-leaf", 3_000_000, Pricing.CPM, time))
    EventLog(made.events).append(events)
    ledger = Ledger(made.ledger, process="test")
    ledger.register(shops.CAMPAIGNS)
    for charge in charges:
        ledger.reserve(
            "c-leaf", dearest(charge.price, charge.pricing), reservation_id=charge.impression, now=charge.time
        )
    ledger.settle_many(charges)
    ledger.close()
    return made


def test_a_report_counts_what_was_shown_and_charged(shop: Shop) -> None:
    told = answer("-C", shop.folder, "report", "--by", "campaign,day")
    assert (told["totals"]["impressions"], told["totals"]["clicks"]) == (40, 4)
    assert told["totals"]["spend"] == 40 * 3_000
    assert [section["by"] for section in told["sections"]] == ["campaign", "day"]


def test_start_and_end_are_days_of_the_shop(shop: Shop) -> None:
    text = (shop.folder / "shop.toml").read_text()
    (shop.folder / "shop.toml").write_text(text.replace("utc_offset_minutes = 0", "utc_offset_minutes = 480"))
    # noon in London is 20:00 in Shanghai: the day of all forty is 1 March there too
    assert (
        answer("-C", shop.folder, "report", "--start", "2024-03-01", "--end", "2024-03-02")["totals"][
            "impressions"
        ]
        == 40
    )
    assert answer("-C", shop.folder, "report", "--start", "2024-03-01T20:10")["totals"]["impressions"] == 30
    assert (
        answer("-C", shop.folder, "report", "--start", "2024-03-01T12:10+00:00")["totals"]["impressions"]
        == 30
    )
    refused = hawker("-C", shop.folder, "report", "--start", "yesterday")
    assert refused.exit_code == 2
    assert "2024-03-01" in refused.stderr


def test_a_report_is_written_as_a_page_and_as_a_table(shop: Shop, tmp_path: Path) -> None:
    page, sheet = tmp_path / "r.html", tmp_path / "r.csv"
    done = hawker("-C", shop.folder, "report", "--html", page, "--csv", sheet, "--language", "zh")
    assert done.exit_code == 0
    assert "广告报告" in page.read_text("utf-8")
    rows = list(csv.reader(io.StringIO(sheet.read_text("utf-8-sig"))))
    assert len(rows) > 5
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_report_in_the_terminal_speaks_the_shops_language(shop: Shop) -> None:
    assert "Advertising report" in hawker("-C", shop.folder, "report").stdout
    assert "广告报告" in hawker("-C", shop.folder, "report", "--language", "zh").stdout
    assert "Did you mean 'campaign'?" in hawker("-C", shop.folder, "report", "--by", "campain").stderr


def test_campaigns_are_called_by_their_names(tmp_path: Path) -> None:
    named = shops.tiny(tmp_path / "t", campaigns=(shops.Campaign("c-leaf", name="Spring", bid=1),))
    about = {
        "shopper": "u-1",
        "product": "tea",
        "campaign": "c-leaf",
        "ad": "a-tea",
        "decision": "d",
        "slot": 0,
    }
    EventLog(named.events).append([Event(EventKind.AD_IMPRESSION, shops.NOW, id="i", **about)])  # type: ignore[arg-type]
    (cell,) = answer("-C", named.folder, "report", "--by", "campaign")["sections"][0]["cells"]
    assert (cell["key"], cell["label"]) == ("c-leaf", "Spring")


def test_check_ends_with_the_worst_it_found(tmp_path: Path) -> None:
    answer("init", tmp_path / "s")
    done = hawker("-C", tmp_path / "s", "check")
    assert done.exit_code == 2
    assert "The shop has no products" in done.stdout
    files(tmp_path)
    answer("-C", tmp_path / "s", "ingest", "catalogue", tmp_path / "catalogue.csv")
    answer("-C", tmp_path / "s", "ingest", "behaviour", tmp_path / "log.jsonl")
    told = hawker("-C", tmp_path / "s", "check", "--html", tmp_path / "q.html")
    assert told.exit_code == 1
    assert "future_time (1)" in told.stdout
    assert "Data quality" in (tmp_path / "q.html").read_text("utf-8")
