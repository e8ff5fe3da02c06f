"""Do features know the outcome? Rows of a shop's log are looked at again, as of a day earlier.

A fold sees nothing after its moment, so a habit may honestly tell what will be bought, and tells it a day
before as well. What tells it only on the day itself comes from events that were written down together with
the outcome, or with times too coarse to know which was first; a model of these would be worthless live.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.learning import placement
from hawker.learning.examples import examples
from hawker.learning.replay import load
from hawker.learning.trials import trials
from hawker.ranking.leak import JUMP, Leak, leaks, told_by
from hawker.records.events import DAY
from hawker.storage.shop import Shop

MOST = 2_000


def check(
    shop: Shop,
    rows: Examples,
    *,
    start: int,
    end: int,
    negatives: int | None = None,
    trust: Collection[str] = (),
    seed: int = 0,
) -> tuple[Leak, ...]:
    """Raise `BadInput` naming features that know the outcome on the day itself and not the day before.

    Not the day before: their AUC falls by a tenth. Returns those that know it then too: habits. The log is
    replayed a second time, from `start` to `end` (microseconds), only where something is suspect.
    """
    suspect = [leak for leak in leaks(rows, seed=seed) if leak.feature not in trust]
    if not suspect:
        return ()
    replay = load(shop)
    world = placement.world(shop, replay.state, start=start, end=end)
    drawn = trials(replay.events, world, start=start, end=end, most=MOST, seed=seed)
    before = [replace(trial, time=trial.time - DAY) for trial in drawn]
    earlier = examples(replay, world, before, negatives=negatives, seed=seed)
    names = [leak.feature for leak in suspect]
    then, now = told_by(earlier, names, seed=seed), told_by(rows, names, seed=seed)
    known = [leak for leak in suspect if now[leak.feature] - then[leak.feature] > JUMP]
    if known:
        vouched = " ".join(f"--trust {leak.feature}" for leak in known)
        raise BadInput(
            f"{'; '.join(map(str, known[:3]))}; a day before it tells far less.",
            remedy="The log holds events that come of the outcome before it: mend their times, or leave "
            f"them out. If they are honest, vouch for them: hawker train {vouched}",
        )
    return tuple(suspect)
