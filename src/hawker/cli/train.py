"""`hawker train`: from the log to a calibrated, saved model, which does not serve until it is promoted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from hawker.cli.call import AsJson, Call, Progress, Quiet, Seed, bounds, call, table
from hawker.records.money import display

if TYPE_CHECKING:
    from hawker.auction.floor import Reserve
    from hawker.features.segments import Segments
    from hawker.learning.pipeline import Bench


def train(ctx: typer.Context, seed: Seed = 7, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Learn from the log: train the rankers, keep and calibrate the best; divide shoppers into segments."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.learning import floors, pipeline
        from hawker.records.events import DAY

        held = pipeline.bench(shop, progress=tell)
        made = pipeline.train(shop, seed=seed, on=held, progress=tell)
        groups = _segments(asked, held, seed=seed, tell=tell)
        learned = floors.learn(shop, now=held.replay.end + DAY, seed=seed)
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
            "floors": [_floor(name, one) for name, one in learned.items()],
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
    _tell_floors(asked, learned)
    asked.then("evaluate", "--promote")


def _floor(name: str, found: Reserve) -> dict[str, object]:
    """What was learned of a placement's floor, for a program to read."""
    told = {"placement": name, "present": found.present, "floor": found.floor, "auctions": found.auctions}
    return {**told, "gain": bounds(found.gain), "reason": found.reason}


def _tell_floors(asked: Call, learned: Mapping[str, Reserve]) -> None:
    """One line for each placement whose bids suggest a higher floor."""
    currency, applied = asked.shop.settings.currency, asked.shop.settings.learn_floors
    for name, found in learned.items():
        if found.floor is None or found.gain.value is None:
            continue
        gain, low, high = (
            display(round(bound or 0.0)) for bound in (found.gain.value, found.gain.low, found.gain.high)
        )
        asked.say("")
        asked.say(
            asked.word(
                "floor_learned",
                placement=name,
                floor=display(found.floor, currency),
                present=display(found.present),
                gain=gain,
                low=low,
                high=high,
                auctions=found.auctions,
            )
        )
        if not applied:
            asked.say(asked.word("floor_not_applied"), style="dim")


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
