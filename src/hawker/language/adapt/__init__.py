"""Language models adapted to a shop: to its words, and to what its shoppers met one after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

from msgspec import Struct

from hawker.errors import BadSetting, nearest
from hawker.language import annotate
from hawker.language.adapt.course import Course, Told
from hawker.language.adapt.histories import Histories, read
from hawker.language.adapt.judge import Comparison, compared, ranked
from hawker.language.adapt.lesson import Cuts, Given, Learned
from hawker.language.adapt.origin import NEW, origin
from hawker.language.annotate import Annotated
from hawker.language.encoder import ADAPTED, AUTO, STORED, encoder
from hawker.privacy import erasure
from hawker.storage import vectors as stored
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

__all__ = [
    "COURSES",
    "TASKS",
    "Adapted",
    "Course",
    "Cuts",
    "Given",
    "Histories",
    "Learned",
    "adapt",
    "course_of",
    "learn",
]

COURSES = {
    "interests": Course(),
    "pairs": Course(epochs=3, batch=64, rate=5e-5),
    "pretrain": Course(epochs=3, batch=64, rate=1e-4),
    "category": Course(epochs=4, batch=64, rate=1e-4),
    "relevance": Course(epochs=2, batch=64, rate=1e-4),
}
"""The tasks, and the course that each takes unless told otherwise."""
TASKS = tuple(COURSES)
SERVING = "ndcg10_serving"
_NEW_RATE = 1e-3  # weights that begin at random have further to go


class Adapted(Struct, frozen=True):
    """What was adapted and whether it serves now; `reason` says why not ("" where it does)."""

    task: str
    base: str
    version: str
    comparisons: tuple[Comparison, ...]
    scores: tuple[float, ...]
    best: int
    rows: int
    resumed: bool
    seconds: float
    promoted: bool
    reason: str
    vectors: Annotated | None = None


def adapt(
    shop: Shop,
    task: str = "interests",
    *,
    base: str = "minilm",
    course: Course | None = None,
    promote: bool = True,
    seed: int = 7,
    progress: Told | None = None,
) -> Adapted:
    """Adapt an encoder to a shop's text and log; if it wins, it serves from now on (unless not to `promote`).

    It wins where it is better than what it began with, and at ranking what comes next better than the vectors
    that serve: both with the whole interval above 0, on moments later than all it learned from. The products'
    vectors are then made anew beside those that serve, and switched at once. A killed run is taken up where
    its last pass ended. `base` is "minilm", "new", "adapted" (what serves already), or a folder. Raises
    `Conflict`, and keeps nothing, where somebody is forgotten meanwhile.
    """
    course_of(task)
    started = time.process_time()
    tell = progress or (lambda _words, _share: None)
    tell("histories", 0.0)
    keeping = partial(erasure.keeping, shop, erasure.finished(shop))
    histories = read(shop)
    given = Given(
        histories,
        Cuts.of(histories),
        origin(str(folder(shop)) if base == ADAPTED else base, texts=histories.texts, seed=seed),
        course or course_of(task, base),
        shop.state / erasure.TRAININGS / task,
        seed=seed,
        curves=shop.reports / "adapt" / task,
        progress=tell,
        keeping=keeping,
    )
    learned = learn(task, given)
    figures = (*learned.comparisons, *_beside_serving(shop, given, serves=learned.serves))
    name = STORED if learned.serves else task
    store = ModelStore(shop.models)
    recipe = {"task": task, "base": given.origin.name, "seed": seed, "moments": learned.rows}
    with keeping():
        version = store.save(name, learned.save, recipe)
    reason = _against(shop, figures, serves=learned.serves, promote=promote)
    made = None
    if not reason:
        made = _switch(shop, store, version, texts=histories.texts, tell=tell)
    return Adapted(
        task=task,
        base=given.origin.name,
        version=version,
        comparisons=figures,
        scores=learned.walked.scores,
        best=learned.walked.best,
        rows=learned.rows,
        resumed=learned.walked.resumed,
        seconds=time.process_time() - started,
        promoted=not reason,
        reason=reason,
        vectors=made,
    )


def learn(task: str, given: Given) -> Learned:
    """Take a task by its name; the model given is changed."""
    course_of(task)
    chosen: Callable[[Given], Learned] = import_module(f"hawker.language.adapt.{task}").learn
    return chosen(given)


def course_of(task: str, base: str = "") -> Course:
    """The course that a task takes unless told otherwise."""
    if task not in COURSES:
        raise BadSetting(f"There is no task '{task[:80]}'.", remedy=nearest(task, list(TASKS)))
    return replace(COURSES[task], rate=_NEW_RATE) if base == NEW else COURSES[task]


def _beside_serving(shop: Shop, given: Given, *, serves: bool) -> tuple[Comparison, ...]:
    """How the new vectors rank what comes next beside those that serve, if any do."""
    now = stored.products(shop) if serves else None
    if now is None:
        return ()
    held, test = given.histories, given.slices().test
    before = now.of([held.products[text] for text in held.texts])
    after = given.origin.vectors(given.origin.tokens(held.texts))
    return (compared(SERVING, test.shopper, ranked(test, before), after=ranked(test, after)),)


def _against(shop: Shop, figures: Sequence[Comparison], *, serves: bool, promote: bool) -> str:
    """Why what was learned is not to serve; '' where nothing speaks against it."""
    if not serves:
        return "it judges pairs and makes no vectors"
    for one in (figures[0], *(one for one in figures if one.measure == SERVING)):
        if not one.wins:
            beside = "what serves" if one.measure == SERVING else "before"
            return one.difference.reason or f"it is not better than {beside} beyond chance"
    if not promote:
        return "it was not to be promoted"
    if shop.settings.encoder not in (AUTO, ADAPTED):
        return f'shop.toml names the encoder "{shop.settings.encoder}"; set encoder = "auto"'
    return ""


def _switch(shop: Shop, store: ModelStore, version: str, *, texts: Sequence[str], tell: Told) -> Annotated:
    """Let a version serve: its vectors of all texts are made before anything that serves is touched."""
    annotate.embed(shop, encoder(str(store.path(STORED, version))), texts, progress=tell)
    store.promote(STORED, version)
    return annotate.products(shop, ADAPTED, progress=tell)


def folder(shop: Shop) -> Path:
    """Where the encoder that serves this shop lies; raises `NotFound` where none was adapted."""
    return ModelStore(shop.models).path(STORED)
