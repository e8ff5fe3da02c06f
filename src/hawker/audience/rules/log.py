"""What the folds do not hold is counted in the event log: all windows of all rules in one pass.

A window of d days holds what was released in the last d × 24 hours. A *visit* is a session; where events
name none, a day on which there was one. What is marked as invalid traffic, and what concerns a special
category, is nobody's here as in the folds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hawker.audience.rules.expression import Test
from hawker.features.arrival import release
from hawker.features.protect import within
from hawker.records.catalogue import Product, levels
from hawker.records.events import DAY
from hawker.records.traffic import MARK
from hawker.storage import tables
from hawker.storage.event_log import EventLog

if TYPE_CHECKING:
    import duckdb

    from hawker.audience.moment import Moment

Floats = NDArray[np.float64]
_ACTIVE = ("view", "search", "click", "cart", "purchase")
_COUNTS: Mapping[str, str] = {
    "purchases": "purchase",
    "views": "view",
    "searches": "search",
    "carts": "cart",
    "ad_impressions": "ad_impression",
    "ad_clicks": "ad_click",
    "bought": "purchase",
    "bought_brand": "purchase",
    "bought_product": "purchase",
    "viewed": "view",
    "viewed_product": "view",
    "carted": "cart",
    "searched": "search",
}
_VISIT = f"CASE WHEN session <> '' THEN session ELSE printf('\x1f%d', released // {DAY}) END"


def counted(moment: Moment, asked: Sequence[Test]) -> dict[Test, Floats]:
    """The value of each test's field, for every shopper code there is."""
    count = moment.count
    found = {test: np.zeros(count) for test in asked}
    plain = [test for test in asked if not _per_visit(test)]
    visits = [test for test in asked if _per_visit(test)]
    if not asked:
        return found
    connection = _prepared(moment, asked)
    for some, source in ((plain, _plain(plain, moment.now)), (visits, _visits(visits, moment.now))):
        if some:
            rows = tables.columns(
                connection, f"SELECT v.code, f.* FROM ({source}) AS f JOIN named AS v USING (shopper)"
            )
            for number, test in enumerate(some):
                found[test][rows["code"]] = rows[f"m{number}"]
    for test in found:
        if test.field == "days_since_purchase":
            last = found[test]
            found[test] = np.where(last > 0, (moment.now - last) / DAY, np.nan)
    return found


def declared(moment: Moment, name: str) -> NDArray[np.object_]:
    """What each shopper code has declared under a name: in the table of shoppers, or later by an event."""
    values = np.full(moment.count, "", dtype=object)
    find = moment.state.codes["shopper"].find
    connection = tables.connect(threads=1)
    for shopper, value in [*_listed(connection, moment, name), *_said(connection, moment, name)]:
        code = find(shopper)
        if 0 <= code < moment.count:
            values[code] = value
    return values


def _per_visit(test: Test) -> bool:
    return test.field in ("visits", "visited")


def _prepared(moment: Moment, asked: Sequence[Test]) -> duckdb.DuckDBPyConnection:
    """A connection with the events that may count, the shoppers' codes, and which products are meant."""
    shop = moment.shop
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    names = np.array(moment.state.codes["shopper"].names[: moment.count], dtype=object)
    connection.register("given_names", {"shopper": names, "code": np.arange(len(names), dtype=np.int64)})
    connection.execute(
        "CREATE TEMP TABLE named AS SELECT CAST(shopper AS VARCHAR) AS shopper, code FROM given_names"
    )
    goods = _goods(shop.catalogue, _kinds_of_goods(asked), shop.settings.special_categories)
    kinds = sorted({_COUNTS[test.field] for test in asked if test.field in _COUNTS} | {"purchase"})
    if any(_per_visit(test) for test in asked):
        kinds = sorted({*kinds, *_ACTIVE})
    since = min((moment.now - test.days * DAY if test.days else 0) for test in asked)
    released = release(shop.settings.tolerance_ms * 1000)
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    joined, where = "", ""
    if goods:
        connection.register("given_goods", goods)
        flags = ", ".join(name for name in goods if name != "product")
        connection.execute(
            f"CREATE TEMP TABLE goods AS SELECT CAST(product AS VARCHAR) AS product, {flags} FROM given_goods"
        )
        joined, where = "LEFT JOIN goods USING (product)", "AND NOT coalesce(special, false)"
    connection.execute(
        f"CREATE TEMP VIEW counted AS SELECT * FROM (SELECT *, {released} AS released FROM events) {joined} "
        f"WHERE shopper <> '' AND kind IN ({listed}) AND NOT starts_with(reason, '{MARK}') "
        f"AND released < {moment.now} AND released >= {since} {where}"
    )
    return connection


def _kinds_of_goods(asked: Sequence[Test]) -> list[tuple[str, str]]:
    """The categories and brands that tests are about, each once, in order."""
    about = {"bought": "category", "viewed": "category", "carted": "category", "bought_brand": "brand"}
    return list(dict.fromkeys((about[test.field], test.of) for test in asked if test.field in about))


def _goods(
    catalogue: Mapping[str, Product], criteria: Sequence[tuple[str, str]], special: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Of each product: whether it is of a special category, and whether it meets each criterion."""
    if not criteria and not special:
        return {}
    products = list(catalogue.values())
    found: dict[str, NDArray[Any]] = {"product": np.array([one.id for one in products], dtype=object)}
    found["special"] = np.array([bool(special) and within(one.category, special) for one in products], bool)
    paths = [levels(one.category) for one in products]
    for number, (kind, name) in enumerate(criteria):
        top = levels(name)
        meets = (
            [path[: len(top)] == top for path in paths]
            if kind == "category"
            else [one.brand == name for one in products]
        )
        found[f"g{number}"] = np.array(meets, dtype=bool)
    return found


def _plain(asked: Sequence[Test], now: int) -> str:
    """One row a shopper, one column a test."""
    criteria = _kinds_of_goods(asked)
    columns = ", ".join(f"{_measure(test, criteria, now)} AS m{n}" for n, test in enumerate(asked))
    return f"SELECT shopper, {columns} FROM counted GROUP BY shopper"


def _measure(test: Test, criteria: Sequence[tuple[str, str]], now: int) -> str:
    wanted = " AND ".join(_wanted(test, criteria, now))
    if test.field == "spend":
        return f"coalesce(sum(value) FILTER ({wanted}), 0) / 1e6"
    if test.field == "days_since_purchase":
        return f"coalesce(max(released) FILTER ({wanted}), 0)"
    return f"count(*) FILTER ({wanted})"


def _wanted(test: Test, criteria: Sequence[tuple[str, str]], now: int) -> Iterator[str]:
    """What an event must be to count for a test."""
    yield f"kind = '{_COUNTS.get(test.field, 'purchase')}'"
    if test.days:
        yield f"released >= {now - test.days * DAY}"
    if test.field == "bought_brand":
        yield f"g{criteria.index(('brand', test.of))}"
    elif test.field in ("bought", "viewed", "carted"):
        yield f"g{criteria.index(('category', test.of))}"
    elif test.field in ("bought_product", "viewed_product"):
        yield f"product = {_literal(test.of)}"
    elif test.field == "searched":
        for word in test.of.split():
            yield f"contains(lower(query), lower({_literal(word)}))"


def _visits(asked: Sequence[Test], now: int) -> str:
    """Visits by shopper: each once, at its last moment within the window."""
    columns = []
    for number, test in enumerate(asked):
        wanted = [f"last >= {now - test.days * DAY}"] if test.days else ["true"]
        if test.of:
            wanted.append(f"location = {_literal(test.of)}")
        columns.append(f"count(DISTINCT visit) FILTER ({' AND '.join(wanted)}) AS m{number}")
    anywhere = not any(test.of for test in asked)
    if anywhere:
        columns = [column.replace("count(DISTINCT visit)", "count(*)") for column in columns]
    keys = f"shopper, {_VISIT}" if anywhere else f"shopper, {_VISIT}, location"
    active = ", ".join(f"'{kind}'" for kind in _ACTIVE)
    named = "" if anywhere else ", location"
    return (
        f"SELECT shopper, {', '.join(columns)} FROM (SELECT shopper, {_VISIT} AS visit{named}, "
        f"max(released) AS last FROM counted WHERE kind IN ({active}) GROUP BY {keys}) GROUP BY shopper"
    )


def _listed(connection: duckdb.DuckDBPyConnection, moment: Moment, name: str) -> Iterator[tuple[str, str]]:
    from hawker.privacy.pseudonym import Naming

    path = moment.shop.table("shoppers")
    if not path.is_file():
        return
    read = tables.quoted(path)
    columns = [str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()]
    if name in columns and name not in ("id", "opted_out"):
        naming = Naming(moment.shop)
        column = '"' + name.replace('"', '""') + '"'
        for shopper, value in connection.execute(
            f"SELECT id, CAST({column} AS VARCHAR) FROM {read} WHERE {column} IS NOT NULL"
        ).fetchall():
            yield naming.of(str(shopper)), str(value)


def _said(connection: duckdb.DuckDBPyConnection, moment: Moment, name: str) -> list[tuple[str, str]]:
    EventLog(moment.shop.events).view(connection)
    path = _literal('$."' + name.replace('"', "") + '"')
    said = f"json_extract_string(attributes, {path})"
    return connection.execute(
        f"SELECT shopper, arg_max({said}, (time, id)) FROM events WHERE kind = 'attributes' "
        f"AND shopper <> '' AND time < {moment.now} AND {said} IS NOT NULL GROUP BY shopper"
    ).fetchall()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
