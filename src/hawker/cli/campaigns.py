"""`hawker ingest campaigns`: what advertisers order, from a file a person can write."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, call
from hawker.errors import BadRecord, UnreadableFile, nearest
from hawker.records import money
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Ad, AdGroup, Campaign, zone
from hawker.records.creative import Creative

if TYPE_CHECKING:
    from hawker.storage.control import Document

_AMOUNTS = ("bid", "target_cpa", "daily_budget", "total_budget")
_MOMENTS = ("start", "end")
_KINDS: dict[str, type[Document]] = {
    "advertisers": Advertiser,
    "campaigns": Campaign,
    "groups": AdGroup,
    "creatives": Creative,
    "ads": Ad,
}


def campaigns(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="TOML, JSON or JSON lines.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read campaigns and all that goes with them; one with a known id replaces the old one.

    A file holds lists named advertisers, campaigns, groups, creatives and ads; in JSON lines each line
    is one of them: {"ad": {…}}. Amounts are text such as "0.40 EUR" (or integer micros), start and end
    are days or times.
    """
    from hawker.storage.terms import unplaced

    asked = call(ctx, as_json=as_json, quiet=quiet)
    found: dict[str, list[Any]] = {name: [] for name in _KINDS}
    for path in files:
        for name, records in _read(asked, path).items():
            found[name] += records
    changed = _keep(asked, found)
    figures = {**{name: len(records) for name, records in found.items()}, "changed": changed}
    asked.answer(figures)
    asked.say(asked.word("campaigns_kept", **figures))
    placements = [placement.name for placement in asked.shop.settings.placements]
    asked.findings(unplaced([*found["campaigns"], *found["groups"]], placements))
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
        if not text.lstrip().startswith("{"):
            return tomllib.loads(text)
        return _lines(text) if path.suffix in (".jsonl", ".ndjson") else dict(json.loads(text))
    except (ValueError, UnicodeError) as error:
        raise UnreadableFile(f"'{path}' is neither TOML nor a JSON object: {error}.") from error
    except OSError as error:
        raise UnreadableFile(f"'{path}' cannot be read: {error.strerror}.") from error


def _lines(text: str) -> dict[str, list[Any]]:
    """One document a line, each an object with one name: {"campaign": {…}}."""
    found: dict[str, list[Any]] = {}
    for line in text.splitlines():
        if line.strip():
            for kind, document in dict(json.loads(line)).items():
                found.setdefault(f"{kind}s", []).append(document)
    return found


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
                given[key] = _moment(given[key], _clock(given))
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


def _clock(given: dict[str, Any]) -> tzinfo:
    """The advertiser's clock: its time zone, else its offset."""
    name = given.get("timezone", "")
    return zone(name) if name else timezone(timedelta(minutes=given.get("utc_offset_minutes", 0)))


def _moment(value: Any, clock: tzinfo) -> int:
    """A day or time as microseconds; without a zone it is by the campaign's own clock."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise BadRecord(f"{value!r} is not a time.")
    if value.tzinfo is None:
        value = value.replace(tzinfo=clock)
    return int((value - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def _keep(asked: Call, found: dict[str, list[Any]]) -> int:
    """Write everything, or nothing where something names what is not there (`BadRecord`)."""
    from hawker.storage.control import Control

    control = Control(asked.shop.control)
    try:
        known = {one.id for one in [*control.campaigns(), *found["campaigns"]]}
        groups = {one.id: one.campaign for one in [*control.groups(), *found["groups"]]}
        copies = {one.id for one in [*control.creatives(), *found["creatives"]]}
        products = list(asked.shop.catalogue)
        for group in found["groups"]:
            _belongs(group.campaign, known, f"group '{group.id}': there is no campaign")
        for ad in found["ads"]:
            _belongs(ad.campaign, known, f"ad '{ad.id}': there is no campaign")
            own = [name for name, campaign in groups.items() if campaign == ad.campaign] if ad.group else []
            _belongs(ad.group, own, f"ad '{ad.id}': its campaign has no group")
            _belongs(ad.product, products, f"ad '{ad.id}': the catalogue has no product")
            _belongs(ad.creative, copies, f"ad '{ad.id}': there is no creative")
        return control.put([one for name in _KINDS for one in found[name]])
    finally:
        control.close()


def _belongs(name: str, known: set[str] | Sequence[str], what: str) -> None:
    if name and name not in known:
        raise BadRecord(f"{what} '{name}'.", remedy=nearest(name, list(known)) if known else "")
