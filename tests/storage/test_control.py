"""Orders come back as they were put, and every change is on record, with what was there before."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from hawker.errors import BadInput, BadRecord, Corrupt, Stale
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Ad, AdGroup, Campaign, Pricing, Targeting
from hawker.records.creative import Creative
from hawker.storage.control import Control

CAMPAIGN = Campaign(
    id="c1",
    name="春季",
    pricing=Pricing.CPC,
    bid=250_000,
    daily_budget=5_000_000,
    targeting=Targeting(placements=("home",), not_segments=("lapsed",)),
)


def test_documents_come_back_as_they_were_put(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    ads = [Ad(id=f"a{n:05d}", campaign="c1", product=f"p{n}", flighted=n % 2 == 0) for n in range(3_000)]
    creative = Creative(id="k1", product="p1", headline="Warm & dry", approved=False)
    assert control.put_campaigns([CAMPAIGN]) == 1
    assert control.put_ads(ads) == 3_000
    assert control.put_creatives([creative]) == 1
    control.close()
    again = Control(tmp_path / "control.db")
    assert again.campaigns() == [CAMPAIGN]
    assert again.ads() == ads
    assert again.creatives() == [creative]


def test_putting_again_replaces_and_only_differences_are_changes(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    assert control.version() == 0
    control.put_campaigns([CAMPAIGN], by="ann")
    assert control.put_campaigns([CAMPAIGN], by="bob") == 0
    cheaper = Campaign(id="c1", bid=1)
    assert control.put_campaigns([cheaper, Campaign(id="c2")], by="bob") == 2
    assert control.campaigns() == [cheaper, Campaign(id="c2")]
    assert [(change.by, change.kind, change.ids) for change in control.changes()] == [
        ("ann", "campaign", ("c1",)),
        ("bob", "campaign", ("c1", "c2")),
    ]
    assert control.version() == 2
    assert [change.version for change in control.changes(after=1)] == [2]


def test_one_unusable_id_keeps_none(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    with pytest.raises(BadRecord, match="campaign id"):
        control.put_campaigns([CAMPAIGN, Campaign(id="  ")])
    assert control.campaigns() == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "control.db").write_bytes(b"something else entirely, and long enough to tell" * 40)
    with pytest.raises(Corrupt, match=r"control\.db"):
        Control(tmp_path / "control.db")


def test_a_whole_order_is_kept_at_once_or_not_at_all(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    order = [
        Ad("a", "c1", "p", group="g"),
        AdGroup("g", "c1", bid=7),
        CAMPAIGN,
        Advertiser("adv", name="Leaf"),
    ]
    assert control.put(order, by="ann") == 4
    assert [change.kind for change in control.changes()] == ["advertiser", "campaign", "group", "ad"]
    assert control.advertisers() == [Advertiser("adv", name="Leaf")]
    assert control.groups() == [AdGroup("g", "c1", bid=7)]
    assert control.get("group", "g") == AdGroup("g", "c1", bid=7)
    assert control.get("group", "adv") is None
    with pytest.raises(BadRecord, match="group id"):
        control.put([Advertiser("other"), AdGroup("", "c1")])
    assert control.version() == 4
    assert len(control.advertisers()) == 1


def test_the_history_of_a_document_holds_all_that_it_was(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    control.put_campaigns([CAMPAIGN, Campaign("c2")], by="ann")
    control.put_campaigns([Campaign("c1", bid=1)], by="bob")
    assert control.remove("campaign", ["c1", "never-there"], by="cy") == 1
    assert control.remove("campaign", ["c1"], by="cy") == 0
    assert control.get("campaign", "c1") is None
    assert [campaign.id for campaign in control.campaigns()] == ["c2"]
    control.put_campaigns([Campaign("c1", bid=2)], by="dee")
    found = control.history("campaign", "c1")
    assert [(one.version, one.by, one.document) for one in found] == [
        (1, "ann", CAMPAIGN),
        (2, "bob", Campaign("c1", bid=1)),
        (3, "cy", None),
        (4, "dee", Campaign("c1", bid=2)),
    ]
    assert all(one.time > 0 for one in found)
    assert [change.ids for change in control.changes(after=2)] == [("c1",), ("c1",)]
    assert control.history("ad", "c1") == []


def test_more_ids_than_a_statement_takes(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    ads = [Ad(f"a{n:05d}", "c1", "p") for n in range(2_500)]
    control.put_ads(ads)
    control.put_ads([Ad(ad.id, "c1", "q") for ad in ads])
    assert {ad.product for ad in control.ads()} == {"q"}
    assert control.remove("ad", [ad.id for ad in ads]) == 2_500
    assert len(control.history("ad", "a02499")) == 3


def test_a_kind_that_is_none_names_the_nearest(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    with pytest.raises(BadInput, match="Did you mean 'campaign'"):
        control.get("campain", "c1")


def test_what_has_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    name = ("campaign", "c1")
    control.put([CAMPAIGN], expected={name: 0})
    with pytest.raises(Stale, match="is there already"):
        control.put([CAMPAIGN], expected={name: 0})
    assert control.versioned("campaign", "c1") == (1, CAMPAIGN)
    control.put([Campaign("c1", bid=9), Campaign("c2")], expected={name: 1})
    with pytest.raises(Stale, match="has changed"):
        control.put([CAMPAIGN, Campaign("c3")], expected={name: 1})
    with pytest.raises(Stale, match="has changed"):
        control.remove("campaign", ["c1"], expected={name: 1})
    assert [one.id for one in control.campaigns()] == ["c1", "c2"]
    assert control.remove("campaign", ["c1"], expected={name: 2}) == 1
    with pytest.raises(Stale, match="is not there"):
        control.put([CAMPAIGN], expected={name: 2})
    assert control.versioned("campaign", "c1") is None


def test_documents_are_read_page_by_page(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    control.put([Campaign(f"c{n}") for n in range(5)])
    assert [one.id for one in control.page("campaign", limit=2)] == ["c0", "c1"]
    assert [one.id for one in control.page("campaign", after="c1")] == ["c2", "c3", "c4"]
    assert control.page("ad") == []


def test_a_database_of_the_previous_release_is_brought_up_to_date(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "control.db")
    old.executescript(
        """
        CREATE TABLE documents (kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
                                PRIMARY KEY (kind, id));
        CREATE TABLE changes (version INTEGER NOT NULL, time BIGINT NOT NULL, by TEXT NOT NULL,
                              kind TEXT NOT NULL, ids TEXT NOT NULL, PRIMARY KEY (version));
        """
    )
    for version, (kind, ids) in enumerate([("campaign", ["c1", "c2"]), ("campaign", ["c1"])], start=1):
        old.execute("INSERT INTO changes VALUES (?, 5, 'ann', ?, ?)", (version, kind, json.dumps(ids)))
    for name in ("c1", "c2"):
        document = json.dumps({"id": name, "bid": 3})
        old.execute("INSERT INTO documents VALUES ('campaign', ?, ?)", (name, document))
    old.commit()
    old.close()
    control = Control(tmp_path / "control.db")
    assert [one.version for one in control.history("campaign", "c1")] == [2]
    control.put_campaigns([Campaign("c2", bid=4)], by="bob")
    assert [(one.version, one.by, one.document) for one in control.history("campaign", "c2")] == [
        (1, "ann", Campaign("c2", bid=3)),
        (3, "bob", Campaign("c2", bid=4)),
    ]
    control.close()
    assert Control(tmp_path / "control.db").version() == 3
