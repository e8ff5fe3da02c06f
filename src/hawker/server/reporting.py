"""`/v1/report`: the shop's figures in one of four forms, through `hawker.measurement` alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from hawker import measurement
from hawker.delivery import Engine, billing
from hawker.errors import nearest
from hawker.features.examples import microseconds
from hawker.measurement.report import BY
from hawker.server.wire import JSON, Reply, unfit

PARAMETERS = ("format", "start", "end", "by", "language")
_SAFE = (
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
)


def report(
    engine: Engine, given: Sequence[tuple[str, str]], *, campaigns: Collection[str] | None = None
) -> Reply:
    """Measure and render, of these campaigns alone where they are given.

    It takes seconds on a large shop: call it in a thread.
    """
    asked: dict[str, str] = {}
    for name, value in given:
        if name not in PARAMETERS:
            raise unfit(f"There is no parameter '{name[:80]}'.", nearest(name, list(PARAMETERS)))
        asked[name] = f"{asked[name]},{value}" if name in asked else value
    form = asked.get("format", "json")
    if form not in {"json", "html", "csv"}:
        raise unfit(f"There is no format '{form[:40]}'.", nearest(form, ["json", "html", "csv"]))
    language = asked.get("language", engine.shop.settings.language)
    by = [name.strip() for name in asked.get("by", "").split(",") if name.strip()] or list(BY)
    found = measurement.report(
        engine.shop,
        start=_moment(engine, asked.get("start", "")),
        end=_moment(engine, asked.get("end", "")),
        by=by,
        charges=billing.spending(engine.ledger),
        names={
            "campaign": {
                one.id: one.name
                for one in engine.world.index.campaigns
                if one.name and (campaigns is None or one.id in campaigns)
            }
        },
        campaigns=campaigns,
    )
    rung = measurement.alarms(found, language=language) if "day" in by else []
    if form == "json":
        return Reply(200, measurement.as_json(found, language=language, alarms=rung).encode(), JSON)
    if form == "csv":
        text = measurement.csv(found, language=language, alarms=rung)
        saved = (("content-disposition", 'attachment; filename="report.csv"'),)
        return Reply(200, text.encode("utf-8-sig"), "text/csv; charset=utf-8", saved)
    text = measurement.html(found, language=language, alarms=rung)
    return Reply(200, text.encode(), "text/html; charset=utf-8", _SAFE)


def _moment(engine: Engine, text: str) -> int | None:
    """When a day of the shop begins, in microseconds; microseconds are taken as they are."""
    if not text:
        return None
    if text.isdigit() and len(text) > 12:
        return int(text[:19])
    try:
        moment = microseconds(text)
        zoned = datetime.fromisoformat(text).tzinfo is not None
    except ValueError as error:
        raise unfit(f"'{text[:40]}' is not a day.", "Write it as 2024-03-01, or as microseconds.") from error
    settings = engine.shop.settings
    begins = settings.day_starts_at_minutes if len(text) == len("2024-03-01") else 0
    return moment if zoned else moment + (begins - settings.utc_offset_minutes) * 60_000_000
