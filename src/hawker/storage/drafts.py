"""Every draft that was ever written: its brief, prompt, writer, findings, and who approved it when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sql

from hawker.errors import Corrupt, NotFound
from hawker.records.sheet import Sheet, Standing, Variant
from hawker.storage import database

_SCHEMA = sql.MetaData()
_PROMPTS = sql.Table(
    "prompts",
    _SCHEMA,
    sql.Column("key", sql.Text, primary_key=True),
    sql.Column("text", sql.Text, nullable=False),
)
_SHEETS = sql.Table(
    "sheets",
    _SCHEMA,
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("product", sql.Text, nullable=False, index=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("document", sql.Text, nullable=False),
)
_DRAFTS = sql.Table(
    "drafts",
    _SCHEMA,
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("sheet", sql.Text, nullable=False, index=True),
    sql.Column("product", sql.Text, nullable=False, index=True),
    sql.Column("advertiser", sql.Text, nullable=False),
    sql.Column("kind", sql.Text, nullable=False),
    sql.Column("standing", sql.Text, nullable=False),
    sql.Column("document", sql.Text, nullable=False),
)
FILTERS = ("product", "advertiser", "kind", "standing", "sheet")
"""What a list of drafts may be narrowed by."""
_FEW = 500
_SHEET, _VARIANT = msgspec.json.Decoder(Sheet), msgspec.json.Decoder(Variant)


class Drafts:
    """The drafts of one shop, in the database of its campaigns."""

    def __init__(self, path: database.Target) -> None:
        self._engine = database.opened(path, _SCHEMA)

    def keep(self, sheets: Sequence[Sheet], *, prompts: Mapping[str, str] | None = None) -> int:
        """Put sheets with their variants on record, all or none; returns how many were new.

        A sheet that is there already stays as it is, with what was decided about it. `prompts` are what
        writers were told, by the key that drafts name; each is kept once.
        """
        unique = {sheet.id: sheet for sheet in sheets}
        with database.writing(self._engine) as connection:
            there = set(_ids(connection, _SHEETS.c.id, unique))
            fresh = [sheet for name, sheet in unique.items() if name not in there]
            if fresh:
                connection.execute(_SHEETS.insert(), [_sheet(one) for one in fresh])
                rows = [_row(variant) for one in fresh for variant in one.variants]
                if rows:
                    connection.execute(_DRAFTS.insert(), rows)
            told = prompts or {}
            known = set(_ids(connection, _PROMPTS.c.key, told))
            if new := [{"key": key, "text": text} for key, text in told.items() if key not in known]:
                connection.execute(_PROMPTS.insert(), new)
        return len(fresh)

    def written(self, ids: Collection[str]) -> set[str]:
        """Those of the named sheets that are on record."""
        with database.reading(self._engine) as connection:
            return set(_ids(connection, _SHEETS.c.id, ids))

    def sheet(self, id: str) -> Sheet:
        """One sheet with its variants as they stand now; raises `NotFound`."""
        with database.reading(self._engine) as connection:
            found = connection.execute(sql.select(_SHEETS.c.document).where(_SHEETS.c.id == id)).scalar()
            if found is None:
                raise _nothing("sheet", id)
            query = sql.select(_DRAFTS.c.document).where(_DRAFTS.c.sheet == id).order_by(_DRAFTS.c.id)
            texts = connection.execute(query).scalars().all()
        variants = tuple(self._decoded(_VARIANT, text) for text in texts)
        made: Sheet = self._decoded(_SHEET, found)
        return msgspec.structs.replace(made, variants=variants)

    def sheets(self, ids: Collection[str]) -> Iterator[Sheet]:
        """Those of the named sheets that there are, without their variants."""
        with database.reading(self._engine) as connection:
            for text in _of(connection, _SHEETS.c.document, _SHEETS.c.id, ids):
                yield self._decoded(_SHEET, text)

    def get(self, id: str) -> Variant:
        """One variant; raises `NotFound`."""
        with database.reading(self._engine) as connection:
            text = connection.execute(sql.select(_DRAFTS.c.document).where(_DRAFTS.c.id == id)).scalar()
        if text is None:
            raise _nothing("draft", id)
        found: Variant = self._decoded(_VARIANT, text)
        return found

    def among(self, ids: Collection[str]) -> Iterator[Variant]:
        """Those of the named variants that there are."""
        with database.reading(self._engine) as connection:
            for text in _of(connection, _DRAFTS.c.document, _DRAFTS.c.id, ids):
                yield self._decoded(_VARIANT, text)

    def page(
        self, narrowed: Mapping[str, str] | None = None, *, after: str = "", limit: int = _FEW
    ) -> list[Variant]:
        """Up to `limit` variants by id from the one that follows `after`, narrowed by any of `FILTERS`."""
        query = sql.select(_DRAFTS.c.document).where(_DRAFTS.c.id > after, *_meant(narrowed or {}))
        with database.reading(self._engine) as connection:
            texts = connection.execute(query.order_by(_DRAFTS.c.id).limit(limit)).scalars().all()
        return [self._decoded(_VARIANT, text) for text in texts]

    def all(self, **narrowed: str) -> Iterator[Variant]:
        """Every variant that fits, by id, read page by page."""
        after = ""
        while page := self.page(narrowed, after=after):
            yield from page
            after = page[-1].id

    def counts(self, **narrowed: str) -> dict[Standing, int]:
        """How many variants stand where."""
        query = sql.select(_DRAFTS.c.standing, sql.func.count()).where(*_meant(narrowed))
        with database.reading(self._engine) as connection:
            found = {
                Standing(standing): count
                for standing, count in connection.execute(query.group_by(_DRAFTS.c.standing))
            }
        return {standing: found.get(standing, 0) for standing in Standing}

    def change(self, id: str, by: Callable[[Variant], Variant]) -> Variant:
        """Replace one variant by what a function makes of it, nobody else writing meanwhile.

        Raises `NotFound`; what the function raises leaves it as it is.
        """
        with database.writing(self._engine) as connection:
            text = connection.execute(sql.select(_DRAFTS.c.document).where(_DRAFTS.c.id == id)).scalar()
            if text is None:
                raise _nothing("draft", id)
            made = by(self._decoded(_VARIANT, text))
            values = {"standing": made.standing.value, "document": _text(made)}
            connection.execute(_DRAFTS.update().where(_DRAFTS.c.id == id).values(values))
        return made

    def prompt(self, key: str) -> str:
        """What a writer was told; raises `NotFound`."""
        with database.reading(self._engine) as connection:
            text = connection.execute(sql.select(_PROMPTS.c.text).where(_PROMPTS.c.key == key)).scalar()
        if text is None:
            raise _nothing("prompt", key)
        return str(text)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def _decoded(self, decoder: msgspec.json.Decoder[Any], text: str) -> Any:
        try:
            return decoder.decode(text)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"'{self._engine.url.database}' holds a draft that is none: {error}.") from error


def _nothing(what: str, id: str) -> NotFound:
    return NotFound(f"There is no {what} '{id[:80]}'.", remedy="hawker write --list shows what was written.")


def _meant(narrowed: Mapping[str, str]) -> list[sql.ColumnElement[bool]]:
    return [_DRAFTS.c[name] == narrowed[name] for name in FILTERS if name in narrowed]


def _ids(connection: sql.Connection, column: sql.Column[Any], among: Collection[str]) -> Iterator[str]:
    return _of(connection, column, column, among)


def _of(
    connection: sql.Connection, wanted: sql.Column[Any], column: sql.Column[Any], among: Collection[str]
) -> Iterator[str]:
    """What is wanted of the rows whose column has one of some values, some at a time."""
    listed = list(among)
    for start in range(0, len(listed), _FEW):
        query = sql.select(wanted).where(column.in_(listed[start : start + _FEW]))
        yield from connection.execute(query).scalars()


def _sheet(sheet: Sheet) -> dict[str, Any]:
    bare = msgspec.structs.replace(sheet, variants=())
    return {
        "id": sheet.id,
        "product": sheet.brief.product.id,
        "time": sheet.time,
        "document": _text(bare),
    }


def _row(variant: Variant) -> dict[str, Any]:
    return {
        "id": variant.id,
        "sheet": variant.sheet,
        "product": variant.product,
        "advertiser": variant.advertiser,
        "kind": variant.kind.value,
        "standing": variant.standing.value,
        "document": _text(variant),
    }


def _text(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()
