"""Which units run at all: not paused, in flight, priced, in budget. Worked out once, until it changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hawker.records.bid import NoBidReason
from hawker.records.campaign import Pricing
from hawker.retrieval import sift
from hawker.retrieval.aims import CODE, REASONS, Words, packed
from hawker.retrieval.hours import Span

if TYPE_CHECKING:
    from hawker.retrieval.index import AdIndex

Names = frozenset[str]
PRICINGS = tuple(Pricing)
_PAUSED, _UNSCHEDULED = CODE[NoBidReason.CAMPAIGN_PAUSED], CODE[NoBidReason.OUT_OF_SCHEDULE]


@dataclass(frozen=True)
class Open:
    """What holds within a span: each unit's first reason not to run (0: none), and who runs, as bits.

    `counts` are the ads that do not run, by the code of their reason, where nothing is in flight.
    """

    span: Span
    first: NDArray[np.int8]
    alive: Words
    counts: NDArray[np.int64]


class Gate:
    """The gate of an index; it remembers its last answer, which serves while nothing changes."""

    def __init__(self, index: AdIndex) -> None:
        self._index = index
        self._units = index.units
        self._held: tuple[Span, Names, Names, Open] | None = None

    def at(self, now: int, *, unpriced: Names, spent: Names, refused: Names) -> Open:
        """Who runs now. `spent` and `refused` name campaigns; the same set again is quickest."""
        span = self._units.hours.at(now)
        held = self._held
        if not refused and held and held[0] is span and held[1] == unpriced and held[2] == spent:
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
        return Open(span, first, packed(first == 0), self.count(first, self._index.always))

    def count(self, first: NDArray[np.int8], n: NDArray[np.int32]) -> NDArray[np.int64]:
        """The ads that do not run, by code, where `n` of each unit stand here."""
        counts = np.zeros(len(REASONS) + 1, dtype=np.int64)
        sift.tally(first, n, self._index.bounds, _PAUSED, _UNSCHEDULED, counts)
        return counts

    def _mark(self, first: NDArray[np.int8], campaigns: Iterable[str], code: int) -> None:
        of = self._units.of_campaign
        for name in campaigns:
            if name in of:
                first[of[name]] = code
