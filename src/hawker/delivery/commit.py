"""From a proposal to a promise: every slot's money is set aside, or the decision is made again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from hawker.records.decision import Decision, Request

RETRIES = 3
Decide = Callable[[Request, frozenset[str]], Decision]


class Purse(Protocol):
    """What a commit needs of a ledger."""

    def reserve(self, campaign: str, amount: int, *, reservation_id: str, now: int) -> bool:
        """Set an amount aside, or say that the budget does not allow it."""

    def release(self, reservation_id: str) -> bool:
        """Give a reservation back."""


def reservation(decision: str, slot: int) -> str:
    """The id of a slot's reservation, which is also that of its impression.

    >>> reservation("d-1", 0)
    'd-1/0'
    """
    return f"{decision}/{slot}"


def commit(decide: Decide, request: Request, *, ledger: Purse, now: int, fallback: Decide) -> Decision:
    """Decide and reserve the charge of every slot, all or none.

    `decide` proposes without the campaigns it is given. A refused campaign is left out and the
    decision made again, at most `RETRIES` times; then `fallback` answers. The record's `attempts`
    lists the refused campaigns; everything else in it, propensities too, is the final call's.
    """
    refused: list[str] = []
    for _ in range(1 + RETRIES):
        decision = decide(request, frozenset(refused))
        short = _reserve(decision, ledger, now=now)
        if short is None:
            return msgspec.structs.replace(decision, attempts=tuple(refused))
        refused.append(short)
    return msgspec.structs.replace(fallback(request, frozenset(refused)), attempts=tuple(refused))


def _reserve(decision: Decision, ledger: Purse, *, now: int) -> str | None:
    """Reserve every slot; the campaign that was refused, with nothing left reserved, or None."""
    made: list[str] = []
    whole = False
    try:
        for number, slot in enumerate(decision.slots):
            name = reservation(decision.id, number)
            if not ledger.reserve(slot.ad.campaign, slot.charge, reservation_id=name, now=now):
                return slot.ad.campaign
            made.append(name)
        whole = True
        return None
    finally:
        if not whole:
            for name in made:
                ledger.release(name)
