"""The card that a trained model is saved with: whom its rows are of, as far as the shop knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.delivery.world import World
from hawker.features import segments
from hawker.features.events import EventArrays
from hawker.features.examples import Examples
from hawker.features.schema import KEYS
from hawker.learning.fitting import Fitted
from hawker.privacy.pseudonym import Naming
from hawker.ranking import card_page
from hawker.ranking.card import Texts, card
from hawker.storage import tables
from hawker.storage.shop import Shop

VISITS = "shopper_visits"
_NOT_GROUPS = ("id", "location", "opted_out")
_PLACEMENT = KEYS.index("placement")


def with_card(
    shop: Shop, made: Fitted, *, world: World, events: EventArrays, fit: Examples, later: Examples
) -> Callable[[Path], None]:
    """What writes a model into a folder, and beside it the card, judged on rows it had not been fitted on."""

    def write(folder: Path) -> None:
        told = card(
            made.unseen,
            later,
            fit=fit,
            final=made.model,
            outcome=world.outcome,
            slots=min(placement.slots for placement in world.placements.values()),
            segments=_segments(world, events, later),
            groups=_stated(shop, world, later),
        )
        made.model.save(folder)
        card_page.save(told, folder, language=shop.settings.language)

    return write


def _segments(world: World, events: EventArrays, rows: Examples) -> dict[str, Texts]:
    """By placement, where a page was shown; whether the shopper is known; how often they came so far."""
    found: dict[str, Texts] = {}
    if world.outcome == "click":  # the name of a slate is the place of its first impression in the log
        codes = events.keys[rows.group, _PLACEMENT]
        names = np.array([*world.state.codes["placement"].names, ""])
        found["placement"] = names[codes]
    if VISITS in rows.names:
        visits = np.nan_to_num(rows.x[:, rows.names.index(VISITS)])
        found["shopper"] = np.where(visits > 0, "returning", "new")
        found["activity"] = _quarters(visits)
    return found


def _quarters(visits: NDArray[np.float32]) -> Texts:
    """Four groups of about equal size among those who came before: '1–12', '13–40' and so on."""
    known = visits > 0
    labels = np.full(len(visits), "", dtype="<U24")
    if not known.any():
        return labels
    cuts = np.unique(np.quantile(visits[known], (0.25, 0.5, 0.75), method="lower"))
    quarter = np.searchsorted(cuts, visits, side="left")
    for number in np.unique(quarter[known]):
        own = known & (quarter == number)
        labels[own] = f"{visits[own].min():,.0f}–{visits[own].max():,.0f}"
    return labels


def _stated(shop: Shop, world: World, rows: Examples) -> dict[str, Texts]:
    """What shoppers said of themselves, by dimension: "" of who said nothing, or is not to be profiled."""
    table = shop.table("shoppers")
    if not table.is_file():
        return {}
    connection = tables.connect(threads=1)
    cursor = connection.execute(f"SELECT * FROM {tables.quoted(table)}")
    columns = [str(column[0]) for column in cursor.description or ()]
    spared, naming = segments.protected(shop), Naming(shop)
    shoppers = world.state.codes["shopper"]
    said = {name: np.full(len(shoppers), "", dtype=object) for name in columns if name not in _NOT_GROUPS}
    for values in cursor.fetchall():
        one = dict(zip(columns, values, strict=True))
        name = naming.of(str(one["id"]))
        place = shoppers.find(name)
        if place < 0 or name in spared:
            continue
        for dimension, column in said.items():
            column[place] = str(one[dimension] or "")
    found = {name: np.append(column.astype(str), "")[rows.cluster] for name, column in said.items()}
    return {name: labels for name, labels in found.items() if (labels != "").any()}
