"""A shop's behaviour log becomes events: read, cleaned, de-duplicated and kept whole, or set aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from msgspec.structs import replace

from hawker.errors import Corrupt, UnreadableFile
from hawker.ingest import batches, cleaning, duplicates, notes, passes, quarantine, sources
from hawker.ingest.batches import Batch, Reading
from hawker.ingest.columns import ColumnMap, resolved
from hawker.ingest.quarantine import SetAside
from hawker.ingest.sources import Source
from hawker.privacy.pseudonym import Naming
from hawker.records.events import EventKind
from hawker.records.finding import Finding, Severity
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

MEMORY = "1000MB"
"""What DuckDB may hold; about 40 bytes a row of the largest file come on top."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class BehaviourResult:
    """What an ingest did. `set_aside` rows lie in the quarantine; `findings` say what was noticed."""

    events: int
    duplicates: int
    set_aside: int
    findings: tuple[Finding, ...]
    seconds: float
    files: int

    @property
    def events_per_s(self) -> float:
        """Rows read a second, the kept, the repeated and the set aside."""
        return (self.events + self.duplicates + self.set_aside) / max(self.seconds, 1e-9)

    def __add__(self, other: BehaviourResult) -> BehaviourResult:
        """Two ingests as one."""
        return BehaviourResult(
            events=self.events + other.events,
            duplicates=self.duplicates + other.duplicates,
            set_aside=self.set_aside + other.set_aside,
            findings=self.findings + other.findings,
            seconds=self.seconds + other.seconds,
            files=self.files + other.files,
        )

    def __str__(self) -> str:
        repeated = f", {self.duplicates:,} already known" if self.duplicates else ""
        return f"{self.events:,} events kept{repeated}, {self.set_aside:,} set aside"


def behaviour(
    shop: Shop,
    *paths: str | Path,
    columns: ColumnMap | Mapping[str, str] | None = None,
    kind: str | EventKind | None = None,
    timezone: str = "UTC",
    currency: str = "",
    progress: Progress | None = None,
    threads: int | None = None,
    defaults: Mapping[str, str] | None = None,
    now: int | None = None,
) -> BehaviourResult:
    """Ingest files or globs (CSV, TSV, JSON lines, JSON array, Parquet; gzipped or not) into the log.

    `columns` maps columns of the event log to those of the files (proposed where None), `kind` says
    what every row is, `timezone` where times without a zone were taken, `currency` and `defaults` what
    the files do not say. What cannot be an event goes to the quarantine with file, line and reason.
    A file whose events are all there changes nothing. Raises `BadMapping`, `UnreadableFile`,
    `StorageFull`, `Conflict`; each file is kept whole or not at all.
    """
    started = time.perf_counter()
    reading = _reading(columns, kind=kind, timezone=timezone, currency=currency, defaults=defaults)
    listed = sources.expanded(*paths)
    with batches.workshop(shop) as folder, tables.connect(threads=threads, memory=MEMORY) as connection:
        passes.settle(connection, spill=folder / "spill", timezone=timezone)
        ingest = _Ingest(shop, connection, folder, reading, now or time.time_ns() // 1000)
        done = []
        for number, path in enumerate(listed):
            if progress:
                progress(path.name, number / len(listed))
            done.append(ingest.file(path, alone=len(listed) == 1))
        notes.shoppers(shop, connection, [batch.name for batch in done if batch.events])
    if progress:
        progress("", 1.0)
    return _result(done, started)


def restore(
    shop: Shop, file: str | Path, *, threads: int | None = None, now: int | None = None
) -> BehaviourResult:
    """Put the mended lines of a quarantine file back; those still broken stay there.

    The lines are read as their file was, with the same map, zone and currency. Raises `NotFound`
    where the ingest that set them aside is not on record.
    """
    started = time.perf_counter()
    path = quarantine.found(shop, file)
    entries = [quarantine.opened(shop, entry) for entry in quarantine.read(path)]
    batch = batches.recorded(shop, path.stem)
    with batches.workshop(shop) as folder, tables.connect(threads=threads, memory=MEMORY) as connection:
        passes.settle(connection, spill=folder / "spill", timezone=batch.reading.timezone)
        ingest = _Ingest(shop, connection, folder, batch.reading, now or time.time_ns() // 1000)
        source, line_of = quarantine.again(entries, batch, folder / "mended")
        name = batches.name(source.path, replace(batch.reading, map=batch.map))
        back = replace(batch, name=name, events=0, duplicates=0, set_aside=0, findings=())

        def told(entry: SetAside) -> SetAside:
            old = entries[line_of[entry.line]]
            return replace(entry, file=old.file, line=old.line, raw=old.raw)

        with passes.room(shop.folder):
            done = ingest.kept(source, back, home=path, told=told)
        notes.shoppers(shop, connection, [done.name] if done.events else [])
    return _result([done], started)


def _result(done: list[Batch], started: float) -> BehaviourResult:
    return BehaviourResult(
        events=sum(batch.events for batch in done),
        duplicates=sum(batch.duplicates for batch in done),
        set_aside=sum(batch.set_aside for batch in done),
        findings=tuple(finding for batch in done for finding in batch.findings),
        seconds=time.perf_counter() - started,
        files=len(done),
    )


def _reading(
    columns: ColumnMap | Mapping[str, str] | None,
    *,
    kind: str | EventKind | None,
    timezone: str,
    currency: str,
    defaults: Mapping[str, str] | None,
) -> Reading:
    chosen = (
        columns if columns is None or isinstance(columns, ColumnMap) else ColumnMap(columns=dict(columns))
    )
    return Reading(
        map=chosen, kind=str(kind or ""), timezone=timezone, currency=currency, defaults=dict(defaults or {})
    )


@dataclass
class _Ingest:
    """One run over several files: the connection they share and what it has learned of the log."""

    shop: Shop
    connection: duckdb.DuckDBPyConnection
    folder: Path
    reading: Reading
    now: int

    def __post_init__(self) -> None:
        self.log = EventLog(self.shop.events)
        self.known = duplicates.Known(self.shop.events / "history")
        self.naming = Naming(self.shop)
        defaults = dict(self.reading.defaults)
        if "shopper" in defaults:
            defaults["shopper"] = self.naming.of(defaults["shopper"])
        self.rules = cleaning.Rules(
            now=self.now,
            currency=self.reading.currency or self.shop.settings.currency,
            shopper=self.naming.sql("shopper"),
            defaults=defaults,
        )
        self.log.view(self.connection, name="known")

    def file(self, path: Path, *, alone: bool) -> Batch:
        """Ingest one file, or say that it was ingested before, or (beside others) why it cannot be."""
        name = batches.name(path, self.reading)
        before = batches.finished(self.shop, name)
        if before:
            return _again(before, path)
        try:
            return self._fresh(path, name)
        except UnreadableFile as error:
            if alone:
                raise
            found = Finding(str(path), "unreadable_file", str(error), Severity.ERROR)
            return Batch(name, str(path), "", self.reading, ColumnMap({}), findings=(found,))

    def _fresh(self, path: Path, name: str) -> Batch:
        source = sources.opened(path, self.folder)
        batch = Batch(
            name, str(path), source.form, self.reading, ColumnMap({}), tuple(source.types), source.delimiter
        )
        if source.form == "empty" or not source.types:
            found = Finding(str(path), "empty_file", "The file is empty; nothing was read.")
            return replace(batch, findings=(found,))
        map = resolved(source, self.reading.map, kind=self.reading.kind or None)
        with passes.room(self.shop.folder):
            home = self.shop.quarantine / "behaviour" / f"{name}.jsonl"
            return self.kept(source, replace(batch, map=map), home=home)

    def kept(
        self, source: Source, batch: Batch, *, home: Path, told: Callable[[SetAside], SetAside] | None = None
    ) -> Batch:
        """Both passes over a readable file, then log, quarantine and record, in this order.

        `home` is the quarantine file, `told` rewrites what goes there (where a line came from).
        """
        label, connection = str(source.path), self.connection
        nothing = not self.known.any(connection, besides=batch.name)
        done = passes.first(
            connection, source, batch.map, rules=self.rules, folder=self.folder, content=nothing
        )
        own_ids = "id" in batch.map.columns
        verdict = duplicates.judge(
            connection, done.rows, done.scan, known=self.known, part=batch.name, own_ids=own_ids
        )
        part = self.folder / f"{batch.name}.parquet"
        written = passes.second(connection, verdict.distinct(connection, done.rows, done.scan), part)
        expected = int(np.count_nonzero(done.scan.good)) - len(verdict.dropped)
        if written != expected:
            raise Corrupt(
                f"'{label}' gave {written:,} events where {expected:,} were expected.",
                remedy="It changed while it was read: run the ingest again.",
            )
        tally = passes.Tally()
        entries = map(told or (lambda entry: entry), passes.left_over(connection, done))
        kept = (quarantine.sealed(self.shop, entry) for entry in tally.counted(entries))
        aside = quarantine.write(self.folder / home.name, kept)
        noted = notes.of(self.shop, connection, part, file=label, batch=batch.name)
        noted += notes.repeats(verdict, done.scan, file=label)
        if not len(done.scan) and not done.broken:
            noted.append(Finding(label, "header_only", "The file has a header but no rows."))
        if written:
            self.log.adopt(part, name=batch.name)
        quarantine.place(self.folder / home.name, home)
        found = sorted([*tally.findings(), *noted], key=lambda finding: -finding.severity)
        repeated = verdict.within + verdict.before
        whole = replace(batch, events=written, duplicates=repeated, set_aside=aside, findings=tuple(found))
        batches.finish(self.shop, whole)
        return whole


def _again(before: Batch, path: Path) -> Batch:
    """What a file gives that was ingested before: nothing but a note."""
    message = f"The same file was ingested before ({before.events:,} events); nothing changed."
    note = Finding(str(path), "already_ingested", message, Severity.NOTE)
    known = before.events + before.duplicates
    return replace(before, events=0, duplicates=known, set_aside=0, findings=(note,))
