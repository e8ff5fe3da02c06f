"""Many products one after the other: kept as they are written, gone on with where the last run stopped."""

from __future__ import annotations

import time as clocks
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hawker.creative.desk import Desk
from hawker.creative.studio import Drafter, Pause, Scorer, effort, key, unfinished, write
from hawker.records.draft import Brief, Effort
from hawker.records.sheet import Sheet, Standing

AT_ONCE = 500
"""Products looked up, and sheets kept, at a time at most."""
SECONDS = 2.0
"""After so many seconds what has been written is kept: that much is lost where the power fails."""


@dataclass
class Run:
    """What came of a run so far: of `wanted` products, `skipped` were on record before.

    `left` is how many were not reached; `stopped` says why ('busy' or 'away'), `wait` after how many
    seconds to come back, `waited` how long it waited on the way. `reasons` counts what the gate objected
    to in drafts that fell, by kind and reason.
    """

    wanted: int
    written: int = 0
    skipped: int = 0
    accepted: int = 0
    approved: int = 0
    fallen: int = 0
    without: int = 0
    left: int = 0
    stopped: str = ""
    wait: float = 0.0
    waited: float = 0.0
    seconds: float = 0.0
    spent: Effort = field(default_factory=Effort)
    reasons: Counter[str] = field(default_factory=Counter)

    def count(self, sheets: Sequence[Sheet]) -> None:
        """Take in sheets as they were kept."""
        for sheet in sheets:
            self.accepted += len(sheet.accepted)
            self.fallen += len(sheet.rejected)
            self.without += not sheet.accepted
            self.approved += sum(one.standing is Standing.APPROVED for one in sheet.variants)
            self.spent = self.spent + effort(sheet)
            faults = (fault for one in sheet.rejected for fault in one.objections[:1])
            self.reasons.update(f"{fault.kind}: {fault.reason}" for fault in faults)


@dataclass
class Order:
    """How every product of a run is written for, and what is told meanwhile.

    `patience` is the most seconds a busy writer is waited for at a time. `approver` answers for whatever
    the gate lets pass; where it is '' what is not approved by itself waits for a person.
    """

    n: int = 4
    seed: int = 0
    time: int = 0
    by: str = ""
    advertiser: str = ""
    campaign: str = ""
    reader: str = "en"
    approver: str = ""
    reason: str = ""
    score: Scorer | None = None
    patience: float = 600.0
    progress: Callable[[str, float], None] | None = None
    clock: Callable[[], float] = clocks.monotonic
    sleep: Callable[[float], None] = clocks.sleep


def run(drafter: Drafter, briefs: Sequence[Brief], desk: Desk, *, order: Order) -> Run:
    """Write for every brief that is not on record yet, and keep what comes of it at short intervals.

    Whatever stops it (a writer that is away, Ctrl-C, a crash) costs what the last seconds brought: the
    same call goes on where this one stopped.
    """
    began, last = order.clock(), order.clock()
    done, waiting = Run(len(briefs)), list[Sheet]()
    fresh = list(_fresh(drafter, briefs, desk, order))
    done.skipped = done.wanted - len(fresh)
    try:
        for place, brief in enumerate(fresh):
            _tell(order, done, place, len(fresh), began)
            sheet = _sheet(drafter, brief, order, _pause(order, done))
            if (kept := unfinished(sheet)) is not None:
                done.left, done.stopped, done.wait = len(fresh) - place, kept.reason, kept.wait
                break
            waiting.append(sheet)
            done.written += 1
            if len(waiting) >= AT_ONCE or order.clock() - last > SECONDS:
                _keep(desk, drafter, waiting, done, order)
                last = order.clock()
    finally:
        _keep(desk, drafter, waiting, done, order)
        done.seconds = order.clock() - began
    return done


def lasts(seconds: float) -> str:
    """A stretch of time as a person would say it.

    >>> lasts(40), lasts(170), lasts(60_000)
    ('40 s', '3 min', '16 h 40 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _fresh(drafter: Drafter, briefs: Sequence[Brief], desk: Desk, order: Order) -> Iterator[Brief]:
    for start in range(0, len(briefs), AT_ONCE):
        names = {named(drafter, brief, order): brief for brief in briefs[start : start + AT_ONCE]}
        there = desk.drafts.written(list(names))
        yield from (brief for name, brief in names.items() if name not in there)


def named(drafter: Drafter, brief: Brief, order: Order) -> str:
    """The id of the sheet of a brief in a run."""
    return key(
        drafter, brief, n=order.n, seed=order.seed, advertiser=order.advertiser, campaign=order.campaign
    )


def _sheet(drafter: Drafter, brief: Brief, order: Order, pause: Pause) -> Sheet:
    return write(
        drafter,
        brief,
        n=order.n,
        seed=order.seed,
        time=order.time,
        by=order.by,
        advertiser=order.advertiser,
        campaign=order.campaign,
        reader=order.reader,
        score=order.score,
        pause=pause,
    )


def _keep(desk: Desk, drafter: Drafter, waiting: list[Sheet], done: Run, order: Order) -> None:
    if not waiting:
        return
    keys = {one.draft.prompt for sheet in waiting for one in sheet.variants}
    told = {key: text for key, text in getattr(drafter, "prompts", {}).items() if key in keys}
    done.count(desk.file(waiting, prompts=told, approver=order.approver, reason=order.reason))
    waiting.clear()


def _pause(order: Order, done: Run) -> Pause:
    def pause(seconds: float) -> bool:
        if seconds > order.patience:
            return False
        done.waited += seconds
        order.sleep(seconds)
        return True

    return pause


def _tell(order: Order, done: Run, place: int, fresh: int, began: float) -> None:
    if order.progress is not None:
        past = order.clock() - began
        rest = f", {lasts(past / place * (fresh - place))} to go" if place and past > 1 else ""
        order.progress(f"{place + done.skipped:,} of {done.wanted:,}{rest}", place / fresh)
