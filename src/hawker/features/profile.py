"""One shopper in words and numbers a person can read: what they do, buy, like and last looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.features import interest_words
from hawker.features.counters import DAY, EPOCH
from hawker.features.interest_words import Background, InWords
from hawker.features.state import State
from hawker.records.events import EventKind
from hawker.statistics.intervals import Estimate, proportion

Floats = NDArray[np.float64]
KINDS = tuple(EventKind)
BANDS = 5
SHARE = "share:"
SHOWN = 10  # of the sequence, when printed
_SAMPLE = 10_000  # shoppers whose prices make the bands
_FEW = 50  # shoppers looked up one by one
_LEAST = 20  # with fewer, there are no bands


class Weighted(Struct, frozen=True):
    """A name with its weight: what came lately counts more."""

    name: str
    weight: float


class Activity(Struct, frozen=True):
    """How much of the shop they see. Dwell is seconds per visit; None where it was never recorded."""

    visits: int
    visits_per_week: float
    days_since_last: float | None
    dwell: float | None
    ad_impressions: int
    ad_clicks: int
    ad_click_rate: Estimate


class Purchases(Struct, frozen=True):
    """What they buy. Amounts are currency units; `price_band` is 1 to 5, None where the shop is too small.

    `repeat_share` is the share of purchases of a product bought before.
    """

    count: int
    amount: float
    per_visit: float
    price: float | None
    price_band: int | None
    days_since_last: float | None
    repeat_share: float | None
    categories: tuple[Weighted, ...]
    brands: tuple[Weighted, ...]


class Interest(Struct, frozen=True):
    """What they look at, mark or put into the cart; `words` is what sets them apart from other shoppers."""

    categories: tuple[Weighted, ...]
    brands: tuple[Weighted, ...]
    words: InWords = InWords()


class Seen(Struct, frozen=True):
    """One product they touched, how and when (microseconds)."""

    product: str
    kind: str
    time: int


class Profile(Struct, frozen=True):
    """Everything the folds know of one shopper at `now`; `reason` says why where that is nothing."""

    shopper: str
    now: int
    known: bool
    reason: str = ""
    activity: Activity | None = None
    purchases: Purchases | None = None
    interest: Interest | None = None
    sequence: tuple[Seen, ...] = ()

    def __str__(self) -> str:
        if self.activity is None or self.purchases is None or self.interest is None:
            return f"{self.shopper or 'A shopper without a name'}: {self.reason}"
        return "\n".join(
            (
                f"Shopper {self.shopper}, as of {_moment(self.now)}",
                *_activity_lines(self.activity),
                *_purchase_lines(self.purchases),
                *_interest_lines(self.interest),
                *(
                    f"    {_moment(seen.time)}  {seen.kind:10} {seen.product}"
                    for seen in self.sequence[:SHOWN]
                ),
            )
        )


def profile(
    state: State,
    shopper: str,
    *,
    now: int,
    background: Background | None = None,
    searches: Iterable[tuple[str, int]] = (),
    most: int = 5,
) -> Profile:
    """A shopper's profile as of `now`. Their interest is put in words beside the `background` of the shop.

    `searches` are words they searched for, with the time (`story.searches`).
    """
    code = state.codes["shopper"].find(shopper)
    who = np.array([code], dtype=np.int32)
    own = {name: float(value[0]) for name, value in state.read("shopper", who, now=now).items()}
    items, kinds, times = state.sequences.read(code)
    if code < 0 or (np.isnan(own["last"]) and not own["ad_impressions"] and not len(items)):
        return Profile(shopper, now, known=False, reason="nothing is recorded of this shopper")
    pairs = _pairs(state, code, now=now)
    names = state.codes["product"].names
    sequence = tuple(
        Seen(names[item], KINDS[kind].value, int(time))
        for item, kind, time in zip(items[::-1], kinds[::-1], times[::-1], strict=True)
    )
    return Profile(
        shopper,
        now,
        known=True,
        activity=_activity(own, now),
        purchases=_purchases(own, pairs, band=_band(state, own, now=now), now=now, most=most),
        interest=Interest(
            categories=_favourites(pairs["category"], "interest_7", most=most),
            brands=_favourites(pairs["brand"], "interest_30", most=most),
            words=_words(state, code, pairs, background, searches, now, most) if background else InWords(),
        ),
        sequence=sequence,
    )


def profiles(
    state: State, shoppers: NDArray[np.int32], *, now: int, departments: int | Sequence[str] = 8
) -> tuple[tuple[str, ...], Floats]:
    """The numbers of many profiles at once: names, and (shoppers, names), NaN where there are none.

    The last columns are the shares of some departments in what each bought lately: those named, or
    so many of the largest.
    """
    own = state.read("shopper", shoppers, now=now)
    again = own["purchases"] - _distinct(state, shoppers, now=now)
    columns = {
        "visits": own["visits"],
        "visits_per_week": own["visits"] / _weeks(own["first"], now),
        "days_since_last": (now - EPOCH) / DAY - own["last"],
        "dwell_per_visit": _ratio(own["dwell"], own["visits"]),
        "ad_click_rate": _ratio(own["ad_clicks"], own["ad_impressions"]),
        "purchases": own["purchases"],
        "amount": own["spend"],
        "amount_per_visit": _ratio(own["spend"], own["visits"]),
        "price": _ratio(own["spend"], own["purchases"]),
        "repeat_share": _ratio(again, own["purchases"]),
    }
    bought = _by_department(state, shoppers, now=now)
    total = bought.sum(axis=1)
    known = state.codes["department"]
    if isinstance(departments, int):
        departments = [known.names[i] for i in np.argsort(-bought.sum(axis=0), kind="stable")[:departments]]
    for name in departments:
        code = known.find(name)
        columns[f"{SHARE}{name}"] = _ratio(bought[:, code] if code >= 0 else np.zeros(len(total)), total)
    return tuple(columns), np.column_stack(list(columns.values()))


def _activity(own: dict[str, float], now: int) -> Activity:
    visits = max(own["visits"], 1.0)
    weeks = float(_weeks(np.array([own["first"]]), now)[0])
    return Activity(
        visits=int(own["visits"]),
        visits_per_week=own["visits"] / weeks,
        days_since_last=None if np.isnan(own["last"]) else (now - EPOCH) / DAY - own["last"],
        dwell=own["dwell"] / visits if own["dwell"] else None,
        ad_impressions=int(own["ad_impressions"]),
        ad_clicks=int(own["ad_clicks"]),
        ad_click_rate=proportion(min(own["ad_clicks"], own["ad_impressions"]), own["ad_impressions"]),
    )


class _Pairs(Struct, frozen=True):
    """The rows of one shopper in one table shopper × something: the names and the counters."""

    names: tuple[str, ...]
    counters: dict[str, Floats]


def _pairs(state: State, code: int, *, now: int) -> dict[str, _Pairs]:
    """All that is kept of one shopper with products, categories and brands, found in one pass."""
    kinds = ("product", "category", "brand")
    found = state.counters.partners([state.place(f"shopper_{kind}") for kind in kinds], code)
    out = {}
    for kind, others in zip(kinds, found, strict=True):
        who = np.full(len(others), code, dtype=np.int32)
        names = tuple(state.codes[kind].names[other] for other in others)
        out[kind] = _Pairs(names, state.read(f"shopper_{kind}", who, others, now=now))
    return out


def _purchases(
    own: dict[str, float], pairs: dict[str, _Pairs], *, band: int | None, now: int, most: int
) -> Purchases:
    count = own["purchases"]
    mine = pairs["product"].counters
    bought = mine["count"] > 0
    last = float(mine["last"][bought].max()) if bought.any() else None
    return Purchases(
        count=int(count),
        amount=own["spend"],
        per_visit=own["spend"] / max(own["visits"], 1.0),
        price=own["spend"] / count if count else None,
        price_band=band,
        days_since_last=None if last is None else (now - EPOCH) / DAY - last,
        repeat_share=float(mine["count"][bought].sum() - bought.sum()) / count if count else None,
        categories=_favourites(pairs["category"], "bought_90", most=most),
        brands=_favourites(pairs["brand"], "bought_60", most=most),
    )


def _favourites(pairs: _Pairs, counter: str, *, most: int) -> tuple[Weighted, ...]:
    """What a shopper has most of by one counter, heaviest first."""
    weights = pairs.counters[counter]
    order = [i for i in np.argsort(-weights, kind="stable")[:most] if weights[i] > 1e-6]
    return tuple(Weighted(pairs.names[i], round(float(weights[i]), 4)) for i in order)


def _words(
    state: State,
    code: int,
    pairs: dict[str, _Pairs],
    background: Background,
    searches: Iterable[tuple[str, int]],
    now: int,
    most: int,
) -> InWords:
    """Interest in words, by the latest touches and all purchases, both faded."""
    mine = pairs["product"]
    bought = dict(zip(mine.names, mine.counters["bought_90"].tolist(), strict=True))
    touched = interest_words.touches(state, code, searches=searches)
    return interest_words.in_words(touched, background, now=now, bought=bought, most=most)


def _band(state: State, shopper: dict[str, float], *, now: int) -> int | None:
    """Which fifth of the shop's shoppers, by the mean price they pay, a shopper belongs to."""
    if not shopper["purchases"]:
        return None
    shoppers = np.arange(min(len(state.codes["shopper"]), _SAMPLE), dtype=np.int32)
    own = state.read("shopper", shoppers, now=now)
    price = shopper["spend"] / shopper["purchases"]
    paid = _ratio(own["spend"], own["purchases"])
    paid = paid[~np.isnan(paid)]
    if len(paid) < _LEAST:
        return None
    edges = np.quantile(paid, np.arange(1, BANDS) / BANDS)
    return 1 + int(np.searchsorted(edges, price, side="right"))


def _distinct(state: State, shoppers: NDArray[np.int32], *, now: int) -> Floats:
    """How many different products each has bought."""
    table = state.place("shopper_product")
    if len(shoppers) <= _FEW:
        found = [state.counters.partners([table], int(code))[0] for code in shoppers]
        a = np.repeat(shoppers, [len(products) for products in found])
        b = np.concatenate([*found, np.zeros(0, dtype=np.int32)]).astype(np.int32)
    else:
        a, b = state.counters.keys(table)
    bought = np.zeros(len(state.codes["shopper"]) + 1)
    for start in range(0, len(a), 200_000):
        part = slice(start, start + 200_000)
        counts = state.read("shopper_product", a[part], b[part], now=now)["count"]
        bought += np.bincount(a[part], weights=counts > 0, minlength=len(bought))
    held: Floats = np.where(shoppers >= 0, bought[shoppers], 0.0)
    return held


def _by_department(state: State, shoppers: NDArray[np.int32], *, now: int) -> Floats:
    count = len(state.codes["department"])
    out = np.zeros((len(shoppers), count))
    for code in range(count):
        given = np.full(len(shoppers), code, dtype=np.int32)
        out[:, code] = state.read("shopper_department", shoppers, given, now=now)["bought_60"]
    return out


def _weeks(first: Floats, now: int) -> Floats:
    """Weeks since the first visit, at least one."""
    weeks: Floats = np.fmax(((now - EPOCH) / DAY - first) / 7.0, 1.0)
    return weeks


def _ratio(above: Floats, below: Floats) -> Floats:
    out = np.full(len(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time / 1e6, tz=UTC).strftime("%Y-%m-%d %H:%M")


def _activity_lines(activity: Activity) -> tuple[str, ...]:
    dwell = "" if activity.dwell is None else f", {activity.dwell:.0f} s a visit"
    ads = f"{activity.ad_clicks} clicks of {activity.ad_impressions} ads"
    return (
        f"  activity   {activity.visits} visits, {activity.visits_per_week:.1f} a week, "
        f"last {_days(activity.days_since_last)}{dwell}",
        f"  ads        {ads}, rate {activity.ad_click_rate:.1%}",
    )


def _purchase_lines(bought: Purchases) -> tuple[str, ...]:
    if not bought.count or bought.price is None or bought.repeat_share is None:
        return ("  purchases  none",)
    band = (
        "too few shoppers for bands" if bought.price_band is None else f"band {bought.price_band} of {BANDS}"
    )
    return (
        f"  purchases  {bought.count}, {bought.amount:,.2f} in all, {bought.per_visit:,.2f} a visit, "
        f"last {_days(bought.days_since_last)}",
        f"  prices     {bought.price:,.2f} each on average ({band}), {bought.repeat_share:.0%} bought again",
        f"  buys       {_listed(bought.categories)}",
        f"  brands     {_listed(bought.brands)}",
    )


def _interest_lines(interest: Interest) -> tuple[str, ...]:
    return (
        f"  looks at   {_listed(interest.categories)}; brands: {_listed(interest.brands)}",
        *(
            [f"  words      {interest.words.text()}"]
            if interest.words.lasting or interest.words.recent
            else []
        ),
    )


def _listed(entries: tuple[Weighted, ...]) -> str:
    return ", ".join(f"{entry.name} ({entry.weight:.2g})" for entry in entries) or "nothing lately"


def _days(days: float | None) -> str:
    return "never" if days is None else f"{days:.1f} days ago"
