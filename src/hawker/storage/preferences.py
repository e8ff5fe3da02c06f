"""What shoppers have chosen, one document each: there before it is acknowledged, for every process."""

from __future__ import annotations

import msgspec
import sqlalchemy as sql

from hawker.errors import Corrupt
from hawker.records.preferences import Preferences
from hawker.storage import database

_SCHEMA = sql.MetaData()
_CHOICES = sql.Table(
    "preferences",
    _SCHEMA,
    sql.Column("shopper", sql.Text, primary_key=True),
    sql.Column("version", sql.BigInteger, nullable=False, index=True),
    sql.Column("document", sql.Text, nullable=False),
)
_DECODER = msgspec.json.Decoder(Preferences)
_LAST = sql.select(sql.func.coalesce(sql.func.max(_CHOICES.c.version), 0))


class Choices:
    """The preferences of one shop's shoppers. Putting the defaults removes what was there."""

    def __init__(self, path: database.Target) -> None:
        self._engine = database.opened(path, _SCHEMA)

    def put(self, shopper: str, wishes: Preferences) -> None:
        """Keep what a shopper chose, durable on return."""
        with database.writing(self._engine) as connection:
            version = int(connection.execute(_LAST).scalar_one()) + 1
            connection.execute(sql.delete(_CHOICES).where(_CHOICES.c.shopper == shopper))
            if wishes != Preferences():
                document = msgspec.json.encode(wishes).decode()
                row = {"shopper": shopper, "version": version, "document": document}
                connection.execute(_CHOICES.insert(), row)

    def remove(self, shopper: str) -> bool:
        """Forget what a shopper chose; says whether there was anything."""
        with database.writing(self._engine) as connection:
            gone = connection.execute(sql.delete(_CHOICES).where(_CHOICES.c.shopper == shopper)).rowcount
        database.purge(self._engine)
        return gone > 0

    def all(self) -> dict[str, Preferences]:
        """Every shopper's preferences."""
        with database.reading(self._engine) as connection:
            rows = connection.execute(sql.select(_CHOICES.c.shopper, _CHOICES.c.document)).all()
        try:
            return {row[0]: _DECODER.decode(row[1]) for row in rows}
        except msgspec.MsgspecError as error:
            raise Corrupt(
                f"'{self._engine.url.database}' holds preferences that are none: {error}."
            ) from error

    def stand(self) -> tuple[int, int]:
        """What changes whenever anybody's preferences do: the last version, and how many there are."""
        with database.reading(self._engine) as connection:
            count = connection.execute(sql.select(sql.func.count()).select_from(_CHOICES)).scalar_one()
            return int(connection.execute(_LAST).scalar_one()), int(count)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()
