"""Creatives as a step of `hawker train` and `hawker demo`: what is expected of each, and which have lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hawker.cli.call import Call, Progress

if TYPE_CHECKING:
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
    for one in made.retired:
        asked.say(
            asked.word("worded_lost", creative=one.creative, to=one.to, clicks=one.clicks, own=one.own),
            style="dim",
        )


def document(made: Learned) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "count": made.creatives,
        "scored": made.scored,
        "placed": made.placed,
        "weight": made.weight,
        "clicks": made.clicks,
        "retired": [{"creative": one.creative, "to": one.to, "reason": one.reason} for one in made.retired],
    }
