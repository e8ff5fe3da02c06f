"""`hawker ingest campaigns`: what advertisers order, from a file a person can write: TOML or JSON."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, call
from hawker.errors import BadRecord, UnreadableFile, nearest
from hawker.records import money
from hawker.records.campaign import Ad, Campaign
from hawker.records.creative import Creative

_AMOUNTS = ("bid", "daily_budget", "total_budget")
_MOMENTS = ("start", "end")
_KINDS: dict[str, type[Campaign] | type[Ad] | type[Creative]] = {
    "campaigns": Campaign,
    "ads": Ad,
    "creatives": Creative,
}


def campaigns(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="TOML or JSON.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read campaigns, ads and creatives; one with a known id replaces the old one.

    A file holds lists named campaigns, ads and creatives. Amounts are text such as "0.40 EUR" (or
    integer micros), start and end are days or times.
    """
    asked = call(ctx, as_json=as_json, quiet=quiet)
    found: dict[str, list[Any]] = {name: [] for name in _KINDS}
    for path in files:
        for name, records in _read(asked, path).items():
            found[name] += records
    changed = _keep(asked, found)
    figures = {**{name: len(records) for name, records in found.items()}, "changed": changed}
    asked.answer(figures)
    asked.say(asked.word("campaigns_kept", **figures))
    asked.then("serve")


def _read(asked: Call, path: Path) -> dict[str, list[Any]]:
    """The records of one file; raises `BadRecord` naming the place of the first that is wrong."""
    document = _document(path)
    unknown = [name for name in document if name not in _KINDS]
    if unknown:
        raise BadRecord(f"{path}: there is no list '{unknown[0]}'.", remedy=nearest(unknown[0], list(_KINDS)))
    return {
        name: [
            _record(asked, name, raw, place=f"{path}: {name}[{n}]") for n, raw in enumerate(document[name])
        ]
        for name in document
    }


def _document(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, UnicodeError) as error:
        raise UnreadableFile(f"'{path}' is neither TOML nor a JSON object: {error}.") from error
    except OSError as error:
        raise UnreadableFile(f"'{path}' cannot be read: {error.strerror}.") from error
    return dict(found)


def _record(asked: Call, name: str, raw: Any, *, place: str) -> Any:
    settings = asked.shop.settings
    given = dict(raw) if isinstance(raw, dict) else {"": raw}
    if name == "campaigns":
        given = {"currency": settings.currency, "utc_offset_minutes": settings.utc_offset_minutes, **given}
    try:
        for key in _AMOUNTS:
            if isinstance(given.get(key), str):
                given[key], code = money.parse(given[key], currency=given.get("currency", ""))
                _same(code, given.get("currency", ""), key)
        for key in _MOMENTS:
            if key in given and not isinstance(given[key], int):
                given[key] = _moment(given[key], given.get("utc_offset_minutes", 0))
        return msgspec.convert(given, _KINDS[name])
    except (BadRecord, msgspec.ValidationError, ValueError) as error:
        said = error.message if isinstance(error, BadRecord) else str(error)
        raise BadRecord(f"{place}: {said}", remedy=_hint(str(error), name)) from error


def _same(code: str, currency: str, key: str) -> None:
    if currency and code != currency:
        raise BadRecord(f"'{key}' is in {code}, but the campaign's currency is {currency}.")


def _hint(message: str, name: str) -> str:
    if "unknown field" not in message:
        return ""
    field = message.partition("`")[2].partition("`")[0]
    return nearest(field, list(_KINDS[name].__struct_fields__))


def _moment(value: Any, offset: int) -> int:
    """A day or time as microseconds; without a zone it is the campaign's own clock."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise BadRecord(f"{value!r} is not a time.")
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone(timedelta(minutes=offset)))
    return int((value - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def _keep(asked: Call, found: dict[str, list[Any]]) -> int:
    """Write everything that fits together; raises `BadRecord` where an ad belongs to nothing."""
    from hawker.storage.control import Control

    control = Control(asked.shop.control)
    try:
        known = {one.id for one in [*control.campaigns(), *found["campaigns"]]}
        copies = {one.id for one in [*control.creatives(), *found["creatives"]]}
        products = list(asked.shop.catalogue)
        for ad in found["ads"]:
            _belongs(ad.campaign, known, f"ad '{ad.id}': there is no campaign")
            _belongs(ad.product, products, f"ad '{ad.id}': the catalogue has no product")
            _belongs(ad.creative, copies, f"ad '{ad.id}': there is no creative")
        return (
            control.put_campaigns(found["campaigns"])
            + control.put_creatives(found["creatives"])
            + control.put_ads(found["ads"])
        )
    finally:
        control.close()


def _belongs(name: str, known: set[str] | Sequence[str], what: str) -> None:
    if name and name not in known:
        raise BadRecord(f"{what} '{name}'.", remedy=nearest(name, list(known)) if known else "")
