"""Approved creatives as they fare: what is expected of each beforehand, and which have lost for good.

What is expected comes from the click prior, and from how near the clicked words were to shoppers' interests.
Losing is decided by an always-valid test on the clicks and on the odds that are on record (decision 0046).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from hawker.creative import prior as headlines
from hawker.creative import prior_own
from hawker.errors import HawkerError, NotFound
from hawker.language import annotate
from hawker.language.care import prepared
from hawker.language.encoder import encoder
from hawker.learning import fared
from hawker.learning.fared import Own
from hawker.records.creative import Creative
from hawker.records.decision import Wording
from hawker.records.events import EventKind
from hawker.records.traffic import marked
from hawker.storage import tables, vectors, wordings
from hawker.storage.control import Control
from hawker.storage.decision_log import DecisionLog
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop
from hawker.storage.wordings import Prior

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
BY = "hawker: retired"
"""Who retires, in the record of changes."""
ALPHA = 0.05
"""The chance that a creative which is no worse than any other is ever retired."""
RATIOS = (0.25, 0.5, 0.7, 0.85)
"""The click rates against the better one's that the test bets on, in equal parts."""
_WEIGHT, _DOUBT = 0.3, 0.5  # of nearness, before anything was clicked
_FEWEST = 1e-9
_MOST = 500.0  # of a logarithm


@dataclass(frozen=True)
class Clicked:
    """A click where there was a choice: what was on record of it, and which of them was shown."""

    time: int
    product: str
    shown: int
    wording: Wording


@dataclass(frozen=True)
class Lost:
    """A creative and the one it lost to; `evidence` is how much likelier that has made its clicks.

    `clicks` are those on one of the two where both could have been shown, `own` those of them on the loser.
    """

    creative: str
    product: str
    to: str
    evidence: float
    clicks: int
    own: int

    @property
    def reason(self) -> str:
        """In words, for the record."""
        return (
            f"'{self.to}' gets more clicks: of {self.clicks} where either could be shown, {self.own} were on "
            f"this one (evidence {min(self.evidence, 1e12):.3g} to 1)"
        )


@dataclass(frozen=True)
class Learned:
    """What was made of the `creatives` that compete: scores, vectors, a weight of nearness; who was retired.

    `unscored` says why there are no scores, where that is so; `own` what the clicks taught the click prior.
    """

    creatives: int
    scored: int
    placed: int
    weight: float
    clicks: int
    retired: tuple[Lost, ...]
    unscored: str = ""
    own: Own | None = None


def learn(
    shop: Shop,
    *,
    alpha: float = ALPHA,
    prior: headlines.Prior | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Look at a shop's creatives anew: their prior scores and vectors, and retire those that have lost.

    `prior` is the click prior (None: the one that comes with Hawker), which the shop's own clicks teach. A
    server takes all of it over by itself.
    """
    control = Control(shop.control)
    try:
        approved = [one for one in control.creatives() if one.approved]
        back = _brought_back(control, approved)
        found = list(clicked(shop)) if approved else []
        gone = losers(found, approved, since=back, alpha=alpha)
        retire(control, gone)
    finally:
        control.close()
    competing = rivals(approved, without={one.creative for one in gone})
    own = fared.learn(shop, prior=prior, progress=progress) if competing else None
    scores, why = scored(shop, competing, prior=prior, progress=progress)
    matrix, space = placed(shop, competing, progress=progress)
    weight = nearness(found) if space else 0.0
    if competing or wordings.prior_file(shop).is_file():
        ids = tuple(one.id for one in competing)
        wordings.keep_prior(shop, Prior(ids, scores, matrix, space, weight))
    return Learned(
        creatives=len(competing),
        scored=int(np.count_nonzero(scores)),
        placed=int(matrix.any(axis=1).sum()),
        weight=weight,
        clicks=len(found),
        retired=tuple(gone),
        unscored=why,
        own=own,
    )


def rivals(creatives: Sequence[Creative], *, without: Collection[str] = ()) -> list[Creative]:
    """The creatives of products that have several which are not retired: where there is a choice."""
    running = [one for one in creatives if not one.retired and one.id not in without]
    count = Counter(one.product for one in running)
    return [one for one in running if count[one.product] > 1]


def clicked(shop: Shop) -> Iterator[Clicked]:
    """The clicks on words that were chosen among several, oldest first, each slot's first click alone."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    rows = connection.execute(
        "SELECT time, decision, slot, reason FROM events WHERE decision <> '' AND kind = ? "
        "ORDER BY received, id",
        [EventKind.AD_CLICK],
    ).fetchall()
    held, seen = DecisionLog(shop.decisions), set[tuple[str, int]]()
    for time, decision, slot, reason in rows:
        if marked(reason) or (decision, slot) in seen:
            continue
        seen.add((decision, slot))
        try:
            slots = held.read(decision).slots
        except NotFound:
            continue  # its record has had its time
        filled = slots[slot] if 0 <= slot < len(slots) else None
        if filled is not None and filled.wording is not None:
            place = filled.wording.creatives.index(filled.ad.creative)
            yield Clicked(time, filled.ad.product, place, filled.wording)


def losers(
    clicks: Iterable[Clicked],
    creatives: Sequence[Creative],
    *,
    since: Mapping[str, int] | None = None,
    alpha: float = ALPHA,
) -> list[Lost]:
    """The creatives that others have beaten, the surest first; of every product one at least is left.

    Of a click on one of two, if the first were no worse, its chance to be the first's was at least what the
    odds say; each click multiplies the evidence against that by a likelihood ratio. The evidence of a
    creative's being beaten by any of m others has to reach m/`alpha`. `since` are moments before which
    clicks do not count for a creative.
    """
    running = {one.id: one.product for one in creatives if not one.retired}
    logs: dict[tuple[str, str], Floats] = defaultdict(lambda: np.zeros(len(RATIOS)))
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for click in clicks:
        shown = click.wording.creatives[click.shown]
        for pair, odds in _pairs(click, running):
            if click.time >= max((since or {}).get(one, 0) for one in pair):
                logs[pair] += _ratios(odds, own=pair[0] == shown)
                counts[pair][0] += 1
                counts[pair][1] += pair[0] == shown
    made = [
        Lost(one, running[one], other, float(np.exp(np.minimum(held, _MOST)).mean()), *counts[one, other])
        for (one, other), held in logs.items()
    ]
    return list(_standing(made, running, alpha=alpha))


def _standing(made: Sequence[Lost], running: Mapping[str, str], *, alpha: float) -> Iterator[Lost]:
    """Those with evidence enough, the surest first, while another of their product is left to beat them."""
    left: dict[str, set[str]] = defaultdict(set)
    for id, product in running.items():
        left[product].add(id)
    others = {product: len(held) - 1 for product, held in left.items()}
    for one in sorted(made, key=lambda lost: (-lost.evidence, lost.creative)):
        there = left[one.product]
        enough = one.evidence >= others[one.product] / alpha
        if enough and {one.creative, one.to} <= there:
            there.discard(one.creative)
            yield one


def _pairs(click: Clicked, running: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], float]]:
    """Every ordered pair of which one was clicked, and the odds of its first against both."""
    held = dict(zip(click.wording.creatives, click.wording.odds, strict=True))
    shown = click.wording.creatives[click.shown]
    for other, odds in held.items():
        if other != shown and shown in running and other in running:
            share = held[shown] / (held[shown] + odds)
            yield (shown, other), share
            yield (other, shown), 1.0 - share


def _ratios(odds: float, *, own: bool) -> Floats:
    """The logarithms of how much likelier a click is if the first has those `RATIOS` of the second's rate."""
    ratios = np.array(RATIOS)
    share = odds * ratios / (odds * ratios + 1.0 - odds)
    found: Floats = np.log(share / odds) if own else np.log((1.0 - share) / max(1.0 - odds, _FEWEST))
    return found


def retire(control: Control, gone: Sequence[Lost]) -> None:
    """Put the reason on each, as a change on record; whoever takes it away brings the creative back."""
    reasons = {one.creative: one.reason for one in gone}
    held = [one for one in control.among("creative", list(reasons)) if isinstance(one, Creative)]
    control.put_creatives([msgspec.structs.replace(one, retired=reasons[one.id]) for one in held], by=BY)


def _brought_back(control: Control, creatives: Sequence[Creative]) -> dict[str, int]:
    """When each creative that somebody has brought back was: clicks before that are done with."""
    once = {id for change in control.changes() if change.by == BY for id in change.ids}
    back: dict[str, int] = {}
    for one in creatives:
        if one.id in once and not one.retired:
            was = ""
            for revision in control.history("creative", one.id):
                now = revision.document.retired if isinstance(revision.document, Creative) else ""
                if was and not now:
                    back[one.id] = revision.time
                was = now
    return back


def scored(
    shop: Shop,
    creatives: Sequence[Creative],
    *,
    prior: headlines.Prior | None = None,
    progress: Progress | None = None,
) -> tuple[Floats, str]:
    """The click prior of each, against others of its product, in units of how much those differ in the shop.

    The prior counts with the weights that the shop's own clicks have taught it, where there are any.
    0 where nothing can be said of a language; the second is why nothing could be said at all.
    """
    found, why = np.zeros(len(creatives)), ""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(creatives):
        rows[one.language].append(row)
    fit, fluency = fared.signs(shop, creatives) if creatives else (found, found)
    try:
        held = prior_own.load(shop, prior) if creatives else prior
        for language, places in rows.items():
            texts = [creatives[row].headline for row in places]
            beside = {"fit": fit[places].tolist(), "fluency": fluency[places].tolist()}
            read = headlines.of(shop, texts, language=language, prior=held, progress=progress, **beside)
            found[places] = read.mean
    except HawkerError as error:
        found[:], why = 0.0, str(error)
    product = np.unique([one.product for one in creatives], return_inverse=True)[1]
    if len(creatives):
        found -= (np.bincount(product, found) / np.bincount(product))[product]
    spread = float(np.sqrt(np.mean(found[found != 0.0] ** 2))) if found.any() else 0.0
    return (np.clip(found / spread, -3, 3) if spread > _FEWEST else np.zeros(len(creatives))), why


def placed(
    shop: Shop, creatives: Sequence[Creative], *, progress: Progress | None = None
) -> tuple[NDArray[np.float32], str]:
    """The vectors of the creatives' texts in the space of the products', and its name; '' without one.

    Nothing is placed where the encoder that made the products' vectors cannot be asked now.
    """
    nothing = np.zeros((len(creatives), 0), np.float32), ""
    try:
        serving = vectors.products(shop)
        if serving is None or not creatives:
            return nothing
        by = encoder(serving.about.asked or shop.settings.encoder, shop=shop)
        if by.name != serving.space.encoder:
            return nothing
        texts = [prepared(f"{one.headline}. {one.description}") for one in creatives]
        found, _ = annotate.embed(shop, by, texts, progress=progress)
    except HawkerError:
        return nothing
    return serving.space.project(found), serving.space.name


def nearness(clicks: Iterable[Clicked]) -> float:
    """What a unit of nearness adds to the logarithm of a click rate, by which of the offered was clicked.

    Given a click, which words it fell on does not depend on the product's own rate, nor on that of the
    placement or the shopper: a conditional logit with the odds on record, by Newton's method.
    """
    rows = [click for click in clicks if click.wording.near]
    weight = _WEIGHT
    for _ in range(20):
        slope, bend = (_WEIGHT - weight) / _DOUBT**2, 1.0 / _DOUBT**2
        for click in rows:
            near = np.array(click.wording.near)
            drawn = np.array(click.wording.odds) * np.exp(weight * (near - near.mean()))
            drawn /= drawn.sum()
            mean = float(drawn @ near)
            slope += float(near[click.shown]) - mean
            bend += float(drawn @ (near - mean) ** 2)
        step = slope / bend
        weight += step
        if abs(step) < 1e-6:
            break
    return round(float(np.clip(weight, 0.0, 5.0)), 6)
