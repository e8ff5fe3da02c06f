"""A local writer learns from the copy that a shop approved, and writes for it if the gate lets more pass.

What was approved is imitated; what fell at the gate or was refused by a person is what the approved is
preferred to. Products are set apart before anything is read: those that judge were never learned from.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from msgspec import Struct

from hawker.creative import gate, taught
from hawker.creative.draft.extractive import spoken
from hawker.creative.studio import Drafter, headline, wrong
from hawker.language import writer_weights
from hawker.language.adapt import lessons
from hawker.language.adapt.author import Author
from hawker.language.adapt.course import Course, Told
from hawker.language.adapt.lessons import Example, Lessons
from hawker.language.writer_local import Local
from hawker.privacy import erasure
from hawker.records.draft import Brief, Draft, Kind
from hawker.records.sheet import Sheet, Standing
from hawker.statistics import Estimate, bootstrap, intervals
from hawker.storage.drafts import Drafts
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

STORED = "writer"
"""The name under which the adapters are kept among the shop's models."""
ADAPTER = "adapter.gguf"
JUDGED, ASIDE = 200, 0.2
"""Products that judge at most, and the share of all that is set apart for it."""
TRIED = 80
"""Products for which the model itself drafts before it learns, so that there is something to prefer to."""
TEXTS, SHOWN = 240, 480
"""The shop's own texts that are read at first, and approved lines that are imitated, at most."""
_LONGEST = 600
Scorer = Callable[[Sequence[str], str], Sequence[float]]
"""How likely headlines of a language are to be clicked, as log-odds."""


class Standings(Struct, frozen=True):
    """How drafts of products never learned from fared: the share that the gate let pass as it was, the share

    of lines with an unsupported claim, and the mean click prior of those that passed.
    """

    passed: Estimate
    unsupported: Estimate
    prior: Estimate


class Adapted(Struct, frozen=True):
    """What a writer learned and whether it writes now; `reason` says why not ("" where it does).

    Seconds are the processor's: `learning_seconds` of drafts to learn from and of training, `seconds` of all.
    """

    base: str
    version: str
    rows: dict[str, int]
    scores: dict[str, tuple[float, ...]]
    resumed: bool
    before: Standings
    after: Standings
    difference: Estimate
    learning_seconds: float
    seconds: float
    promoted: bool
    reason: str


@dataclass(frozen=True)
class Plan:
    """How a writer is taught: from the model `base` (a fetched one's name, or a GGUF file), by which courses.

    `judged` products judge it at most, for `tried` the model itself drafts first. `score` says how likely
    headlines are to be clicked.
    """

    base: str = "smollm2"
    judged: int = JUDGED
    tried: int = TRIED
    courses: dict[str, Course] | None = None
    score: Scorer | None = None
    promote: bool = True
    seed: int = 7


def adapt(shop: Shop, plan: Plan, *, progress: Told | None = None) -> Adapted:
    """Teach a local model the shop's approved copy; it writes from now on if it is better beyond chance.

    Raises `BadInput` where too little was approved.
    """
    return taught_by(
        list(_sheets(shop)),
        plan,
        store=ModelStore(shop.models),
        folder=shop.state / erasure.TRAININGS / STORED,
        curves=shop.reports / "adapt" / STORED,
        progress=progress,
    )


def taught_by(
    sheets: Sequence[Sheet],
    plan: Plan,
    *,
    store: ModelStore,
    folder: Path,
    curves: Path | None = None,
    progress: Told | None = None,
) -> Adapted:
    """The same from sheets that are in hand, into a store of models."""
    started = time.process_time()
    tell = progress or (lambda _words, _share: None)
    path, seed = weights(plan.base), plan.seed
    learned, aside = apart(sheets, seed=seed, most=plan.judged)
    plain = taught.Taught(Local(path))
    tell("drafts before", 0.0)
    before = [_drafted(plain, brief, seed) for brief in aside]
    begun = time.process_time()
    given = _lessons(plain, learned, plan, tell=tell)
    version, rows = _learned(path, given, plan, store=store, folder=folder, curves=curves, tell=tell)
    learning = time.process_time() - begun
    writer = taught.Taught(Local(path, adapter=store.path(STORED, version) / ADAPTER))
    tell("drafts after", 0.85)
    after = [_drafted(writer, brief, seed) for brief in aside]
    verdicts = [_verdicts(drafts, aside) for drafts in (before, after)]
    gained = bootstrap.difference(np.arange(len(aside)), verdicts[1][:, 0], b=verdicts[0][:, 0], seed=seed)
    reason = _against(gained, promote=plan.promote)
    if not reason:
        store.promote(STORED, version)
    return Adapted(
        base=plan.base,
        version=version,
        rows=rows.rows,
        scores={name: one.scores for name, one in rows.stages.items()},
        resumed=any(one.resumed for one in rows.stages.values()),
        before=_standings(verdicts[0], before, plan.score),
        after=_standings(verdicts[1], after, plan.score),
        difference=gained,
        learning_seconds=learning,
        seconds=time.process_time() - started,
        promoted=not reason,
        reason=reason,
    )


def _lessons(drafter: Drafter, learned: Sequence[Sheet], plan: Plan, *, tell: Told) -> Lessons:
    lost = _fallen(drafter, learned, most=plan.tried, seed=plan.seed, tell=tell)
    return Lessons(texts(learned, seed=plan.seed), examples(learned, lost, seed=plan.seed))


def _learned(
    path: Path,
    given: Lessons,
    plan: Plan,
    *,
    store: ModelStore,
    folder: Path,
    curves: Path | None,
    tell: Told,
) -> tuple[str, lessons.Taught]:
    """The version under which the adapters are kept, and how the stages went."""
    went: list[lessons.Taught] = []

    def save(draft: Path) -> None:
        learned = lessons.learn(
            Author.open(path),
            given,
            draft / ADAPTER,
            folder=folder,
            courses=plan.courses,
            seed=plan.seed,
            of={"examples": len(given.examples)},
            progress=lambda words, share: tell(words, 0.2 + 0.6 * share),
            curves=curves,
        )
        went.append(learned)

    version = store.save(
        STORED, save, {"base": plan.base, "examples": len(given.examples), "seed": plan.seed}
    )
    return version, went[0]


def writer(shop: Shop) -> Drafter:
    """The writer that this shop taught; raises `NotFound` where there is none."""
    store = ModelStore(shop.models)
    folder = store.path(STORED)
    base = str(store.recipe(STORED)["base"])
    return taught.Taught(Local(weights(base), adapter=folder / ADAPTER, name=f"local:{base}#adapted"))


def weights(base: str) -> Path:
    """The file of a model by the name it was fetched under, or the path it has."""
    return writer_weights.path(base) if base in writer_weights.KNOWN else Path(base)


def apart(sheets: Iterable[Sheet], *, seed: int, most: int = JUDGED) -> tuple[list[Sheet], list[Brief]]:
    """The sheets that are learned from, and briefs of other products that judge, drawn by product."""
    by_product: defaultdict[str, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        if sheet.brief.kind is Kind.NATIVE:
            by_product[sheet.brief.product.id].append(sheet)
    names = sorted(by_product)
    Random(seed).shuffle(names)
    judges = names[: round(ASIDE * len(names))]
    briefs = [by_product[name][0].brief for name in judges[:most]]
    return [sheet for name in names[len(judges) :] for sheet in by_product[name]], briefs


def examples(sheets: Iterable[Sheet], lost: Mapping[str, Draft], *, seed: int) -> tuple[Example, ...]:
    """Approved lines as answers, each beside a line for the same product and part that was kept back.

    `lost` are further drafts that fell, by product. Of more than can be learned from, some are drawn; those
    with something to be preferred to come first.
    """
    found = []
    for sheet in sheets:
        language = spoken(sheet.brief)
        kept_back = [
            one.draft for one in sheet.variants if one.standing in (Standing.FALLEN, Standing.REFUSED)
        ]
        kept_back += [lost[sheet.brief.product.id]] if sheet.brief.product.id in lost else []
        won = [one.draft for one in sheet.variants if one.standing is Standing.APPROVED]
        for turn, draft in enumerate(won):
            for part in ("title", "description"):
                line = "".join(draft.parts.get(part, ())[:1])
                if not line or len(line) > taught.room(Kind.NATIVE, part, language=language):
                    continue
                worse = next((text for one in kept_back for text in one.parts.get(part, ())[:1]), "")
                told = taught.told(sheet.brief, part, language=language, turn=turn)
                turns = [{"role": one.role, "content": one.text} for one in told]
                found.append(Example(turns, taught.answer(line), lost=taught.answer(worse) if worse else ""))
    Random(seed).shuffle(found)
    return tuple(sorted(found, key=lambda one: not one.lost)[:SHOWN])


def texts(sheets: Iterable[Sheet], *, seed: int) -> tuple[str, ...]:
    """What the shop itself says of its products, each once."""
    said = dict.fromkeys(
        f"{one.brief.product.title}. {one.brief.product.description}".strip(" .")[:_LONGEST] for one in sheets
    )
    held = list(said)
    return tuple(Random(seed).sample(held, min(TEXTS, len(held))))


def _sheets(shop: Shop) -> Iterator[Sheet]:
    """The native sheets on record that have something approved."""
    with closing(Drafts(shop.control)) as drafts:
        approved = drafts.all(kind=Kind.NATIVE.value, standing=Standing.APPROVED.value)
        for name in dict.fromkeys(one.sheet for one in approved):
            yield drafts.sheet(name)


def _fallen(
    drafter: Drafter, sheets: Sequence[Sheet], *, most: int, seed: int, tell: Told
) -> dict[str, Draft]:
    """Drafts of the model as it is that the gate keeps back, by product: the lines that are at fault."""
    found: dict[str, Draft] = {}
    briefs = list({sheet.brief.product.id: sheet.brief for sheet in sheets}.values())
    for place, brief in enumerate(briefs[:most]):
        draft = _drafted(drafter, brief, seed)
        faulty = {one.part for one in wrong(gate.check(draft, brief))}
        if parts := {part: lines for part, lines in draft.parts.items() if part in faulty}:
            found[brief.product.id] = Draft(draft.product, draft.kind, draft.language, parts)
        tell("drafts to learn from", 0.05 + 0.15 * place / most)
    return found


def _drafted(drafter: Drafter, brief: Brief, seed: int) -> Draft:
    return drafter.draft(brief, n=1, seed=seed)[0]


def _verdicts(drafts: Sequence[Draft], briefs: Sequence[Brief]) -> np.ndarray:
    """Of each draft whether it passed, and whether a claim in it is unsupported: (drafts, 2)."""
    rows = []
    for draft, brief in zip(drafts, briefs, strict=True):
        found = wrong(gate.check(draft, brief))
        rows.append((not found, any(one.kind == "ground" for one in found)))
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _standings(verdicts: np.ndarray, drafts: Sequence[Draft], score: Scorer | None) -> Standings:
    passed, unsupported = (intervals.proportion(float(column.sum()), len(column)) for column in verdicts.T)
    good = [draft for draft, verdict in zip(drafts, verdicts, strict=True) if verdict[0]]
    if score is None or len(good) < 2:
        return Standings(passed, unsupported, intervals.unknown("no prior spoke of enough headlines"))
    said = score([headline(one) for one in good], good[0].language)
    return Standings(passed, unsupported, bootstrap.mean(np.arange(len(good)), np.asarray(said), seed=7))


def _against(gained: Estimate, *, promote: bool) -> str:
    if gained.low is None or gained.low <= 0:
        return gained.reason or "the gate lets no more of its drafts pass than before, beyond chance"
    return "" if promote else "it was not to be promoted"
