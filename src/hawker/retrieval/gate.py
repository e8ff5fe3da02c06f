"""Which units run at all: not paused, in flight, priced, in budget. Worked out once, until it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hawker.records.bid import NoBidReason
from hawker.records.campaign import Pricing
from hawker.retrieval.aims import CODE, Words, packed
from hawker.retrieval.hours import Span

if TYPE_CHECKING:
    from hawker.retrieval.units import Units

Names = frozenset[str]
PRICINGS = tuple(Pricing)


@dataclass(frozen=True)
class Open:
    """What holds within a span: each unit's first reason not to run (0: none), and who runs, as bits."""

    span: Span
    first: NDArray[np.int8]
    alive: Words


class Gate:
    """The gate of some units; it remembers its last answer, which serves while nothing changes."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._held: tuple[Span, Names, Names, Open] | None = None

    def at(self, now: int, *, unpriced: Names, spent: Names, refused: Names) -> Open:
        """Who runs now. `spent` and `refused` name campaigns; `spent` is compared by identity."""
        span = self._units.hours.at(now)
        held = self._held
        if not refused and held and held[0] is span and held[1] == unpriced and held[2] is spent:
            return held[3]
        found = self._open(span, unpriced, spent=spent, refused=refused)
        if not refused:
            self._held = (span, unpriced, spent, found)
        return found

    def _open(self, span: Span, unpriced: Names, *, spent: Names, refused: Names) -> Open:
        units = self._units
        first = np.zeros(len(units), dtype=np.int8)
        self._mark(first, spent, CODE[NoBidReason.OUT_OF_BUDGET])
        self._mark(first, refused, CODE[NoBidReason.RESERVE_REFUSED])
        for place, pricing in enumerate(PRICINGS):
            if pricing in unpriced:
                first[units.pricing == place] = CODE[NoBidReason.PRICING]
        first[~span.running] = CODE[NoBidReason.OUT_OF_SCHEDULE]
        first[units.paused] = CODE[NoBidReason.CAMPAIGN_PAUSED]
        return Open(span, first, packed(first == 0))

    def _mark(self, first: NDArray[np.int8], campaigns: Iterable[str], code: int) -> None:
        of = self._units.of_campaign
        for name in campaigns:
            if name in of:
                first[of[name]] = code
