"""Bring the folds back: from the snapshot and what came after it, or from the whole log."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hawker.delivery import people
from hawker.delivery.frequency import Frequency
from hawker.errors import Corrupt
from hawker.features import arrival, interests
from hawker.features.encode import Codes
from hawker.features.events import EventArrays
from hawker.features.interests import Interests
from hawker.features.state import State
from hawker.records.catalogue import Product
from hawker.records.events import Event, EventKind
from hawker.storage import files, tables
from hawker.storage.decision_log import DecisionLog
from hawker.storage.event_log import EventLog
from hawker.storage.hot import HOLD, SAVED, Caps, InProcess, limits
from hawker.storage.shop import Shop

SNAPSHOT = "folds.npz"
BASIS = "folds.json"


def log(shop: Shop, codes: Codes, *, since: int = 0) -> EventArrays:
    """The events released from a moment on, in canonical order; new names get codes."""
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    tolerance = shop.settings.tolerance_ms * 1000
    where = f"{arrival.release(tolerance)} >= {int(since)}" if since else "TRUE"
    return codes.load(connection, where=where, tolerance=tolerance)


def unreleased(shop: Shop, *, watermark: int) -> Iterator[Event]:
    """The events whose turn has not come: released at or after the watermark."""
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    return arrival.unfolded(connection, watermark=watermark, tolerance=shop.settings.tolerance_ms * 1000)


def state(shop: Shop) -> tuple[State, EventArrays]:
    """The shop's state, and the events that it has yet to fold.

    The snapshot serves while the imported history, the catalogue and the vectors it was made from are
    unchanged; otherwise everything is folded anew.
    """
    held, made = State(), _interests(shop)
    held.adopt(made)
    basis = shop.state / BASIS
    fresh = basis.is_file() and json.loads(basis.read_text("utf-8")) == _basis(shop)
    if not (fresh and held.load(shop.state / SNAPSHOT)):
        held = State(Codes())
        held.codes.learn_products(_products(shop))
        held.adopt(made)
    people.guard(held, shop, people.on_record(shop).minors)
    return held, log(shop, held.codes, since=held.watermark)


def _interests(shop: Shop) -> Interests | None:
    """Interests by the vectors there are; where those cannot be read, ads are served without."""
    try:
        return interests.of(shop)
    except Corrupt as error:
        import structlog  # only where there is something to say

        structlog.get_logger("hawker").error("vectors_unusable", error=str(error))
        return None


def counters(frequency: Frequency, shop: Shop, caps: Caps, *, decisions: DecisionLog, now: int) -> None:
    """Bring the frequency counters of this process back: from their file, and what has happened since."""
    if not (caps and isinstance(frequency.hot, InProcess)):
        return
    longest = max(span for held in caps.values() for _, span in limits(held))
    since = max(frequency.hot.load(shop.state / SAVED), now - longest)
    frequency.restore(_impressions(shop, since=since), decisions.scan(now - HOLD), now=now)


def _impressions(shop: Shop, *, since: int) -> Iterator[Event]:
    """The logged impressions that may count for a cap, as they were received."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    query = (
        "SELECT time, received, decision, slot, reason FROM events "
        "WHERE decision <> '' AND kind = ? AND received >= ? ORDER BY received"
    )
    rows = connection.execute(query, [EventKind.AD_IMPRESSION, since])
    while held := rows.fetchmany(10_000):
        for time, received, decision, slot, reason in held:
            yield Event(
                EventKind.AD_IMPRESSION, time, received=received, decision=decision, slot=slot, reason=reason
            )


def keep(shop: Shop, held: State) -> None:
    """Save a snapshot, and what it was made from."""
    (shop.state / BASIS).unlink(missing_ok=True)
    held.save(shop.state / SNAPSHOT)
    files.write(shop.state / BASIS, json.dumps(_basis(shop)))


def _products(shop: Shop) -> list[Product]:
    return list(shop.catalogue.values())


def _basis(shop: Shop) -> list[list[str | int]]:
    """What a snapshot depends on besides later events: name, size and time of each imported file."""
    made_from = [*sorted((shop.events / "history").glob("*.parquet")), shop.table("catalogue")]
    stats = [(path.name, path.stat()) for path in made_from if path.is_file()]
    found: list[list[str | int]] = [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
    return [*found, ["special_categories", *shop.settings.special_categories]]
