"""The recommender as a step of `hawker train` and `hawker demo`: fitted, judged, and told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hawker.cli.call import Call, Progress, bounds, table

if TYPE_CHECKING:
    from hawker.learning.shelf import Stocked

_RIVALS = {"recommender": "recommender", "own": "own_items", "trending": "trending_items"}


def make(asked: Call, *, seed: int, tell: Progress) -> Stocked:
    """Fit it, and let it serve unless it is worse than what does."""
    from hawker.learning import shelf

    tell(asked.word("recommending"), 0.0)
    return shelf.stock(asked.shop, seed=seed, progress=tell)


def show(asked: Call, made: Stocked) -> None:
    """How well it foretells, beside the plain ways, and whether it serves."""
    asked.say("")
    judged = made.judged
    if judged is None:
        asked.say(asked.word("recommend_none", why=asked.word(made.reason)), style="dim")
        return
    asked.say(asked.word("recommends", baskets=judged.baskets))
    interval = asked.word("interval")
    lines = table("", ">recall@10", interval, ">nDCG@10", interval)
    for name, said in _RIVALS.items():
        cells = (*asked.estimated(judged.recall[name], ".4f"), *asked.estimated(judged.ndcg[name], ".4f"))
        lines.add_row(f"  {asked.word(said)}", *cells)
    asked.say(lines)
    if made.promoted:
        asked.say(asked.word("recommend_serves", version=made.version), style="dim")
    else:
        asked.say(asked.word("recommend_held", why=asked.word(made.reason)), style="dim")


def document(made: Stocked) -> dict[str, Any]:
    """The same for JSON."""
    judged = made.judged
    figures = {
        name: {one: bounds(figure) for one, figure in getattr(judged, name).items()}
        for name in (("recall", "ndcg", "over") if judged else ())
    }
    return {
        "version": made.version,
        "promoted": made.promoted,
        "reason": made.reason,
        "baskets": judged.baskets if judged else 0,
        "left_out": made.left_out,
        **figures,
    }
