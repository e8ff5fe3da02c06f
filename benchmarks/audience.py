"""How long it takes to compute audiences and segments anew over a million shoppers.

    python -m benchmarks.audience --json

A synthetic shop is written with DuckDB: a catalogue of 4,000 products in 240 categories, a million
shoppers with some three events each over sixty days, ads seen and clicked among them. Its log is read and
folded as a server does (every standard fold, and the interests over TF-IDF vectors). Then, three times:
twelve audiences are computed from the folds and from the log, measured and written
(`audience.refresh`); the segments are found and written (`features.segments`); and what a server does
to take the lists over is done (`delivery.build.membership`). `seconds` is the median of all that,
`cpu_seconds` the processor's time of all threads. Half of the rules are answered by the folds alone, half
have a window that only the log can answer, one is a text's nearness. Some sizes are checked against SQL
on the log; a wrong one ends the run. The figures are about speed only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._answer import peak_mb
from hawker import audience
from hawker.audience import Moment, members
from hawker.delivery import restore
from hawker.delivery.build import membership
from hawker.features import segments
from hawker.language import annotate
from hawker.records.audience import Audience, Kind
from hawker.records.catalogue import Product
from hawker.records.events import DAY, EVENT_COLUMNS, SECOND
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings, Shop

START, DAYS = 1_735_689_600 * SECOND, 60
NOW = START + DAYS * DAY
PRODUCTS, REGIONS, BRANDS = 4_000, 20, 60
GOODS = ("tea", "shoes", "pots", "lamps", "chairs", "books", "soap", "bread")
WORDS = ("green", "red", "light", "heavy", "small", "large", "soft", "plain", "fine", "early")
RULES = {
    "often": "visits >= 3",
    "lapsed": "days_since_visit > 30",
    "tea drinkers": 'bought("tea")',
    "tea lately": 'bought("tea", days=21) and not bought("shoes", days=21)',
    "shelf": 'bought("pots > pots 3", days=45) or bought("lamps > lamps 1")',
    "price and place": 'price_paid > 6 and visited("region-3") and not bought_brand("brand-7")',
    "visits in a month": "visits_30d >= 2",
    "spend in a month": "spend_30d > 8 or purchases_14d >= 2",
    "looked, not bought": 'viewed("books", days=30) and not bought("books", days=30)',
    "searched": 'searched("running shoes", days=30)',
    "ads": "ad_impressions_30d >= 1 and ad_clicks_30d == 0",
}
CHECKED = {
    "tea lately": (
        "SELECT count(*) FROM (SELECT shopper FROM e GROUP BY shopper HAVING "
        "bool_or(kind = 'purchase' AND goods = 'tea' AND time >= {now} - 21 * {day}) AND NOT "
        "bool_or(kind = 'purchase' AND goods = 'shoes' AND time >= {now} - 21 * {day}))"
    ),
    "spend in a month": (
        "SELECT count(*) FROM (SELECT shopper FROM e WHERE kind = 'purchase' GROUP BY shopper HAVING "
        "sum(CASE WHEN time >= {now} - 30 * {day} THEN value ELSE 0 END) > 8000000 "
        "OR count(*) FILTER (time >= {now} - 14 * {day}) >= 2)"
    ),
    "searched": (
        "SELECT count(DISTINCT shopper) FROM e WHERE kind = 'search' AND query = 'running shoes' "
        "AND time >= {now} - 30 * {day}"
    ),
}
"""The size of some audiences, counted from the log in SQL written for each."""


def shop(folder: Path, shoppers: int) -> Shop:
    """The synthetic shop: catalogue and log; what it holds depends on the number of shoppers alone."""
    made = Shop.create(folder, Settings(name="Million", encoder="tfidf"))
    tables.write_products(made.table("catalogue"), [product(number) for number in range(PRODUCTS)])
    connection = tables.connect()
    written = {
        "id": "'e' || n",
        "kind": "CASE WHEN h % 100 < 35 THEN 'purchase' WHEN h % 100 < 65 THEN 'view' WHEN h % 100 < 75 "
        "THEN 'search' WHEN h % 100 < 80 THEN 'cart' WHEN h % 100 < 97 THEN 'ad_impression' "
        "ELSE 'ad_click' END",
        "time": f"{START} + (hash(n, 2) % {DAYS * 86_400})::BIGINT * {SECOND}",
        "shopper": "'u' || who",
        "session": "'s' || who || '-' || hash(n, 2) % 60",
        "product": f"'p' || hash(n, 3) % {PRODUCTS}",
        "query": "CASE WHEN h % 100 BETWEEN 65 AND 74 THEN (CASE WHEN h % 3 = 0 THEN 'running shoes' "
        "ELSE 'tea' END) ELSE '' END",
        "value": "CASE WHEN h % 100 < 35 THEN (1 + hash(n, 4) % 9)::BIGINT * 1000000 ELSE 0 END",
        "location": f"'region-' || who % {REGIONS}",
    }
    blank = {"VARCHAR": "''", "BIGINT": "0", "DOUBLE": "1.0", "BOOLEAN": "true"}
    special = {"rating": "CAST(NULL AS DOUBLE)", "slot": "-1", "attributes": "'{}'"}
    columns = ", ".join(
        f'CAST({written.get(name, special.get(name, blank[kind]))} AS {kind}) AS "{name}"'
        for name, kind in EVENT_COLUMNS.items()
    )
    who = f"CASE WHEN i < {shoppers} THEN i ELSE hash(i, 5) % {shoppers} END"
    numbered = f"SELECT i AS n, hash(i, 1) AS h, {who} AS who FROM range({3 * shoppers}) AS r(i)"
    part = folder / "part.parquet"
    tables.replace(connection, f"SELECT {columns} FROM ({numbered})", part)
    EventLog(made.events).adopt(part, name="synthetic")
    return made


def product(number: int) -> Product:
    """One article: its words say its goods, its path has three levels."""
    goods = GOODS[number % len(GOODS)]
    shelf, leaf = number // len(GOODS) % 6, number // (6 * len(GOODS)) % 5
    adjective = WORDS[number // 7 % len(WORDS)]
    return Product(
        id=f"p{number}",
        title=f"{adjective} {goods} {WORDS[number // 3 % len(WORDS)]}",
        category=f"{goods} > {goods} {shelf} > {goods} {shelf}.{leaf}",
        brand=f"brand-{number % BRANDS}",
        price=5_000_000,
        currency="USD",
    )


def loaded(made: Shop) -> Moment:
    """The shop as a server holds it at the end of its log."""
    state, waiting = restore.state(made)
    state.fold(waiting)
    state.advance(NOW)
    return audience.at(made, state, now=NOW)


def audiences() -> list[Audience]:
    """The rules, and whoever a text speaks of."""
    ruled = [Audience(name, rule=rule) for name, rule in RULES.items()]
    return [*ruled, Audience("text", Kind.SEMANTIC, text="people who drink green tea", share=0.1)]


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What came of it, its seconds, and those of the processor on all threads."""
    begun, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - begun, time.process_time() - cpu


def checked(made: Shop) -> None:
    """Hold some sizes against plain SQL; a wrong one ends the run."""
    connection = tables.connect()
    EventLog(made.events).view(connection)
    read = tables.quoted(made.table("catalogue"))
    goods = f"SELECT id AS product, split_part(category, ' > ', 1) AS goods FROM {read}"
    connection.execute(f"CREATE TEMP TABLE e AS SELECT * FROM events LEFT JOIN ({goods}) USING (product)")
    sizes = members.sizes(made)
    for name, query in CHECKED.items():
        told = connection.execute(query.format(now=NOW, day=DAY)).fetchone()
        if told is None or sizes.get(name, 0) != told[0]:
            raise SystemExit(f"'{name}' has {sizes.get(name, 0)} members, SQL counts {told}")


def recomputed(moment: Moment, ordered: list[Audience]) -> dict[str, float]:
    """Everything once: seconds and processor seconds of each part."""
    if path := moment.shop.table("audiences"):
        path.unlink(missing_ok=True)
    made = moment.shop
    _, one, one_cpu = timed(lambda: audience.refresh(moment, ordered))
    _, two, two_cpu = timed(
        lambda: segments.save(made, moment.state, segments.segments(moment.state, now=NOW), now=NOW)
    )
    _, three, three_cpu = timed(lambda: membership(made))
    return {
        "audiences_seconds": one,
        "segments_seconds": two,
        "taken_over_seconds": three,
        "seconds": one + two + three,
        "audiences_cpu_seconds": one_cpu,
        "segments_cpu_seconds": two_cpu,
        "cpu_seconds": one_cpu + two_cpu + three_cpu,
    }


def main() -> None:
    """Build, fold, compute three times, and print one line of JSON."""
    parser = argparse.ArgumentParser(description="Recompute audiences and segments over many shoppers.")
    parser.add_argument("--shoppers", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print the JSON alone (it always comes last)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hawker-audience-") as folder:
        made = shop(Path(folder) / "shop", given.shoppers)
        annotate.products(made)
        tell(given, "written")
        moment, built, _ = timed(lambda: loaded(made))
        tell(given, f"folded in {built:.0f} s")
        rounds = []
        for _ in range(given.repeats):
            rounds.append(recomputed(moment, audiences()))
            tell(given, json.dumps({name: round(value, 2) for name, value in rounds[-1].items()}))
        checked(made)
        answer: dict[str, Any] = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "shoppers": len(moment.shoppers),
            "events": 3 * given.shoppers,
            "audiences": len(audiences()),
            "members": sum(members.sizes(made).values()),
            "load_seconds": round(built, 1),
            **{name: round(statistics.median(one[name] for one in rounds), 2) for name in rounds[0]},
            "slowest_seconds": round(max(one["seconds"] for one in rounds), 2),
            "folds_mb": moment.state.counters.nbytes // 2**20,
            "peak_rss_mb": peak_mb(),
        }
    print(json.dumps(answer))


def tell(given: argparse.Namespace, words: str) -> None:
    """Say how far it is, beside the answer."""
    if not given.json:
        print(words, file=sys.stderr)


if __name__ == "__main__":
    main()
