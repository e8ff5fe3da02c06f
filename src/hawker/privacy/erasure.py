"""A shopper leaves the log, what was set aside, decision records, lists, choices and snapshots.

    erasure/ID/journal.json   what is to be forgotten, there before anything is touched
    erasure/ID/SERVER.done    a running server has let go of the shopper in its memory
    receipts/ID.json          the signed receipt; the folder above is gone then

Every step may be repeated, so an erasure that was cut short is done again from its journal. Impressions,
clicks and conversions that were decided here stay, without shopper, session or words: they are what was paid
for. The ledger never knew a shopper.
"""

from __future__ import annotations

import re
import secrets as chance
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hawker.errors import Conflict
from hawker.privacy import sealing
from hawker.privacy.pseudonym import Naming
from hawker.privacy.receipt import Erased, Receipt, Retiring, mark, sign
from hawker.records.consent import Consent
from hawker.records.decision import Decision
from hawker.records.events import EVENT_COLUMNS
from hawker.storage import files, hot, presence
from hawker.storage.decision_log import DecisionLog
from hawker.storage.hot_redis import InRedis
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    import duckdb

_PAID = "kind IN ('ad_impression', 'ad_viewable', 'ad_click', 'conversion') AND decision <> ''"
_BLANK = {
    **dict.fromkeys(("shopper", "session", "query", "text", "location", "device"), "''"),
    "attributes": "'{}'",
    "id": "CASE WHEN starts_with(id, decision) THEN id ELSE md5(uuid()::VARCHAR) END",
}
SNAPSHOTS = ("folds.npz", "folds.json")
TRAININGS = "adapting"
"""The folder, within the state, of trainings of encoders that were cut short."""
_DECIDES = frozenset({"gpc", "opted_out", "no_ads", "minor", "special", "gdpr"})


class Journal(Struct, frozen=True):
    """One erasure under way: the id as it was given, every name of it in the records, and own sessions."""

    id: str
    asked: int
    given: str
    names: tuple[str, ...]
    sessions: tuple[str, ...]
    stores: tuple[Erased, ...] = ()


def begin(shop: Shop, shopper: str) -> Journal:
    """Put on record what is to be forgotten. Reads the log once; changes nothing else yet."""
    for journal in pending(shop):
        if journal.given == shopper:
            return journal
    names = tuple(dict.fromkeys((*Naming(shop).ever(shopper), shopper)))
    now = time.time_ns() // 1000
    made = Journal(f"{now}-{chance.token_hex(4)}", now, shopper, names, _sessions(shop, names))
    _write(shop, made)
    return made


def pending(shop: Shop) -> list[Journal]:
    """The erasures that are not finished, oldest first."""
    found = []
    for path in sorted(_home(shop).glob("*/journal.json")):
        with suppress(FileNotFoundError):  # finished a moment ago
            found.append(msgspec.json.decode(sealing.opened(shop, path.read_bytes()), type=Journal))
    return found


def attended(shop: Shop, journal: Journal, server: str) -> bool:
    """Whether a server has let go of the shopper in its memory."""
    return (_home(shop) / journal.id / f"{server}.done").exists()


def attend(shop: Shop, journal: Journal, server: str) -> None:
    """Note that a server has."""
    files.write(_home(shop) / journal.id / f"{server}.done", b"")


def complete(shop: Shop, journal: Journal) -> Receipt | None:
    """Erase from every store and sign the receipt; None while a server has not let go yet."""
    waiting = [one for one in presence.present(engines(shop)) if not attended(shop, journal, one)]
    if waiting:
        return None
    with alone(shop):
        done = receipt(shop, journal.id)
        if done is not None:
            return done
        held = next((one for one in pending(shop) if one.id == journal.id), journal)
        for name, step in _STEPS.items():
            removed, kept = step(shop, held)
            before = next((one for one in held.stores if one.store == name), Erased(name))
            counted = Erased(name, before.removed + removed, before.kept + kept)
            others = tuple(one for one in held.stores if one.store != name)
            held = msgspec.structs.replace(held, stores=(*others, counted))
            _write(shop, held)
        made = Receipt(
            id=held.id,
            asked=held.asked,
            done=time.time_ns() // 1000,
            shopper=mark(shop, held.given),
            stores=held.stores,
            models=tuple(_retiring(shop)),
        )
        signed = sign(shop, made)
        files.write(_receipts(shop) / f"{held.id}.json", msgspec.json.format(msgspec.json.encode(signed)))
        shutil.rmtree(_home(shop) / held.id)
        return signed


def resume(shop: Shop) -> list[Receipt]:
    """Finish what was cut short, where no server still has to let go."""
    done = (complete(shop, journal) for journal in pending(shop))
    return [one for one in done if one is not None]


def receipt(shop: Shop, id: str) -> Receipt | None:
    """The receipt of an erasure, where it is done."""
    path = _receipts(shop) / f"{id}.json"
    return msgspec.json.decode(path.read_bytes(), type=Receipt) if path.is_file() else None


def receipts(shop: Shop) -> list[Receipt]:
    """All receipts, oldest first."""
    found = sorted(_receipts(shop).glob("*.json"))
    return [msgspec.json.decode(path.read_bytes(), type=Receipt) for path in found]


def finished(shop: Shop) -> int:
    """How many erasures have been finished so far: to be asked before shoppers' behaviour is read."""
    return len(receipts(shop))


@contextmanager
def keeping(shop: Shop, read: int) -> Iterator[None]:
    """Write down what was learned when so many erasures were `finished`, while no erasure runs.

    Raises `Conflict` where one has been finished since.
    """
    with alone(shop):
        if finished(shop) != read:
            raise Conflict(
                "Somebody has been forgotten since the log was read; nothing learned from it is kept.",
                remedy="Run it again.",
            )
        yield


def engines(shop: Shop) -> Path:
    """The folder in which servers say that they are there."""
    return shop.state / "servers"


def unnamed(decision: Decision) -> Decision:
    """A decision record without the person: what was decided, paid and drawn stays, bit for bit."""
    asked = decision.request
    said = {name: getattr(asked.consent, name) for name in Consent.__struct_fields__ if name in _DECIDES}
    blank = msgspec.structs.replace(asked, shopper="", session="", query="", consent=Consent(**said))
    return msgspec.structs.replace(decision, request=blank)


def _sessions(shop: Shop, names: tuple[str, ...]) -> tuple[str, ...]:
    """The sessions in the log that were these names' and nobody else's."""
    from hawker.storage.event_log import EventLog

    connection = _connected(names, ())
    EventLog(shop.events).view(connection)
    query = (
        "SELECT session FROM events WHERE session <> '' AND shopper <> '' GROUP BY session "
        "HAVING bool_and(shopper IN (SELECT name FROM forgotten))"
    )
    return tuple(str(row[0]) for row in connection.execute(query).fetchall())


def _connected(names: tuple[str, ...], sessions: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    from hawker.storage import tables

    connection = tables.connect(threads=1)
    for table, held in (("forgotten", names), ("visits", sessions)):
        connection.execute(f"CREATE TEMP TABLE {table} (name VARCHAR)")
        if held:
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [[name] for name in held])
    return connection


_OURS = "(shopper IN (SELECT name FROM forgotten) OR (shopper = '' AND session IN (SELECT name FROM visits)))"


def _tables(shop: Shop, journal: Journal) -> tuple[int, int]:
    """Lists, segments, declared attributes and outliers; whatever table names a shopper."""
    from hawker.storage import tables
    from hawker.storage.event_log import EventLog

    removed = 0
    connection = _connected(journal.names, journal.sessions)
    EventLog(shop.events).view(connection)
    for path in sorted((shop.folder / "tables").glob("*.parquet")):
        read = f"SELECT * FROM {tables.quoted(path)}"
        names = {row[0] for row in connection.execute(f"DESCRIBE {read}").fetchall()}
        if path.stem == "outliers":
            where = f"id IN (SELECT id FROM events WHERE {_OURS})"
        elif "shopper" in names or path.stem == "shoppers":
            where = f"{'shopper' if 'shopper' in names else 'id'} IN (SELECT name FROM forgotten)"
        else:
            continue
        counted = connection.execute(f"SELECT count(*) FROM ({read}) WHERE {where}").fetchone()
        if counted and counted[0]:
            removed += int(counted[0])
            tables.replace(connection, f"SELECT * FROM ({read}) WHERE NOT coalesce({where}, false)", path)
    return removed, 0


def _quarantine(shop: Shop, journal: Journal) -> tuple[int, int]:
    """Rows set aside in which the id stands as a cell or a value of its own."""
    words = "|".join(re.escape(name) for name in {*journal.names, *(_escaped(n) for n in journal.names)})
    found = re.compile(rf"""(?<![^\s,;|"'\\]){"(?:" + words + ")"}(?![^\s,;|"'\\])""")
    removed = 0
    for path in sorted(shop.quarantine.rglob("*.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        left = [line for line in lines if not found.search(_row(shop, line))]
        if len(left) < len(lines):
            removed += len(lines) - len(left)
            files.write(path, b"".join(left)) if left else path.unlink()
    return removed, 0


def _row(shop: Shop, line: bytes) -> str:
    """What a line of the quarantine says of the row: the row itself, opened, and the words about it."""
    try:
        held = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return line.decode("utf-8", "replace")
    raw = sealing.opened(shop, str(held.get("raw", "")).encode()).decode("utf-8", "replace")
    return f"{raw}\n{held.get('message', '')}"


def _decisions(shop: Shop, journal: Journal) -> tuple[int, int]:
    """Decision records lose the person and keep the rest."""
    if not shop.decisions.is_dir():
        return 0, 0
    names, sessions = frozenset(journal.names), frozenset(journal.sessions)

    def change(decision: Decision) -> Decision:
        asked = decision.request
        ours = asked.shopper in names or (not asked.shopper and asked.session in sessions)
        return unnamed(decision) if ours else decision

    return 0, DecisionLog(shop.decisions).rewrite(change)[0]


def _preferences(shop: Shop, journal: Journal) -> tuple[int, int]:
    from hawker.storage.preferences import Choices

    choices = Choices(shop.control)
    try:
        return sum(choices.remove(name) for name in journal.names), 0
    finally:
        choices.close()


def _asked(shop: Shop, journal: Journal) -> tuple[int, int]:
    """What they asked the assistant."""
    from hawker.storage.questions import Questions

    questions = Questions(shop.control)
    try:
        return questions.forget(journal.names, journal.sessions), 0
    finally:
        questions.close()


def _caps(shop: Shop, journal: Journal) -> tuple[int, int]:
    """Counters of impressions, in the folder and in the Redis that servers share."""
    path = shop.state / hot.SAVED
    removed = sum(hot.erase(path, name) for name in journal.names) if path.is_file() else 0
    if shop.shared:
        shared = InRedis(shop.shared)
        visits = (f"{hot.SESSION}{session}" for session in journal.sessions)
        removed += sum(shared.forget(subject) for subject in (*journal.names, *visits))
        shared.close()
    return removed, 0


def _snapshots(shop: Shop, _: Journal) -> tuple[int, int]:
    """Folds on disk are made again from what is left of the log; a training cut short begins anew."""
    shutil.rmtree(shop.state / TRAININGS, ignore_errors=True)
    held = [shop.state / name for name in SNAPSHOTS if (shop.state / name).is_file()]
    for path in held:
        path.unlink()
    return len(held), 0


def _events(shop: Shop, journal: Journal) -> tuple[int, int]:
    """What was paid for stays without the person, all else of theirs goes."""
    from hawker.storage.event_log import EventLog

    connection = _connected(journal.names, journal.sessions)
    columns = ", ".join(
        f'CASE WHEN {_OURS} THEN {_BLANK[name]} ELSE "{name}" END AS "{name}"'
        if name in _BLANK
        else f'"{name}"'
        for name in EVENT_COLUMNS
    )
    log = EventLog(shop.events)
    log.view(connection)
    counted = connection.execute(f"SELECT count(*) FROM events WHERE {_OURS} AND {_PAID}").fetchone()
    kept = int(counted[0]) if counted else 0
    found = log.rewrite(connection, where=_OURS, keep=f"NOT {_OURS} OR ({_PAID})", columns=columns)
    return found - kept, kept


_STEPS: dict[str, Callable[[Shop, Journal], tuple[int, int]]] = {
    "tables": _tables,
    "quarantine": _quarantine,
    "decisions": _decisions,
    "preferences": _preferences,
    "questions": _asked,
    "caps": _caps,
    "folds": _snapshots,
    "events": _events,
}
"""The stores in the order in which they are erased: events last, for the others are found by them."""


def _retiring(shop: Shop) -> Iterator[Retiring]:
    """Every model there is: each may have learned from the shopper."""
    until = datetime.now(UTC).date() + timedelta(days=shop.settings.retire_models_days)
    store = ModelStore(shop.models)
    homes = sorted(path for path in shop.models.iterdir() if path.is_dir()) if shop.models.is_dir() else []
    for home in homes:
        serving = store.promoted(home.name)
        for version in store.versions(home.name):
            yield Retiring(home.name, version, until.isoformat(), version == serving)


def _escaped(name: str) -> str:
    """A name as JSON writes it."""
    return msgspec.json.encode(name).decode()[1:-1]


def _write(shop: Shop, journal: Journal) -> None:
    path = _home(shop) / journal.id / "journal.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write(path, sealing.sealed(shop, msgspec.json.encode(journal)))


@contextmanager
def alone(shop: Shop) -> Iterator[None]:
    """One at a time, whoever does it: an erasure, or whatever rewrites a list of shoppers."""
    _home(shop).mkdir(mode=0o700, parents=True, exist_ok=True)
    with files.alone(_home(shop) / "lock"):
        yield


def _home(shop: Shop) -> Path:
    return shop.folder / "erasure"


def _receipts(shop: Shop) -> Path:
    return shop.folder / "receipts"
