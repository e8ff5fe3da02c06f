"""Who is on which list: the table `audiences` (audience, shopper), which decisions look members up in.

Every change replaces the table whole, under the lock that erasures take, without whom one is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, Conflict
from hawker.privacy import erasure
from hawker.privacy.pseudonym import Naming
from hawker.records.ids import LONGEST
from hawker.storage import tables
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    import duckdb

    from hawker.audience.moment import Moment

TABLE = "audiences"


def sizes(shop: Shop) -> dict[str, int]:
    """How many shoppers each audience in the table has."""
    if not shop.table(TABLE).is_file():
        return {}
    query = f"SELECT audience, count(DISTINCT shopper) FROM {_read(shop)} GROUP BY audience ORDER BY audience"
    return {str(name): int(count) for name, count in tables.connect(threads=1).execute(query).fetchall()}


class Lists(Mapping[str, frozenset[str]]):
    """Who is on each list, by the names the records use; read when asked for."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._names = tuple(sizes(shop))
        self._held: dict[str, frozenset[str]] = {}

    def __getitem__(self, name: str) -> frozenset[str]:
        if name not in self._held:
            if name not in self._names:
                raise KeyError(name)
            query = f"SELECT DISTINCT shopper FROM {_read(self._shop)} WHERE audience = ?"
            naming = Naming(self._shop)
            rows = tables.connect(threads=1).execute(query, [name]).fetchall()
            self._held[name] = frozenset(naming.of(str(row[0])) for row in rows)
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def upload(shop: Shop, audience: str, shoppers: Iterable[str], *, add: bool = False) -> int:
    """Put shoppers on a list, by the shop's own ids or their pseudonyms, in place of who is on it or beside.

    Returns how many were given; raises `BadInput` naming the first id that is none.
    """
    naming = Naming(shop)
    given: dict[str, None] = {}
    for place, raw in enumerate(shoppers, 1):
        shopper = raw.strip()
        if not shopper or len(shopper) > LONGEST or not shopper.isprintable():
            raise BadInput(
                f"Shopper {place}, '{shopper[:40]}', is no id.",
                remedy=f"Give 1 to {LONGEST} printable characters each.",
            )
        given[naming.of(shopper)] = None
    connection = tables.connect(threads=1)
    listed = [audience, *given]  # one more, so that an empty list has a type
    columns: dict[str, NDArray[Any]] = {
        "shopper": np.array(listed, dtype=object),
        "on_it": np.arange(len(listed)) > 0,
    }
    connection.register("given", columns)
    named = "CAST(shopper AS VARCHAR) AS shopper"
    made = f"SELECT {tables.quoted(audience)} AS audience, {named} FROM given WHERE on_it"
    _replaced(shop, connection, made, gone=() if add else (audience,))
    return len(given)


def remove(shop: Shop, audiences: Collection[str]) -> None:
    """Take whole lists out of the table."""
    if set(audiences) & set(sizes(shop)):
        connection = tables.connect(threads=1)
        _replaced(shop, connection, "SELECT '' AS audience, '' AS shopper WHERE false", gone=audiences)


def write(moment: Moment, made: Mapping[str, NDArray[np.int32]], *, erased: int | None = None) -> bool:
    """Write the members of computed audiences, by shopper code, in place of what was there.

    Whoever has been forgotten since has no name any more, and is left out; for a state that no server
    keeps up to date `erased` is how many erasures were finished when it was read: raises `Conflict`
    where one has been since. Says whether anything changed.
    """
    names = np.array([*moment.state.codes["shopper"].names[: moment.count], ""], dtype=object)
    codes = np.concatenate([*made.values(), np.zeros(0, dtype=np.int32)]).astype(np.int32)
    which = np.repeat(np.arange(len(made), dtype=np.int32), [len(found) for found in made.values()])
    connection = tables.connect()
    connection.register("given_names", {"shopper": names, "code": np.arange(len(names), dtype=np.int32)})
    connection.register("given_codes", {"which": which, "code": codes})
    titles = np.array([*made, ""], dtype=object)
    connection.register("titles", {"audience": titles, "which": np.arange(len(titles), dtype=np.int32)})
    query = (
        "SELECT CAST(t.audience AS VARCHAR) AS audience, CAST(n.shopper AS VARCHAR) AS shopper "
        "FROM given_codes AS c JOIN given_names AS n USING (code) JOIN titles AS t USING (which) "
        "WHERE NOT starts_with(CAST(n.shopper AS VARCHAR), chr(31))"
    )
    return _replaced(moment.shop, connection, query, gone=tuple(made), erased=erased)


def erasures(shop: Shop) -> int:
    """How many erasures have been finished so far."""
    return len(erasure.receipts(shop))


def _replaced(
    shop: Shop,
    connection: duckdb.DuckDBPyConnection,
    made: str,
    *,
    gone: Collection[str],
    erased: int | None = None,
) -> bool:
    """Write the table anew, with these rows for those of audiences `gone`; not where it is the same."""
    path = shop.table(TABLE)
    with erasure.alone(shop):
        if erased is not None and erasures(shop) != erased:
            raise Conflict("Somebody has been forgotten meanwhile.", remedy="Run it again.")
        leaving = [name for journal in erasure.pending(shop) for name in journal.names]
        old = f"SELECT audience, shopper FROM {_read(shop)}" if path.is_file() else f"{made} LIMIT 0"
        connection.execute(
            f"CREATE TEMP TABLE whole AS SELECT DISTINCT audience, shopper FROM ("
            f"SELECT * FROM ({old}) WHERE NOT list_contains(?::VARCHAR[], audience) "
            f"UNION ALL {made}) WHERE NOT list_contains(?::VARCHAR[], shopper)",
            [list(gone), leaving],
        )
        if path.is_file() and _stand(connection, f"({old})") == _stand(connection, "whole"):
            return False
        tables.replace(connection, "SELECT * FROM whole ORDER BY audience, shopper", path)
        return True


def _stand(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int]:
    """What tells two tables apart whatever the order of their rows."""
    query = f"SELECT count(*), coalesce(bit_xor(hash(audience, shopper)), 0) FROM {relation}"
    found = connection.execute(query).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def _read(shop: Shop) -> str:
    return tables.quoted(shop.table(TABLE))
