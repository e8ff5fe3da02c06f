"""One way into SQL: SQLite in a file, or PostgreSQL at a URL; every write is one whole transaction.

Committed means on the disk. `writing` and `reading` mean the same on both; only `sharing` lets
PostgreSQL do several writes at a time, for callers that lock the rows they decide by.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sql
from sqlalchemy.engine import URL, Connection, Engine

from hawker.errors import BadSetting, Conflict, Corrupt, HawkerError, StorageFull, Unreachable, extra

Target = Path | str
"""Where a database is: the path of a SQLite file, or a URL that begins with postgresql://."""
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "busy_timeout = 30000",
    "foreign_keys = ON",
    "secure_delete = ON",
)
_PROMISES = ("synchronous_commit = on", "lock_timeout = '30s'", "statement_timeout = '120s'")
_MEANING: tuple[tuple[str, type[HawkerError], str], ...] = (
    ("is full", StorageFull, "Free space in the shop's folder and try again; nothing of it was kept."),
    ("locked", Conflict, "Another process holds it for more than 30 s: end that process."),
    ("malformed", Corrupt, "Restore the file from a copy."),
    ("not a database", Corrupt, "Restore the file from a copy."),
    ("unable to open", Corrupt, "Check that the folder exists and can be written to."),
)
_STATES: dict[str, tuple[type[HawkerError], str]] = {
    "53100": (StorageFull, "Free space on the server and try again; nothing of it was kept."),
    "55P03": (Conflict, "Another process holds a lock for more than 30 s: end that process."),
    "40001": (Conflict, "Two transactions crossed: try again."),
    "40P01": (Conflict, "Two transactions crossed: try again."),
    "23505": (Conflict, "Two transactions wrote the same: try again."),
    "28P01": (BadSetting, "Correct the password in HAWKER_DATABASE."),
    "3D000": (BadSetting, "Create that database first: createdb NAME."),
}
"""What PostgreSQL's states mean; any other failure of a connection is `Unreachable`."""
_CROSSED = frozenset({"40001", "40P01", "23505"})
_TURN = 0x4861776B6572  # the advisory lock by which writers of one database take turns
_TRIES = 8
_made: set[tuple[str, frozenset[str]]] = set()
P = ParamSpec("P")
T = TypeVar("T")


def opened(
    target: Target, schema: sql.MetaData, *, fill: Mapping[str, Callable[[Connection], None]] | None = None
) -> Engine:
    """The database at a path or URL, with the tables of a schema made, and columns added that it lacks.

    `fill` says for a column ('table.column') how to fill it in, once, where an older database lacked it.
    Raises `BadSetting` for another kind of URL, `Unreachable` where the server does not answer.
    """
    if isinstance(target, str) and "://" in target:
        engine = _server(target)
        sql.event.listen(engine, "connect", _promise)
    else:
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sql.create_engine(f"sqlite:///{path}")
        sql.event.listen(engine, "connect", _prepare)
        sql.event.listen(engine, "begin", _begin)
    key = (engine.url.render_as_string(hide_password=False), frozenset(schema.tables))
    if key not in _made:
        try:
            with writing(engine) as connection:
                schema.create_all(connection)
                for column in _grow(connection, schema):
                    if fill and column in fill:
                        fill[column](connection)
        except BaseException:
            engine.dispose()
            raise
        if engine.dialect.name == "postgresql":  # a file may be replaced while this process lives
            _made.add(key)
    return engine


def exists(target: Target) -> bool:
    """Whether there is a database to open: a file is there; a server is taken to be."""
    return "://" in target if isinstance(target, str) else target.is_file()


def masked(target: Target) -> str:
    """A path or URL as it may be shown: without its password.

    >>> masked("postgresql://hawker:secret@db/shop")
    'postgresql://hawker:***@db/shop'
    """
    if isinstance(target, Path) or "://" not in target:
        return str(target)
    try:
        return sql.make_url(target).render_as_string(hide_password=True)
    except (sql.exc.ArgumentError, ValueError):
        return f"{target.partition('://')[0]}://…"


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads and writes alone, committed as a whole when the block ends well."""
    with _told(engine), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(_TURN)))
        yield connection


@contextmanager
def sharing(engine: Engine) -> Iterator[Connection]:
    """A transaction beside others, which locks what it decides by (SELECT … FOR UPDATE).

    On SQLite it is alone all the same. Use it in a function that is `retried`.
    """
    with _told(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading one consistent state; it waits for no writer."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _told(engine), engine.connect() as connection:
        yield connection.execution_options(**options)


def retried(work: Callable[P, T]) -> Callable[P, T]:
    """Run one whole transaction again where it crossed another (PostgreSQL), up to eight times."""

    @functools.wraps(work)
    def persistent(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(_TRIES - 1):
            try:
                return work(*args, **kwargs)
            except Conflict as error:
                if not _crossed(error):
                    raise
                time.sleep(0.002 * 2**attempt)
        return work(*args, **kwargs)

    return persistent


def _crossed(error: Conflict) -> bool:
    cause = error.__cause__
    return isinstance(cause, sql.exc.DBAPIError) and getattr(cause.orig, "sqlstate", None) in _CROSSED


def _server(target: str) -> Engine:
    try:
        url: URL = sql.make_url(target)
    except (sql.exc.ArgumentError, ValueError):
        url = URL.create("unreadable")
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise BadSetting(
            f"'{masked(target)}' is not a database that Hawker can use.",
            remedy="Give postgresql://USER@HOST/NAME, or nothing for files in the shop's folder.",
        )
    extra("psycopg", "postgres")
    return sql.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5},
    )


def _grow(connection: Connection, schema: sql.MetaData) -> list[str]:
    """Add the columns that a database made by an earlier release lacks; their names."""
    found, added = sql.inspect(connection), []
    for table in schema.sorted_tables:
        held = {column["name"] for column in found.get_columns(table.name)}
        for column in table.columns:
            if column.name not in held:
                described = sql.schema.CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {described}")
                added.append(f"{table.name}.{column.name}")
    return added


def purge(engine: Engine) -> None:
    """Let nothing that was deleted linger in SQLite's write-ahead log; a server needs no asking."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    try:
        yield
    except sql.exc.DBAPIError as error:
        if engine.dialect.name == "postgresql":
            raise _postgres(engine, error) from error
        text = str(error.orig)
        for words, kind, remedy in _MEANING:
            if words in text:
                raise kind(f"'{engine.url.database}': {text}.", remedy=remedy) from error
        raise


def _postgres(engine: Engine, error: sql.exc.DBAPIError) -> Exception:
    """What a failure of the server means, in one line, the URL without its password."""
    state = getattr(error.orig, "sqlstate", None) or ""
    text = " ".join(str(error.orig).split())
    place = engine.url.render_as_string(hide_password=True)
    if not state and "password authentication failed" in text:
        state = "28P01"
    if not state and "does not exist" in text and "database" in text:
        state = "3D000"
    kind, remedy = _STATES.get(state, (None, ""))
    if kind is not None:
        return kind(f"'{place}': {text}.", remedy=remedy)
    if not state or state[:2] in ("08", "57") or error.connection_invalidated:
        return Unreachable(f"'{place}': {text}.", remedy="Start the server, or correct the database's URL.")
    return error


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _promise(connection: Any, _: Any) -> None:
    for promise in _PROMISES:
        connection.execute(f"SET {promise}")
    connection.commit()
