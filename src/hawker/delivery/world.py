"""Everything a decision may look at besides the request, the clock and the dice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hawker import auction
from hawker.auction import Bidding
from hawker.auction.bidder import GUESS
from hawker.delivery.wording import Words
from hawker.errors import NotFound, nearest
from hawker.features.interests import Interests
from hawker.features.match import speaks
from hawker.features.state import State
from hawker.ranking import Model
from hawker.records.campaign import Cap, Pricing
from hawker.records.catalogue import Product
from hawker.records.placement import Placement
from hawker.records.preferences import Preferences
from hawker.retrieval.candidates import Going
from hawker.retrieval.index import TYPICAL, AdIndex
from hawker.retrieval.targeting import Membership

PRICED = {"click": Pricing.CPC, "purchase": Pricing.CPA}
"""Which pricing each predicted outcome pays for; a thousand impressions need no prediction."""


class Reading(Protocol):
    """Gives a query a vector in the space of the products, in microseconds (`language.static`)."""

    name: str
    """That of the space."""

    def vector(self, query: str) -> NDArray[np.float32]:
        """Of unit length; zeros where nothing of it is known."""
        ...


@dataclass(frozen=True)
class World:
    """The shop as one decision sees it. Replaced, never edited, when ads, model or lists change.

    `state` moves on with events; a decision only reads it. `outcome` is what `model` predicts,
    `models` holds the models of all outcomes by name, that one included.
    `candidates` 0 scores every eligible ad, else `nearest` of them are chosen by the match.
    `out_of_budget` names campaigns known to be spent, `caps` are the frequency caps of all that have
    any, by entity ('campaign:c-1'). `bidding` is how campaigns bid (None: as asked), `pace` where the pacer
    has each of them now (None: nobody is paced), `sales` what a purchase of each ad's product brings, in
    micros (None: nobody bids by it). `static` reads queries, `words` chooses among creatives.
    """

    placements: Mapping[str, Placement]
    index: AdIndex
    state: State
    model: Model
    catalogue: Mapping[str, Product]
    outcome: str = "purchase"
    members: Membership = field(default_factory=Membership)
    opted_out: frozenset[str] = frozenset()
    minors: frozenset[str] = frozenset()
    preferences: Mapping[str, Preferences] = field(default_factory=dict)
    special: tuple[str, ...] = ()
    out_of_budget: frozenset[str] = frozenset()
    caps: Mapping[str, Sequence[Cap]] = field(default_factory=dict)
    exploration: float = 0.0
    candidates: int = 300
    nearest: int = 0
    utc_offset_minutes: int = 0
    mechanism: str = "gsp"
    bidding: Bidding | None = None
    pace: NDArray[np.float64] | None = None
    sales: NDArray[np.int64] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    static: Reading | None = None
    words: Words = field(default_factory=Words)

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", {**self.models, self.outcome: self.model})

    def placement(self, name: str) -> Placement:
        """The placement of that name; raises `NotFound` naming the nearest."""
        found = self.placements.get(name)
        if found is None:
            raise NotFound(
                f"There is no placement '{name[:80]}'.", remedy=nearest(name, list(self.placements))
            )
        return found

    @cached_property
    def interests(self) -> Interests | None:
        """What the match is told by; None as well where a model learned it in another space than theirs.

        Vectors of two encoders never mix: to such a model the match is unknown until one is trained anew.
        """
        held = self.state.interests
        if held is None:
            return None
        return held if all(speaks(held, model.recipe) for model in self.models.values()) else None

    @cached_property
    def reading(self) -> Reading | None:
        """What reads queries, where it does so in the space of the interests."""
        held, table = self.interests, self.static
        return table if held is not None and table is not None and held.space == table.name else None

    @cached_property
    def unpriced(self) -> frozenset[Pricing]:
        """Kinds of pricing whose outcome no model predicts."""
        return frozenset(kind for outcome, kind in PRICED.items() if outcome not in self.models)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """What the models look at first, each once, those of the shop's own outcome first."""
        models = (self.model, *self.models.values())
        return tuple(dict.fromkeys(name for model in models for name in model.first))

    @cached_property
    def going(self) -> Going | None:
        """What impressions typically come to, by campaign; None where all pay for the same."""
        rate, guaranteed = self.index.typical, self.index.shares
        if not len(rate) and not len(guaranteed) and self.bidding is None:
            return None
        rate = TYPICAL[self.index.pays]
        if len(guaranteed):
            rate = np.where(guaranteed > 0.0, 1.0, rate)  # they are candidates whatever they bid
        if self.bidding is None or (self.bidding.manual and self.pace is None):
            return Going(rate, np.full(len(rate), np.inf))
        pace = auction.start(self.bidding) if self.pace is None else self.pace
        aims = np.array([GUESS[aim] for aim in range(len(GUESS))])
        automatic = self.bidding.automatic
        return Going(
            np.where(automatic, rate, rate * np.clip(pace, 0.0, 1.0)),
            np.where(automatic, aims[self.bidding.aim] * pace, np.inf),
        )
