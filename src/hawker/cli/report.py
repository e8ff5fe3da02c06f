"""`hawker report`: what the ads earned, in the terminal, as JSON, CSV or HTML."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from hawker.cli.call import AsJson, Call, Quiet, call
from hawker.errors import BadSetting

By = Annotated[
    list[str] | None,
    typer.Option(
        "--by", metavar="…", help="campaign, product, segment, placement or day; repeat, or join by ','."
    ),
]
Start = Annotated[str, typer.Option("--start", metavar="DAY", help="The first day, such as 2024-03-01.")]
End = Annotated[str, typer.Option("--end", metavar="DAY", help="The first day that is left out.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table for a spreadsheet.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page.")]
Language = Annotated[str, typer.Option("--language", metavar="en|zh", help="Else the shop's own.")]


def report(
    ctx: typer.Context,
    by: By = None,
    start: Start = "",
    end: End = "",
    csv: Csv = None,
    html: Html = None,
    language: Language = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say what the ads earned, each rate with its interval."""
    from hawker import measurement
    from hawker.measurement.report import BY

    asked = call(ctx, as_json=as_json, quiet=quiet)
    spoken = language or asked.language
    wanted = [name.strip() for given in by or [] for name in given.split(",") if name.strip()] or list(BY)
    with asked.progress() as tell:
        measured = measurement.report(
            asked.shop,
            start=_day(asked, start),
            end=_day(asked, end),
            by=wanted,
            charges=_charges(asked),
            names=_names(asked),
            progress=tell,
        )
    rung = measurement.alarms(measured, language=spoken) if "day" in wanted else []
    if as_json:
        sys.stdout.write(measurement.as_json(measured, language=spoken, alarms=rung) + "\n")
    if not quiet and not as_json and not (csv or html):
        width = min(asked.out.width, 140)
        sys.stdout.write(measurement.terminal(measured, language=spoken, width=width, alarms=rung) + "\n")
    _write(asked, csv, measurement.csv(measured, language=spoken, alarms=rung) if csv else "", mark="\ufeff")
    _write(asked, html, measurement.html(measured, language=spoken, alarms=rung) if html else "")
    if measured.totals.impressions or measured.totals.clicks:
        asked.then("report", "--html", "report.html")
    else:
        asked.then("serve")


def _write(asked: Call, target: Path | None, text: str, *, mark: str = "") -> None:
    from hawker.storage import files

    if target:
        files.write(target, mark + text)
        asked.say(asked.word("written", file=target))


def _charges(asked: Call) -> list[tuple[str, str, int, int]]:
    """Every charge and credit of the ledger; none where there is no ledger yet."""
    from hawker.delivery import billing
    from hawker.storage import database
    from hawker.storage.accounts import Accounts

    if not database.exists(asked.shop.ledger):
        return []
    accounts = Accounts(asked.shop.ledger)
    try:
        return billing.spending(accounts)
    finally:
        accounts.close()


def _names(asked: Call) -> Mapping[str, Mapping[str, str]]:
    """What campaigns are called."""
    from hawker.storage import database
    from hawker.storage.control import Control

    if not database.exists(asked.shop.control):
        return {}
    control = Control(asked.shop.control)
    try:
        return {"campaign": {one.id: one.name for one in control.campaigns() if one.name}}
    finally:
        control.close()


def _day(asked: Call, text: str) -> int | None:
    """When a day of the shop begins, in microseconds; a time of day and a zone may be given too."""
    from datetime import datetime

    from hawker.features.examples import microseconds

    if not text:
        return None
    try:
        moment = microseconds(text)
        if datetime.fromisoformat(text).tzinfo:
            return moment
    except ValueError as error:
        raise BadSetting(f"'{text}' is not a day.", remedy="Write it as 2024-03-01.") from error
    settings = asked.shop.settings
    begins = settings.day_starts_at_minutes if len(text) == len("2024-03-01") else 0
    return moment + (begins - settings.utc_offset_minutes) * 60_000_000
