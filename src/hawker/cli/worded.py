"""Creatives as a step of `hawker train` and `hawker demo`: what is expected of each, and which have lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hawker.cli.call import Call, Progress, bounds, table

if TYPE_CHECKING:
    from hawker.learning.fared import Own
    from hawker.learning.variants import Learned


def make(asked: Call, *, tell: Progress) -> Learned:
    """Score them, place them beside the products, and retire those that have lost."""
    from hawker.learning import variants

    tell(asked.word("wording"), 0.0)
    return variants.learn(asked.shop, progress=tell)


def show(asked: Call, made: Learned) -> None:
    """How many there are, and every one that was retired with the reason; nothing where there are none."""
    if not (made.creatives or made.retired):
        return
    asked.say("")
    asked.say(asked.word("worded", count=made.creatives, scored=made.scored, clicks=made.clicks))
    if made.unscored:
        asked.say(asked.word("worded_unscored", why=made.unscored), style="dim")
    _own(asked, made.own)
    for one in made.retired:
        asked.say(
            asked.word("worded_lost", creative=one.creative, to=one.to, clicks=one.clicks, own=one.own),
            style="dim",
        )


def _own(asked: Call, own: Own | None) -> None:
    """What the shop's clicks taught the click prior, or why nothing."""
    if own is None:
        return
    if own.learned.reason:
        asked.say(asked.word("worded_taught_none", why=own.learned.reason), style="dim")
        return
    told = {"shown": own.shown, "clicked": own.clicked, "groups": own.learned.groups}
    asked.say(asked.word("worded_taught", **told))
    lines = table("", ">" + asked.word("value"), asked.word("interval"))
    for sign, weight in own.learned.weights.items():
        lines.add_row(f"  {asked.word(f'worded_{sign}')}", *asked.estimated(weight, ".2f"))
    asked.say(lines)


def document(made: Learned) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "count": made.creatives,
        "scored": made.scored,
        "placed": made.placed,
        "weight": made.weight,
        "clicks": made.clicks,
        "prior": _taught(made.own),
        "retired": [{"creative": one.creative, "to": one.to, "reason": one.reason} for one in made.retired],
    }


def _taught(own: Own | None) -> dict[str, Any]:
    if own is None:
        return {}
    weights = {sign: bounds(weight) for sign, weight in own.learned.weights.items()}
    counts = {"shown": own.shown, "clicked": own.clicked, "groups": own.learned.groups}
    return {"version": own.version, **counts, "weights": weights, "reason": own.learned.reason}
