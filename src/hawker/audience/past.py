"""Shoppers as they were at past moments, and what each did in the days after: rows a forecast learns from.

A row reads the folds as of its moment, a label the log after it; nothing of the days of the label is in the
row. Windows of as many days as are asked for lie end to end up to now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.features.counters import DAY, EPOCH
from hawker.features.encode import Codes
from hawker.features.events import EventArrays
from hawker.features.examples import Examples
from hawker.features.protect import within
from hawker.features.replay import Replay
from hawker.features.schema import KEYS, kinds_mask
from hawker.features.state import State
from hawker.features.table import stacked
from hawker.records.audience import Outcome
from hawker.records.events import EventKind
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
Codes32 = NDArray[np.int32]
ACTIVE = (EventKind.VIEW, EventKind.SEARCH, EventKind.CLICK, EventKind.CART, EventKind.PURCHASE)
OWN = (
    "visits",
    "purchases",
    "purchases_4",
    "purchases_30",
    "spend_30",
    "views_7",
    "interest_30",
    "searches_7",
)
DECAYED = ("bought_7", "bought_20", "bought_90", "spend_90", "interest_7")
NAMES = (
    *OWN,
    "since_last",
    "since_first",
    "gap",
    "due",
    "category_count",
    *(f"category_{name}" for name in DECAYED),
    "category_since_last",
    "category_since_first",
    "category_gap",
    "category_due",
    "category_per_visit",
)
MOST = 40_000
"""Shoppers a moment that rows are made of, drawn where there are more."""
_BLOCK = 200_000
_SHOPPER, _CATEGORY = KEYS.index("shopper"), KEYS.index("category")


@dataclass(frozen=True)
class Asked:
    """What is to be foretold: buying in `category` (a path, with all below it) or staying away for `days`."""

    outcome: Outcome = Outcome.BUYS
    category: str = ""
    days: int = 7

    @property
    def length(self) -> int:
        """The window in microseconds."""
        return int(self.days * DAY)


def replay(shop: Shop, state: State) -> Replay:
    """The shop's log from its beginning, with whom and what `state` protects protected."""
    codes = Codes()
    codes.learn_products(shop.catalogue.values())
    known = state.codes.protection
    codes.protection.special = known.special
    names = state.codes["shopper"].names
    codes.protection.minors |= {codes["shopper"].code(names[code]) for code in known.minors}
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    return Replay(codes.load(connection, tolerance=shop.settings.tolerance_ms * 1000), State(codes))


def rows(state: State, shoppers: Codes32, asked: Asked, *, now: int) -> NDArray[np.float32]:
    """What is known of shoppers as of a moment: float32 (shoppers, NAMES), NaN where unknown."""
    own = state.read("shopper", shoppers, now=now)
    today = (now - EPOCH) / DAY
    visits = np.maximum(own["visits"], 1.0)
    gap = np.where(own["visits"] > 1, (own["last"] - own["first"]) / np.maximum(visits - 1, 1), np.nan)
    since = today - own["last"]
    columns = [own[name] for name in OWN]
    columns += [since, today - own["first"], gap, since / np.maximum(gap, 0.25)]
    held = _category(state, shoppers, asked.category, now=now)
    of_category = today - held["last"]
    between = (held["last"] - held["first"]) / np.maximum(held["count"] - 1, 1)
    between = np.where(held["count"] > 1, between, np.nan)
    columns += [held["count"], *(held[name] for name in DECAYED)]
    columns += [of_category, today - held["first"], between, of_category / np.maximum(between, 0.25)]
    columns += [held["count"] / visits]
    return np.column_stack(columns).astype(np.float32)


def examples(
    held: Replay,
    asked: Asked,
    moments: list[int],
    *,
    without: frozenset[str] = frozenset(),
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Examples:
    """Rows of every moment (ascending) with what came in the window after it; the replay moves there."""
    parts = []
    names = held.state.codes["shopper"].names
    allowed = np.array([name not in without for name in names], dtype=bool)
    for number, moment in enumerate(moments):
        state = held.to(moment)
        shoppers = present(state, asked, now=moment)
        shoppers = shoppers[allowed[shoppers]]
        if len(shoppers) > MOST:
            shoppers = np.sort(
                np.random.default_rng((seed, number)).choice(shoppers, MOST, replace=False)
            ).astype(np.int32)
        came = happened(held.events, asked, state.codes, since=moment)
        parts.append(_examples(rows(state, shoppers, asked, now=moment), came[shoppers], moment, shoppers))
        if progress:
            progress("rows of past weeks", (number + 1) / len(moments))
    return stacked(parts)


def present(state: State, asked: Asked, *, now: int) -> Codes32:
    """Of whom it can be foretold: who has been seen; for staying away, who comes and has not stayed away."""
    everyone = np.arange(len(state.codes["shopper"]), dtype=np.int32)
    own = state.read("shopper", everyone, now=now)
    seen = ~np.isnan(own["last"])
    if asked.outcome is Outcome.LAPSES:
        with np.errstate(invalid="ignore"):
            seen &= (own["visits"] > 1) & ((now - EPOCH) / DAY - own["last"] < asked.days)
    return everyone[seen]


def happened(events: EventArrays, asked: Asked, codes: Codes, *, since: int) -> NDArray[np.bool_]:
    """By shopper code: whether what was asked came true in the window from a moment on."""
    part = slice(events.before(since), events.before(since + asked.length))
    keys, kinds = events.keys[part], np.int64(1) << events.kind[part].astype(np.int64)
    if asked.outcome is Outcome.BUYS:
        wanted = _wanted(codes, asked.category)
        hit = (kinds & kinds_mask((EventKind.PURCHASE,)) != 0) & wanted[keys[:, _CATEGORY]]
    else:
        hit = kinds & kinds_mask(ACTIVE) != 0
    count = np.bincount(keys[hit & (keys[:, _SHOPPER] >= 0), _SHOPPER], minlength=len(codes["shopper"]))
    did: NDArray[np.bool_] = count > 0
    return did if asked.outcome is Outcome.BUYS else ~did


def usual_silence(state: State, *, now: int, quantile: float = 0.9) -> int:
    """The days that `quantile` of shoppers' own mean gaps between visits stay below, at least two.

    Nine in ten shoppers come more often than that: who stays away longer is missed.
    """
    everyone = np.arange(len(state.codes["shopper"]), dtype=np.int32)
    own = state.read("shopper", everyone, now=now)
    again = own["visits"] > 2
    gaps = (own["last"][again] - own["first"][again]) / (own["visits"][again] - 1)
    return max(2, int(np.ceil(np.quantile(gaps, quantile)))) if len(gaps) else 0


def _wanted(codes: Codes, category: str) -> NDArray[np.bool_]:
    """By category code, and once more for none: whether it lies in a category."""
    inside = [within(name, (category,)) if category else True for name in codes["category"].names]
    return np.array([*inside, not category], dtype=bool)


def _category(state: State, shoppers: Codes32, category: str, *, now: int) -> dict[str, Floats]:
    """What each has with a category and all below it: sums, and the first and last purchase."""
    wanted = _wanted(state.codes, category)
    a, b = state.counters.keys(state.place("shopper_category"))
    place = np.full(len(state.codes["shopper"]) + 1, -1, dtype=np.int64)
    place[shoppers] = np.arange(len(shoppers))
    a = np.minimum(a, len(place) - 1)  # who came meanwhile is nobody yet
    mine = wanted[np.minimum(b, len(wanted) - 1)] & (place[a] >= 0)
    a, b = a[mine], b[mine]
    out = {name: np.zeros(len(shoppers)) for name in ("count", *DECAYED)}
    out["last"], out["first"] = np.full(len(shoppers), np.nan), np.full(len(shoppers), np.nan)
    for start in range(0, len(a), _BLOCK):
        part = slice(start, start + _BLOCK)
        held, at = state.read("shopper_category", a[part], b[part], now=now), place[a[part]]
        for name in ("count", *DECAYED):
            out[name] += np.bincount(at, held[name], minlength=len(shoppers))
        np.fmax.at(out["last"], at, held["last"])
        np.fmin.at(out["first"], at, held["first"])
    return out


def _examples(x: NDArray[np.float32], y: NDArray[np.bool_], moment: int, shoppers: Codes32) -> Examples:
    count = len(y)
    return Examples(
        NAMES,
        x,
        y.astype(np.float32),
        time=np.full(count, moment, dtype=np.int64),
        group=np.full(count, moment, dtype=np.int64),
        cluster=shoppers.astype(np.int64),
        weight=np.ones(count),
    )
