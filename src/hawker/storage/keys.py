"""The keys of the API: drawn at random, told once, kept only as a digest."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sql

from hawker.errors import BadRecord, NotFound, nearest
from hawker.records.ids import identifier
from hawker.records.key import Key, Role
from hawker.storage import database

SECRET, PUBLISHABLE = "hk_live_", "hp_"
MOST_ORIGINS = 100
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 43  # letters of 62 kinds: 256 bits, which no one guesses, so a plain SHA-256 is a safe digest
_SHOWN = 4
_SCHEMA = sql.MetaData()
_KEYS = sql.Table(
    "keys",
    _SCHEMA,
    sql.Column("id", sql.Text, primary_key=True),
    sql.Column("digest", sql.Text, nullable=False, unique=True),
    sql.Column("role", sql.Text, nullable=False),
    sql.Column("shown", sql.Text, nullable=False),
    sql.Column("name", sql.Text, nullable=False),
    sql.Column("advertiser", sql.Text, nullable=False),
    sql.Column("origins", sql.Text, nullable=False),
    sql.Column("created", sql.BigInteger, nullable=False),
    sql.Column("expires", sql.BigInteger, nullable=False),
    sql.Column("revoked", sql.BigInteger, nullable=False),
    sql.Column("used", sql.BigInteger, nullable=False),
)


class Keys:
    """The keys of one shop, in the database of its campaigns. Times are microseconds."""

    def __init__(self, path: database.Target) -> None:
        self._engine = database.opened(path, _SCHEMA)

    def create(
        self,
        role: Role,
        *,
        now: int,
        name: str = "",
        advertiser: str = "",
        origins: Sequence[str] = (),
        expires: int = 0,
    ) -> tuple[Key, str]:
        """Draw a key: what is kept of it, and its secret, which is told here and never again.

        Raises `BadRecord` where the role and the rest do not fit together.
        """
        _sound(role, advertiser=advertiser, origins=origins)
        if expires and expires <= now:
            raise BadRecord("The key would have expired before it is made.", remedy="Give a later time.")
        prefix = PUBLISHABLE if role is Role.PAGE else SECRET
        secret = prefix + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        key = Key(
            id=f"k-{secrets.token_hex(5)}",
            role=role,
            shown=f"{secret[: len(prefix) + _SHOWN]}…",
            name=identifier(name, what="name of a key") if name else "",
            advertiser=identifier(advertiser, what="advertiser id") if advertiser else "",
            origins=tuple(dict.fromkeys(origin(one) for one in origins)),
            created=now,
            expires=expires,
        )
        row = {field: getattr(key, field) for field in Key.__struct_fields__}
        with database.writing(self._engine) as connection:
            kept = {**row, "role": role.value, "origins": " ".join(key.origins)}
            connection.execute(_KEYS.insert(), {**kept, "digest": digest(secret)})
        return key, secret

    def revoke(self, name: str, *, now: int) -> Key:
        """End a key, named by its id or by the shown beginning of its secret; a revoked one stays so."""
        held = self.all()
        wanted = name.rstrip("…")
        found = [key for key in held if wanted in {key.id, key.shown.rstrip("…")}]
        if len(found) != 1:
            remedy = nearest(name, [key.id for key in held]) if held else "There are no keys."
            raise NotFound(
                f"There is no key '{name[:80]}'.", remedy="Name it by its id." if found else remedy
            )
        key = found[0]
        if not key.revoked:
            with database.writing(self._engine) as connection:
                connection.execute(sql.update(_KEYS).where(_KEYS.c.id == key.id).values(revoked=now))
        return next(one for one in self.all() if one.id == key.id)

    def all(self) -> list[Key]:
        """Every key, the oldest first, revoked and expired ones too."""
        return list(self.by_digest().values())

    def by_digest(self) -> dict[str, Key]:
        """Every key by the digest of its secret, the oldest first."""
        with database.reading(self._engine) as connection:
            rows = connection.execute(sql.select(_KEYS).order_by(_KEYS.c.created, _KEYS.c.id))
            return {row.digest: _key(row) for row in rows}

    def use(self, moments: Mapping[str, int]) -> None:
        """Note when keys were last used, by id."""
        if moments:
            mine = sql.update(_KEYS).where(_KEYS.c.id == sql.bindparam("one"))
            rows = [{"one": name, "used": moment} for name, moment in moments.items()]
            with database.writing(self._engine) as connection:
                connection.execute(mine.values(used=sql.bindparam("used")), rows)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()


def digest(secret: str) -> str:
    """What is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def origin(text: str) -> str:
    """An origin as browsers write it; raises `BadRecord` where it is none.

    >>> origin("https://Shop.example:443/"), origin("http://localhost:3000")
    ('https://shop.example', 'http://localhost:3000')
    """
    remedy = "Write it as https://shop.example, without a path."
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise BadRecord(f"'{text[:80]}' is not an origin.", remedy=remedy) from error
    host = parts.hostname or ""
    plain = re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:.]+", host) is not None
    if (
        parts.scheme not in {"http", "https"}
        or not plain
        or parts.path not in {"", "/"}
        or "@" in parts.netloc
    ):
        raise BadRecord(f"'{text[:80]}' is not an origin.", remedy=remedy)
    if parts.query or parts.fragment:
        raise BadRecord(f"'{text[:80]}' is not an origin.", remedy=remedy)
    place = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{place}" + (f":{port}" if port not in (None, usual) else "")


def _sound(role: Role, *, advertiser: str, origins: Sequence[str]) -> None:
    if (role is Role.ADVERTISER) != bool(advertiser):
        said = "needs the advertiser it is for" if role is Role.ADVERTISER else "is for no single advertiser"
        raise BadRecord(
            f"A key with the role '{role}' {said}.", remedy="Use --role advertiser --advertiser ID."
        )
    if (role is Role.PAGE) != bool(origins):
        said = "needs the origins of its pages" if role is Role.PAGE else "has no origins"
        raise BadRecord(
            f"A key with the role '{role}' {said}.", remedy="Use --role page --origin https://shop.example."
        )
    if len(origins) > MOST_ORIGINS:
        raise BadRecord(f"A key may have {MOST_ORIGINS} origins at most.", remedy="Make a second key.")


def _key(row: Any) -> Key:
    given = {name: getattr(row, name) for name in Key.__struct_fields__}
    return Key(**{**given, "role": Role(row.role), "origins": tuple(row.origins.split())})
