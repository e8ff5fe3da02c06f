"""Which approved words an ad shows: the creatives that fit, what is believed of each, and the draw.

An ad that names a creative shows it. One that names none shows one of its product's, chosen by clicks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import odds
from hawker.delivery.tally import Tally
from hawker.records.creative import Creative
from hawker.records.decision import Decision, Request, Wording
from hawker.statistics import pooling
from hawker.statistics.pooling import Spread
from hawker.storage.wordings import Prior

if TYPE_CHECKING:
    from hawker.delivery.world import World
    from hawker.retrieval.index import AdIndex

Normal = tuple[float, float]
"""A mean and a variance."""
_CREATIVE = "creative:"


@dataclass(frozen=True)
class Beliefs:
    """What is believed of creatives' effects, at each level that was seen, and before any was.

    `before` is by creative, `variants` too, `places` by creative and placement, `cells` with the segment.
    """

    before: Mapping[str, Normal] = field(default_factory=dict)
    variants: Mapping[str, Normal] = field(default_factory=dict)
    places: Mapping[tuple[str, str], Normal] = field(default_factory=dict)
    cells: Mapping[tuple[str, str, str], Normal] = field(default_factory=dict)
    spread: Spread = field(default_factory=Spread)

    def of(self, creative: str, placement: str, segment: str) -> Normal:
        """Mean and variance of an effect in a cell: of the nearest level above it that was seen."""
        if found := self.cells.get((creative, placement, segment)):
            return found
        if found := self.places.get((creative, placement)):
            return found[0], found[1] + self.spread.lower
        if found := self.variants.get(creative) or self.before.get(creative):
            return found[0], found[1] + 2 * self.spread.lower
        return 0.0, self.spread.whole


@dataclass(frozen=True)
class Words:
    """What chooses words: the prior with the creatives' vectors, and what is believed of them now."""

    prior: Prior = field(default_factory=Prior)
    beliefs: Beliefs = field(default_factory=Beliefs)
    rows: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", {id: row for row, id in enumerate(self.prior.ids)})

    def near(self, creatives: Sequence[str], interest: NDArray[np.float32]) -> NDArray[np.float64]:
        """How near each creative's text is to an interest: cosines, the mean of those known where none is."""
        places = np.array([self.rows.get(one, -1) for one in creatives])
        found: NDArray[np.float64] = (self.prior.vectors[places] @ interest).astype(np.float64)
        known = places >= 0
        if not known.all():
            found[~known] = found[known].mean() if known.any() else 0.0
        return found


def believed(tally: Tally, creatives: Mapping[str, Creative], prior: Prior, *, now: int) -> Beliefs:
    """What the counts say of the effects of a shop's creatives, beside what was known before.

    The slow part of it, some milliseconds for a thousand creatives: not for the request path.
    """
    products = {id: one.product for id, one in creatives.items()}
    counts, keys, names = tally.cells(products, now=now)
    scored = dict(zip(prior.ids, prior.scores.tolist(), strict=True))
    score = np.array([scored.get(name, 0.0) for name in names])
    spread = pooling.learned(counts, score) if keys else Spread()
    before = {name: (spread.slope * at, spread.own) for name, at in zip(names, score.tolist(), strict=True)}
    if not keys:
        return Beliefs(before, spread=spread)
    found = pooling.posterior(counts, score, spread)
    code, variant = counts.place
    rows = np.unique(code, return_index=True)[1]
    seen = np.unique(counts.variant).tolist()
    return Beliefs(
        before,
        {names[at]: _normal(found.variants, at) for at in seen},
        {(names[variant[at]], keys[row][1]): _normal(found.places, at) for at, row in enumerate(rows)},
        {key: _normal(found.rows, at) for at, key in enumerate(keys)},
        spread,
    )


def _normal(level: pooling.Level, at: int) -> Normal:
    return float(level.mean[at]), float(level.variance[at])


@dataclass(frozen=True)
class Asked:
    """Who asks, as far as the choice of words may know: where, in which language, of what segment.

    `interest` is None where there is none or it may not be read; `barred` maps creatives that were seen
    often enough to the ads that may show them all the same.
    """

    placement: str
    language: str = ""
    segment: str = ""
    interest: NDArray[np.float32] | None = None
    barred: Mapping[str, frozenset[str]] = field(default_factory=dict)


def asked(request: Request, world: World, *, barred: Mapping[str, frozenset[str]]) -> Asked:
    """What a request tells the choice; one of the contextual path names nobody, so it tells of nobody."""
    interest = None
    held, space = world.interests, world.words.prior.space
    if request.shopper and held is not None and space and held.space == space and world.words.prior.weight:
        wishes = world.preferences.get(request.shopper)
        code = world.state.codes["shopper"].find(request.shopper)
        found = held.read(code) if code >= 0 and (wishes is None or wishes.interests) else None
        interest = found if found is not None and found.any() else None
    segment = world.members.segments.get(request.shopper, "") if request.shopper else ""
    return Asked(request.placement, request.language, segment, interest, barred)


def chosen(
    index: AdIndex, ad: int, words: Words, asked: Asked, rng: np.random.Generator
) -> tuple[Creative | None, Wording | None]:
    """The words of an ad, and the record of the choice where there was one; None for the product's own.

    Takes a number from `rng` only where there are several to choose from.
    """
    if index.creative[ad]:
        return index.creatives.get(index.creative[ad]), None
    fit = fitting(index, ad, asked)
    if len(fit) < 2:
        return (fit[0] if fit else None), None
    ids = tuple(one.id for one in fit)
    believed = [words.beliefs.of(id, asked.placement, asked.segment) for id in ids]
    means, variances = np.array(believed).T
    known = 1.0 - float(variances.min()) / words.beliefs.spread.whole
    deviations = odds.eagerness(known) * np.sqrt(variances)
    near: tuple[float, ...] = ()
    if asked.interest is not None:
        cosines = words.near(ids, asked.interest)
        means += words.prior.weight * cosines
        near = tuple(cosines.tolist())
    likely = odds.best(means, deviations)
    wording = Wording(
        ids, tuple(likely.tolist()), tuple(means.tolist()), tuple(deviations.tolist()), near, asked.segment
    )
    return fit[odds.taken(likely, float(rng.random()))], wording


def fitting(index: AdIndex, ad: int, asked: Asked) -> list[Creative]:
    """The creatives that an ad which names none may show here, by id."""
    held = index.copies.get(index.product_names[ad], ())
    if not held:
        return []
    owner, name = index.sellers[index.campaign[ad]], index.ids[ad]
    found = [
        one
        for one in held
        if (not one.advertiser or one.advertiser == owner)
        and (not one.placements or asked.placement in one.placements)
        and (one.id not in asked.barred or name in asked.barred[one.id])
    ]
    spoken = [one for one in found if _speaks(one, asked.language)] if asked.language else []
    return spoken or found


def _speaks(one: Creative, language: str) -> bool:
    """Whether words are in a language, whatever the region: 'zh-CN' is 'zh'."""
    return bool(one.language) and one.language.lower().split("-")[0] == language.lower().split("-")[0]


def redrawn(decision: Decision, rng: np.random.Generator) -> list[str]:
    """What differs where the words of a decision are drawn again from its record."""
    found = []
    for slot in decision.slots:
        if slot.wording is not None:
            likely = odds.best(np.array(slot.wording.means), np.array(slot.wording.deviations))
            place = odds.taken(likely, float(rng.random()))
            if tuple(likely.tolist()) != slot.wording.odds:
                found.append("odds of words")
            if slot.wording.creatives[place] != slot.ad.creative:
                found.append("words")
    return found


def barred(capped: frozenset[str], spared: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The creatives that a visitor has seen often enough, with the ads that got their place already.

    >>> barred(frozenset({"w-1"}), {"creative:w-2": frozenset({"a-1"}), "campaign:c": frozenset()})
    {'w-1': frozenset(), 'w-2': frozenset({'a-1'})}
    """
    full = {name.removeprefix(_CREATIVE): ads for name, ads in spared.items() if name.startswith(_CREATIVE)}
    return {**dict.fromkeys(sorted(capped), frozenset()), **full}
