"""`hawker replay`: recorded decisions are executed again, and must come out the same, bit for bit."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table

if TYPE_CHECKING:
    from hawker.records.decision import Decision
    from hawker.storage.shop import Shop

Number = Annotated[int, typer.Option("--decisions", metavar="N", min=1, help="How many, the newest first.")]

DIFFERENT = 1
SHOWN = 10


def replay(
    ctx: typer.Context, decisions: Number = 1_000, as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Execute recorded decisions again; exit 1 where one comes out differently."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.errors import NotFound
        from hawker.explain.again import execute, models_of

        kept = newest(shop, decisions)
        models: dict[tuple[str, ...], Any] = {}
        differing: dict[str, list[str]] = {}
        missing: Counter[str] = Counter()
        for number, decision in enumerate(kept):
            tell(asked.word("replaying"), number / len(kept))
            named = (decision.versions.get(f"model-{other}", "") for other in decision.candidates.others)
            key = (decision.versions.get("model", ""), decision.outcome, *named)
            try:
                models[key] = models.get(key) or models_of(decision, shop)
                _, found = execute(decision, models[key])
            except NotFound as error:
                missing[error.message] += 1
                continue
            if found:
                differing[decision.id] = found
    same = len(kept) - len(differing) - missing.total()
    asked.answer(
        {
            "decisions": len(kept),
            "reproduced": same,
            "different": differing,
            "not_executed": dict(missing),
        }
    )
    _told(asked, total=len(kept), same=same, differing=differing, missing=missing)
    asked.then("explain") if kept else asked.then("serve")
    if differing:
        raise typer.Exit(DIFFERENT)


def newest(shop: Shop, most: int) -> list[Decision]:
    """The last decisions on record, oldest first."""
    from hawker.storage.decision_log import DecisionLog

    if not shop.decisions.is_dir():
        return []
    log = DecisionLog(shop.decisions)
    try:
        return sorted(deque(log.scan(), maxlen=most), key=lambda decision: (decision.time, decision.id))
    finally:
        log.close()


def _told(
    asked: Call, *, total: int, same: int, differing: dict[str, list[str]], missing: Counter[str]
) -> None:
    if not total:
        asked.say(asked.word("no_decisions"))
        return
    asked.say(asked.word("replayed", total=total, same=same, share=same / total))
    for reason, count in missing.most_common():
        asked.say(asked.word("not_executed", count=count, reason=reason), style="yellow")
    if differing:
        lines = table(asked.word("decision"), asked.word("differs_in"))
        for name, found in list(differing.items())[:SHOWN]:
            lines.add_row(name, ", ".join(found), style="red")
        asked.say(lines)
