"""Who lets copy be shown: a person, or an advertiser's setting; and always the gate, with today's product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.creative.scripted import BREAD, GOOD, HEAVY, OTHER, Scripted, draft

from hawker.creative import studio
from hawker.creative.desk import AUTO, Desk, creative, evidence
from hawker.errors import BadInput, Conflict, NotFound
from hawker.records.advertiser import Advertiser
from hawker.records.creative import Creative
from hawker.records.draft import Brief, Draft, Kind, Objection
from hawker.records.finding import Severity
from hawker.records.sheet import Sheet, Standing, Variant
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    place = tmp_path / "control.db"
    made = Desk(Drafts(place), Control(place), {"bread": BREAD})
    yield made
    made.drafts.close()
    made.control.close()


def sheet(*script: dict[str, str], advertiser: str = "Oster", placement: str = "") -> Sheet:
    brief = Brief(BREAD, placement=placement)
    return studio.write(Scripted(script), brief, n=len(script), time=7, advertiser=advertiser)


def test_nothing_is_shown_before_a_person_approved_it(desk: Desk) -> None:
    kept = desk.file([sheet(GOOD, HEAVY)])[0]
    assert desk.control.creatives() == []
    waiting, fallen = kept.variants
    done = desk.approve(waiting.id, by="k-1", time=9, reason=" reads\n well ")
    assert (done.standing, done.creative) == (Standing.APPROVED, waiting.id)
    assert [(one.by, one.time, one.reason) for one in done.rulings] == [("k-1", 9, "reads well")]
    assert desk.control.creatives() == [
        Creative(
            waiting.id,
            "bread",
            "Rye bread",
            description="Oster rye bread, 500 g.",
            call_to_action="See it",
            language="en",
            origin="scripted",
            approved=True,
            advertiser="Oster",
        )
    ]
    assert [change.by for change in desk.control.changes()] == ["k-1"]
    with pytest.raises(Conflict, match="750 g"):
        desk.approve(fallen.id, by="k-1", time=9)
    assert desk.drafts.get(fallen.id).standing is Standing.FALLEN


def test_approving_twice_changes_nothing(desk: Desk) -> None:
    name = desk.file([sheet(GOOD)])[0].variants[0].id
    first = desk.approve(name, by="ann", time=1)
    assert desk.approve(name, by="bob", time=2) == first
    assert desk.control.version() == 1


def test_the_gate_looks_again_at_the_product_as_it_is_now(desk: Desk, tmp_path: Path) -> None:
    name = desk.file([sheet(GOOD)])[0].variants[0].id
    now = {"bread": replace(BREAD, title="Rye bread, 400 g")}
    later = Desk(desk.drafts, Control(tmp_path / "control.db"), now)
    with pytest.raises(Conflict, match="500 g"):
        later.approve(name, by="ann", time=1)
    with pytest.raises(Conflict, match="catalogue has no more"):
        Desk(desk.drafts, desk.control, {}).approve(name, by="ann", time=1)
    assert desk.control.creatives() == []


def test_a_refusal_has_a_reason_and_takes_down_what_was_approved(desk: Desk) -> None:
    name = desk.file([sheet(GOOD)])[0].variants[0].id
    with pytest.raises(BadInput, match="needs a reason"):
        desk.refuse(name, by="ann", time=1, reason="  ")
    desk.approve(name, by="ann", time=1)
    done = desk.refuse(name, by="bob", time=2, reason="dull")
    assert [(one.standing, one.by) for one in done.rulings] == [
        (Standing.APPROVED, "ann"),
        (Standing.REFUSED, "bob"),
    ]
    assert [one.approved for one in desk.control.creatives()] == [False]
    assert desk.approve(name, by="ann", time=3).standing is Standing.APPROVED
    assert [one.approved for one in desk.control.creatives()] == [True]


def test_what_its_owner_set_on_a_creative_outlives_another_approval(desk: Desk) -> None:
    name = desk.file([sheet(GOOD, placement="home")])[0].variants[0].id
    desk.approve(name, by="ann", time=1)
    held = desk.control.creatives()[0]
    assert held.placements == ("home",)
    desk.control.put_creatives([replace(held, image="https://shop.example/b.jpg", retired="lost")])
    desk.approve(name, by="ann", time=2)
    assert desk.control.creatives()[0].image == "https://shop.example/b.jpg"
    desk.control.put_creatives([replace(held, headline="Free bread", approved=False)])
    desk.approve(name, by="ann", time=3)
    assert desk.control.creatives()[0].headline == "Rye bread"


@pytest.mark.parametrize(("owner", "auto"), [("Oster", True), ("Oster", False), ("", True), ("", False)])
def test_approval_by_itself_is_a_setting_of_whose_copy_it_is(desk: Desk, owner: str, auto: bool) -> None:
    desk.control.put_advertisers([Advertiser("Oster", auto_approve=auto and owner == "Oster")])
    at = Desk(desk.drafts, desk.control, desk.catalogue, own=auto and not owner)
    kept = at.file([sheet(GOOD, HEAVY, advertiser=owner)])[0]
    standing = Standing.APPROVED if auto else Standing.WAITING
    assert [one.standing for one in kept.variants] == [standing, Standing.FALLEN]
    assert [one.rulings[0].by for one in kept.variants if one.rulings] == [AUTO] * auto
    assert len(desk.control.creatives()) == auto


def test_what_the_gate_has_a_question_about_is_not_approved_by_itself(desk: Desk) -> None:
    asked = Objection("law", "check", severity=Severity.WARNING)
    made = sheet(GOOD, advertiser="")
    made = replace(made, variants=tuple(replace(one, objections=(asked,)) for one in made.variants))
    kept = Desk(desk.drafts, desk.control, desk.catalogue, own=True).file([made])[0]
    assert kept.variants[0].standing is Standing.WAITING
    assert desk.control.creatives() == []


def test_whoever_answers_for_a_whole_sheet_is_on_record_and_nothing_is_filed_twice(desk: Desk) -> None:
    made = sheet(GOOD, HEAVY, OTHER)
    kept = desk.file([made], prompts={"p-1": "Write."}, approver="demo", reason="a demo")[0]
    assert [one.rulings[0].by for one in kept.accepted] == ["demo", "demo"]
    assert [one.approved for one in desk.control.creatives()] == [True, True]
    desk.refuse(kept.variants[0].id, by="ann", time=1, reason="dull")
    assert desk.file([made], approver="demo") == []
    assert desk.drafts.get(kept.variants[0].id).standing is Standing.REFUSED
    assert desk.drafts.prompt("p-1") == "Write."


def test_what_is_no_longer_true_is_taken_down_with_its_reason(desk: Desk) -> None:
    desk.file([sheet(GOOD), sheet(OTHER, advertiser="")], approver="ann")
    assert desk.stale(by="ann", time=8) == []
    lighter = Desk(desk.drafts, desk.control, {"bread": replace(BREAD, title="Rye bread, 400 g")})
    taken = lighter.stale(by="ann", time=8)
    assert len(taken) == 2
    assert all("500 g" in one.rulings[-1].reason for one in taken)
    assert not any(one.approved for one in desk.control.creatives())
    desk.approve(taken[0].id, by="ann", time=9)
    assert [one.rulings[-1].reason for one in Desk(desk.drafts, desk.control, {}).stale(by="x", time=9)]


def test_only_what_stands_on_the_shops_pages_becomes_a_creative(desk: Desk) -> None:
    banner = Draft("bread", Kind.BANNER, "en", {"headline": ("Rye",), "call_to_action": ("See it",)})
    made = creative(Variant("v", "s", banner, Standing.APPROVED))
    assert made is not None
    assert (made.headline, made.description, made.call_to_action) == ("Rye", "", "See it")
    mail = replace(draft(GOOD), kind=Kind.EMAIL, parts={"subject": ("Rye",)})
    assert creative(Variant("v", "s", mail, Standing.APPROVED)) is None
    brief = Brief(BREAD, kind=Kind.EMAIL)
    writer = Scripted()
    sent = Sheet("s", brief, writer.name, "1", 1, 0, variants=(Variant("v", "s", mail, Standing.WAITING),))
    desk.file([sent], approver="ann")
    assert desk.drafts.get("v").standing is Standing.APPROVED
    assert desk.control.creatives() == []


def test_a_draft_that_is_not_there_is_named(desk: Desk) -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        desk.approve("nowhere", by="ann", time=1)


@pytest.mark.parametrize(
    ("owner", "own", "theirs", "held"), [("", "us-a", "us-b", "us-a"), ("O", "us-a", "us-b", "us-b")]
)
def test_proof_is_whose_copy_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, owner: str, own: str, theirs: str, held: str
) -> None:
    monkeypatch.setattr("hawker.creative.law.provable", lambda: ["us-a", "us-b"])
    desk.control.put_advertisers([Advertiser("O", evidence=(theirs,))])
    assert evidence(desk.control, owner, (own,)) == (held,)


def test_proof_for_a_rule_that_is_not_there_or_allows_none_is_named(desk: Desk) -> None:
    with pytest.raises(BadInput, match="'cn-superlative'"):
        evidence(desk.control, "", ("cn-superlative",))
    desk.control.put_advertisers([Advertiser("O", evidence=("uk-superlativ",))])
    with pytest.raises(BadInput, match="'uk-superlativ'") as caught:
        evidence(desk.control, "O", ())
    assert "uk-superlative" in str(caught.value.remedy)


def test_what_there_is_proof_for_is_a_question_to_a_person(desk: Desk) -> None:
    proud = replace(BREAD, description="The best rye bread.")
    made = studio.write(
        Scripted([{**GOOD, "title": "The best rye bread"}]),
        Brief(proud, jurisdiction="UK"),
        n=1,
        advertiser="Oster",
    )
    at = Desk(desk.drafts, desk.control, {"bread": proud})
    name = at.file([made])[0].variants[0].id
    with pytest.raises(Conflict, match=r"CAP Code 3\.7"):
        at.approve(name, by="ann", time=1)
    desk.control.put_advertisers([Advertiser("Oster", evidence=("uk-superlative",))])
    with pytest.raises(Conflict, match=r"CAP Code 3\.7"):
        at.approve(name, by="Oster", time=1, unquestioned=True)
    assert at.approve(name, by="ann", time=1).standing is Standing.APPROVED
    desk.control.put_advertisers([Advertiser("Oster")])
    assert [one.id for one in at.stale(by="ann", time=2)] == [name]
