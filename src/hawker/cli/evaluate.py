"""`hawker evaluate`: is the model worth serving? It decides on days it has not seen, beside plain rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hawker.cli import showing
from hawker.cli.call import AsJson, Call, Quiet, call
from hawker.errors import BadSetting

if TYPE_CHECKING:
    from hawker.learning.pipeline import Tested

Version = Annotated[str, typer.Option("--model", metavar="VERSION", help="Which one; else the newest.")]
Most = Annotated[
    int, typer.Option("--visits", metavar="N", help="How many visits or pages to decide, at most.")
]
Promote = Annotated[bool, typer.Option("--promote", help="Let it serve, if it is better.")]
Force = Annotated[bool, typer.Option("--anyway", help="With --promote: even if it is not.")]
Rollback = Annotated[bool, typer.Option("--rollback", help="Let the model before serve again, and stop.")]

NOT_PROMOTED = 1


def evaluate(
    ctx: typer.Context,
    version: Version = "",
    visits: Most = 6_000,
    promote: Promote = False,
    anyway: Force = False,
    rollback: Rollback = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Judge a model on the last days of the log; exit 1 where --promote was refused."""
    if promote and rollback:
        raise BadSetting("--promote and --rollback exclude each other.", remedy="Give one of them.")
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.learning import pipeline

        if rollback:
            _back(asked, pipeline.rollback(shop))
            return
        result = pipeline.evaluate(shop, version=version or None, most=visits, progress=tell)
    serve = promote and (result.better or anyway)
    if serve:
        pipeline.promote(shop, result.version)
    _told(asked, result, promoted=serve)
    if promote and not serve:
        asked.then("evaluate", "--promote", "--anyway")
        raise typer.Exit(NOT_PROMOTED)
    asked.then("serve") if serve else asked.then("evaluate", "--promote")


def _told(asked: Call, result: Tested, *, promoted: bool) -> None:
    outcome = result.outcome
    asked.answer(
        {
            "version": result.version,
            "better": result.better,
            "promoted": promoted,
            **outcome.as_json(),
        }
    )
    asked.say(asked.word("tested", visits=outcome.visits, version=result.version))
    showing.policies(asked, outcome)
    asked.say(asked.word("is_better" if result.better else "not_better"), style="dim")
    if promoted:
        asked.say(asked.word("promoted", version=result.version))


def _back(asked: Call, version: str) -> None:
    asked.answer({"version": version, "rolled_back": True})
    asked.say(asked.word("rolled_back", version=version))
    asked.then("serve")
