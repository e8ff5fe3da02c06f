"""The test slice as a report: what was decided for real visits, and what those shoppers really bought.

The impressions never took place, so they are marked synthetic, are kept apart from the shop's log,
and no clicks are invented; the purchases are the log's own. A conversion is charged at the price
that the auction of its slot had set.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker import measurement
from hawker.features.encode import Codes
from hawker.learning.trials import Trial
from hawker.measurement import Report, Windows
from hawker.records.campaign import Pricing
from hawker.records.charge import dearest
from hawker.records.decision import Decision
from hawker.records.events import EVENT_COLUMNS, SECOND, EventKind
from hawker.storage.shop import Shop

_TEXT = ("id", "shopper", "session", "product", "placement", "location", "campaign", "ad", "decision")


@dataclass
class Rehearsal:
    """Collects decisions as `placement.evaluate` watches them; `report` measures them afterwards."""

    codes: Codes
    _shown: list[tuple[Any, ...]] = field(default_factory=list)
    _charges: list[tuple[str, str, int, int]] = field(default_factory=list)

    def watch(self, trial: Trial, decision: Decision, taken: frozenset[int]) -> None:
        """Note the impressions of one decision, a second before the visit, and what is due for them."""
        moment = trial.time - SECOND
        for number, slot in enumerate(decision.slots):
            name = f"{decision.id}/{number}"
            asked = decision.request
            texts = (name, asked.shopper, asked.session, slot.ad.product, asked.placement, asked.location)
            self._shown.append((*texts, slot.ad.campaign, slot.ad.id, decision.id, number, moment))
            bought = self.codes["product"].find(slot.ad.product) in taken
            if bought and slot.pricing != Pricing.CPM:
                amount = dearest(slot.price, Pricing(slot.pricing))
                self._charges.append((name, slot.ad.campaign, amount, trial.time))

    def report(self, shop: Shop, *, start: int, end: int) -> Report:
        """Measure what was shown between two moments: a view counts for the rest of its visit."""
        given = measurement.relations(shop, charges=self._charges)
        given.connection.register("decided", self._columns())
        given.connection.execute(_events(start, end))
        return measurement.report(
            replace(given, events="rehearsed", shop=f"{given.shop} (rehearsal)"),
            start=start,
            end=end,
            windows=Windows(view_days=1),
        )

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = list(zip(*self._shown, strict=True)) or [()] * (len(_TEXT) + 2)
        arrays: dict[str, NDArray[Any]] = {
            name: np.array(column, dtype=object) for name, column in zip(_TEXT, columns, strict=False)
        }
        arrays["slot"] = np.array(columns[-2], dtype=np.int64)
        arrays["time"] = np.array(columns[-1], dtype=np.int64)
        return arrays


def _events(start: int, end: int) -> str:
    """The impressions, and the log's purchases of the same span, with the columns of the event log."""
    blank = {"VARCHAR": "''", "BIGINT": "0", "DOUBLE": "NULL", "BOOLEAN": "true"}
    given = {
        **{name: f"CAST({name} AS VARCHAR)" for name in _TEXT},
        "kind": f"'{EventKind.AD_IMPRESSION}'",
        "quantity": "1.0",
        "slot": "slot",
        "time": "time",
    }
    made = ", ".join(
        f'CAST({given.get(name, blank[kind])} AS {kind}) AS "{name}"' for name, kind in EVENT_COLUMNS.items()
    )
    kept = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)
    return (
        f"CREATE TEMP TABLE rehearsed AS SELECT {made} FROM decided UNION ALL "
        f"SELECT {kept} FROM events WHERE kind = '{EventKind.PURCHASE}' AND time >= {start} AND time < {end}"
    )
