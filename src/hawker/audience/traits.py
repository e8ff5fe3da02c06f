"""Each shopper as numbers at one moment: how they shop, what they like, which deals suit them.

Nothing here is what a shopper said of themselves. Tastes are two readings of one thing: the mix of categories
(log counts, rare categories weigh more, then a truncated SVD), and the interest vectors where the shop
has them. An attribute that the shop keeps with purchases, a coupon's worth for instance, becomes a habit:
how often and how regularly a shopper's purchases carry it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.audience.moment import Moment
from hawker.errors import extra
from hawker.features import arrival
from hawker.features.counters import DAY
from hawker.features.profile import profiles
from hawker.features.protect import within
from hawker.features.state import State
from hawker.records.events import EventKind
from hawker.records.traffic import MARK
from hawker.storage import tables
from hawker.storage.event_log import EventLog

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
RECENT = ("purchases_30", "spend_30", "views_7", "interest_30", "searches_7")
RANK = 32
HABIT = ("with", "share with", "visits with", "share of visits with")
HABITS = 8
"""At most so many attributes of purchases become habits, the most frequent first."""
_SAMPLE = 20_000
_BLOCK = 200_000
_NOTHING = ("", "0", "false", "no", "none")
_CUT = 4.0


@dataclass(frozen=True)
class Traits:
    """One row a shopper: `x` (shoppers, names), NaN where unknown; `tastes` (shoppers, d), 0 where none."""

    shoppers: NDArray[np.int32]
    names: tuple[str, ...]
    x: Floats
    tastes: Vectors

    def __len__(self) -> int:
        return len(self.shoppers)

    def column(self, name: str) -> Floats:
        """One column by its name."""
        return self.x[:, self.names.index(name)]


@dataclass(frozen=True)
class Scale:
    """How columns become comparable: signed logarithms, the unknown filled, standardised, cut at four."""

    fill: Floats
    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, x: Floats) -> Scale:
        """The scale of some rows; a column that is the same for all counts nothing."""
        known = ~np.isnan(x)
        fill = np.array([np.median(c[k]) if k.any() else 0.0 for c, k in zip(x.T, known.T, strict=True)])
        level = _logs(np.where(known, x, fill))
        deviation = level.std(axis=0)
        return cls(fill, level.mean(axis=0), np.where(deviation > 1e-9, deviation, np.inf))

    def __call__(self, x: Floats) -> Floats:
        """Rows on this scale."""
        level = _logs(np.where(np.isnan(x), self.fill, x))
        scaled: Floats = np.clip((level - self.mean) / self.deviation, -_CUT, _CUT)
        return scaled


def traits(moment: Moment) -> Traits:
    """The traits of everyone who has been active and may be profiled. Needs scikit-learn."""
    state = moment.state
    own = state.read("shopper", moment.shoppers, now=moment.now)
    active = ~np.isnan(own["last"])
    shoppers, own = moment.shoppers[active], {name: values[active] for name, values in own.items()}
    names, x = profiles(state, shoppers, now=moment.now)
    moment.tell("profiles", 0.4)
    mix, variety = category_mix(state, shoppers, now=moment.now)
    moment.tell("tastes", 0.7)
    kept, habits = purchase_habits(moment, shoppers, own["purchases"], own["visits"])
    columns = [x, np.column_stack([own[name] for name in RECENT]), variety[:, None], habits]
    tastes = [mix]
    if state.interests is not None:
        found = state.interests.matrix()
        known = np.zeros((max(len(found), int(shoppers.max(initial=-1)) + 1), found.shape[1]), np.float32)
        known[: len(found)] = found
        tastes.append(known[shoppers])
    moment.tell("tastes", 1.0)
    return Traits(
        shoppers,
        (*names, *RECENT, "variety", *kept),
        np.column_stack(columns),
        np.concatenate(tastes, axis=1) / np.float32(np.sqrt(len(tastes))),
    )


def category_mix(
    state: State, shoppers: NDArray[np.int32], *, now: int, seed: int = 0
) -> tuple[Vectors, Floats]:
    """Which categories each shopper buys and looks at: unit vectors (shoppers, ≤ 32), and how many they are.

    The basis is fitted on at most 20,000 shoppers, so a million cost one pass over their counters.
    """
    sparse, decomposition = extra("scipy.sparse", "train"), extra("sklearn.decomposition", "train")
    place = np.full(len(state.codes["shopper"]) + 1, -1, dtype=np.int64)
    place[shoppers] = np.arange(len(shoppers))
    a, b = state.counters.keys(state.place("shopper_category"))
    a = np.minimum(a, len(place) - 1)  # who came meanwhile is nobody yet
    mine = place[a] >= 0
    a, b = a[mine], b[mine]
    weights = [
        _liking(state, a[start : start + _BLOCK], b[start : start + _BLOCK], now)
        for start in range(0, len(a), _BLOCK)
    ]
    weight = np.concatenate(weights) if weights else np.zeros(0)
    shape = (len(shoppers), len(state.codes["category"]))
    matrix = sparse.csr_matrix((weight, (place[a], b)), shape=shape)
    matrix.eliminate_zeros()
    variety = np.diff(matrix.indptr).astype(np.float64)
    holders = np.bincount(matrix.indices, minlength=shape[1])
    matrix.data *= np.log((1 + len(shoppers)) / (1 + holders))[matrix.indices] + 1
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix = sparse.diags_array(1 / np.maximum(length, 1e-12)) @ matrix
    rank = min(RANK, shape[1] - 1, int((variety > 0).sum()) - 1)
    if rank < 1:
        return np.zeros((len(shoppers), 1), dtype=np.float32), variety
    drawn = np.sort(np.random.default_rng(seed).permutation(np.flatnonzero(variety > 0))[:_SAMPLE])
    svd = decomposition.TruncatedSVD(rank, random_state=seed).fit(matrix[drawn])
    projected = svd.transform(matrix)
    length = np.linalg.norm(projected, axis=1, keepdims=True)
    return np.divide(projected, length, out=np.zeros_like(projected), where=length > 1e-12).astype(
        np.float32
    ), variety


def purchase_habits(
    moment: Moment, shoppers: NDArray[np.int32], purchases: Floats, visits: Floats
) -> tuple[tuple[str, ...], Floats]:
    """Of each attribute the shop keeps with purchases: how many carry it, what share of all they are, and

    in how many visits, and in what share of them. A visit is a session, or a day where events name none.
    What concerns a special category, and what is marked as invalid traffic, is nobody's.
    """
    connection = tables.connect(threads=1)
    EventLog(moment.shop.events).view(connection)
    special = moment.shop.settings.special_categories
    hidden = [one.id for one in moment.shop.catalogue.values() if within(one.category, special)]
    connection.register("hidden", {"product": np.array(["", *hidden], dtype=object)})
    listed = ", ".join(f"'{word}'" for word in _NOTHING)
    told = """lower(json_extract_string(attributes, '$."' || name || '"'))"""
    visit = f"CASE WHEN session = '' THEN (time // {int(DAY)})::VARCHAR ELSE session END"
    query = f"""
        SELECT shopper, name, count(*)::DOUBLE AS carried, count(DISTINCT visit)::DOUBLE AS visited FROM (
            SELECT shopper, name, visit, {told} AS told FROM (
                SELECT shopper, attributes, unnest(json_keys(attributes)) AS name, {visit} AS visit
                FROM events
                WHERE kind = '{EventKind.PURCHASE}' AND attributes NOT IN ('', '{{}}') AND shopper <> ''
                AND NOT starts_with(reason, '{MARK}')
                AND (product = '' OR product NOT IN (SELECT CAST(product AS VARCHAR) FROM hidden))
                AND {arrival.release(moment.shop.settings.tolerance_ms * 1000)} < {int(moment.now)}
            ) WHERE NOT contains(name, '"')
        ) WHERE coalesce(told, '') NOT IN ({listed}) AND coalesce(TRY_CAST(told AS DOUBLE), 1.0) <> 0.0
        GROUP BY ALL ORDER BY ALL
    """
    found = tables.columns(connection, query)
    names, index, counts = np.unique(found["name"].astype(str), return_inverse=True, return_counts=True)
    most = np.sort(np.argsort(-counts, kind="stable")[:HABITS])
    codes = moment.state.codes["shopper"]
    row = np.full(len(codes) + 1, -1, dtype=np.int64)
    row[shoppers] = np.arange(len(shoppers))
    rows = row[[codes.find(name) for name in found["shopper"].tolist()]] if len(found["name"]) else index
    out = np.zeros((len(shoppers), 4 * len(most)))
    for k, one in enumerate(most):
        mine = (index.ravel() == one) & (rows >= 0)
        for column, counted, whole in ((4 * k, "carried", purchases), (4 * k + 2, "visited", visits)):
            out[rows[mine], column] = found[counted][mine]
            np.divide(out[:, column], whole, out=out[:, column + 1], where=whole > 0)
    return tuple(f"{kind}:{names[one]}" for one in most for kind in HABIT), out


def _liking(state: State, a: NDArray[np.int32], b: NDArray[np.int32], now: int) -> Floats:
    """How much of a category: log counts of what was bought, and of what was looked at lately."""
    held: dict[str, Any] = state.read("shopper_category", a, b, now=now)
    liking: Floats = np.log1p(held["count"]) + np.log1p(held["interest_7"])
    return np.where(liking > 1e-3, liking, 0.0)


def _logs(x: Floats) -> Floats:
    signed: Floats = np.sign(x) * np.log1p(np.abs(x))
    return signed
