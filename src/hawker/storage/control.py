"""What is ordered: advertisers, audiences, campaigns and all below as documents, each change on record."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sql

from hawker.errors import BadInput, Corrupt, Stale, nearest
from hawker.records.advertiser import Advertiser
from hawker.records.audience import Audience
from hawker.records.campaign import Ad, AdGroup, Campaign
from hawker.records.creative import Creative
from hawker.records.ids import identifier
from hawker.storage import database
from hawker.storage.terms import sound

_SCHEMA = sql.MetaData()
_DOCUMENTS = sql.Table(
    "documents",
    _SCHEMA,
    sql.Column("kind", sql.Text, primary_key=True),
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("document", sql.Text, nullable=False),
    sql.Column("version", sql.Integer, nullable=False, server_default="0"),
)
_EARLIER = sql.Table(
    "earlier",
    _SCHEMA,
    sql.Column("kind", sql.Text, primary_key=True),
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("version", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("document", sql.Text, nullable=False),  # '': removed
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
Name = tuple[str, str]
"""The kind and the id of a document."""
Document = Advertiser | Audience | Campaign | AdGroup | Ad | Creative
D = TypeVar("D", Advertiser, Audience, Campaign, AdGroup, Ad, Creative)
KINDS: Mapping[str, type[Document]] = {
    "advertiser": Advertiser,
    "audience": Audience,
    "campaign": Campaign,
    "group": AdGroup,
    "creative": Creative,
    "ad": Ad,
}
"""What is kept here, in an order in which each may name only what comes before it."""
_KIND = {record: kind for kind, record in KINDS.items()}
_DECODERS = {kind: msgspec.json.Decoder(record) for kind, record in KINDS.items()}


class Change(msgspec.Struct, frozen=True):
    """One call that changed something: its version, when, by whom, which kind, and the ids."""

    version: int
    time: int
    by: str
    kind: str
    ids: tuple[str, ...]


class Revision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one document became: the version, when and by whom; None where it was removed.

    `time` is 0 and `by` empty where the change is no longer known.
    """

    version: int
    time: int
    by: str
    document: Document | None = None


class Control:
    """The orders of one shop. Putting an id again replaces its document; the earlier one is kept."""

    def __init__(self, path: database.Target) -> None:
        self._engine = database.opened(path, _SCHEMA, fill={"documents.version": _number})

    def put(
        self, documents: Sequence[Document], *, by: str = "", expected: Mapping[Name, int] | None = None
    ) -> int:
        """Keep documents of any kinds, all or none; returns how many differ from what was there.

        `expected` gives versions that documents must still have (0: must not be there); else `Stale`.
        """
        kinds: dict[str, dict[str, str]] = {}
        for document in documents:
            kind = _KIND[type(document)]
            identifier(document.id, what=f"{kind} id")
            sound(document)
            kinds.setdefault(kind, {})[document.id] = msgspec.json.encode(document).decode()
        with database.writing(self._engine) as connection:
            _fresh(connection, expected or {})
            return sum(_keep(connection, kind, kinds[kind], by=by) for kind in KINDS if kind in kinds)

    def put_advertisers(self, advertisers: Sequence[Advertiser], *, by: str = "") -> int:
        """Keep advertisers, all or none; returns how many differ from what was there."""
        return self.put(advertisers, by=by)

    def put_campaigns(self, campaigns: Sequence[Campaign], *, by: str = "") -> int:
        """Keep campaigns, all or none; returns how many differ from what was there."""
        return self.put(campaigns, by=by)

    def put_groups(self, groups: Sequence[AdGroup], *, by: str = "") -> int:
        """Keep ad groups, all or none; returns how many differ from what was there."""
        return self.put(groups, by=by)

    def put_ads(self, ads: Sequence[Ad], *, by: str = "") -> int:
        """Keep ads, all or none; returns how many differ from what was there."""
        return self.put(ads, by=by)

    def put_creatives(self, creatives: Sequence[Creative], *, by: str = "") -> int:
        """Keep creatives, all or none; returns how many differ from what was there."""
        return self.put(creatives, by=by)

    def remove(
        self,
        kind: str,
        ids: Collection[str],
        *,
        by: str = "",
        expected: Mapping[Name, int] | None = None,
    ) -> int:
        """Take documents out; returns how many there were. History, charges and decisions stay."""
        _known(kind)
        with database.writing(self._engine) as connection:
            _fresh(connection, expected or {})
            held = dict(_rows(connection, kind, among=ids))
            if held:
                version = _noted(connection, kind, held, by=by)
                _retire(connection, kind, held)
                gone = [{"kind": kind, "id": id, "version": version, "document": ""} for id in held]
                connection.execute(_EARLIER.insert(), gone)
        return len(held)

    def advertisers(self) -> list[Advertiser]:
        """All advertisers, by id."""
        return self._all(Advertiser)

    def audiences(self) -> list[Audience]:
        """All audiences, by id."""
        return self._all(Audience)

    def campaigns(self) -> list[Campaign]:
        """All campaigns, by id."""
        return self._all(Campaign)

    def groups(self) -> list[AdGroup]:
        """All ad groups, by id."""
        return self._all(AdGroup)

    def ads(self) -> list[Ad]:
        """All ads, by id."""
        return self._all(Ad)

    def creatives(self) -> list[Creative]:
        """All creatives, by id."""
        return self._all(Creative)

    def get(self, kind: str, id: str) -> Document | None:
        """One document, or None where there is none of that id; `kind` is one of `KINDS`."""
        return next(iter(self.among(kind, [id])), None)

    def among(self, kind: str, ids: Collection[str]) -> list[Document]:
        """Those of the named documents that there are, by id."""
        _known(kind)
        with database.reading(self._engine) as connection:
            rows = _rows(connection, kind, among=ids)
        return [self._decoded(kind, text) for _, text in rows]

    def versioned(self, kind: str, id: str) -> tuple[int, Document] | None:
        """One document with the number of the change that made it so, or None."""
        _known(kind)
        query = sql.select(_DOCUMENTS.c.version, _DOCUMENTS.c.document)
        with database.reading(self._engine) as connection:
            row = connection.execute(query.where(_DOCUMENTS.c.kind == kind, _DOCUMENTS.c.id == id)).first()
        return (row.version, self._decoded(kind, row.document)) if row else None

    def page(self, kind: str, *, after: str = "", limit: int = _FEW) -> list[Document]:
        """Up to `limit` documents of a kind, by id, from the one that follows `after`."""
        _known(kind)
        query = sql.select(_DOCUMENTS.c.document).where(_DOCUMENTS.c.kind == kind, _DOCUMENTS.c.id > after)
        with database.reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_DOCUMENTS.c.id).limit(limit)).all()
        return [self._decoded(kind, row.document) for row in rows]

    def history(self, kind: str, id: str) -> list[Revision]:
        """Everything that one document has been, oldest first, with who made it so and when."""
        _known(kind)
        both = sql.union_all(
            *(
                sql.select(table.c.version, table.c.document).where(table.c.kind == kind, table.c.id == id)
                for table in (_EARLIER, _DOCUMENTS)
            )
        ).subquery()
        query = (
            sql.select(both.c.version, both.c.document, _CHANGES.c.time, _CHANGES.c.by)
            .select_from(both.outerjoin(_CHANGES, _CHANGES.c.version == both.c.version))
            .order_by(both.c.version)
        )
        with database.reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Revision(
                row.version,
                row.time or 0,
                row.by or "",
                self._decoded(kind, row.document) if row.document else None,
            )
            for row in rows
        ]

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

    def _all(self, record: type[D]) -> list[D]:
        kind = _KIND[record]
        with database.reading(self._engine) as connection:
            rows = _rows(connection, kind)
        return [self._decoded(kind, text) for _, text in rows]

    def _decoded(self, kind: str, text: str) -> Any:
        try:
            return _DECODERS[kind].decode(text)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"'{self._engine.url.database}' holds a {kind} that is none: {error}.") from error


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise BadInput(f"There is no kind of document '{kind[:40]}'.", remedy=nearest(kind, list(KINDS)))


def _fresh(connection: sql.Connection, expected: Mapping[Name, int]) -> None:
    """Raise `Stale` unless documents still have the versions they had when they were read."""
    for (kind, id), version in expected.items():
        query = sql.select(_DOCUMENTS.c.version).where(_DOCUMENTS.c.kind == kind, _DOCUMENTS.c.id == id)
        found = int(connection.execute(query).scalar() or 0)
        if found != version:
            what = (
                "has changed"
                if found and version
                else "is there already"
                if found
                else "is not there any more"
            )
            raise Stale(f"The {kind} '{id[:80]}' {what}.", remedy="Read it again, then decide anew.")


def _keep(connection: sql.Connection, kind: str, texts: Mapping[str, str], *, by: str) -> int:
    """Write the documents that differ, put what they replace aside, and note the change."""
    held = dict(_rows(connection, kind, among=texts))
    changed = {id: text for id, text in texts.items() if held.get(id) != text}
    if changed:
        version = _noted(connection, kind, changed, by=by)
        _retire(connection, kind, [id for id in changed if id in held])
        rows = [
            {"kind": kind, "id": id, "document": text, "version": version} for id, text in changed.items()
        ]
        connection.execute(_DOCUMENTS.insert(), rows)
    return len(changed)


def _noted(connection: sql.Connection, kind: str, ids: Collection[str], *, by: str) -> int:
    """Record a change; returns its version."""
    change = {"time": time.time_ns() // 1000, "by": by, "kind": kind, "ids": json.dumps(list(ids))}
    key = connection.execute(_CHANGES.insert(), change).inserted_primary_key
    assert key is not None
    return int(key[0])


def _retire(connection: sql.Connection, kind: str, ids: Collection[str]) -> None:
    """Move documents to the earlier ones."""
    columns = ["kind", "id", "version", "document"]
    for few in _parts(ids):
        meant = (_DOCUMENTS.c.kind == kind) & _DOCUMENTS.c.id.in_(few)
        picked = sql.select(*(_DOCUMENTS.c[name] for name in columns)).where(meant)
        connection.execute(_EARLIER.insert().from_select(columns, picked))
        connection.execute(_DOCUMENTS.delete().where(meant))


def _rows(
    connection: sql.Connection, kind: str, *, among: Collection[str] | None = None
) -> list[tuple[str, str]]:
    """Ids and documents of one kind, by id; with `among` those of the named ones that there are."""
    query = sql.select(_DOCUMENTS.c.id, _DOCUMENTS.c.document).where(_DOCUMENTS.c.kind == kind)
    if among is None:
        return [(row[0], row[1]) for row in connection.execute(query.order_by(_DOCUMENTS.c.id))]
    parts = (query.where(_DOCUMENTS.c.id.in_(few)) for few in _parts(among))
    return sorted((row[0], row[1]) for part in parts for row in connection.execute(part))


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    """Some at a time: a statement takes only so many parameters."""
    listed = list(ids)
    return (listed[start : start + _FEW] for start in range(0, len(listed), _FEW))


def _number(connection: sql.Connection) -> None:
    """Number the documents of a database made before they had versions, from its record of changes."""
    for change in connection.execute(sql.select(_CHANGES).order_by(_CHANGES.c.version)).all():
        for few in _parts(json.loads(change.ids)):
            meant = (_DOCUMENTS.c.kind == change.kind) & _DOCUMENTS.c.id.in_(few)
            connection.execute(_DOCUMENTS.update().where(meant).values(version=change.version))
