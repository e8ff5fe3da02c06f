"""`hawker model`: the models a shop keeps; one from elsewhere joins them, and one of them leaves as ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hawker.cli.call import AsJson, Call, Quiet, Seed, bounds, call, table
from hawker.errors import BadInput, NotFound

if TYPE_CHECKING:
    from hawker.learning.adopt import Adopted
    from hawker.learning.versions import Version

File = Annotated[Path, typer.Argument(metavar="FILE", help="An ONNX file that gives probabilities.")]
Features = Annotated[
    str, typer.Option("--features", metavar="A,B,C", help="The shop's features that it takes, in order.")
]
Outcome = Annotated[
    str, typer.Option("--outcome", metavar="OUTCOME", help="click or purchase; else what ads are judged by.")
]
Unknown = Annotated[
    float | None,
    typer.Option("--unknown", metavar="NUMBER", help="What stands for an unknown value; else NaN."),
]
Trust = Annotated[
    list[str] | None,
    typer.Option("--trust", metavar="FEATURE", help="Vouch for one that seems to know the outcome."),
]
Which = Annotated[
    str, typer.Option("--model", metavar="VERSION", help="Which one; else the one that serves.")
]
FIGURES = ("log_loss", "auc", "group_auc", "calibration")


def group() -> typer.Typer:
    """`model` with what can be done to models."""
    made = typer.Typer(
        no_args_is_help=True, help="The models a shop keeps: from elsewhere, listed, exported."
    )
    made.command("add")(add)
    made.command("list")(listed)
    made.command("export")(export)
    made.command("card")(card)
    return made


def add(
    ctx: typer.Context,
    file: File,
    features: Features,
    outcome: Outcome = "",
    unknown: Unknown = None,
    trust: Trust = None,
    seed: Seed = 7,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Bring in a model from elsewhere: calibrate it on the log, judge it, keep it; it does not serve yet."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.learning.adopt import adopt

        names = [name.strip() for name in features.split(",") if name.strip()]
        found = adopt(
            shop,
            file,
            names,
            outcome=outcome,
            unknown=unknown,
            trust=trust or (),
            seed=seed,
            progress=tell,
        )
    asked.answer(_document(found, seed))
    _tell_added(asked, found)
    asked.then("evaluate", "--promote") if found.outcome == shop.settings.outcome else asked.then(
        "model", "list"
    )


def listed(ctx: typer.Context, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """List the models, oldest first: what each predicts, which serves, and how it was judged."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    from hawker.learning.versions import versions

    found = versions(asked.shop)
    asked.answer({"models": [_version(one) for one in found]})
    if not found:
        asked.say(asked.word("no_models"))
        asked.then("train")
        return
    headings = ("model_version", "model_outcome", "model_kind", "auc", "log_loss", "key_state")
    lines = table(*(">" * (name in FIGURES) + asked.word(name) for name in headings))
    for one in found:
        figures = [_figure(one.figures.get(name)) for name in ("auc", "log_loss")]
        state = asked.word("model_serves") if one.serves else ""
        kind = f"{one.estimator}, {one.source}" if one.source else one.estimator
        lines.add_row(one.version, one.outcome, kind, *figures, state)
    asked.say(lines)
    asked.then("model", "card")


def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ONNX file to write.")],
    version: Which = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a model as an ONNX file, where it has that form: rows of its features to log-odds."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    if not file.absolute().parent.is_dir():
        raise NotFound(f"There is no folder '{file.absolute().parent}'.", remedy="Make it first.")
    from hawker.learning import versions

    found = versions.export(asked.shop, file, version=version)
    size = file.stat().st_size
    told = {"version": found.version, "file": str(file), "bytes": size, "features": list(found.features)}
    asked.answer(told)
    asked.say(
        asked.word(
            "model_written", version=found.version, file=file, size=size / 1e3, count=len(found.features)
        )
    )
    asked.then("model", "list")


def card(
    ctx: typer.Context,
    version: Annotated[
        str, typer.Argument(metavar="[VERSION]", help="Which one; else the one that serves.")
    ] = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show a model's card: what it learned from, how well it does for whom, what not to trust it with."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    from hawker.learning import versions

    found = versions.the(asked.shop, version)
    if found.card is None:
        remedy = f"It learned on from another: hawker model card {found.of}" if found.of else "Train anew."
        raise BadInput(f"{found.version} was saved without a card.", remedy=remedy)
    from hawker.ranking.card_page import TEXT

    text = found.card.with_name(TEXT).read_text("utf-8")
    asked.answer({**_version(found), "text": text})
    asked.say(text)
    asked.say(asked.word("card", path=found.card), style="dim")
    asked.then("evaluate", "--model", found.version)


def _document(found: Adopted, seed: int) -> dict[str, Any]:
    """An added model for a program to read."""
    against = None
    if found.against is not None:
        names = ("log_loss", "auc", "group_auc")
        against = {name: bounds(getattr(found.against, name)) for name in names}
    return {
        "version": found.version,
        "source": found.source,
        "outcome": found.outcome,
        "rows": found.rows,
        "seed": seed,
        **{name: bounds(getattr(found.evaluation, name)) for name in FIGURES},
        "before_calibration": {name: bounds(getattr(found.raw, name)) for name in FIGURES},
        "served": found.served,
        "less_served": against,
        "flattered": found.flattered,
    }


def _tell_added(asked: Call, found: Adopted) -> None:
    """How well it does, as it came and calibrated, and beside what serves."""
    asked.say(asked.word("model_added", source=found.source, rows=found.rows))
    lines = table(
        "", ">" + asked.word("model_raw"), ">" + asked.word("model_calibrated"), asked.word("interval")
    )
    for name in FIGURES:
        raw, _ = asked.estimated(getattr(found.raw, name), ".4f")
        lines.add_row(f"  {asked.word(name)}", raw, *asked.estimated(getattr(found.evaluation, name), ".4f"))
    asked.say(lines)
    if found.against is not None:
        asked.say(asked.word("model_against", version=found.served))
        lines = table("", ">" + asked.word("value"), asked.word("interval"))
        for name in ("log_loss", "auc", "group_auc"):
            lines.add_row(f"  {asked.word(name)}", *asked.estimated(getattr(found.against, name), "+.4f"))
        asked.say(lines)
        if found.flattered:
            asked.say(asked.word("model_flattered"), style="dim")
    asked.say(asked.word("saved", version=found.version), style="dim")


def _version(one: Version) -> dict[str, Any]:
    """A kept model for a program to read."""
    return {
        "version": one.version,
        "outcome": one.outcome,
        "estimator": one.estimator,
        "source": one.source,
        "features": len(one.features),
        "serves": one.serves,
        "judged": one.figures,
        "card": str(one.card) if one.card else None,
    }


def _figure(told: Any) -> str:
    """A figure of a recipe: value, low and high, or the reason why there is none."""
    return f"{told[0]:.4f}" if isinstance(told, list) else "–"
