"""`hawker adapt writer`: a local writer learns the copy a shop approved, and writes if the gate agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hawker.cli.call import Call, bounds, table
from hawker.errors import extra

if TYPE_CHECKING:
    from hawker.creative.studio import Drafter
    from hawker.learning.copywriting import Adapted, Standings

ADAPTED = "adapted"
_FIGURES = ("passed", "unsupported", "prior")


def drafter(asked: Call, by: str) -> Drafter:
    """The writer of a name; 'adapted' is the one that this shop taught."""
    if by == ADAPTED:
        from hawker.learning import copywriting

        return copywriting.writer(asked.shop)
    from hawker.creative import writers

    return writers.drafter(by, rules=asked.shop.settings.writer)


def teach(asked: Call, *, base: str, passes: int, promote: bool, seed: int) -> None:
    """Learn, judge and tell."""
    for module, needed in (("torch", "adapt"), ("peft", "adapt"), ("gguf", "adapt"), ("xllamacpp", "writer")):
        extra(module, needed)
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.creative import prior
        from hawker.language.adapt import lessons
        from hawker.learning import copywriting

        clicked = prior.load(encoders=())
        courses = {name: replace(one, epochs=passes or one.epochs) for name, one in lessons.COURSES.items()}
        plan = copywriting.Plan(
            base=base,
            courses=courses,
            score=lambda lines, language: clicked.score(list(lines), language=language).mean.tolist(),
            promote=promote,
            seed=seed,
        )
        made = copywriting.adapt(asked.shop, plan, progress=tell)
    asked.answer(_document(made, seed))
    _tell(asked, made)
    asked.then("write", "--writer", ADAPTED) if made.promoted else asked.then("write", "--approve")


def _document(made: Adapted, seed: int) -> dict[str, Any]:
    return {
        "task": "writer",
        "base": made.base,
        "version": made.version,
        "rows": made.rows,
        "scores": {name: list(scores) for name, scores in made.scores.items()},
        "resumed": made.resumed,
        "before": _figures(made.before),
        "after": _figures(made.after),
        "difference": bounds(made.difference),
        "cpu_seconds": round(made.seconds, 1),
        "promoted": made.promoted,
        "reason": made.reason,
        "seed": seed,
    }


def _figures(held: Standings) -> dict[str, Any]:
    return {name: bounds(getattr(held, name)) for name in _FIGURES}


def _tell(asked: Call, made: Adapted) -> None:
    """Before and after with their intervals, and what became of it."""
    rows = ", ".join(f"{asked.word(f'taught_{name}')} {count:,}" for name, count in made.rows.items())
    asked.say(asked.word("taught", base=made.base, rows=rows))
    lines = table("", ">" + asked.word("value"), asked.word("interval"))
    for name in _FIGURES:
        for when in ("before", "after"):
            label = f"  {asked.word(f'taught_{name}')}, {asked.word(f'adapt_{when}')}"
            lines.add_row(label, *asked.estimated(getattr(getattr(made, when), name), ".3f"))
    lines.add_row(f"  {asked.word('adapt_difference')}", *asked.estimated(made.difference, "+.3f"))
    asked.say(lines)
    if made.promoted:
        asked.say(asked.word("taught_writes", version=made.version))
    else:
        asked.say(asked.word("adapt_stays", version=made.version, reason=made.reason))
    asked.say(asked.word("adapt_curves", folder=asked.shop.reports / "adapt" / "writer"), style="dim")
