"""`hawker ingest`: a shop's raw files come in; the map of columns is shown before anything is written."""

from __future__ import annotations

import glob
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hawker.cli import drafts
from hawker.cli.call import AsJson, Call, Quiet, call, plain, table
from hawker.errors import BadInput, BadMapping, BadSetting, NotFound, UnreadableFile

if TYPE_CHECKING:
    from hawker.ingest.columns import ColumnMap

Files = Annotated[
    list[str], typer.Argument(metavar="FILES…", help="Files or patterns such as 'logs/*.jsonl'.")
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column a field is in; repeat."),
]
Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="Of amounts that name none.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Show the map and stop.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Format = Annotated[str, typer.Option("--format", metavar="NAME", help="Of the feed; detected otherwise.")]
Kind = Annotated[str, typer.Option("--kind", metavar="KIND", help="What every row is, such as purchase.")]
Zone = Annotated[
    str, typer.Option("--timezone", metavar="ZONE", help="Of times that name none; else the shop's clock.")
]
_WIDE = 48


@dataclass(frozen=True)
class Preview:
    """How some files will be read: `lines` are field, column and an example; `form` is what they are."""

    files: tuple[str, ...]
    form: str
    lines: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...] = ()
    map: ColumnMap | None = None

    def document(self) -> dict[str, Any]:
        """The preview for JSON."""
        return {
            "files": list(self.files),
            "form": self.form,
            "columns": {field: column for field, column, _ in self.lines if column},
        }


def group() -> typer.Typer:
    """`ingest` with what it can take in."""
    made = typer.Typer(no_args_is_help=True, help="Take in a catalogue, a behaviour log, campaigns.")
    from hawker.cli.campaigns import campaigns

    for verb in (catalogue, behaviour, campaigns, unseal, restore):
        made.command()(verb)
    return made


def catalogue(
    ctx: typer.Context,
    files: Files,
    format: Format = "",
    map: Map = None,
    currency: Currency = "",
    dry_run: Dry = False,
    yes: Yes = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read product feeds: Google Merchant, Shopify, WooCommerce, schema.org, CSV, JSONL, Parquet."""
    from hawker import ingest

    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop, chosen = asked.shop, _pairs(map)
    shown = [_feed(path, form=format, chosen=chosen) for path in _existing(files)]
    if not _agreed(asked, [one for one in shown if one], dry=dry_run, yes=yes, notes=[]):
        return
    with asked.progress() as tell:
        result = ingest.catalogue(
            shop, *files, format=format, columns=chosen or None, currency=currency, progress=tell
        )
        taken = drafts.proofread(asked, tell) if result.changed else []
    figures = {
        name: getattr(result, name) for name in ("products", "variants", "changed", "set_aside", "seconds")
    }
    asked.answer({**figures, "findings": plain(result.findings), "taken": [one.id for one in taken]})
    asked.say(asked.word("products_kept", **figures))
    asked.findings(result.findings)
    drafts.taken(asked, taken)
    _mending(asked, result.set_aside, "catalogue")
    asked.then("ingest", "behaviour", "FILE")


def behaviour(
    ctx: typer.Context,
    files: Files,
    kind: Kind = "",
    map: Map = None,
    timezone: Zone = "",
    currency: Currency = "",
    dry_run: Dry = False,
    yes: Yes = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read what shoppers did: CSV, JSON lines or Parquet, gzipped or not."""
    from hawker.ingest import behaviour as take
    from hawker.ingest import sources

    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop, chosen = asked.shop, _pairs(map)
    zone = timezone or clock(shop.settings.utc_offset_minutes)
    try:
        shown = [_log(path, kind=kind, chosen=chosen) for path in sources.expanded(*files)]
    except NotFound as error:
        raise BadInput(error.message, remedy=error.remedy) from error
    previews = [one for one in shown if one]
    if not _agreed(asked, previews, dry=dry_run, yes=yes, notes=[asked.word("zone", zone=zone)]):
        return
    rounds: list[tuple[ColumnMap | None, tuple[str, ...]]] = [(None, tuple(files))]
    if chosen:
        rounds = [(one.map, one.files) for one in _merged(previews)]
    results = []
    with asked.progress() as tell:
        for columns, paths in rounds:
            results.append(
                take(
                    shop,
                    *paths,
                    columns=columns,
                    kind=kind or None,
                    timezone=zone,
                    currency=currency,
                    progress=tell,
                )
            )
    _kept(asked, results)
    asked.then("check")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A quarantine file whose 'raw' fields were mended.")],
    map: Map = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Put mended quarantine lines back; those still broken stay there."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    feed = _of_feed(shop.quarantine / "catalogue", file)
    with asked.progress() as tell:
        tell("restore", 0.0)
        if feed:
            from hawker.ingest.catalogue import restore as put_back

            result = put_back(shop, feed, columns=_pairs(map) or None)
            taken = drafts.proofread(asked, tell) if result.changed else []
            names = ("products", "variants", "changed", "set_aside", "seconds")
            figures = {name: getattr(result, name) for name in names}
            gone = [one.id for one in taken]
            asked.answer({**figures, "findings": plain(result.findings), "taken": gone})
            asked.say(asked.word("products_kept", **figures))
            asked.findings(result.findings)
            drafts.taken(asked, taken)
        else:
            from hawker.ingest import quarantine

            _kept(asked, [quarantine.restore(shop, file)])
    asked.then("check")


def unseal(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A quarantine file that is to be mended.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Lay sealed quarantine lines open, to be mended; `restore` seals again what is left."""
    from hawker.ingest import quarantine

    asked = call(ctx, as_json=as_json, quiet=quiet)
    path = _of_feed(asked.shop.quarantine / "catalogue", file) or quarantine.found(asked.shop, file)
    lines = quarantine.unseal(asked.shop, path)
    asked.answer({"file": str(path), "lines": lines})
    asked.say(asked.word("unsealed", count=lines, file=path))
    asked.then("ingest", "restore", str(path))


def clock(offset: int) -> str:
    """The zone of a shop whose clock is so many minutes from UTC.

    >>> clock(0), clock(480), clock(-210)
    ('UTC', 'UTC+08:00', 'UTC-03:30')
    """
    return f"UTC{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}" if offset else "UTC"


def _of_feed(folder: Path, file: Path) -> Path | None:
    """The catalogue's quarantine file of that path or name, if it is one."""
    for path in (file, folder / file, folder / f"{file}.jsonl"):
        if path.is_file() and path.resolve().parent == folder.resolve():
            return path
    return None


def _kept(asked: Call, results: list[Any]) -> None:
    """What one or more ingests of behaviour did, as one."""
    names = ("events", "duplicates", "set_aside", "seconds", "files")
    figures = {name: sum(getattr(result, name) for result in results) for name in names}
    rows = figures["events"] + figures["duplicates"] + figures["set_aside"]
    rate = rows / max(figures["seconds"], 1e-9)
    found = [finding for result in results for finding in result.findings]
    asked.answer({**figures, "events_per_s": round(rate), "findings": plain(found)})
    asked.say(asked.word("events_kept", rate=rate, **figures))
    asked.findings(found)
    _mending(asked, figures["set_aside"], "behaviour")


def _mending(asked: Call, set_aside: int, folder: str) -> None:
    if set_aside:
        asked.say("")
        asked.say(asked.word("mend", folder=asked.shop.quarantine / folder), style="dim")


def _pairs(given: list[str] | None) -> dict[str, str]:
    """`field=column` as a mapping.

    >>> _pairs(["time=when", "product=sku=1"])
    {'time': 'when', 'product': 'sku=1'}
    """
    found: dict[str, str] = {}
    for text in given or []:
        field, mark, column = text.partition("=")
        if not (field and mark and column):
            raise BadSetting(f"--map '{text}' is no map.", remedy="Write --map FIELD=COLUMN.")
        found[field.strip()] = column.strip()
    return found


def _existing(given: list[str]) -> list[Path]:
    """The files that are there; the ingest itself says which pattern matches none."""
    found = [Path(path) for text in given for path in (sorted(glob.glob(text, recursive=True)) or [text])]
    return [path for path in found if path.is_file()]


def _feed(path: Path, *, form: str, chosen: Mapping[str, str]) -> Preview | None:
    """How a feed will be read, with its first product; None where only the ingest can say why not."""
    from hawker.ingest import feeds
    from hawker.ingest.catalogue import propose

    try:
        named = form or feeds.detect(path)
        columns = {**propose(path), **chosen}
        row = next(
            (row for row in feeds.read(path, form=form, columns=chosen) if isinstance(row, feeds.Row)), None
        )
    except BadInput:
        return None
    held = {**row.fields, **{f"attributes.{k}": v for k, v in row.attributes.items()}} if row else {}
    fields = columns or {field: "" for field, text in held.items() if text}
    lines = tuple((field, column, held.get(field, "")) for field, column in fields.items())
    return Preview((str(path),), named, lines)


def _log(path: Path, *, kind: str, chosen: Mapping[str, str]) -> Preview | None:
    """How a log will be read, with the first value of each column; None where the ingest will say why."""
    from msgspec.structs import replace

    from hawker.ingest import columns, sources

    with tempfile.TemporaryDirectory() as folder:
        try:
            source = sources.opened(path, Path(folder))
            try:
                proposed = columns.proposed(source, kind=kind or None)
            except BadMapping:
                if not chosen:
                    raise
                proposed = columns.ColumnMap({})
            merged = replace(proposed, columns={**proposed.columns, **chosen})
            if "kind" in chosen:
                merged = replace(merged, kind="")
            found = columns.resolved(source, merged, kind=kind or None)
            first = source.sample(50)
        except UnreadableFile:
            return None
        except BadMapping as error:
            if source.form == "empty" or not source.types:
                return None
            raise BadMapping(error.message, remedy=_typed(error.remedy)) from error
    lines = [(name, column, _first(first, column)) for name, column in found.columns.items()]
    lines += [("kind", "", found.kind)] if found.kind else []
    return Preview((str(path),), source.form, tuple(lines), ("day_first",) if found.day_first else (), found)


def _typed(remedy: str) -> str:
    """A remedy in the words of the command line instead of Python's."""
    if "columns=" not in remedy:
        return remedy
    return (
        "Say which column it is, --map time=COLUMN or --map kind=COLUMN, or what every row is: --kind view."
    )


def _first(rows: list[dict[str, Any]], column: str) -> str:
    return next((str(row[column]) for row in rows if row.get(column) is not None), "")


def _merged(previews: list[Preview]) -> list[Preview]:
    """Previews that read alike, as one."""
    found: list[Preview] = []
    for one in previews:
        for place, other in enumerate(found):
            same = [line[:2] for line in one.lines] == [line[:2] for line in other.lines]
            if same and (one.form, one.map) == (other.form, other.map):
                found[place] = Preview(
                    (*other.files, *one.files), other.form, other.lines, other.notes, other.map
                )
                break
        else:
            found.append(one)
    return found


def _agreed(asked: Call, previews: list[Preview], *, dry: bool, yes: bool, notes: list[str]) -> bool:
    """Show how the files will be read; whether to go on."""
    merged = _merged(previews)
    for number, one in enumerate(merged):
        if number:
            asked.say("")
        _show(asked, one)
    for note in notes if merged else []:
        asked.say(note, style="dim")
    if dry:
        asked.answer({"dry_run": True, "maps": [one.document() for one in merged]})
        asked.say(asked.word("dry"))
        return False
    asked.say("")
    if yes or asked.json or asked.quiet or not merged or not sys.stdin.isatty():
        return True
    if typer.confirm(asked.word("ask"), default=True, err=True):
        return True
    asked.say(asked.word("declined"))
    return False


def _show(asked: Call, one: Preview) -> None:
    names = ", ".join(Path(name).name for name in one.files[:3])
    names += f" … ({len(one.files):,})" if len(one.files) > 3 else ""
    asked.say(asked.word("read_as", files=names, form=one.form.replace("_", " ")), style="bold")
    mapped = any(column for _, column, _ in one.lines)
    headings = ("field", "column", "example") if mapped else ("field", "example")
    lines = table(*map(asked.word, headings))
    for field, column, example in one.lines:
        told = example if len(example) <= _WIDE else example[: _WIDE - 1] + "…"
        told = told.replace("\n", " ")
        lines.add_row(*(field, column or asked.word("every_row"), told) if mapped else (field, told))
    asked.say(lines)
    for note in one.notes:
        asked.say(asked.word(note), style="dim")
