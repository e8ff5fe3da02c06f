"""`hawker init`: a new shop is a folder with a settings file; everything else grows in it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table
from hawker.errors import BadSetting

Name = Annotated[str, typer.Option("--name", help="What reports call the shop; else the folder's name.")]
Language = Annotated[str, typer.Option("--language", metavar="en|zh", help="Of reports, copy and segments.")]
Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="Of prices that name none.")]
Offset = Annotated[
    str, typer.Option("--utc-offset", metavar="±HH:MM", help="The shop's clock; China is +08:00.")
]
Outcome = Annotated[
    str, typer.Option("--outcome", metavar="purchase|click", help="What an ad is ranked by the chance of.")
]
Clock = Annotated[
    str,
    typer.Option(
        "--clock", metavar="TIME", help="Let time begin there whenever the shop is opened: for old logs."
    ),
]

Names = Annotated[
    str,
    typer.Option("--pseudonyms", metavar="given|keyed", help="keyed: shoppers' ids never reach the disk."),
]


def init(
    ctx: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Where; else -C, or the folder you are in.")] = None,
    name: Name = "",
    language: Language = "en",
    currency: Currency = "USD",
    utc_offset: Offset = "+00:00",
    outcome: Outcome = "purchase",
    clock: Clock = "",
    pseudonyms: Names = "keyed",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a new shop: a folder with its settings."""
    from hawker.storage.shop import Pseudonyms, Settings, Shop

    asked = call(ctx, as_json=as_json, quiet=quiet)
    target = (folder or (asked.folder if asked.named else Path())).resolve()
    settings = Settings(
        name=name or target.name,
        language=_one_of(language, "--language", ("en", "zh")),
        currency=_currency(currency),
        utc_offset_minutes=_minutes(utc_offset),
        outcome=_one_of(outcome, "--outcome", ("purchase", "click")),
        clock=_time(clock),
        pseudonyms=Pseudonyms(_one_of(pseudonyms, "--pseudonyms", ("given", "keyed"))),
    )
    new = not (target / "shop.toml").is_file()
    shop = Shop.create(target, settings)
    asked.__dict__.update(shop=shop, folder=folder or asked.folder, named=folder is not None or asked.named)
    asked.answer({"folder": str(shop.folder), "name": shop.settings.name, "created": new})
    asked.say(asked.word("made" if new else "already", name=shop.settings.name, folder=shop.folder))
    _layout(asked)
    asked.then("ingest", "catalogue", "FILE", why=asked.word("settings_why"))


def _layout(asked: Call) -> None:
    lines = table("", "")
    lines.show_header = False
    for file, what in (
        ("shop.toml", "settings_file"),
        ("tables/", "tables_folder"),
        ("events/", "events_folder"),
        ("quarantine/", "quarantine_folder"),
        ("models/", "models_folder"),
        ("decisions/", "decisions_folder"),
        ("control.db, ledger.db", "money_files"),
    ):
        lines.add_row(f"  {file}", asked.word(what))
    asked.say(lines)


def _one_of(value: str, option: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise BadSetting(f"{option} '{value}' is not known.", remedy=f"Use {' or '.join(known)}.")
    return value


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise BadSetting(f"'{code}' is not a currency code.", remedy="Use three letters, such as EUR or CNY.")
    return code.upper()


def _minutes(offset: str) -> int:
    """Minutes east of UTC.

    >>> _minutes("+08:00"), _minutes("-03:30")
    (480, -210)
    """
    found = re.fullmatch(r"([+-]?)(\d{1,2})(?::?([0-5]\d))?", offset.strip())
    minutes = int(found[2]) * 60 + int(found[3] or 0) if found else 10_000
    if not found or minutes > 14 * 60:
        raise BadSetting(f"'{offset}' is not an offset from UTC.", remedy="Write it as +08:00 or -05:00.")
    return -minutes if found[1] == "-" else minutes


def _time(text: str) -> str:
    try:
        return text and datetime.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadSetting(f"'{text}' is not a time.", remedy="Write it as 2024-03-01T12:00.") from error
