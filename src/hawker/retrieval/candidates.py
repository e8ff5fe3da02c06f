"""Keep the few hundred ads worth a full score: the best by a rough bound on their value.

Chance plays no part here: exploration draws among the candidates, and its propensities are true
of them. What is kept depends on the state, the bids and the pace only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.assemble import Moment, affinity
from hawker.features.state import State
from hawker.retrieval.index import AdIndex
from hawker.retrieval.targeting import Eligible

Floats = NDArray[np.float64]
_BUCKETS = 4096


@dataclass(frozen=True)
class Going:
    """What an impression comes to before anything is scored, by campaign.

    `rate` is how often a bid of its pricing is typically paid, its pace included; `worth` is the most
    that an automatic campaign would pay for a typical impression in micros (infinite: its bid alone).
    """

    rate: Floats
    worth: Floats


def candidates(
    index: AdIndex,
    found: Eligible,
    *,
    state: State,
    moment: Moment,
    most: int,
    going: Going | None = None,
    near: Floats | None = None,
    nearest: int = 0,
) -> tuple[NDArray[np.intp], Floats]:
    """Positions within `found.ads` of at most `most` candidates in index order, and their affinity.

    The rough value of an ad is its bid times the affinity of shopper and product, where it pays for
    what they do; with `going` affinity counts in units of its mean, so that bids for impressions,
    clicks and conversions stand beside one another. `most` 0 keeps all without looking, their
    affinity unknown (NaN). With `near` (n,) the last `nearest` places go to the best of the others by it in
    affinity's stead: what suits a shopper, or a page, that affinity knows nothing of.
    """
    if most <= 0:
        return np.arange(len(found.ads)), np.full(len(found.ads), np.nan)
    rough = affinity(state, moment, index.product[found.ads])
    if len(found.ads) <= most:
        return np.arange(len(found.ads)), rough
    few = min(nearest, most) if near is not None else 0
    value = _value(index, found, likely=rough, going=going, whatever=index.per_thousand)
    kept = _best(value, most - few) if few < most else np.zeros(0, np.intp)
    if few and near is not None:
        others = np.delete(np.arange(len(found.ads)), kept)
        never = np.zeros_like(index.per_thousand)
        further = _best(_value(index, found, likely=near, going=going, whatever=never)[others], few)
        kept = np.sort(np.concatenate([kept, others[further]]))
    return kept, rough[kept]


def _value(
    index: AdIndex, found: Eligible, *, likely: Floats, going: Going | None, whatever: NDArray[np.bool_]
) -> Floats:
    """What each ad may be worth, where `likely` says how its product compares with the others.

    By campaign, `whatever` says that it pays the same however likely anything is.
    """
    if going is None:
        plain: Floats = _plain(found.ads, index.bid, likely)
        return plain
    valued: Floats = _valued(
        found.ads,
        index.bid,
        index.factors,
        index.campaign,
        whatever,
        likely,
        going.rate,
        going.worth,
    )
    return valued


@njit(cache=True)
def _plain(ads, bid, rough):  # type: ignore[no-untyped-def]
    """The same where all pay for the same outcome: a bid of nothing counts as the least."""
    out = np.empty(len(ads))
    for i in range(len(ads)):
        out[i] = rough[i] * max(bid[ads[i]], 1)
    return out


@njit(cache=True, error_model="numpy")
def _valued(ads, bid, quality, campaign, thousand, rough, rate, worth):  # type: ignore[no-untyped-def]
    """A bound on each ad's value in micros an impression."""
    mean = max(rough.mean(), 1e-300)
    out = np.empty(len(ads))
    for i in range(len(ads)):
        ad = ads[i]
        owner = campaign[ad]
        lift = rough[i] / mean
        asked = max(bid[ad], 1) * rate[owner]
        if not thousand[owner]:
            asked *= lift
        most = worth[owner] * lift
        if most < np.inf and (bid[ad] <= 0 or most < asked):
            asked = most
        out[i] = asked * quality[ad] if len(quality) else asked
    return out


@njit(cache=True)
def _best(value, most):  # type: ignore[no-untyped-def]
    """The places of the `most` largest values, ascending; of equals the first.

    Counting by leading bits (256 steps a doubling, 16 doublings below the largest) finds the bucket
    of the last to be kept; only that bucket is sorted.
    """
    bits = value.view(np.int64)
    top = bits[0]
    for i in range(1, len(value)):
        top = max(top, bits[i])
    top >>= 44
    counts = np.zeros(_BUCKETS, np.int64)
    for i in range(len(value)):
        counts[min(top - (bits[i] >> 44), _BUCKETS - 1)] += 1
    edge, above = 0, 0
    while above + counts[edge] < most:
        above += counts[edge]
        edge += 1
    within = np.empty(counts[edge])
    count = 0
    for i in range(len(value)):
        if min(top - (bits[i] >> 44), _BUCKETS - 1) == edge:
            within[count] = value[i]
            count += 1
    ordered = np.sort(within)
    last = ordered[count - (most - above)]
    equal = most - above - np.count_nonzero(within > last)
    out = np.empty(most, np.intp)
    count = 0
    for i in range(len(value)):
        bucket = min(top - (bits[i] >> 44), _BUCKETS - 1)
        keep = bucket < edge or (bucket == edge and value[i] > last)
        if bucket == edge and value[i] == last and equal > 0:
            keep = True
            equal -= 1
        if keep:
            out[count] = i
            count += 1
    return out
