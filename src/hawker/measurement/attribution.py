"""Which ad, if any, a conversion is credited to: one credit at most, by rules a reader can check.

A conversion looks back over the ads its own shopper met. An ad qualifies when it was clicked
within the click window or seen within the view window, and when it advertised the product bought
(same product) or one of its brand or top category (halo). Of those, the advertised product itself
comes first, then a click before a view, then the latest touch, then the lower id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hawker.records.attribution import DAY, Model, Windows

__all__ = ["DAY", "Model", "Windows", "attribute"]

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class _Relation(NamedTuple):
    """How a conversion and a touch are tied: by one column of each, in order of `rank`."""

    name: str
    rank: int
    column: str


_RELATIONS = (
    _Relation("named", 0, "fact"),
    _Relation("same", 1, "product"),
    _Relation("campaign", 1, "campaign"),
    _Relation("halo", 2, "brand"),
    _Relation("halo", 2, "category"),
)

_LATEST = """INSERT INTO found
    WITH pairs AS MATERIALIZED (
        SELECT person, {column}, row_number() OVER () AS tie FROM (
            SELECT DISTINCT person, {column} FROM {conversions}
            WHERE {column} IS NOT NULL AND person IS NOT NULL)
    ), met AS MATERIALIZED (
        SELECT tie, t.time, min(t.fact) AS fact
        FROM {touches} AS t JOIN pairs AS p ON t.person = p.person AND t.{column} = p.{column}
        WHERE touch = '{touch}' GROUP BY tie, t.time
    ), asked AS (
        SELECT c.id, tie, c.time
        FROM {conversions} AS c JOIN pairs AS p ON c.person = p.person AND c.{column} = p.{column}
        WHERE tie IN (SELECT tie FROM met)
    )
    SELECT a.id, {rank}, '{relation}', '{touch}', m.fact, m.time
    FROM asked AS a ASOF JOIN met AS m ON a.tie = m.tie AND a.time >= m.time
    WHERE a.time - m.time <= {window}"""

_ORDER = {
    Model.LAST_TOUCH: "(rank, touch, -time, fact)",  # 'click' sorts before 'view'
    Model.LAST_CLICK: "(touch, rank, -time, fact)",
}


def attribute(
    connection: DuckDBPyConnection,
    *,
    touches: str,
    conversions: str,
    purchases: str,
    into: str,
    windows: Windows | None = None,
) -> int:
    """Write the table `into` (conversion, fact, touch, relation, touched, time, new_to_brand); its rows.

    `touches` has fact, touch ('click' or 'view'), time, person, product, brand, category, campaign;
    `conversions` has id, fact, time, person, product, brand, category, campaign; `purchases` has
    person, brand, time. NULL ties to nothing. A conversion that itself names a `fact` (an ad shown)
    goes to that ad before any other.
    """
    settings = windows or Windows()
    _find(connection, touches=touches, conversions=conversions, windows=settings)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {into} AS WITH best AS ("
        f"SELECT id, arg_min(struct_pack(fact, touch, relation, time), {_ORDER[settings.model]}) AS b "
        f"FROM found GROUP BY id), credited AS ("
        f"SELECT c.id AS conversion, b.fact, b.touch, b.relation, b.time AS touched, c.time, "
        f"c.person, c.brand "
        f"FROM best JOIN {conversions} AS c USING (id)) "
        f"SELECT k.* EXCLUDE (person, brand), k.brand IS NOT NULL AND k.person IS NOT NULL "
        f"AND (p.time IS NULL OR k.time - p.time > {round(settings.new_to_brand_days * DAY)}) "
        f"AS new_to_brand "
        f"FROM credited AS k ASOF LEFT JOIN {purchases} AS p "
        f"ON k.person = p.person AND k.brand = p.brand AND k.time > p.time"
    )
    counted = connection.execute(f"SELECT count(*) FROM {into}").fetchone()
    return int(counted[0]) if counted else 0


def _find(connection: DuckDBPyConnection, *, touches: str, conversions: str, windows: Windows) -> None:
    """The table `found`: for each conversion the latest touch of each kind it is tied to by each relation.

    Pairs of person and tie are numbered first, so that the as-of join sorts integers.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE found (id VARCHAR, rank INTEGER, relation VARCHAR, touch VARCHAR, "
        "fact VARCHAR, time BIGINT)"
    )
    present = {row[0] for row in connection.execute(f"SELECT DISTINCT touch FROM {touches}").fetchall()}
    for touch, days in (("click", windows.click_days), ("view", windows.view_days)):
        if touch not in present or not days:
            continue
        for name, rank, column in _RELATIONS:
            if name == "halo" and not windows.halo:
                continue
            names = {"touches": touches, "conversions": conversions, "column": column, "touch": touch}
            window = round(days * DAY)
            connection.execute(_LATEST.format(**names, rank=rank, relation=name, window=window))
