"""Whom a campaign may speak to: audiences, and how each of them says who belongs to it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """Where the members come from: a rule, an uploaded list, a text, likeness to a list, a forecast."""

    RULES = "rules"
    LIST = "list"
    SEMANTIC = "semantic"
    LOOKALIKE = "lookalike"
    PREDICTED = "predicted"


class Outcome(StrEnum):
    """What a predicted audience is likely to do: buy in a category soon, or stay away."""

    BUYS = "buys"
    LAPSES = "lapses"


class Audience(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A group of shoppers under a name that campaigns aim at.

    `rule` belongs to rules, `text` to semantic, `seed` (an audience's id) to lookalike, `outcome`,
    `category` and `days` to predicted. What is scored takes in everyone from `threshold` on, or the
    best `share` of those scored. `advertiser` '' is the shop itself; what it has `shared` any
    advertiser may see and aim at.
    """

    id: str
    kind: Kind = Kind.RULES
    name: str = ""
    advertiser: str = ""
    shared: bool = False
    rule: str = ""
    text: str = ""
    seed: str = ""
    outcome: Outcome = Outcome.BUYS
    category: str = ""
    days: int = 7
    threshold: float | None = None
    share: float | None = None


class Audiences(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[audiences]` of `shop.toml`. No audience of fewer than `least` shoppers is told of or

    aimed at; all that are computed are computed anew every `refresh_minutes` (0: only on request).
    """

    least: int = 50
    refresh_minutes: int = 60
