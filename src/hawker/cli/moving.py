"""The choice among creatives at work, in `hawker demo`: invented shoppers click, and the choice moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hawker.cli.call import Call, bounds
from hawker.records.decision import Request

if TYPE_CHECKING:
    from hawker.delivery import Engine
    from hawker.simulate.copies import Moved

PLACEMENT, VISITORS, ROUNDS, RENEW = "home", 20, 1_500, 50


def make(engine: Engine) -> Moved:
    """A few of the shop's shoppers come back again and again, and click by invented likings."""
    from hawker.simulate import copies

    known = engine.world.state.codes["shopper"].names[:VISITORS]
    asked = [Request(PLACEMENT, shopper=name) for name in known] or [Request(PLACEMENT)]
    return copies.live(engine.world, asked, now=engine.tick(), rounds=ROUNDS, renew=RENEW)


def show(asked: Call, moved: Moved) -> None:
    """How far the choice went to the best words, and what that is worth; or why it cannot be said."""
    asked.say("")
    if moved.reason:
        asked.say(asked.word("moved_not", why=moved.reason), style="dim")
        return
    gain = moved.gain
    low, high = (f"{bound or 0.0:+.1%}" for bound in (gain.low, gain.high))
    asked.say(asked.word("moved", slots=moved.choices, early=f"{moved.early:.0%}", late=f"{moved.late:.0%}"))
    asked.say(asked.word("moved_gain", gain=f"{gain.value or 0.0:+.1%}", low=low, high=high), style="dim")


def document(moved: Moved) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "synthetic": True,
        "choices": moved.choices,
        "early": round(moved.early, 4),
        "late": round(moved.late, 4),
        "gain": bounds(moved.gain),
        "reason": moved.reason,
    }
