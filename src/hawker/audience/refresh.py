"""Audiences computed anew: all rules at once, then texts, forecasts and likeness; written in one step.

What cannot be computed, or takes in too few, is written as nobody, and its standing says why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.audience import members, rules, semantic, size
from hawker.audience.moment import Moment, Scores
from hawker.audience.rules.evaluate import taken
from hawker.audience.size import Size
from hawker.audience.verdict import Verdict
from hawker.errors import Corrupt, HawkerError
from hawker.records.audience import Audience, Kind
from hawker.storage import files
from hawker.storage.control import Control
from hawker.storage.shop import Shop

Codes = NDArray[np.int32]
STATE = "audiences.json"
LEARNED = (Kind.LOOKALIKE, Kind.PREDICTED)
"""Kinds that learn a model: they take seconds to minutes, so no request waits for them."""
_NOBODY = np.zeros(0, dtype=np.int32)


class Standing(Struct, frozen=True):
    """How one audience stands: its numbers when it was last computed (microseconds), or why none.

    `judged` says how good what it learned was found to be.
    """

    id: str
    kind: Kind
    computed: int
    size: Size
    reason: str = ""
    judged: Verdict | None = None


class Refreshed(Struct, frozen=True):
    """What came of computing audiences anew; `changed` says whether anybody came or went."""

    now: int
    changed: bool
    audiences: tuple[Standing, ...]


def refresh(
    moment: Moment,
    audiences: Sequence[Audience],
    *,
    only: Collection[str] | None = None,
    erased: int | None = None,
    current: Callable[[], Sequence[Audience]] | None = None,
) -> Refreshed:
    """Compute audiences (all, or `only` some), write their members, and keep how they stand.

    `erased` as in `members.write`. `current` says what the audiences are by then: whatever was changed or
    removed meanwhile is left as it is, for whoever changed it has computed it, or asks for it again.
    """
    wanted = [one for one in audiences if only is None or one.id in only]
    found, reasons, judged = computed(moment, wanted)
    least = moment.shop.settings.audiences.least
    for name, codes in found.items():
        if len(codes) < least:
            reasons.setdefault(name, f"fewer than {least} shoppers")
            found[name] = _NOBODY
    with _one_at_a_time(moment.shop):
        still = {one.id: one for one in (audiences if current is None else current())}
        wanted = [one for one in wanted if still.get(one.id) == one]
        same = {one.id for one in wanted}
        found = {name: codes for name, codes in found.items() if name in same}
        changed = members.write(moment, found, erased=erased)
        seen = size.answers(moment)
        told = []
        for one in wanted:
            codes = found[one.id] if one.id in found else listed(moment, one.id)
            measured = size.measured(moment, codes, seen)
            reason, verdict = reasons.get(one.id, measured.reason), judged.get(one.id)
            told.append(Standing(one.id, one.kind, moment.now, measured, reason, verdict))
        before = _before(moment.shop)
        kept = {name: held for name, held in before.items() if name in still} | {one.id: one for one in told}
        files.write(moment.shop.state / STATE, msgspec.json.encode(kept))
    return Refreshed(moment.now, changed, tuple(told))


def computed(
    moment: Moment, audiences: Sequence[Audience]
) -> tuple[dict[str, Codes], dict[str, str], dict[str, Verdict]]:
    """The members of every audience that is computed, by shopper code, the reasons of what cannot be,

    and how good what was learned is.
    """
    found: dict[str, Codes] = {}
    reasons: dict[str, str] = {}
    judged: dict[str, Verdict] = {}
    least = moment.shop.settings.audiences.least
    ruled: dict[str, rules.Expression] = {}
    for one in audiences:
        if one.kind is Kind.RULES:
            try:
                ruled[one.id] = rules.parse(one.rule)
            except HawkerError as error:
                found[one.id], reasons[one.id] = _NOBODY, str(error)
    outcomes = taken(ruled, moment, nearness=lambda text: semantic.nearness(moment, text)) if ruled else {}
    for name, outcome in outcomes.items():
        found[name] = np.flatnonzero(outcome.members).astype(np.int32)
        if outcome.reason:
            reasons[name] = outcome.reason
    order = {Kind.SEMANTIC: 0, Kind.PREDICTED: 1, Kind.LOOKALIKE: 2}
    for one in sorted((one for one in audiences if one.kind in order), key=lambda one: order[one.kind]):
        moment.tell(one.name or one.id, 0.5)
        scored = scores(moment, one, found)
        if scored.reason:
            reasons[one.id] = scored.reason
        if scored.judged and (verdict := scored.judged.told(least)):
            judged[one.id] = verdict
        find = moment.state.codes["shopper"].find
        best = [find(scored.shoppers[place]) for place in scored.chosen(one.threshold, one.share)]
        codes = np.array(best, dtype=np.int32)
        found[one.id] = np.sort(codes[moment.allowed[codes]])
    return found, reasons, judged


def scores(moment: Moment, one: Audience, found: Mapping[str, Codes] | None = None) -> Scores:
    """How much each shopper is what a scored audience asks for. `found` are audiences just computed."""
    try:
        if one.kind is Kind.SEMANTIC:
            return semantic.scores(moment, one.text)
        if one.kind is Kind.PREDICTED:
            from hawker.audience.predicted import predicted

            return predicted(moment, one).scores(moment)
        from hawker.audience.lookalike import lookalike

        names = moment.state.codes["shopper"].names
        codes = found[one.seed] if found and one.seed in found else listed(moment, one.seed)
        return lookalike(moment, [names[code] for code in codes]).scores
    except HawkerError as error:
        return Scores(reason=str(error))


def listed(moment: Moment, name: str) -> Codes:
    """The codes of whoever is on a list now, and known to the folds."""
    find = moment.state.codes["shopper"].find
    codes = np.array([find(shopper) for shopper in moment.lists.get(name, ())], dtype=np.int32)
    return np.sort(codes[(codes >= 0) & (codes < moment.count)])


def standings(shop: Shop) -> dict[str, Standing]:
    """How each audience stood when it was last computed; nothing before the first time."""
    path = shop.state / STATE
    if not path.is_file():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Standing])
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"'{path.name}' cannot be read: {error}.", remedy="Delete it and run: hawker audience refresh"
        ) from error


def _before(shop: Shop) -> dict[str, Standing]:
    """How each stood; nothing where that cannot be read, for it is being made again."""
    try:
        return standings(shop)
    except Corrupt:
        return {}


def unsettle(shop: Shop, names: Collection[str]) -> None:
    """Forget who is on some audiences and how they stood: what they are has changed, or they are gone.

    Whoever is writing what they were before is waited for, so that it does not come back.
    """
    with _one_at_a_time(shop):
        members.remove(shop, names)
        before = standings(shop)
        kept = {name: held for name, held in before.items() if name not in names}
        if len(kept) < len(before):
            files.write(shop.state / STATE, msgspec.json.encode(kept))


def adopt(shop: Shop, control: Control) -> list[Audience]:
    """Make audiences of the lists in the table that are none yet, by their names there; returns these."""
    known = {one.id for one in control.audiences()}
    fresh = [Audience(id=name, kind=Kind.LIST) for name in members.sizes(shop) if name not in known]
    if fresh:
        control.put(fresh, by="found in the table")
    return fresh


@contextmanager
def _one_at_a_time(shop: Shop) -> Iterator[None]:
    """Whoever else writes audiences waits."""
    shop.state.mkdir(parents=True, exist_ok=True)
    with files.alone(shop.state / "audiences.lock"):
        yield
