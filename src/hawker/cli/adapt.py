"""`hawker adapt`: a language model learns the words, shoppers or copy of a shop, and serves if it wins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hawker.cli import teaching
from hawker.cli.call import AsJson, Call, Quiet, Seed, bounds, call, table
from hawker.errors import extra

if TYPE_CHECKING:
    from hawker.language.adapt import Adapted

Task = Literal["interests", "pairs", "pretrain", "category", "relevance", "writer"]


def adapt(
    ctx: typer.Context,
    task: Annotated[Task, typer.Argument(help="What is learned.")] = "interests",
    base: Annotated[
        str,
        typer.Option(
            "--from", metavar="MODEL", help="minilm, new, adapted, a folder; writer: smollm2, a GGUF."
        ),
    ] = "",
    lora: Annotated[
        int, typer.Option("--lora", metavar="RANK", min=0, help="Train adapters of this rank, not the whole.")
    ] = 0,
    passes: Annotated[
        int, typer.Option("--passes", metavar="N", min=0, help="Passes at most; else the task's own.")
    ] = 0,
    promote: Annotated[bool, typer.Option(help="Let it serve if it wins.")] = True,
    seed: Seed = 7,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Adapt a language model to the shop's text and log; it serves if it is better beyond chance."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    if task == "writer":
        teaching.teach(asked, base=base or "smollm2", passes=passes, promote=promote, seed=seed)
        return
    shop, base = asked.shop, base or "minilm"
    for module in ("torch", "transformers", "sentence_transformers"):
        extra(module, "adapt")
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.language import adapt as adapting

        course = replace(adapting.course_of(task, base), lora=lora)
        made = adapting.adapt(
            shop,
            task,
            base=base,
            course=replace(course, epochs=passes or course.epochs),
            promote=promote,
            seed=seed,
            progress=tell,
        )
    asked.answer(_document(made, seed))
    _tell(asked, made)
    asked.then("train") if made.promoted else asked.then("adapt", _other(task))


def _document(made: Adapted, seed: int) -> dict[str, Any]:
    return {
        "task": made.task,
        "base": made.base,
        "version": made.version,
        "rows": made.rows,
        "passes": list(made.scores),
        "best": made.best,
        "resumed": made.resumed,
        "cpu_seconds": round(made.seconds, 1),
        "compared": {
            one.measure: {
                name: bounds(getattr(one, name)) for name in ("before", "after", "difference", "gain")
            }
            for one in made.comparisons
        },
        "promoted": made.promoted,
        "reason": made.reason,
        "seed": seed,
    }


def _tell(asked: Call, made: Adapted) -> None:
    """Before and after with their intervals, and what became of it."""
    asked.say(
        asked.word("adapted", task=asked.word(f"adapt_{made.task}"), base=made.base, rows=made.rows)
        + (asked.word("adapt_resumed") if made.resumed else "")
    )
    lines = table("", ">" + asked.word("value"), asked.word("interval"))
    for one in made.comparisons:
        asked_word = asked.word(f"adapt_{one.measure}")
        lines.add_row(f"  {asked_word}, {asked.word('adapt_before')}", *asked.estimated(one.before, ".4f"))
        lines.add_row(f"  {asked_word}, {asked.word('adapt_after')}", *asked.estimated(one.after, ".4f"))
        lines.add_row(f"  {asked.word('adapt_difference')}", *asked.estimated(one.difference, "+.4f"))
    asked.say(lines)
    if made.promoted:
        asked.say(asked.word("adapt_serves", version=made.version))
    else:
        asked.say(asked.word("adapt_stays", version=made.version, reason=made.reason))
    asked.say(asked.word("adapt_curves", folder=asked.shop.reports / "adapt" / made.task), style="dim")


def _other(task: str) -> str:
    return "interests" if task != "interests" else "pretrain"
