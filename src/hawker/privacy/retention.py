"""What has had its time goes: events, decision records, rows set aside, models that knew the forgotten."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from hawker.privacy import erasure
from hawker.privacy.receipt import Retiring
from hawker.records.events import DAY
from hawker.storage import files
from hawker.storage.decision_log import DecisionLog
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

LAST = "retention.json"
_AGE = "CASE WHEN received = 0 THEN time ELSE received END"


class Swept(Struct, frozen=True):
    """One store: the rows, records, lines or versions that were removed."""

    store: str
    removed: int


def enforce(shop: Shop, *, now: int | None = None) -> tuple[Swept, ...]:
    """Remove what is older than the shop's settings allow, and note when that was done.

    `now` is the shop's clock in microseconds. A store whose setting is 0 is left alone. What is removed
    from the log leaves the folds at the next start, when they are made again from what is left.
    """
    moment = time.time_ns() // 1000 if now is None else now
    settings = shop.settings
    swept = (
        Swept("events", _events(shop, moment - settings.event_days * DAY) if settings.event_days else 0),
        Swept(
            "decisions", _records(shop, moment - settings.record_days * DAY) if settings.record_days else 0
        ),
        Swept("quarantine", _quarantine(shop, settings.quarantine_days) if settings.quarantine_days else 0),
        Swept("questions", _questions(shop, moment - settings.answers.keep_days * DAY)),
        Swept("models", _models(shop)),
    )
    files.write(shop.state / LAST, msgspec.json.encode({"time": moment, "swept": swept}))
    return swept


def overdue(shop: Shop) -> list[Retiring]:
    """Models that should have been retired by today; those that still serve stay until another does."""
    today = datetime.now(UTC).date().isoformat()
    store = ModelStore(shop.models)
    found: dict[tuple[str, str], Retiring] = {}
    for receipt in erasure.receipts(shop):
        for model in receipt.models:
            key = (model.model, model.version)
            if model.until < today and key not in found and model.version in store.versions(model.model):
                serving = store.promoted(model.model) == model.version
                found[key] = msgspec.structs.replace(model, serving=serving)
    return list(found.values())


def _events(shop: Shop, edge: int) -> int:
    """Events received before a moment (imported ones: that happened before it)."""
    from hawker.storage import tables
    from hawker.storage.event_log import EventLog

    connection = tables.connect(threads=1)
    removed = EventLog(shop.events).rewrite(connection, where=f"{_AGE} < {edge}", keep=f"{_AGE} >= {edge}")
    for name in erasure.SNAPSHOTS if removed else ():
        (shop.state / name).unlink(missing_ok=True)
    return removed


def _records(shop: Shop, edge: int) -> int:
    return DecisionLog(shop.decisions).prune(edge) if shop.decisions.is_dir() else 0


def _quarantine(shop: Shop, days: int) -> int:
    """Files of rows set aside that nobody has touched for so many days, by the calendar of the machine."""
    edge, removed = time.time() - days * 86_400, 0
    for path in sorted(shop.quarantine.rglob("*.jsonl")):
        if path.stat().st_mtime < edge:
            removed += sum(1 for line in path.read_bytes().splitlines() if line.strip())
            path.unlink()
    return removed


def _questions(shop: Shop, edge: int) -> int:
    from hawker.storage.questions import Questions

    questions = Questions(shop.control)
    try:
        return questions.prune(edge)
    finally:
        questions.close()


def _models(shop: Shop) -> int:
    """Versions past their last day; one that serves is `overdue` and stays, for something has to rank."""
    removed = 0
    for model in overdue(shop):
        if not model.serving:
            shutil.rmtree(ModelStore(shop.models).path(model.model, model.version))
            removed += 1
    return removed
