"""What the assistant was asked, masked, and on what its answers stood: kept a while, to improve it."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sql
from msgspec import Struct

from hawker.records.events import DAY
from hawker.storage import database

_SCHEMA = sql.MetaData()
_QUESTIONS = sql.Table(
    "questions",
    _SCHEMA,
    sql.Column("number", sql.BigInteger().with_variant(sql.Integer, "sqlite"), primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False, index=True),
    sql.Column("shopper", sql.Text, nullable=False, index=True),
    sql.Column("session", sql.Text, nullable=False),
    sql.Column("question", sql.Text, nullable=False),
    sql.Column("language", sql.Text, nullable=False),
    sql.Column("kind", sql.Text, nullable=False),
    sql.Column("citations", sql.Text, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
)
_COLUMNS = [column for column in _QUESTIONS.c if column.name != "number"]


class Question(Struct, frozen=True):
    """One question: `citations` are the marks of what its answer stood on, `reason` why there was none.

    `shopper` and `session` are '' where the path was not personalised.
    """

    time: int
    shopper: str
    session: str
    question: str
    language: str
    kind: str
    citations: str
    reason: str


class Questions:
    """The questions of one shop. They hold nothing that the masking of logs would not leave."""

    def __init__(self, path: database.Target) -> None:
        self._engine = database.opened(path, _SCHEMA)

    def add(self, one: Question, *, days: int) -> None:
        """Keep a question, and let go of those that are older than so many days."""
        with database.writing(self._engine) as connection:
            connection.execute(sql.delete(_QUESTIONS).where(_QUESTIONS.c.time < one.time - days * DAY))
            row = {name: getattr(one, name) for name in Question.__struct_fields__}
            connection.execute(_QUESTIONS.insert(), row)

    def all(self) -> list[Question]:
        """Every question that is kept, the oldest first."""
        query = sql.select(*_COLUMNS).order_by(_QUESTIONS.c.number)
        with database.reading(self._engine) as connection:
            return [Question(*row) for row in connection.execute(query).all()]

    def forget(self, names: Collection[str], sessions: Collection[str] = ()) -> int:
        """Remove what shoppers of these names asked, and visits that were theirs; returns how many."""
        held = _QUESTIONS.c
        theirs = held.shopper.in_(list(names)) | ((held.shopper == "") & held.session.in_(list(sessions)))
        with database.writing(self._engine) as connection:
            gone = connection.execute(sql.delete(_QUESTIONS).where(theirs)).rowcount
        database.purge(self._engine)
        return int(gone)

    def prune(self, edge: int) -> int:
        """Remove what was asked before a moment; returns how many."""
        with database.writing(self._engine) as connection:
            return int(connection.execute(sql.delete(_QUESTIONS).where(_QUESTIONS.c.time < edge)).rowcount)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()
