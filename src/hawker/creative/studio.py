"""From a brief to copy that may be shown: drafted, held against the gate, mended once, put in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec
from msgspec import structs

from hawker.creative import gate
from hawker.creative.layout import LAYOUTS
from hawker.creative.words import nothing
from hawker.records.draft import Brief, Draft, Effort, Objection
from hawker.records.finding import Severity
from hawker.records.ids import derived
from hawker.records.sheet import Sheet, Standing, Variant

_HEADS = ("title", "headline", "subject", "body", "post", "description", "keyword")
BUSY, NARROW = "busy", "too_narrow"
LATER = frozenset({BUSY, "away"})
"""Why a writer did not write that pass by themselves: the same is worth asking again later."""
Pause = Callable[[float], bool]
"""Waits so many seconds and says True, or says False where that is too long."""


class Scored(NamedTuple):
    """How much likelier than an average one a headline is to be clicked: log-odds, standard deviation.

    And what else is known of it, where it was asked: fit to the audience (a cosine), fluency (nats a token).
    """

    score: float
    deviation: float
    fit: float | None = None
    fluency: float | None = None


Scores = Sequence[tuple[float, float] | Scored]
Scorer = Callable[[Sequence[str], str], Scores]
"""What scores headlines in a language; nothing at all where it has nothing to go by."""


@runtime_checkable
class Drafter(Protocol):
    """What writes: a name that says which writer, a version that says which of its models."""

    @property
    def name(self) -> str:
        """As drafts name their writer."""

    @property
    def version(self) -> str:
        """Changes whenever the same brief and seed could give other words."""

    def draft(self, brief: Brief, *, n: int, seed: int) -> tuple[Draft, ...]:
        """Up to `n` drafts that differ, the same for the same seed."""


@runtime_checkable
class Repairer(Protocol):
    """A writer that can be told what is wrong."""

    def repair(self, draft: Draft, objections: Sequence[Objection], brief: Brief, *, seed: int) -> Draft:
        """The draft written anew so that the objections no longer hold."""


@runtime_checkable
class Refuser(Protocol):
    """A writer that knows why it has fewer drafts than it was asked for."""

    def refusals(self, brief: Brief, *, n: int, seed: int, reader: str = "en") -> tuple[Objection, ...]:
        """Why; () where it has as many."""


@dataclass(frozen=True)
class Judged:
    """A draft as it stands after the gate, with what was held against it before it was mended."""

    draft: Draft
    objections: tuple[Objection, ...]
    before: tuple[Objection, ...] = ()
    mended: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing keeps it from being shown."""
        return not wrong(self.objections)


def write(
    drafter: Drafter,
    brief: Brief,
    *,
    n: int = 4,
    seed: int = 0,
    time: int = 0,
    by: str = "",
    advertiser: str = "",
    campaign: str = "",
    reader: str = "en",
    score: Scorer | None = None,
    pause: Pause = lambda _: False,
) -> Sheet:
    """Draft `n` variants, hold each against the gate, mend once what it objects to, and order what passes.

    A draft that fails goes back to a writer that can repair it, with the objections; what then still
    fails loses its faulty lines where enough others are left, or falls. Objections are worded for
    `reader`. What passes comes first, by its score where there is one. A writer that is busy is asked
    again where `pause` agrees to wait; otherwise the sheet is `unfinished`.
    """
    passed: list[Judged] = []
    fallen: list[Judged] = []
    drafts = _drafts(drafter, brief, n=n, seed=seed, pause=pause)
    for draft in drafts:
        others = [one.draft for one in passed]
        judged = _judged(drafter, draft, brief, others=others, reader=reader, pause=pause)
        (passed if judged.passed else fallen).append(judged)
    scores = _scores(passed, score)
    order = (
        sorted(range(len(passed)), key=lambda place: -scores[place].score) if scores else range(len(passed))
    )
    name = key(drafter, brief, n=n, seed=seed, advertiser=advertiser, campaign=campaign)
    ranked = [(passed[place], scores[place] if scores else None) for place in order]
    variants = _variants(name, [*ranked, *((one, None) for one in fallen)], advertiser)
    return Sheet(
        name,
        brief,
        drafter.name,
        drafter.version,
        n,
        seed,
        time=time,
        by=by,
        advertiser=advertiser,
        campaign=campaign,
        variants=variants,
        reason="drafts_narrow"
        if brief.limits and len(passed) < n and _narrow(drafter, brief, fallen, n=n, seed=seed)
        else _reason(n, drafted=len(drafts), passed=len(passed)),
    )


def key(
    drafter: Drafter, brief: Brief, *, n: int, seed: int, advertiser: str = "", campaign: str = ""
) -> str:
    """The id of the sheet that comes of this: what has been written already need not be written again.

    How many of a product are in stock changes all day and changes no words.
    """
    asked = structs.replace(brief, product=structs.replace(brief.product, stock=None))
    text = msgspec.json.encode(asked, order="deterministic").decode()
    return f"s-{derived(text, drafter.name, drafter.version, n, seed, advertiser, campaign)[:20]}"


def wrong(objections: Iterable[Objection]) -> list[Objection]:
    """Those that keep a draft from being shown."""
    return [one for one in objections if one.severity is Severity.ERROR]


def headline(draft: Draft) -> str:
    """The line of a draft that is read first."""
    return next((draft.parts[part][0] for part in _HEADS if draft.parts.get(part)), "")


def unfinished(sheet: Sheet) -> Effort | None:
    """What kept a writer from finishing a sheet for now (no server, no turn); None where it is finished."""
    spent = [one.draft.effort for one in sheet.variants]
    kept = [one for one in spent if one.reason in LATER]
    return max(kept, key=lambda one: one.wait) if kept else None


def effort(sheet: Sheet) -> Effort:
    """What all drafts of a sheet took together; its reason is the first that is not ''."""
    return sum((one.draft.effort for one in sheet.variants), Effort())


def _drafts(drafter: Drafter, brief: Brief, *, n: int, seed: int, pause: Pause) -> list[Draft]:
    """Up to `n` drafts; those that a writer was too busy for are asked for again, under the next seeds."""
    made: list[Draft] = []
    while True:
        more = drafter.draft(brief, n=n - len(made), seed=seed + len(made))
        busy = [one for one in more if one.effort.reason == BUSY]
        made += [one for one in more if one.effort.reason != BUSY]
        if not busy or not pause(max(one.effort.wait for one in busy)):
            return made + busy


def _judged(
    drafter: Drafter, draft: Draft, brief: Brief, *, others: Sequence[Draft], reader: str, pause: Pause
) -> Judged:
    if draft.effort.reason and not draft.parts:
        return Judged(draft, (nothing(draft.effort.reason, reader=reader),))
    found = Judged(draft, gate.check(draft, brief, reader=reader, others=others))
    if found.passed:
        return found
    first = found.objections
    if isinstance(drafter, Repairer):
        found = _repaired(drafter, found, brief, others=others, reader=reader, pause=pause)
    if not found.passed and (rest := _cut(found.draft, wrong(found.objections))) is not None:
        shorter = Judged(rest, gate.check(rest, brief, reader=reader, others=others), first, "cut")
        found = shorter if shorter.passed else found
    return found


def _repaired(
    drafter: Repairer, found: Judged, brief: Brief, *, others: Sequence[Draft], reader: str, pause: Pause
) -> Judged:
    """The draft as its writer mends it, asked once; as it was where the writer does not."""
    draft, first = found.draft, found.objections
    again = drafter.repair(draft, first, brief, seed=draft.seed)
    while again.effort.reason == BUSY and pause(again.effort.wait):
        again = drafter.repair(draft, first, brief, seed=draft.seed)
    spent = draft.effort + again.effort
    if again.effort.reason or not again.parts:
        return replace(found, draft=structs.replace(draft, effort=spent))
    again = structs.replace(again, effort=spent)
    return Judged(again, gate.check(again, brief, reader=reader, others=others), first, "repaired")


def _cut(draft: Draft, objections: Sequence[Objection]) -> Draft | None:
    """The draft without the lines that are wrong; None where what is wrong is more than single lines."""
    faulty = {(one.part, one.line) for one in objections}
    if not all(part in draft.parts and 0 <= line < len(draft.parts[part]) for part, line in faulty):
        return None
    parts: dict[str, tuple[str, ...]] = {}
    for part, lines in draft.parts.items():
        kept = tuple(text for line, text in enumerate(lines) if (part, line) not in faulty)
        held = LAYOUTS[draft.kind].get(part)
        if held is not None and len(kept) < held.least:
            return None
        if kept:
            parts[part] = kept
    return structs.replace(draft, parts=parts)


def _scores(passed: Sequence[Judged], score: Scorer | None) -> list[Scored]:
    if score is None or not passed:
        return []
    found = score([headline(one.draft) for one in passed], passed[0].draft.language)
    return [Scored(*one) for one in found]


def _variants(
    name: str, judged: Sequence[tuple[Judged, Scored | None]], advertiser: str
) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            f"v-{name[2:]}-{place:02d}",
            name,
            one.draft,
            Standing.WAITING if one.passed else Standing.FALLEN,
            objections=one.objections,
            before=one.before,
            mended=one.mended,
            score=scored.score if scored else None,
            deviation=scored.deviation if scored else None,
            advertiser=advertiser,
            fit=scored.fit if scored else None,
            fluency=scored.fluency if scored else None,
        )
        for place, (one, scored) in enumerate(judged)
    )


def _narrow(drafter: Drafter, brief: Brief, fallen: Sequence[Judged], *, n: int, seed: int) -> bool:
    """Whether it is the brief's limits that leave fewer drafts than were wanted."""
    if any(one.kind == "length" and one.part in brief.limits for held in fallen for one in held.objections):
        return True
    return isinstance(drafter, Refuser) and any(
        one.reason == NARROW for one in drafter.refusals(brief, n=n, seed=seed)
    )


def _reason(wanted: int, *, drafted: int, passed: int) -> str:
    if passed >= wanted:
        return ""
    if not drafted:
        return "drafts_none"
    if not passed:
        return "drafts_all_kept_back"
    return "drafts_kept_back" if passed < drafted else "drafts_few"
