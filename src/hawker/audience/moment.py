"""What an audience is computed from, and what comes of it: the shop at one moment, and scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hawker.audience.members import Lists
from hawker.audience.verdict import Verdict
from hawker.features.state import State
from hawker.privacy.people import on_record
from hawker.storage.preferences import Choices
from hawker.storage.shop import Shop


@dataclass(frozen=True)
class Moment:
    """The shop as of `now`: its folds, and whom nothing may be computed about.

    `without` names those who refused, minors, and whoever wants no interests used. `lists` gives who
    is on a list, by its id.
    """

    shop: Shop
    state: State
    now: int
    without: frozenset[str] = frozenset()
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    progress: Callable[[str, float], None] | None = None

    def tell(self, step: str, share: float) -> None:
        """Report how far the work has come, where somebody listens."""
        if self.progress is not None:
            self.progress(step, share)

    @cached_property
    def count(self) -> int:
        """How many shopper codes there were when it was first asked; those that come later are left out."""
        return len(self.state.codes["shopper"])

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """By shopper code: whether one may belong to an audience built from behaviour."""
        names = self.state.codes["shopper"].names[: self.count]
        found = [name not in self.without and not name.startswith("\x1f") for name in names]
        return np.array(found, dtype=bool)

    @cached_property
    def shoppers(self) -> NDArray[np.int32]:
        """The codes of everyone who may belong to an audience built from behaviour, ascending."""
        return np.flatnonzero(self.allowed).astype(np.int32)


def at(shop: Shop, state: State, *, now: int, progress: Callable[[str, float], None] | None = None) -> Moment:
    """The shop as of `now` on a given state, without whom nothing may be computed about."""
    known, choices = on_record(shop), Choices(shop.control)
    try:
        quiet = {shopper for shopper, wishes in choices.all().items() if not wishes.interests}
    finally:
        choices.close()
    return Moment(shop, state, now, known.opted_out | known.minors | quiet, Lists(shop), progress)


@dataclass(frozen=True)
class Scores:
    """How much each shopper is what an audience asks for; nobody, with the `reason`, where none can be.

    `judged` says how good they are, where they were learned.
    """

    shoppers: tuple[str, ...] = ()
    score: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    reason: str = ""
    judged: Verdict | None = None

    def chosen(self, threshold: float | None = None, share: float | None = None) -> NDArray[np.intp]:
        """The places of those from a threshold on, or of the best share; best first.

        >>> found = Scores(("u-1", "u-2", "u-3"), np.array([0.2, 0.9, 0.5], dtype=np.float32))
        >>> found.chosen(0.5).tolist(), found.chosen(share=0.34).tolist()
        ([1, 2], [1])
        """
        order = np.argsort(-self.score, kind="stable")
        if threshold is not None:
            order = order[self.score[order] >= threshold]
        if share is not None:
            order = order[: round(share * len(self.shoppers))]
        return order
