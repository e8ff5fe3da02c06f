"""An order that cannot be carried out is not kept; the message names the field and what it must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hawker.errors import BadRecord
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import (
    Ad,
    AdGroup,
    Campaign,
    Cap,
    Daypart,
    Did,
    Keyword,
    Per,
    Pricing,
    Retargeting,
    Strategy,
    Targeting,
    Tier,
)
from hawker.records.creative import Creative
from hawker.storage.control import Control, Document
from hawker.storage.terms import sound, unplaced


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"bid": -1}, "bid"),
        ({"bid": 2**63}, "bid"),
        ({"daily_budget": -1}, "daily_budget"),
        ({"total_budget": -5}, "total_budget"),
        ({"start": 10, "end": 10}, "end"),
        ({"start": 10, "end": 9}, "end"),
        ({"start": -1}, "start"),
        ({"end": 2**63}, "end"),
        ({"timezone": "Europe/Pariss"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"utc_offset_minutes": 841}, "utc_offset_minutes"),
        ({"strategy": Strategy.MAXIMISE}, "daily_budget"),
        ({"strategy": Strategy.TARGET_CPA}, "target_cpa"),
        ({"strategy": Strategy.TARGET_ROAS}, "target_roas"),
        ({"target_cpa": 5}, "target_cpa"),
        ({"strategy": Strategy.MAXIMISE, "target_roas": 2.0}, "target_roas"),
        ({"strategy": Strategy.TARGET_ROAS, "target_roas": float("nan")}, "target_roas"),
        ({"share": 0.0, "tier": Tier.GUARANTEED}, "share"),
        ({"share": 1.1, "tier": Tier.GUARANTEED}, "share"),
        ({"tier": Tier.GUARANTEED, "pricing": Pricing.CPC}, "pricing"),
        ({"tier": Tier.GUARANTEED, "strategy": Strategy.MAXIMISE}, "strategy"),
        ({"caps": (Cap(0),)}, "caps[0].most"),
        ({"caps": (Cap(1), Cap(1, Per.HOUR, 0))}, "caps[1].count"),
    ],
)
def test_a_campaign_that_cannot_run_names_the_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRecord) as told:
        sound(Campaign("c", **given))
    assert f"campaign 'c': '{field}'" in str(told.value)
    assert told.value.remedy.startswith("Make it ")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"dayparts": (Daypart((7,)),)}, "dayparts[0].weekdays"),
        ({"dayparts": (Daypart(()),)}, "dayparts[0].weekdays"),
        ({"not_dayparts": (Daypart(), Daypart(start=24))}, "not_dayparts[1].start"),
        ({"dayparts": (Daypart(end=25),)}, "dayparts[0].end"),
        ({"keywords": (Keyword("！!"),)}, "keywords[0].text"),
        ({"not_categories": ("Grocery", " > ")}, "not_categories[1]"),
        ({"retargeting": Retargeting(did=())}, "retargeting.did"),
        ({"retargeting": Retargeting(days=0)}, "retargeting.days"),
        ({"retargeting": Retargeting(did=(Did.BOUGHT,))}, "retargeting.not_bought"),
    ],
)
def test_aims_that_no_shopper_can_meet_name_the_field(given: dict[str, Any], field: str) -> None:
    for document in (
        Campaign("c", targeting=Targeting(**given)),
        AdGroup("g", "c", targeting=Targeting(**given)),
    ):
        with pytest.raises(BadRecord, match=r"targeting\.") as told:
            sound(document)
        assert f"'targeting.{field}'" in str(told.value)


@pytest.mark.parametrize(
    "document",
    [
        Advertiser("a", caps=(Cap(0),)),
        AdGroup("g", "c", bid=-1),
        Ad("a", "c", "p", bid=-1),
        Ad("a", "c", "p", quality=-0.1),
        Creative("k", "p", "x", caps=(Cap(1, count=-1),)),
    ],
)
def test_every_kind_of_document_is_looked_at(document: Document) -> None:
    with pytest.raises(BadRecord, match=f"'{document.id}'"):
        sound(document)


def test_a_placement_that_is_not_there_is_noted_and_kept() -> None:
    aim = Targeting(placements=("home", "hoem"), not_placements=("cart",))
    found = unplaced(
        [Campaign("c", targeting=aim), AdGroup("g", "c", targeting=aim), Ad("a", "c", "p")], ["home"]
    )
    assert [one.place for one in found] == ["campaign 'c'"] * 2 + ["ad group 'g'"] * 2
    assert "'hoem'" in found[0].message
    assert "Did you mean 'home'?" in found[0].message
    assert {one.reason for one in found} == {"unknown_placement"}


def test_what_can_be_carried_out_passes(tmp_path: Path) -> None:
    night = Targeting(
        dayparts=(Daypart((5, 6), start=22, end=2),),
        keywords=(Keyword("牛奶"),),
        retargeting=Retargeting(did=(Did.BOUGHT,), not_bought=False),
    )
    fine = [
        Campaign("c", timezone="Asia/Shanghai", targeting=night, start=5, caps=(Cap(3),)),
        Campaign("c", strategy=Strategy.TARGET_ROAS, target_roas=4.0),
        Campaign("c", tier=Tier.GUARANTEED, share=0.25, bid=10),
        Ad("a", "c", "p", bid=0),
    ]
    for document in fine:
        sound(document)
    control = Control(tmp_path / "control.db")
    assert control.put([fine[0], fine[3]]) == 2


def test_one_that_cannot_be_carried_out_keeps_all_from_being_kept(tmp_path: Path) -> None:
    control = Control(tmp_path / "control.db")
    with pytest.raises(BadRecord, match="campaign 'd': 'bid' cannot be used"):
        control.put([Campaign("c"), Campaign("d", bid=-1)])
    assert control.campaigns() == []
    assert control.version() == 0
