"""A decision's money is set aside whole, or the decision is made again without who could not pay."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker.delivery.commit import commit, reservation
from hawker.errors import NotFound
from hawker.records.campaign import Campaign, Pricing
from hawker.records.charge import Status
from hawker.records.consent import ConsentPath
from hawker.records.decision import Decision, Request, ShownAd, Slot
from hawker.storage.ledger import Ledger

NOON = 20_000 * 86_400_000_000
REQUEST = Request(placement="home")


def decision(*campaigns: str, fallback: str = "") -> Decision:
    slots = tuple(
        Slot(
            ad=ShownAd(id=f"ad-{name}", campaign=name, advertiser="a", product="p", headline="h"),
            price=100,
            pricing="cpc",
            charge=100,
            propensity=1.0 / (1 + place),
            probability=0.1,
            value=1.0,
        )
        for place, name in enumerate(campaigns)
    )
    return Decision(
        id="d",
        time=NOON,
        request=REQUEST,
        path=ConsentPath.PERSONALISED,
        path_reason="allowed",
        slots=slots,
        fallback=fallback,
    )


def proposing(*ranked: str, slots: int = 2) -> tuple[list[frozenset[str]], object]:
    """A decide that fills its slots from a fixed ranking, and the list of what it was asked."""
    asked: list[frozenset[str]] = []

    def decide(request: Request, out: frozenset[str]) -> Decision:
        assert request is REQUEST
        asked.append(out)
        return decision(*[name for name in ranked if name not in out][:slots])

    return asked, decide


def resigned(_: Request, out: frozenset[str]) -> Decision:
    return decision(fallback=f"without {len(out)}")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "ledger.db", retry_seconds=0)
    poor = [Campaign(id=f"poor{n}", total_budget=40) for n in range(5)]
    ledger.register([Campaign(id="rich", total_budget=250), Campaign(id="free"), *poor])
    return ledger


def test_every_slot_is_reserved_under_its_impressions_id(ledger: Ledger) -> None:
    asked, decide = proposing("rich", "free")
    made = commit(decide, REQUEST, ledger=ledger, now=NOON, fallback=resigned)  # type: ignore[arg-type]
    assert [slot.ad.campaign for slot in made.slots] == ["rich", "free"]
    assert (made.attempts, asked) == ((), [frozenset()])
    assert ledger.remaining("rich", now=NOON) == 150
    assert ledger.release(reservation("d", 0))
    assert ledger.remaining("rich", now=NOON) == 250


def test_a_refused_campaign_is_left_out_and_nothing_of_the_first_try_stays(ledger: Ledger) -> None:
    asked, decide = proposing("rich", "poor0", "free")
    made = commit(decide, REQUEST, ledger=ledger, now=NOON, fallback=resigned)  # type: ignore[arg-type]
    assert [slot.ad.campaign for slot in made.slots] == ["rich", "free"]
    assert made.attempts == ("poor0",)
    assert asked == [frozenset(), frozenset({"poor0"})]
    assert ledger.remaining("rich", now=NOON) == 150
    assert ledger.remaining("poor0", now=NOON) == 40


def test_after_three_refusals_of_new_decisions_the_fallback_answers(ledger: Ledger) -> None:
    asked, decide = proposing("rich", "poor0", "poor1", "poor2", "poor3", "free")
    made = commit(decide, REQUEST, ledger=ledger, now=NOON, fallback=resigned)  # type: ignore[arg-type]
    assert (made.slots, made.fallback) == ((), "without 4")
    assert made.attempts == ("poor0", "poor1", "poor2", "poor3")
    assert len(asked) == 4
    assert ledger.remaining("rich", now=NOON) == 250


def test_one_campaign_in_two_slots_needs_money_for_both(ledger: Ledger) -> None:
    def twice(_: Request, out: frozenset[str]) -> Decision:
        return decision(*(["rich"] * 3 if "rich" not in out else ["free"]))

    made = commit(twice, REQUEST, ledger=ledger, now=NOON, fallback=resigned)
    assert [slot.ad.campaign for slot in made.slots] == ["free"]
    assert ledger.remaining("rich", now=NOON) == 250


def test_an_error_leaves_nothing_reserved(ledger: Ledger) -> None:
    def stranger(_: Request, __: frozenset[str]) -> Decision:
        return decision("rich", "nobody")

    with pytest.raises(NotFound):
        commit(stranger, REQUEST, ledger=ledger, now=NOON, fallback=resigned)
    assert ledger.remaining("rich", now=NOON) == 250


def test_a_committed_slot_can_be_charged(ledger: Ledger) -> None:
    _, decide = proposing("rich")
    made = commit(decide, REQUEST, ledger=ledger, now=NOON, fallback=resigned)  # type: ignore[arg-type]
    name = reservation(made.id, 0)
    answer = ledger.settle(name, campaign="rich", price=100, pricing=Pricing.CPC, now=NOON)
    assert (answer.status, answer.amount, ledger.spent("rich")) == (Status.CHARGED, 100, 100)
