"""Money taken back: charges for traffic that turned out to be no person's, and what is owed after it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from msgspec import Struct

from hawker.delivery.observe import DUE
from hawker.errors import BadInput
from hawker.records.charge import Credit, Settlement, Status
from hawker.records.traffic import MARK
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

EVER = 2**62
_BATCH = 500


class Books(Protocol):
    """What is asked of a ledger here."""

    def charges(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Charges as impression, campaign, amount, time."""

    def credits(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Credits as impression, campaign, amount, time."""


class Purse(Protocol):
    """What takes charges back."""

    def credit_many(self, credits: Sequence[Credit]) -> list[Settlement]:
        """Take charges back, each at most once."""


class Credited(Struct, frozen=True):
    """What was taken back: `again` had been before, `free` had never been charged. In micros."""

    count: int = 0
    amount: int = 0
    again: int = 0
    free: int = 0


def suspects(
    shop: Shop,
    *,
    shoppers: Collection[str] = (),
    sessions: Collection[str] = (),
    start: int = 0,
    end: int = EVER,
) -> list[str]:
    """The impressions whose charges go back to events of these shoppers or sessions, in order of time.

    Ids are as they stand in the log. Raises `BadInput` where neither is given: that would be everybody.
    """
    if not shoppers and not sessions:
        raise BadInput("Whose traffic is it?", remedy="Name shoppers, sessions or impressions.")
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    kinds = ", ".join(f"'{kind}'" for kind in DUE)
    found = connection.execute(
        "SELECT concat(decision, '/', slot) AS impression FROM events WHERE decision <> '' AND slot >= 0 "
        f"AND kind IN ({kinds}) AND NOT starts_with(reason, '{MARK}') AND time >= ? AND time < ? "
        "AND (list_contains(?, shopper) OR list_contains(?, session)) GROUP BY 1 ORDER BY min(time), 1",
        [start, end, [name for name in shoppers if name], [name for name in sessions if name]],
    ).fetchall()
    return [str(row[0]) for row in found]


def credit_invalid(ledger: Purse, impressions: Sequence[str], *, reason: str, now: int) -> Credited:
    """Take back what was charged for these impressions, whole, each once; safe to repeat.

    The money returns to the campaign's budget on the day of the charge; statements show it in the
    month of `now`. Reports leave a credited impression out and count it as invalid traffic.
    """
    if not reason.strip():
        raise BadInput("A credit needs a reason.", remedy="Say in a word or two what was found.")
    count = amount = again = free = 0
    for first in range(0, len(impressions), _BATCH):
        part = [Credit(name, reason, now) for name in dict.fromkeys(impressions[first : first + _BATCH])]
        for answer in ledger.credit_many(part):
            count += answer.status is Status.CREDITED
            amount += answer.amount if answer.status is Status.CREDITED else 0
            again += answer.status is Status.DUPLICATE
            free += answer.status is Status.REFUSED
    return Credited(count, amount, again, free)


def spending(books: Books) -> list[tuple[str, str, int, int]]:
    """Every charge, and every credit as a negative one: what a report sums."""
    taken = [(name, campaign, -amount, time) for name, campaign, amount, time in books.credits(0, EVER)]
    return [*books.charges(0, EVER), *taken]
