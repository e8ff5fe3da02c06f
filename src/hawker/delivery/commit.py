"""From a proposal to a promise: every slot's money and caps are set aside, or the decision is made again."""

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


class Turnstile(Protocol):
    """What a commit needs of frequency caps, for one visit."""

    def reserve(self, decision: Decision, *, now: int) -> list[int]:
        """Count every slot as an impression to come; the places of those that were refused."""

    def release(self, decision: Decision) -> None:
        """Take that back."""


def reservation(decision: str, slot: int) -> str:
    """The id of a slot's reservation, which is also that of its impression.

    >>> reservation("d-1", 0)
    'd-1/0'
    """
    return f"{decision}/{slot}"


def commit(
    decide: Decide,
    request: Request,
    *,
    ledger: Purse,
    now: int,
    fallback: Decide,
    caps: Turnstile | None = None,
) -> Decision:
    """Decide and reserve the charge and the caps of every slot, all or none.

    `decide` proposes without the campaigns it is given. A campaign without money is left out, `caps`
    sees to it that what is capped is not proposed again, and the decision is made again, at most
    `RETRIES` times; then `fallback` answers. The record's `attempts` lists the refused campaigns;
    everything else in it, propensities too, is the final call's.
    """
    refused: list[str] = []
    short: list[str] = []
    for _ in range(1 + RETRIES):
        decision = decide(request, frozenset(short))
        poor = _reserve(decision, ledger, now=now)
        over = _capped(decision, ledger, caps, now=now) if poor is None and caps is not None else []
        if poor is None and not over:
            return msgspec.structs.replace(decision, attempts=tuple(refused))
        refused += over
        if poor is not None:
            refused.append(poor)
            short.append(poor)
    return msgspec.structs.replace(fallback(request, frozenset(short)), attempts=tuple(refused))


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
            _release(made, ledger)


def _capped(decision: Decision, ledger: Purse, caps: Turnstile, *, now: int) -> list[str]:
    """Reserve the caps of every slot; the campaigns refused, each once, with nothing left reserved then."""
    whole = False
    try:
        places = caps.reserve(decision, now=now)
        whole = not places
        return list(dict.fromkeys(decision.slots[place].ad.campaign for place in places))
    finally:
        if not whole:
            caps.release(decision)
            _release([reservation(decision.id, number) for number in range(len(decision.slots))], ledger)


def _release(names: list[str], ledger: Purse) -> None:
    for name in names:
        ledger.release(name)
