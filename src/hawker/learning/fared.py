"""How a shop's own headlines fared where chance chose among several, and what that teaches the click prior.

A headline is told by its words, its fit to the audience it was written for, its fluency; never by who saw it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hawker.creative import prior as headlines
from hawker.creative import prior_own
from hawker.creative.prior_blend import Learned, Result
from hawker.errors import HawkerError
from hawker.records.creative import Creative
from hawker.records.decision import Slot
from hawker.records.events import DAY, EventKind
from hawker.records.traffic import marked
from hawker.storage import tables
from hawker.storage.control import Control
from hawker.storage.decision_log import DecisionLog
from hawker.storage.drafts import Drafts
from hawker.storage.event_log import EventLog
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
DAYS = 180
"""What is older says nothing any more."""
CLICKS = 20
"""A product in a place counts from so many clicks on, of all its headlines together."""
MOST = 1_000_000
"""Impressions that are looked at, the latest."""
Progress = Callable[[str, float], None]
_FINE = 3  # digits of a propensity: impressions of one are counted together


@dataclass(frozen=True)
class Own:
    """What a shop's own clicks taught: `learned`, with its reason where they were too few.

    `version` is that of the shop's own weights that serve, '' where the packaged ones do; `shown` and
    `clicked` are the slots where there was a choice.
    """

    learned: Learned
    version: str = ""
    shown: int = 0
    clicked: int = 0


def learn(shop: Shop, *, prior: headlines.Prior | None = None, progress: Progress | None = None) -> Own:
    """Fit the weights of the click prior's signs to a shop's own clicks, and let them serve.

    What counts is a product in a place with two headlines and `CLICKS` clicks; below ten of these what serves
    stays. `prior` is believed beforehand (None: the packaged one): what was learned before is not counted
    twice.
    """
    found = results(shop)
    held = prior or headlines.load()

    def read(texts: Sequence[str], code: str) -> headlines.Held:
        return headlines.vectors(shop, held, texts, code, progress=progress)

    try:
        _, learned = held.fitted_from(enough(found), read=read)
    except HawkerError as error:
        _, learned = held.fitted_from(())
        learned = replace(learned, reason=str(error))
    serves = ModelStore(shop.models).promoted(prior_own.NAME) or ""
    version = serves if learned.reason else prior_own.keep(shop, learned)
    return Own(learned, version, sum(one.shown for one in found), sum(one.clicked for one in found))


def results(shop: Shop) -> list[Result]:
    """How headlines fared, by product, place and the odds by which they were drawn among several.

    Slots that were seen or clicked, once each; invalid traffic is nothing. Who saw them is not read.
    """
    slots = _seen(shop)
    if not slots:
        return []
    languages, signs = _known(shop)
    first = min(time for time, _ in slots.values()) - DAY
    counts: dict[tuple[str, str, str, float], list[int]] = defaultdict(lambda: [0, 0])
    for decision in DecisionLog(shop.decisions).scan(first):
        for place, slot in enumerate(decision.slots):
            seen = slots.get((decision.id, place))
            if seen is not None and slot.wording is not None:
                row = counts[_told(slot, decision.request.placement)]
                row[0] += 1
                row[1] += seen[1]
    made = []
    for (group, creative, headline, odds), (shown, clicked) in sorted(counts.items()):
        fit, fluency = signs.get(creative, (0.0, 0.0))
        code = languages.get(creative, "")
        made.append(Result(group, headline, shown, clicked, code, odds, fit, fluency))
    return made


def enough(found: Sequence[Result]) -> list[Result]:
    """Those of products and places that had clicks enough for a rate to mean anything."""
    clicks: dict[str, int] = defaultdict(int)
    for one in found:
        clicks[one.group] += one.clicked
    return [one for one in found if clicks[one.group] >= CLICKS]


def signs(shop: Shop, creatives: Sequence[Creative]) -> tuple[Floats, Floats]:
    """Fit and fluency of each as they are on record with its draft, less their mean within the product.

    0 where there is none on record: then nothing is said of it.
    """
    with closing(Drafts(shop.control)) as drafts:
        held = {one.id: one for one in drafts.among([one.id for one in creatives])}
    product = np.unique([one.product for one in creatives], return_inverse=True)[1]
    found = []
    for name in ("fit", "fluency"):
        given = [getattr(held.get(one.id), name, None) for one in creatives]
        known = np.array([value is not None for value in given], dtype=np.float64)
        values = np.array([0.0 if value is None else value for value in given], dtype=np.float64)
        if known.any():
            means = np.bincount(product, values) / np.maximum(np.bincount(product, known), 1.0)
            values = np.where(known > 0, values - means[product], 0.0)
        found.append(values)
    return found[0], found[1]


def _seen(shop: Shop) -> dict[tuple[str, int], tuple[int, bool]]:
    """The slots that were seen: when, and whether they were clicked."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    latest = connection.execute("SELECT coalesce(max(received), 0) FROM events").fetchone()
    rows = connection.execute(
        "SELECT decision, slot, time, kind, reason FROM events WHERE decision <> '' "
        "AND kind IN (?, ?) AND received >= ? ORDER BY received DESC, id LIMIT ?",
        [EventKind.AD_IMPRESSION, EventKind.AD_CLICK, (latest[0] if latest else 0) - DAYS * DAY, MOST],
    )
    found: dict[tuple[str, int], tuple[int, bool]] = {}
    while part := rows.fetchmany(10_000):
        for decision, slot, time, kind, reason in part:
            if not marked(reason):
                before = found.get((decision, slot), (time, False))
                found[decision, slot] = min(before[0], time), before[1] or kind == EventKind.AD_CLICK
    return found


def _known(shop: Shop) -> tuple[dict[str, str], dict[str, tuple[float, float]]]:
    """The language of each creative, and its signs."""
    with closing(Control(shop.control)) as control:
        held = control.creatives()
    fit, fluency = signs(shop, held)
    told = zip((one.id for one in held), zip(fit.tolist(), fluency.tolist(), strict=True), strict=True)
    return {one.id: one.language for one in held}, dict(told)


def _told(slot: Slot, placement: str) -> tuple[str, str, str, float]:
    """Product and place, creative, the words as they were shown, and by what odds."""
    odds = float(f"{slot.creative_propensity:.{_FINE}g}")
    return f"{slot.ad.product}@{placement}", slot.ad.creative, slot.ad.headline, odds
