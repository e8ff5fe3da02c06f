"""What the demo shows as tables: how the policies did, and what one decision was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hawker.cli.call import Call, table

if TYPE_CHECKING:
    from hawker.learning.pipeline import Tested
    from hawker.records.decision import Decision


def policies(asked: Call, tested: Tested, *, outcome: str) -> None:
    asked.say(asked.word(f"demo_task_{outcome}", visits=tested.outcome.visits))
    lines = table(asked.word("policy"), ">" + asked.word("value"), ">95 %")
    for name, estimate in tested.outcome.values.items():
        shown = f"{estimate.value:.4f}" if estimate.value is not None else estimate.reason
        bounds = f"{estimate.low:.4f} – {estimate.high:.4f}" if estimate.low is not None else ""
        lines.add_row(asked.word(f"policy_{name}"), shown, bounds, style="bold" if name == "hawker" else "")
    asked.say(lines)
    asked.say(asked.word("method_bootstrap"), style="dim")


def decision(asked: Call, made: Decision) -> None:
    from hawker.records.money import display

    lines = table(
        ">#",
        asked.word("ad"),
        asked.word("advertiser"),
        ">" + asked.word("price"),
        ">p",
        ">" + asked.word("propensity"),
    )
    for number, slot in enumerate(made.slots, 1):
        price = f"{display(slot.price)} {slot.pricing}"
        lines.add_row(
            str(number),
            slot.ad.headline,
            slot.ad.advertiser,
            price,
            f"{slot.probability:.4f}",
            f"{slot.propensity:.3f}",
        )
    asked.say(lines)
