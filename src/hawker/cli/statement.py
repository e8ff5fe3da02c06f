"""`hawker statement` and `hawker credit`: what advertisers owe for a month, and what is taken back."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table
from hawker.errors import BadInput, NotFound, nearest
from hawker.records.money import MICROS, display

if TYPE_CHECKING:
    from hawker.records.charge import Statement

Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="Which month, on the shop's clock.")]
For = Annotated[str, typer.Option("--advertiser", metavar="ID", help="Whose; without it everybody's.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write it for a spreadsheet.")]
Reason = Annotated[str, typer.Option("--reason", help="What was found, in a word or two.")]
Shoppers = Annotated[list[str] | None, typer.Option("--shopper", metavar="ID", help="Whose traffic; repeat.")]
Sessions = Annotated[list[str] | None, typer.Option("--session", metavar="ID", help="Which visit; repeat.")]
Named = Annotated[
    list[str] | None, typer.Option("--impression", metavar="DECISION/SLOT", help="Which charge; repeat.")
]
_HEADS = ("advertiser", "campaign", "pricing", "count", "charged", "credits", "credited", "due")


def statement(
    ctx: typer.Context,
    month: Month,
    advertiser: For = "",
    csv: Csv = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say what an advertiser owes for a month; the statements of all sum to the ledger."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    found = _statements(asked, month, advertiser)
    currency = asked.shop.settings.currency
    sums = {name: sum(getattr(one, name) for one in found) for name in ("charged", "credited", "due")}
    asked.answer(
        {
            "month": month,
            "currency": currency,
            "statements": [{**msgspec.to_builtins(one), **_sums(one)} for one in found],
            **sums,
        }
    )
    if csv:
        from hawker.storage import files

        files.write(csv, "\ufeff" + _spreadsheet(found, currency))
        asked.say(asked.word("written", file=csv))
    else:
        _shown(asked, found, currency)
    asked.say(asked.word("owed", due=display(sums["due"], currency), month=month))
    asked.then("report")


def credit(
    ctx: typer.Context,
    reason: Reason,
    shopper: Shoppers = None,
    session: Sessions = None,
    impression: Named = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Take back what was charged for traffic that turned out to be no person's."""
    from hawker.delivery import billing
    from hawker.delivery.engine import clock
    from hawker.privacy.pseudonym import Naming
    from hawker.storage.ledger import Ledger

    asked = call(ctx, as_json=as_json, quiet=quiet)
    if not (shopper or session or impression):
        raise BadInput("Credit what?", remedy="Name it with --shopper, --session or --impression.")
    naming = Naming(asked.shop)
    named = [known for name in shopper or [] for known in (*naming.ever(name), name)]
    found = list(impression or [])
    if named or session:
        found += billing.suspects(asked.shop, shoppers=named, sessions=session or [])
    ledger = Ledger(asked.shop.ledger, process="credit")
    try:
        done = billing.credit_invalid(ledger, found, reason=reason, now=clock(asked.shop.settings.clock)())
    finally:
        ledger.close()
    asked.answer(msgspec.to_builtins(done))
    amount = display(done.amount, asked.shop.settings.currency)
    asked.say(asked.word("credited", count=done.count, amount=amount, again=done.again, free=done.free))
    asked.then("report")


def _statements(asked: Call, name: str, advertiser: str) -> list[Statement]:
    from hawker.records.charge import month
    from hawker.storage import database
    from hawker.storage.accounts import Accounts

    start, end = month(name, utc_offset_minutes=asked.shop.settings.utc_offset_minutes)
    if not database.exists(asked.shop.ledger):
        return []
    accounts = Accounts(asked.shop.ledger)
    try:
        known = sorted({one.advertiser for one in accounts.balances(lambda terms: terms.day(start))})
        if advertiser and advertiser not in known:
            raise NotFound(
                f"The ledger knows no advertiser '{advertiser[:80]}'.", remedy=nearest(advertiser, known)
            )
        chosen = [advertiser] if advertiser else known
        return [accounts.statement(one, start=start, end=end) for one in chosen]
    finally:
        accounts.close()


def _sums(one: Statement) -> dict[str, int]:
    return {"charged": one.charged, "credited": one.credited, "due": one.due}


def _rows(found: Sequence[Statement]) -> list[tuple[Any, ...]]:
    return [
        (
            one.advertiser,
            line.campaign,
            str(line.pricing),
            line.count,
            line.amount,
            line.credits,
            line.credited,
            line.amount - line.credited,
        )
        for one in found
        for line in one.lines
    ]


def _shown(asked: Call, found: Sequence[Statement], currency: str) -> None:
    rows = _rows(found)
    if not rows:
        asked.say(asked.word("no_charges"))
        return
    right = (False, False, False, True, True, True, True, True)
    heads = (asked.word(f"owed_{name}") for name in _HEADS)
    lines = table(*(f">{head}" if figures else head for head, figures in zip(heads, right, strict=True)))
    for *names, count, amount, credits, credited, due in rows:
        money = [display(value, currency) for value in (amount, credited, due)]
        lines.add_row(*names, f"{count:,}", money[0], f"{credits:,}", money[1], money[2])
    asked.say(lines)


def _spreadsheet(found: Sequence[Statement], currency: str) -> str:
    """One row a line, amounts in full, no cell that a spreadsheet would run; the sum comes last."""
    from hawker.measurement.spreadsheet import safe

    target = StringIO()
    sheet = csv.writer(target, lineterminator="\r\n")
    sheet.writerow([*_HEADS, "currency"])
    for *names, count, amount, credits, credited, due in _rows(found):
        money = (_exact(amount), credits, _exact(credited), _exact(due))
        sheet.writerow([*map(safe, names), count, *money, currency])
    sums = [_exact(sum(getattr(one, name) for one in found)) for name in ("charged", "credited", "due")]
    sheet.writerow(["", "", "", "", sums[0], "", sums[1], sums[2], currency])
    return target.getvalue()


def _exact(amount: int) -> str:
    """Micros in units, to the last digit.

    >>> _exact(3_000), _exact(-1)
    ('0.003000', '-0.000001')
    """
    return f"{Decimal(amount) / MICROS:.6f}"
