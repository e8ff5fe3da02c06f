"""One way into SQL: SQLite in a file with a write-ahead log, every write one whole transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine

from hawker.errors import Conflict, Corrupt, HawkerError, StorageFull

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 30000", "foreign_keys = ON")
_MEANING: tuple[tuple[str, type[HawkerError], str], ...] = (
    ("is full", StorageFull, "Free space in the shop's folder and try again; nothing of it was kept."),
    ("locked", Conflict, "Another process holds it for more than 30 s: end that process."),
    ("malformed", Corrupt, "Restore the file from a copy."),
    ("not a database", Corrupt, "Restore the file from a copy."),
    ("unable to open", Corrupt, "Check that the folder exists and can be written to."),
)


def opened(path: Path, schema: sql.MetaData) -> Engine:
    """The database of a file, made with its tables where it is not there yet.

    Committed means on the disk (`synchronous=FULL`). Writers take turns from their first statement.
    """
    engine = sql.create_engine(f"sqlite:///{path}")
    sql.event.listen(engine, "connect", _prepare)
    sql.event.listen(engine, "begin", _begin)
    with writing(engine) as connection:
        schema.create_all(connection)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads and writes alone, committed as a whole when the block ends well."""
    with _told(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading one consistent state; it waits for no writer."""
    with _told(engine), engine.connect().execution_options(reading=True) as connection:
        yield connection


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    try:
        yield
    except sql.exc.DatabaseError as error:
        text = str(error.orig)
        for words, kind, remedy in _MEANING:
            if words in text:
                raise kind(f"'{engine.url.database}': {text}.", remedy=remedy) from error
        raise


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
