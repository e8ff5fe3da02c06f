"""One row per ad shown, with what came of it: the single table every figure of a report is summed from.

Clicks, hides, conversions and charges are brought home to the impression they belong to, so that
each cell of each breakdown adds up to the same totals. A click or charge whose impression the log
does not hold keeps a row of its own, without an impression.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from hawker.measurement.attribution import DAY, Windows, attribute
from hawker.measurement.sources import Relations
from hawker.records.traffic import CREDITED, MARK

EVER = (-(2**62), 2**62)
PROMPT = DAY
"""A conversion within a day of the ad it is credited to is prompt: alarms compare days by these."""

INVALID = "invalid"
"""An ad event whose reason begins so was marked as invalid traffic: filtered, and counted."""

KEY = """CASE WHEN decision = '' THEN id WHEN slot >= 0 THEN concat(decision, '/', slot)
    ELSE concat(decision, '/', CASE WHEN ad <> '' THEN ad ELSE product END) END"""
PERSON = """CASE WHEN shopper <> '' THEN concat('u', shopper)
    WHEN session <> '' THEN concat('s', session) END"""
_ANSWERS = ("ad_click", "ad_hide", "ad_viewable", "ad_feedback")
_ROWS = f"""SELECT {KEY} AS key, id, kind, time, {PERSON} AS person, shopper, campaign, product,
    placement, synthetic FROM {{events}}
    WHERE time >= {{low}} AND time < {{high}} AND NOT starts_with(reason, '{INVALID}') {{taken}} AND kind"""
_TAKEN = f"AND {KEY} NOT IN (SELECT impression FROM {{charges}} WHERE amount < 0)"


class Gathered(Struct, frozen=True):
    """What the fact table leaves out, counted: nothing is dropped without being told.

    `foreign` are credited conversions in another currency than the report's; `twice` are conversion
    events that repeat a purchase. `last` is the time of the log's newest event, `first` the oldest.
    """

    clicks_logged: bool
    viewables_logged: bool = False
    repeated_impressions: int = 0
    repeated_clicks: int = 0
    lone_clicks: int = 0
    lone_hides: int = 0
    twice: int = 0
    foreign: int = 0
    invalid: int = 0
    first: int | None = None
    last: int | None = None


def gather(source: Relations, *, start: int, end: int, windows: Windows) -> Gathered:
    """Write the temp table `facts` for ads shown, clicked alone or charged from `start` until `end`.

    Conversions are counted on the day of the ad they are credited to, money on the day it was charged.
    """
    low, high = max(start, EVER[0]) - windows.longest, min(end, EVER[1]) + windows.longest
    bounds = {"events": source.events, "low": low, "high": high, "taken": taken(source)}
    repeated = _shown(source, bounds)
    lone = _answered(source, bounds)
    twice = _credited(source, bounds, windows)
    _facts(source, start=start, end=end)
    invalid = f"starts_with(reason, '{INVALID}') AND kind LIKE 'ad_%' AND time >= {start} AND time < {end}"
    clicks, viewables, marked, first, last = _row(
        source,
        f"SELECT count(*) FILTER (kind = 'ad_click'), count(*) FILTER (kind = 'ad_viewable'), "
        f"count(*) FILTER ({invalid}), min(time), max(time) FROM {source.events}",
    )
    again, foreign = _row(source, "SELECT sum(repeats), sum(abroad) FROM facts")
    return Gathered(
        clicks_logged=clicks > 0,
        viewables_logged=viewables > 0,
        repeated_impressions=repeated,
        repeated_clicks=int(again or 0),
        lone_clicks=lone[0],
        lone_hides=lone[1],
        twice=twice,
        foreign=int(foreign or 0),
        invalid=marked,
        first=first,
        last=last,
    )


def keep(source: Relations, gathered: Gathered, campaigns: Collection[str]) -> Gathered:
    """Leave the facts of these campaigns alone, credited as they were beside all others.

    What was left out is no longer counted: those counts speak of everybody's events.
    """
    theirs = "NOT coalesce(list_contains(?::VARCHAR[], campaign), false)"
    source.connection.execute(f"DELETE FROM facts WHERE {theirs}", [sorted(campaigns)])
    return Gathered(gathered.clicks_logged, first=gathered.first, last=gathered.last)


def taken(source: Relations, *, clause: str = _TAKEN) -> str:
    """What leaves out impressions whose charge was taken back (a negative one); nothing where none was.

    They were found to be invalid traffic later: what followed them goes with them.
    """
    (count,) = _row(source, f"SELECT count(*) FROM {source.charges} WHERE amount < 0")
    return clause.format(charges=source.charges) if count else ""


def _shown(source: Relations, bounds: dict[str, object]) -> int:
    """The table `shown`: one row per impression; of repeats the earliest stays, then the lowest id."""
    run = source.connection.execute
    run(f"CREATE OR REPLACE TEMP TABLE shown AS {_ROWS.format(**bounds)} = 'ad_impression'")
    (before,) = _row(source, "SELECT count(*) FROM shown")
    run("CREATE OR REPLACE TEMP TABLE again AS SELECT key FROM shown GROUP BY key HAVING count(*) > 1")
    run(
        "DELETE FROM shown WHERE key IN (FROM again) AND rowid NOT IN (SELECT arg_min(rowid, (time, id)) "
        "FROM shown WHERE key IN (FROM again) GROUP BY key)"
    )
    (left,) = _row(source, "SELECT count(*) FROM shown")
    return before - left


def _answered(source: Relations, bounds: dict[str, object]) -> tuple[int, int]:
    """The table `answers`: clicks, views and replies with the impression (`fact`) of each, if any.

    One that names no decision belongs to the latest impression of that campaign and product to the
    same shopper within the day before it.
    """
    run = source.connection.execute
    run(f"CREATE OR REPLACE TEMP TABLE answered AS {_ROWS.format(**bounds)} IN {_ANSWERS}")
    run(
        f"CREATE OR REPLACE TEMP TABLE answers AS SELECT a.*, coalesce(k.key, n.key) AS fact, "
        f"coalesce(k.product, n.product, a.product) AS advertised "
        f"FROM answered AS a LEFT JOIN shown AS k ON a.key = k.key LEFT JOIN ("
        f"SELECT a.id, s.key, s.product FROM answered AS a ASOF JOIN shown AS s ON a.person = s.person "
        f"AND a.campaign = s.campaign AND a.product = s.product AND a.time >= s.time "
        f"WHERE a.time - s.time <= {DAY}) AS n ON a.id = n.id"
    )
    clicks, hides = _row(
        source,
        "SELECT count(*) FILTER (kind = 'ad_click'), count(*) FILTER (kind = 'ad_hide') "
        "FROM answers WHERE fact IS NULL",
    )
    return clicks, hides


def _credited(source: Relations, bounds: dict[str, object], windows: Windows) -> int:
    """The table `credits`, by attribution; returns how many conversion events repeat a purchase."""
    run = source.connection.execute
    run(
        f"CREATE OR REPLACE TEMP VIEW wares AS SELECT id AS product, any_value(title) AS title, "
        f"nullif(any_value(brand), '') AS brand, "
        f"nullif(trim(split_part(any_value(category), '>', 1)), '') AS category "
        f"FROM {source.catalogue} GROUP BY id"
    )
    run(
        "CREATE OR REPLACE TEMP TABLE touches AS WITH t AS (SELECT key AS fact, 'view' AS touch, time, "
        "person, nullif(product, '') AS product, nullif(campaign, '') AS campaign FROM shown UNION ALL "
        "SELECT coalesce(fact, id), 'click', time, person, nullif(advertised, ''), nullif(campaign, '') "
        "FROM answers WHERE kind = 'ad_click') "
        "SELECT t.*, brand, category FROM t LEFT JOIN wares USING (product)"
    )
    run(
        f"CREATE OR REPLACE TEMP TABLE sales AS SELECT e.id, e.kind, e.time, e.value, e.currency, e.person, "
        f"CASE WHEN e.decision <> '' THEN e.key END AS fact, nullif(e.product, '') AS product, w.brand, "
        f"w.category, CASE WHEN e.product = '' THEN nullif(e.campaign, '') END AS campaign "
        f"FROM (SELECT *, {PERSON} AS person, {KEY} AS key FROM {source.events} "
        f"WHERE kind IN ('purchase', 'conversion') AND time < {bounds['high']} "
        f"AND reason <> '{CREDITED}' AND NOT starts_with(reason, '{MARK}')) AS e "
        f"LEFT JOIN wares AS w ON e.product = w.product"
    )
    run(
        f"CREATE OR REPLACE TEMP TABLE conversions AS SELECT * FROM sales WHERE time >= {bounds['low']} "
        f"AND kind = 'purchase' UNION ALL SELECT * FROM sales AS s WHERE time >= {bounds['low']} "
        f"AND kind = 'conversion' AND NOT EXISTS (SELECT 1 FROM sales AS p WHERE p.kind = 'purchase' "
        f"AND p.person = s.person AND p.product = s.product AND p.time BETWEEN s.time - {DAY // 24} "
        f"AND s.time + {DAY // 24})"
    )
    run(
        "CREATE OR REPLACE TEMP VIEW purchases AS SELECT person, brand, time FROM sales "
        "WHERE kind = 'purchase' AND brand IS NOT NULL AND person IS NOT NULL"
    )
    attribute(
        source.connection,
        touches="touches",
        conversions="conversions",
        purchases="purchases",
        into="credits",
        windows=windows,
    )
    counted = _row(
        source,
        f"SELECT (SELECT count(*) FROM sales WHERE time >= {bounds['low']}) "
        f"- (SELECT count(*) FROM conversions)",
    )
    return int(counted[0])


_FACTS = """CREATE OR REPLACE TEMP TABLE facts AS
WITH clicked AS (
    SELECT fact, count(*) AS clicks FROM answers WHERE kind = 'ad_click' AND fact IS NOT NULL GROUP BY fact
), met AS (
    SELECT fact, max((kind = 'ad_hide')::INT) AS hides, max((kind = 'ad_viewable')::INT) AS viewable,
        max((kind = 'ad_feedback')::INT) AS feedback
    FROM answers WHERE fact IS NOT NULL GROUP BY fact
), earned AS (
    SELECT c.fact, count(*) FILTER (direct) AS conversions, count(*) FILTER (NOT direct) AS halo,
        count(*) FILTER (direct AND c.touch = 'click') AS clicked_conversions,
        count(*) FILTER (direct AND c.new_to_brand) AS new_to_brand,
        count(*) FILTER (direct AND c.time - c.touched <= {prompt}) AS prompt,
        coalesce(sum(s.value) FILTER (direct AND home), 0) AS revenue,
        coalesce(sum(s.value) FILTER (NOT direct AND home), 0) AS halo_revenue,
        count(*) FILTER (NOT home) AS abroad
    FROM (SELECT *, relation <> 'halo' AS direct FROM credits) AS c
    JOIN (SELECT *, currency IN ('', '{currency}') AS home FROM conversions) AS s ON c.conversion = s.id
    GROUP BY c.fact
), ads AS (
    SELECT key AS fact, time, person, shopper, campaign, product, placement, synthetic, 1 AS impressions
    FROM shown WHERE time >= {start} AND time < {end}
    UNION ALL
    SELECT id, time, person, shopper, campaign, product, placement, synthetic, 0
    FROM answers WHERE kind = 'ad_click' AND fact IS NULL AND time >= {start} AND time < {end}
), rows AS (
    SELECT a.*, CASE WHEN impressions = 0 OR k.clicks > 0 THEN 1 ELSE 0 END AS clicks,
        CASE WHEN k.clicks > 0 THEN 1 ELSE 0 END AS seen_clicks, coalesce(k.clicks - 1, 0) AS repeats,
        coalesce(m.hides, 0) AS hides, coalesce(m.viewable, 0) AS viewable,
        coalesce(m.feedback, 0) AS feedback, coalesce(e.conversions, 0) AS conversions,
        coalesce(e.clicked_conversions, 0) AS clicked_conversions,
        coalesce(e.halo, 0) AS halo, coalesce(e.halo_revenue, 0)::BIGINT AS halo_revenue,
        coalesce(e.new_to_brand, 0) AS new_to_brand, coalesce(e.prompt, 0) AS prompt,
        coalesce(e.revenue, 0)::BIGINT AS revenue, coalesce(e.abroad, 0) AS abroad, 0::BIGINT AS spend
    FROM ads AS a LEFT JOIN clicked AS k USING (fact) LEFT JOIN met AS m USING (fact)
    LEFT JOIN earned AS e USING (fact)
    UNION ALL BY NAME
    SELECT c.impression AS fact, c.time, s.person, coalesce(s.shopper, '') AS shopper,
        CASE WHEN c.campaign <> '' THEN c.campaign ELSE coalesce(s.campaign, '') END AS campaign,
        coalesce(s.product, '') AS product, coalesce(s.placement, '') AS placement,
        coalesce(s.synthetic, false) AS synthetic, 0 AS impressions, 0 AS clicks, 0 AS seen_clicks,
        0 AS repeats, 0 AS hides, 0 AS viewable, 0 AS feedback, 0 AS conversions,
        0 AS clicked_conversions, 0 AS halo, 0::BIGINT AS halo_revenue, 0 AS new_to_brand, 0 AS prompt,
        0::BIGINT AS revenue, 0 AS abroad, c.amount AS spend
    FROM {charges} AS c LEFT JOIN shown AS s ON c.impression = s.key
    WHERE c.time >= {start} AND c.time < {end}
), grouped AS (
    SELECT shopper, min(segment) AS segment FROM {segments} WHERE shopper <> '' GROUP BY shopper
)
SELECT r.* EXCLUDE (shopper, person), coalesce(person, fact) AS cluster, coalesce(g.segment, '') AS segment,
    CAST(CAST(make_timestamp(r.time + {shift}) AS DATE) AS VARCHAR) AS day
FROM rows AS r LEFT JOIN grouped AS g ON r.shopper = g.shopper"""


def _facts(source: Relations, *, start: int, end: int) -> None:
    source.connection.execute(
        _FACTS.format(
            start=start,
            end=end,
            prompt=PROMPT,
            currency=source.currency.replace("'", "''"),
            charges=source.charges,
            segments=source.segments,
            shift=source.shift,
        )
    )


def _row(source: Relations, query: str) -> tuple[int, ...]:
    found = source.connection.execute(query).fetchone()
    assert found is not None  # every query here is an aggregate without GROUP BY
    return tuple(found)
