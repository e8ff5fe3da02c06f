"""`hawker statement` and `hawker credit`: exact, safe to open in a spreadsheet, in both languages."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from tests import shops
from tests.cli.shell import answer, hawker

from hawker import Shop, delivery
from hawker.delivery import billing
from hawker.records.campaign import Campaign
from hawker.records.decision import Request
from hawker.records.events import Event, EventKind
from hawker.storage.accounts import Accounts

CAMPAIGNS = (
    Campaign("c-leaf", advertiser="=cmd|' /C calc'!A0", bid=4 * shops.UNIT),
    *shops.CAMPAIGNS[1:],
)


@pytest.fixture(params=["en", "zh"])
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """A shop where a person and a bot were shown two ads each."""
    made = shops.tiny(tmp_path / "shop", campaigns=CAMPAIGNS, language=request.param)
    with delivery.build(made) as engine:
        for shopper in ("ann", "bot"):
            decision = engine.decide(Request("home", shopper=shopper))
            engine.observe(
                [
                    Event(
                        EventKind.AD_IMPRESSION,
                        decision.time,
                        id=f"i-{shopper}-{place}",
                        shopper=shopper,
                        ad=slot.ad.id,
                        decision=decision.id,
                        slot=place,
                    )
                    for place, slot in enumerate(decision.slots)
                ]
            )
    return made


def ledger(shop: Shop) -> int:
    accounts = Accounts(shop.ledger)
    try:
        return sum(amount for _, _, amount, _ in billing.spending(accounts))
    finally:
        accounts.close()


def test_statements_and_credits_sum_to_the_ledger(shop: Shop) -> None:
    first = answer("-C", shop.folder, "statement", "--month", "2024-03")
    assert first["due"] == first["charged"] == ledger(shop) > 0
    done = answer("-C", shop.folder, "credit", "--shopper", "bot", "--reason", "click farm")
    assert done["count"] == 2
    again = answer("-C", shop.folder, "credit", "--shopper", "bot", "--reason", "click farm")
    assert (again["count"], again["again"]) == (0, 2)
    after = answer("-C", shop.folder, "statement", "--month", "2024-03")
    assert after["credited"] == done["amount"] > 0
    assert after["due"] == first["due"] - done["amount"] == ledger(shop)
    assert sum(one["due"] for one in after["statements"]) == after["due"]
    assert answer("-C", shop.folder, "report")["totals"]["impressions"] == 2
    assert answer("-C", shop.folder, "statement", "--month", "2024-04")["due"] == 0


def test_a_spreadsheet_holds_exact_amounts_and_runs_nothing(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "owed.csv"
    told = hawker("-C", shop.folder, "statement", "--month", "2024-03", "--csv", target)
    assert told.exit_code == 0
    *rows, total = list(csv.DictReader(target.read_text("utf-8-sig").splitlines()))
    assert sum(Decimal(row["due"]) for row in rows) == Decimal(total["due"])
    assert Decimal(total["due"]) * 1_000_000 == ledger(shop)
    assert any(row["advertiser"].startswith("'=cmd") for row in rows)
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_a_person_reads_what_is_owed(shop: Shop) -> None:
    told = hawker("-C", shop.folder, "statement", "--month", "2024-03", "--advertiser", "Orchard")
    assert "Owed for 2024-03" in told.output or "2024-03 应付" in told.output
    nothing = hawker("-C", shop.folder, "statement", "--month", "2023-01")
    assert "Nothing was charged" in nothing.output or "本月没有扣费" in nothing.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("statement", "--month", "March"), "not a month"),
        (("statement", "--month", "2024-03", "--advertiser", "Orchid"), "Did you mean 'Orchard'?"),
        (("credit", "--reason", "x"), "Credit what?"),
        (("credit", "--reason", " ", "--impression", "d/0"), "needs a reason"),
    ],
)
def test_what_cannot_be_is_told_calmly(shop: Shop, arguments: tuple[str, ...], said: str) -> None:
    told = hawker("-C", shop.folder, *arguments)
    assert told.exit_code != 0
    assert said in told.stderr
