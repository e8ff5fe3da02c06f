"""`hawker train`: from the log to a calibrated, saved model, which does not serve until it is promoted."""

from __future__ import annotations

import typer

from hawker.cli.call import AsJson, Quiet, Seed, bounds, call, table


def train(ctx: typer.Context, seed: Seed = 7, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Learn from the log: train the rankers, keep the best, calibrate and save it."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.learning import pipeline

        made = pipeline.train(shop, seed=seed, progress=tell)
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
        }
    )
    asked.say(asked.word("trained", model=made.name, rows=made.rows, seconds=made.seconds))
    lines = table("", ">" + asked.word("value"), asked.word("interval"))
    for name, figure in figures.items():
        lines.add_row(f"  {asked.word(name)}", *asked.estimated(figure, ".4f"))
    asked.say(lines)
    asked.say(asked.word("saved", version=made.version), style="dim")
    asked.then("evaluate", "--promote")
