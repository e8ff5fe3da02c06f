"""`hawker train`: from the log to a calibrated, saved model, which does not serve until it is promoted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hawker.cli import stocking, vectors, worded
from hawker.cli.call import AsJson, Call, Progress, Quiet, Seed, bounds, call, indented, table
from hawker.cli.update import update as learn_on
from hawker.records.money import display

if TYPE_CHECKING:
    from hawker.auction.floor import Reserve
    from hawker.features.segments import Segments
    from hawker.learning.pipeline import Bench, Trained
    from hawker.learning.tuning import Tuner
    from hawker.ranking.tune import Tuned
    from hawker.statistics import Estimate
    from hawker.storage.shop import Shop

Search = Literal["tpe", "random", "grid"]


def train(
    ctx: typer.Context,
    tune: Annotated[
        int, typer.Option("--tune", metavar="N", help="First search parameters: N settings of each ranker.")
    ] = 0,
    search: Annotated[Search, typer.Option("--search", help="How --tune searches.")] = "tpe",
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="FEATURE", help="Vouch for one that seems to know the outcome."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Let the served model learn what is new, and stop.")
    ] = False,
    seed: Seed = 7,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Learn from the log: train the rankers, keep and calibrate the best; segments; recommendations."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    if update:
        learn_on(asked, seed=seed, tune=tune)
        return
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.learning import floors, pipeline
        from hawker.learning.tuning import Tuner
        from hawker.records.events import DAY

        found = vectors.make(asked, tell=tell)
        held = pipeline.bench(shop, progress=tell)
        tuner = Tuner(shop, tune, search, seed=seed, progress=tell) if tune else None
        made = pipeline.train(shop, seed=seed, on=held, search=tuner, trust=trust or (), progress=tell)
        tuned = _tuned(tuner, made.version) if tuner else []
        groups = _segments(asked, held, seed=seed, tell=tell)
        learned = floors.learn(shop, now=held.replay.end + DAY, seed=seed)
        stocked = stocking.make(asked, seed=seed, tell=tell)
        copies = worded.make(asked, tell=tell)
    judged = made.evaluation
    figures = {name: getattr(judged, name) for name in ("log_loss", "auc", "group_auc", "calibration")}
    asked.answer(
        {
            **_document(shop, made, figures, seed=seed),
            "vectors": vectors.document(found),
            "recommender": stocking.document(stocked),
            "creatives": worded.document(copies),
            "segments": [{"name": one.name, "shoppers": one.size} for one in groups.segments],
            "floors": [_floor(name, one) for name, one in learned.items()],
            **({"tuned": [_searched(one, picture) for one, picture in tuned]} if tune else {}),
        }
    )
    vectors.show(asked, found)
    _tell_search(asked, tuned)
    _tell_model(asked, made, figures)
    _tell_segments(asked, groups)
    stocking.show(asked, stocked)
    worded.show(asked, copies)
    _tell_floors(asked, learned)
    _tell_pictures(asked, [picture for _, picture in tuned])
    asked.then("evaluate", "--promote")


def _tuned(tuner: Tuner, version: str) -> list[tuple[Tuned, Path]]:
    """What the search found for each ranker, and the picture of it, kept with the version."""
    from hawker.delivery.build import RANKER

    return list(zip(tuner.found, tuner.keep(RANKER, version), strict=True))


def _document(shop: Shop, made: Trained, figures: Mapping[str, Estimate], *, seed: int) -> dict[str, Any]:
    """What was trained, for a program to read."""
    return {
        "version": made.version,
        "model": made.name,
        "rows": made.rows,
        "seconds": round(made.seconds, 3),
        "seed": seed,
        "card": str(_card(shop, made.version)),
        **{name: bounds(figure) for name, figure in figures.items()},
    }


def _tell_model(asked: Call, made: Trained, figures: Mapping[str, Estimate]) -> None:
    """What was trained, how well it does, and where it lies."""
    asked.say(asked.word("trained", model=made.name, rows=made.rows, seconds=made.seconds))
    lines = table("", ">" + asked.word("value"), asked.word("interval"))
    for name, figure in figures.items():
        lines.add_row(f"  {asked.word(name)}", *asked.estimated(figure, ".4f"))
    asked.say(lines)
    asked.say(asked.word("saved", version=made.version), style="dim")
    asked.say(asked.word("card", path=_card(asked.shop, made.version)), style="dim")


def _tell_segments(asked: Call, groups: Segments) -> None:
    """The segments and their shares."""
    asked.say("")
    asked.say(asked.word("segmented", count=len(groups.segments), shoppers=groups.shoppers))
    lines = table("", "")
    lines.show_header = False
    for one in groups.segments:
        lines.add_row(f"  {one.share:.1%}", one.name)
    asked.say(lines)
    if groups.reason:
        asked.say(groups.reason, style="dim")


def _card(shop: Shop, version: str) -> Path:
    """The page that lies beside a saved model."""
    from hawker.delivery.build import RANKER
    from hawker.ranking.card_page import PAGE

    return shop.models / RANKER / version / PAGE


def _searched(found: Tuned, picture: Path) -> dict[str, Any]:
    """A search for a program to read; all attempts are in the file beside the picture."""
    states = [one.state for one in found.attempts]
    return {
        "ranker": type(found.given).__name__.lower(),
        "attempts": len(states),
        **{state: states.count(state) for state in ("done", "pruned", "failed")},
        "log_loss": {"given": found.attempts[0].loss, "chosen": found.best.loss},
        "gain": bounds(found.gain),
        "chosen": found.values(found.best),
        "picture": str(picture),
    }


def _tell_search(asked: Call, tuned: list[tuple[Tuned, Path]]) -> None:
    """What each search found, before the table of what was trained with it."""
    for found, _ in tuned:
        states = [one.state for one in found.attempts]
        told = {"kind": type(found.given).__name__.lower(), "count": len(states), "gain": f"{found.gain:.4f}"}
        code = "tuned" if found.gain else "tuned_stays"
        asked.say(asked.word(code, **told, pruned=states.count("pruned"), failed=states.count("failed")))
        if found.gain:
            chosen = ", ".join(f"{name} {_short(value)}" for name, value in found.values(found.best).items())
            asked.say(f"  {chosen}", style="dim")
    if tuned:
        asked.say("")


def _tell_pictures(asked: Call, pictures: list[Path]) -> None:
    """Where the pictures are: a path stays on its line."""
    from rich.text import Text

    for picture in pictures:
        line = asked.word("tuned_picture", file=picture)
        asked.say(indented(Text(line, style="dim", no_wrap=True, overflow="ignore"), 0))


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


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
