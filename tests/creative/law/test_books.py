"""The law as data is whole, and docs/law.md lists what it holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hawker.creative.law.books import JURISDICTIONS, PLACES, claims, rules, sectors

DOCS = Path(__file__).parents[3] / "docs" / "law.md"
ROW = re.compile(r"^\| `([a-z_-]+)` \| ([^|]+) \|", re.MULTILINE)


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_every_rule_names_a_claim_and_a_clause(jurisdiction: str) -> None:
    for rule in rules(jurisdiction):
        assert rule.claim in claims(), rule.id
        assert rule.clause, rule.id
        assert all(rule.title.values()), rule.id
        assert (rule.sectors | rule.spared) <= sectors().keys(), rule.id
    general = [rule.claim for rule in rules(jurisdiction) if not rule.sectors]
    assert len(general) == len(set(general))


def test_every_claim_is_held_against_somewhere_and_says_what_to_do() -> None:
    held = {rule.claim for jurisdiction in JURISDICTIONS for rule in rules(jurisdiction)}
    assert held == claims().keys()
    for claim in claims().values():
        assert claim.reads
        assert all(claim.message.values())
        assert all(claim.remedy.values())
        for lift in claim.lifts:
            assert lift.where in PLACES
            assert lift.to in {"nothing", "warning"}
            assert all(lift.why.values())
            assert (lift.pattern is None) == (lift.where in PLACES[4:]), claim.name


def test_no_pattern_matches_nothing() -> None:
    for claim in claims().values():
        for pattern in claim.reads.values():
            assert pattern.search("") is None, claim.name


def test_the_docs_list_every_rule_with_its_clause() -> None:
    listed = {name: clause.strip() for name, clause in ROW.findall(DOCS.read_text("utf-8"))}
    held = {rule.id: rule.clause for jurisdiction in JURISDICTIONS for rule in rules(jurisdiction)}
    assert listed == held
