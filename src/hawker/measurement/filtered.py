"""What was filtered before anything was counted: ad events received, those marked, and by which rule."""

from __future__ import annotations

from msgspec import Struct

from hawker.measurement.facts import INVALID, KEY, PERSON, taken
from hawker.measurement.rates import LEAST_IMPRESSIONS, LEAST_SHOPPERS, moments, share
from hawker.measurement.sources import Relations
from hawker.statistics import Covariances, Estimate, unknown

KINDS = ("ad_impression", "ad_viewable", "ad_click")


class Received(Struct, frozen=True):
    """Ad events of one kind: all that came, and those marked as invalid traffic."""

    kind: str
    received: int
    invalid: int


class Broken(Struct, frozen=True):
    """One rule of invalid traffic, and how many ad events broke it."""

    rule: str
    count: int


class Filtered(Struct, frozen=True):
    """Invalid traffic among impressions, viewable impressions and clicks; `share` with its interval."""

    received: int = 0
    invalid: int = 0
    share: Estimate = Estimate()
    kinds: tuple[Received, ...] = ()
    rules: tuple[Broken, ...] = ()


def filtered(source: Relations, *, start: int, end: int) -> Filtered:
    """Count what came from `start` until `end`, before any repeat is left out."""
    run = source.connection.execute
    later = taken(source, clause=f"OR {KEY} IN (SELECT impression FROM {{charges}} WHERE amount < 0)")
    run(
        f"CREATE OR REPLACE TEMP VIEW came AS SELECT kind, coalesce({PERSON}, id) AS cluster, "
        f"(starts_with(reason, '{INVALID}') {later})::INT AS bad, "
        f"CASE WHEN starts_with(reason, '{INVALID}') THEN regexp_replace(reason, '^{INVALID}[:_]? ?', '') "
        f"ELSE 'found_later' END AS rule FROM {source.events} "
        f"WHERE kind IN {KINDS} AND time >= {start} AND time < {end}"
    )
    found = {
        kind: (count, bad)
        for kind, count, bad in run(
            "SELECT kind, count(*), sum(bad)::BIGINT FROM came GROUP BY kind"
        ).fetchall()
    }
    kinds = tuple(Received(kind, *found[kind]) for kind in KINDS if kind in found)
    rules = run(
        "SELECT rule, count(*) AS n FROM came WHERE bad = 1 GROUP BY rule ORDER BY n DESC, rule"
    ).fetchall()
    received, invalid = sum(one.received for one in kinds), sum(one.invalid for one in kinds)
    row = run(
        "WITH per AS (SELECT cluster, sum(bad)::BIGINT AS bad, count(*) AS n FROM came GROUP BY cluster) "
        f"SELECT {moments('bad', 'n')} FROM per"
    ).fetchone()
    assert row is not None  # an aggregate without GROUP BY
    n, *rest, highest = row
    pair = Covariances(n, *(float(value or 0) for value in rest))
    return Filtered(
        received,
        invalid,
        _share(invalid, received, pair=pair, alone=(highest or 0) <= 1),
        kinds,
        tuple(Broken(rule, count) for rule, count in rules),
    )


def _share(invalid: int, received: int, *, pair: Covariances, alone: bool) -> Estimate:
    if received < LEAST_IMPRESSIONS:
        reason = f"fewer than {LEAST_IMPRESSIONS} ad events" if received else "no ad events"
        return unknown(reason, n=received)
    if pair.n < LEAST_SHOPPERS:
        return unknown(f"fewer than {LEAST_SHOPPERS} shoppers", n=pair.n)
    return share(invalid, received, pair=pair, alone=alone)
