"""`hawker train`: from the log to a calibrated, saved model, which does not serve until it is promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from hawker.cli.call import AsJson, Call, Progress, Quiet, Seed, bounds, call, table

if TYPE_CHECKING:
    from hawker.features.segments import Segments
    from hawker.learning.pipeline import Bench


def train(ctx: typer.Context, seed: Seed = 7, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Learn from the log: train the rankers, keep and calibrate the best; divide shoppers into segments."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.learning import pipeline

        held = pipeline.bench(shop, progress=tell)
        made = pipeline.train(shop, seed=seed, on=held, progress=tell)
        groups = _segments(asked, held, seed=seed, tell=tell)
    judged = made.evaluation
    figures = {name: getattr(judged, name) for name in ("log_loss", "auc", "group_auc", "calibration")}
    asked.answer(
        {
            "version": made.version,
            "model": made.name,
            "rows": made.rows,
            "seconds": round(made.seconds, 3),
            "seed": seed,
            **{name: bounds(figure) for name, figure in figures.items()},
            "segments": [{"name": one.name, "shoppers": one.size} for one in groups.segments],
        }
    )
    asked.say(asked.word("trained", model=made.name, rows=made.rows, seconds=made.seconds))
    lines = table("", ">" + asked.word("value"), asked.word("interval"))
    for name, figure in figures.items():
        lines.add_row(f"  {asked.word(name)}", *asked.estimated(figure, ".4f"))
    asked.say(lines)
    asked.say(asked.word("saved", version=made.version), style="dim")
    asked.say("")
    asked.say(asked.word("segmented", count=len(groups.segments), shoppers=groups.shoppers))
    lines = table("", "")
    lines.show_header = False
    for one in groups.segments:
        lines.add_row(f"  {one.share:.1%}", one.name)
    asked.say(lines)
    if groups.reason:
        asked.say(groups.reason, style="dim")
    asked.then("evaluate", "--promote")


def _segments(asked: Call, held: Bench, *, seed: int, tell: Progress) -> Segments:
    """Divide the shoppers as the whole log knows them, and keep the state for a quick start of serving."""
    from hawker.delivery import restore
    from hawker.features import segments

    shop = asked.shop
    tell(asked.word("segmenting"), 0.9)
    state = held.replay.to(held.replay.end)
    restore.keep(shop, state)
    before = segments.load(shop)
    found = segments.segments(state, now=state.watermark, seed=seed, language=asked.language, previous=before)
    segments.save(shop, state, found, now=state.watermark)
    return found
