"""Tables that several verbs show: how the policies did, and what one decision was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hawker.cli.call import Call, table

if TYPE_CHECKING:
    from hawker.learning.placement import Outcome
    from hawker.records.decision import Decision


def policies(asked: Call, outcome: Outcome) -> None:
    """Each policy's conversions per slot and our lead over the rules, with intervals."""
    lines = table("", ">" + asked.word("per_slot"), asked.word("interval"))
    for name, figure in outcome.values.items():
        lines.add_row(
            f"  {asked.word(name)}", *asked.estimated(figure, ".2%"), style="bold" if name == "hawker" else ""
        )
    for name, figure in outcome.lifts.items():
        lines.add_row(f"  {asked.word(f'lift_{name}')}", *asked.estimated(figure, "+.1%"))
    asked.say(lines)


def decision(asked: Call, made: Decision) -> None:
    """The slots of one decision: the ad, on whose behalf, its price, and the chances."""
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
