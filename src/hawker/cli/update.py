"""`hawker train --update`: the served model learns what is new, and serves on if it is no worse."""

from __future__ import annotations

from datetime import UTC, datetime

from hawker.cli.call import Call, bounds, table
from hawker.errors import BadSetting


def update(asked: Call, *, seed: int, tune: int = 0) -> None:
    """Predict, score, learn, day by day; say what came of it and whether it serves."""
    if tune:
        raise BadSetting("--update and --tune exclude each other.", remedy="Give one of them.")
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.learning.update import update as learn_on

        done = learn_on(asked.shop, seed=seed, progress=tell)
    found = done.followed
    days = [
        {
            "day": datetime.fromtimestamp(one.start / 1e6, UTC).isoformat(timespec="minutes"),
            "rows": one.rows,
            "positives": one.positives,
            "served": one.served,
            "updated": one.updated,
        }
        for one in found.days
    ]
    asked.answer(
        {
            "version": done.version,
            "served": done.served,
            "promoted": done.promoted,
            "reason": done.reason,
            "change": bounds(found.change),
            "bound": found.bound,
            "older": None if found.older is None else bounds(found.older),
            "days": days,
            "seed": seed,
        }
    )
    rows = sum(one.rows for one in found.days)
    asked.say(asked.word("updated", version=done.served, rows=rows, days=len(days)))
    lines = table("", ">" + asked.word("value"), asked.word("interval"))
    lines.add_row(f"  {asked.word('update_change')}", *asked.estimated(found.change, "+.5f"))
    if found.older is not None:
        lines.add_row(f"  {asked.word('update_older')}", *asked.estimated(found.older, "+.5f"))
    asked.say(lines)
    word = "update_serves" if done.promoted else "update_stays"
    asked.say(asked.word(word, version=done.version, bound=f"{found.bound:+.5f}"))
    asked.then("serve") if done.promoted else asked.then("train")
