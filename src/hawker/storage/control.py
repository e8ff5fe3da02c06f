"""What advertisers have ordered: campaigns, ads and creatives as documents, each change on record."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import sqlalchemy as sql

from hawker.errors import Corrupt
from hawker.records.campaign import Ad, Campaign
from hawker.records.creative import Creative
from hawker.records.ids import identifier
from hawker.storage import database

_SCHEMA = sql.MetaData()
_DOCUMENTS = sql.Table(
    "documents",
    _SCHEMA,
    sql.Column("kind", sql.Text, primary_key=True),
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("document", sql.Text, nullable=False),
)
_CHANGES = sql.Table(
    "changes",
    _SCHEMA,
    sql.Column("version", sql.Integer, primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("by", sql.Text, nullable=False),
    sql.Column("kind", sql.Text, nullable=False),
    sql.Column("ids", sql.Text, nullable=False),
)
_FEW = 1_000
_PUT = """
INSERT INTO documents (kind, id, document) VALUES (?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document
"""
Document = TypeVar("Document", Campaign, Ad, Creative)


class Change(msgspec.Struct, frozen=True):
    """One call that changed something: its version, when, by whom, which kind, and the ids."""

    version: int
    time: int
    by: str
    kind: str
    ids: tuple[str, ...]


class Control:
    """The campaigns, ads and creatives of one shop. Putting an id again replaces its document."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = database.opened(path, _SCHEMA)

    def put_campaigns(self, campaigns: Sequence[Campaign], *, by: str = "") -> int:
        """Keep campaigns, all or none; returns how many differ from what was there."""
        return self._put("campaign", campaigns, by=by)

    def put_ads(self, ads: Sequence[Ad], *, by: str = "") -> int:
        """Keep ads, all or none; returns how many differ from what was there."""
        return self._put("ad", ads, by=by)

    def put_creatives(self, creatives: Sequence[Creative], *, by: str = "") -> int:
        """Keep creatives, all or none; returns how many differ from what was there."""
        return self._put("creative", creatives, by=by)

    def campaigns(self) -> list[Campaign]:
        """All campaigns, by id."""
        return self._all("campaign", Campaign)

    def ads(self) -> list[Ad]:
        """All ads, by id."""
        return self._all("ad", Ad)

    def creatives(self) -> list[Creative]:
        """All creatives, by id."""
        return self._all("creative", Creative)

    def changes(self, *, after: int = 0) -> list[Change]:
        """The changes after a version, oldest first; none is ever edited or removed."""
        query = sql.select(_CHANGES).where(_CHANGES.c.version > after).order_by(_CHANGES.c.version)
        with database.reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Change(row.version, row.time, row.by, row.kind, tuple(json.loads(row.ids))) for row in rows]

    def version(self) -> int:
        """The number of the last change; 0 before the first."""
        with database.reading(self._engine) as connection:
            return int(connection.execute(sql.select(sql.func.max(_CHANGES.c.version))).scalar() or 0)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def _put(self, kind: str, documents: Sequence[Document], *, by: str) -> int:
        for document in documents:
            identifier(document.id, what=f"{kind} id")
        texts = {document.id: msgspec.json.encode(document).decode() for document in documents}
        with database.writing(self._engine) as connection:
            held = dict(self._rows(connection, kind, among=texts))
            changed = {id: text for id, text in texts.items() if held.get(id) != text}
            if changed:
                rows = [(kind, id, text) for id, text in changed.items()]
                connection.exec_driver_sql(_PUT, rows)
                change = {
                    "time": time.time_ns() // 1000,
                    "by": by,
                    "kind": kind,
                    "ids": json.dumps(list(changed)),
                }
                connection.execute(_CHANGES.insert(), change)
        return len(changed)

    def _all(self, kind: str, record: type[Document]) -> list[Document]:
        decoder = msgspec.json.Decoder(record)
        with database.reading(self._engine) as connection:
            rows = self._rows(connection, kind)
        try:
            return [decoder.decode(text) for _, text in rows]
        except msgspec.MsgspecError as error:
            raise Corrupt(f"'{self._engine.url.database}' holds a {kind} that is none: {error}.") from error

    def _rows(
        self, connection: sql.Connection, kind: str, *, among: Collection[str] | None = None
    ) -> list[tuple[str, str]]:
        query = sql.select(_DOCUMENTS.c.id, _DOCUMENTS.c.document).where(_DOCUMENTS.c.kind == kind)
        if among is not None and len(among) <= _FEW:
            query = query.where(_DOCUMENTS.c.id.in_(among))
        return [(row[0], row[1]) for row in connection.execute(query.order_by(_DOCUMENTS.c.id))]
