"""What is in the next basket? Complete Journey, weeks 45 to 52, foretold from all before.

    python -m benchmarks.basket [--baskets N] [--folder DIR] [--choose] [--json]

A request is a store visit of a household that has been there before; ten products are named, of all 92,000,
and recall@10 is the share of the basket among them. 4,000 visits are drawn by seed 0. Models are fitted on
what was bought before week 45; what the household bought before the visit is known, as it would be live.

`own` is the rule to beat: the household's own products by the baskets they were in, ties by units sold in the
28 days before week 45. `hawker` is the blend `next` of `hawker.recommend`: own products fading by baskets and
waiting for their time, and what sells; neighbours got no weight. Settings and weights were found on visits of
weeks 41 to 44 with models of before week 41 (`--choose`). Intervals and the difference by households.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmarks._answer import ended, kept
from hawker import Shop, recommend
from hawker.features.examples import microseconds
from hawker.ingest.datasets import complete_journey
from hawker.recommend import Course, Histories, Past, Recommender, fitting, judge
from hawker.recommend.blend import Blend
from hawker.recommend.model import NOBODY
from hawker.statistics import Estimate, bootstrap
from hawker.storage.event_log import EventLog

BASKETS, DAY = 4000, 86_400_000_000
EARLIER = "2017-10-02T04:00"
WEIGHTS = {"habits": 1.0, "popular": 0.1}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Own(Recommender):
    """The named rule: own products by the number of baskets, ties by `sold`."""

    kind: ClassVar[str] = "own"
    sold: Floats

    @property
    def size(self) -> int:  # type: ignore[override]
        return len(self.sold)

    @classmethod
    def of(cls, histories: Histories) -> Own:
        """Ties by what sold in the last 28 days."""
        late = histories.time >= histories.time.max() - 28 * DAY
        sold = np.bincount(histories.items[late], minlength=len(histories.names))
        return cls(sold / (sold.max() + 1.0))

    def scores(self, past: Past) -> NDArray[np.float32]:
        pairs = np.unique(np.stack([past.items, past.step]), axis=1)
        count = np.bincount(pairs[0], minlength=self.size)
        return np.where(count > 0, count + self.sold, 0.0).astype(np.float32)

    def sources(self, past: Past, codes: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.where(np.isin(codes, past.items), codes, NOBODY).astype(np.int32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"sold": self.sold}

    @classmethod
    def restore(cls, arrays: dict[str, NDArray[Any]]) -> Own:
        return cls(arrays["sold"])


def run(folder: Path, *, baskets: int) -> dict[str, Any]:
    """Both on the test visits."""
    histories = loaded(folder)
    start, end = (microseconds(complete_journey.SPLIT[name]) for name in ("test", "end"))
    begun = time.process_time()
    known = histories.until(start)
    made = parts(known)
    blend = Blend({name: made[name] for name in WEIGHTS}, WEIGHTS, again=True)
    fitted = time.process_time() - begun
    wanted = judge.baskets(histories, start=start, end=end, most=baskets, seed=0)
    begun = time.process_time()
    ours = judge.recalls(blend, histories, wanted)
    scored = time.process_time() - begun
    own = judge.recalls(Own.of(known), histories, wanted)
    alone = judge.recalls(made["habits"], histories, wanted)
    who = np.array([one.row for one in wanted])
    return {
        "hawker": _told(bootstrap.mean(who, ours))
        | {"over_own": _told(bootstrap.difference(who, ours, b=own))},
        "own": _told(bootstrap.mean(who, own)),
        "habits_alone": _told(bootstrap.mean(who, alone)),
        "lift_over_own": _told(bootstrap.lift(who, ours, b=own)),
        "baskets": len(wanted),
        "households": len(np.unique(who)),
        "items_a_basket": round(float(np.mean([len(one.items) for one in wanted])), 2),
        "fit_cpu_seconds": round(fitted, 1),
        "ms_a_basket": round(1000 * scored / max(len(wanted), 1), 2),
    }


def choose(folder: Path, *, baskets: int) -> dict[str, Any]:
    """Recall on visits of weeks 41 to 44 of the parts and of blends with several weights."""
    histories = loaded(folder)
    start, end = microseconds(EARLIER), microseconds(complete_journey.SPLIT["test"])
    known = histories.until(start)
    made = parts(known)
    wanted = judge.baskets(histories, start=start, end=end, most=baskets, seed=1)
    found = {"own": float(judge.recalls(Own.of(known), histories, wanted).mean())}
    for near in (0.0, 0.05, 0.1, 0.2):
        for popular in (0.0, 0.03, 0.1):
            weights = {"habits": 1.0, "neighbours": near, "popular": popular}
            blend = Blend({name: made[name] for name in weights}, weights, again=True)
            found[f"{near} {popular}"] = float(judge.recalls(blend, histories, wanted).mean())
    return found


def parts(known: Histories) -> dict[str, Recommender]:
    """What the blend is made of."""
    return fitting.parts(known, Course(), vectors=None, left_out={"ease", "nearby", "sequence"}, seed=0)


def loaded(folder: Path) -> Histories:
    """The shop's histories; the shop is made in the folder unless it is there."""
    shop = Shop.create(folder, complete_journey.SETTINGS)
    if not any(EventLog(shop.events).history.glob("*.parquet")):
        complete_journey.history(shop)
    return recommend.read(shop)


def _told(estimate: Estimate) -> dict[str, Any]:
    named = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: None if value is None else round(value, 5) for name, value in named.items()}


def main() -> int:
    """Run from the command line; exit 2 where the data are missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--baskets", type=int, default=BASKETS)
    parser.add_argument("--folder", type=Path, default=None, help="keep the shop here and use it again")
    parser.add_argument("--choose", action="store_true", help="judge weights on weeks 41 to 44 instead")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    judged = choose if given.choose else run
    with kept(given.folder) as folder:
        return ended(lambda: judged(folder, baskets=given.baskets), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
