"""Shoppers who click by the words of an ad: what choosing among creatives wins, lived through beforehand.

Every creative has an invented effect on its product's click rate, all else is the shop's own: its ads,
placements, auction and `decide`. Nothing is written, neither events nor decisions; the figures are synthetic.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import pipeline
from hawker.delivery.observe import Sold, sold
from hawker.delivery.tally import Tally
from hawker.delivery.wording import Beliefs, believed
from hawker.delivery.world import World
from hawker.records.decision import Request, Slot
from hawker.records.events import SECOND, Event, EventKind
from hawker.statistics import Estimate, bootstrap, unknown

SPREAD = 0.5
"""How far the invented effects spread, as a logarithm: larger than life, so that little traffic shows it."""
RATE = 0.08
"""The invented click rate of average words."""
_EVERY = 10 * SECOND
_FEWEST = 200


@dataclass(frozen=True)
class Moved:
    """What choosing did over `choices` slots that had a choice; `reason` says why nothing can be said.

    `early` and `late` are the mean odds of each product's truly best words in the first and the last quarter,
    `gain` the clicks expected in the last quarter over those of an even choice, with its interval.
    """

    choices: int
    early: float
    late: float
    gain: Estimate
    reason: str = ""


def effect(creative: str, *, seed: int, spread: float = SPREAD) -> float:
    """The invented effect of a creative: always the same for one name and seed."""
    digest = hashlib.blake2b(creative.encode(), digest_size=8, salt=str(seed).encode()[:16]).digest()
    return spread * float(np.random.default_rng(int.from_bytes(digest, "big")).standard_normal())


def live(
    world: World,
    requests: Sequence[Request],
    *,
    now: int,
    rounds: int = 2_000,
    renew: int = 25,
    seed: int = 7,
) -> Moved:
    """Answer requests (over and over) and click by the words shown; beliefs are renewed every `renew` rounds.

    They start from the prior alone, whatever the shop's own clicks have said.
    """
    if not any(len(several) > 1 for several in world.index.copies.values()):
        return _moved(np.zeros((0, 2)))
    rng = np.random.default_rng(seed)
    held: dict[str, tuple[Sold, ...]] = {}
    tally, rows = Tally(lambda decision, slot: held[decision][slot]), list[tuple[float, float]]()
    world = replace(world, words=replace(world.words, beliefs=Beliefs()))
    for turn in range(rounds):
        asked, moment = requests[turn % len(requests)], now + turn * _EVERY
        made = pipeline.decide(asked, world, moment, np.random.default_rng([seed, turn]), seed=turn)
        held = {made.id: sold(made)}
        for place, slot in enumerate(made.slots):
            if slot.wording is not None:
                rows.append(_odds_and_gain(slot, seed=seed))
            common = {"time": moment, "received": moment, "decision": made.id, "slot": place}
            events = [Event(EventKind.AD_IMPRESSION, id=f"{turn}.{place}", **common)]  # type: ignore[arg-type]
            if rng.random() < RATE * np.exp(effect(slot.ad.creative, seed=seed)):
                events.append(Event(EventKind.AD_CLICK, id=f"{turn}.{place}c", **common))  # type: ignore[arg-type]
            tally.count(events)
        if turn % renew == renew - 1:
            beliefs = believed(tally, world.index.creatives, world.words.prior, now=moment)
            world = replace(world, words=replace(world.words, beliefs=beliefs))
    return _moved(np.array(rows).reshape(-1, 2))


def _odds_and_gain(slot: Slot, *, seed: int) -> tuple[float, float]:
    """The odds of the truly best words, and the clicks to expect by these odds over an even choice."""
    assert slot.wording is not None
    rates = np.exp([effect(one, seed=seed) for one in slot.wording.creatives])
    odds = np.array(slot.wording.odds)
    return float(odds[rates.argmax()]), float(odds @ rates / rates.mean() - 1.0)


def _moved(rows: NDArray[np.float64]) -> Moved:
    if len(rows) < _FEWEST:
        why = f"only {len(rows)} slots had several creatives to choose from; {_FEWEST} are needed"
        return Moved(len(rows), 0.0, 0.0, unknown(why), why)
    quarter = len(rows) // 4
    last = rows[-quarter:, 1]
    blocks = np.arange(quarter) * 20 // quarter  # what follows one another is alike
    gain = bootstrap.mean(blocks.tolist(), last.tolist())
    return Moved(len(rows), float(rows[:quarter, 0].mean()), float(rows[-quarter:, 0].mean()), gain)
