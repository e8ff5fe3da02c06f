"""Campaigns, ads and creatives come back as they were put, and every change is on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker.errors import BadRecord, Corrupt
from hawker.records.campaign import Ad, Campaign, Pricing, Targeting
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
