"""The compiled loops of retrieval: units through the tests by bits, then ads one by one where they differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Codes = NDArray[np.int8]
Words = NDArray[np.uint64]
_DEBRUIJN = 0x03F79D71B4CB0A89
_PLACE = np.zeros(64, dtype=np.int64)
for _bit in range(64):
    _PLACE[((_DEBRUIJN << _bit) & 0xFFFFFFFFFFFFFFFF) >> 58] = _bit
_MULTIPLIER, _ONE, _ZERO, _TOP = np.uint64(_DEBRUIJN), np.uint64(1), np.uint64(0), np.uint64(58)


@compiled
def lowest(word: np.uint64) -> np.int64:
    """The place of the lowest bit that is set."""
    alone = word & (~word + _ONE)
    return np.int64(_PLACE[np.int64((alone * _MULTIPLIER) >> _TOP)])


@compiled
def tally(first: Codes, n: Ints, bounds: Ints, paused: int, unscheduled: int, counts: Longs) -> None:
    """Count the ads that stand nowhere now, and those of units that fail before any test.

    `first` is each unit's first reason, 0 for none; `paused` and `unscheduled` are the first two codes.
    """
    for u in range(len(first)):
        active = bounds[u, 2] - bounds[u, 0]
        counts[paused] += bounds[u, 3] - bounds[u, 2]
        if first[u] == paused:
            counts[paused] += active
        else:
            counts[unscheduled] += active - n[u]
            if first[u] != 0:
                counts[first[u]] += n[u]


@compiled
def sift(
    alive: Words,
    n: Ints,
    open: Words,
    program: Ints,
    picks: Longs,
    rows: Words,
    starts: Longs,
    listed: Ints,
    counts: Longs,
) -> None:
    """Put units through tests in order: `alive` keeps those that pass all, `counts` takes the others' ads.

    A row of `program` is (reason, row of those without a wish, end of wants, end of bars in `picks`);
    for a row of -1 `open` says who passes.
    """
    size = len(alive)
    kept = np.empty(size, dtype=np.uint64)
    at = 0
    for t in range(len(program)):
        for w in range(size):
            kept[w] = rows[program[t, 1], w] if program[t, 1] >= 0 else open[w]
        while at < program[t, 2]:
            pick = picks[at]
            if pick >= 0:
                for w in range(size):
                    kept[w] |= rows[pick, w]
            else:
                for i in range(starts[~pick], starts[~pick + 1]):
                    kept[listed[i] >> 6] |= _ONE << np.uint64(listed[i] & 63)
            at += 1
        while at < program[t, 3]:
            pick = picks[at]
            if pick >= 0:
                for w in range(size):
                    kept[w] &= ~rows[pick, w]
            else:
                for i in range(starts[~pick], starts[~pick + 1]):
                    kept[listed[i] >> 6] &= ~(_ONE << np.uint64(listed[i] & 63))
            at += 1
        drop(alive, kept, n, program[t, 0], counts)


@compiled
def drop(alive: Words, kept: Words, n: Ints, reason: int, counts: Longs) -> None:
    """Leave alive what is kept; count the ads of the others."""
    for w in range(len(alive)):
        failed = alive[w] & ~kept[w]
        alive[w] &= kept[w]
        while failed != _ZERO:
            counts[reason] += n[(w << 6) + lowest(failed)]
            failed &= failed - _ONE


@compiled
def find(table: Longs, key: int) -> np.int64:
    """The value of a key in a table made by `filed`, or 0."""
    size = len(table) >> 1
    at = (key * 0x9E3779B1) & (size - 1)
    while table[2 * at] >= 0:
        if table[2 * at] == key:
            return np.int64(table[2 * at + 1])
        at = (at + 1) & (size - 1)
    return np.int64(0)


@compiled
def filed(keys: Longs, reasons: Longs) -> Longs:
    """A small hash table of keys ≥ 0 and their first reason: pairs side by side, -1 where none is."""
    size = 4
    while size < 2 * len(keys):
        size *= 2
    table = np.full(2 * size, -1, dtype=np.int64)
    for i in range(len(keys)):
        at = (keys[i] * 0x9E3779B1) & (size - 1)
        while table[2 * at] >= 0 and table[2 * at] != keys[i]:
            at = (at + 1) & (size - 1)
        if table[2 * at] < 0 or reasons[i] < table[2 * at + 1]:
            table[2 * at] = keys[i]
            table[2 * at + 1] = reasons[i]
    return table


@compiled
def standing(bounds: Ints, live: Ints, unit: Ints) -> Ints:
    """How many ads of each unit stand here now: those always live, and those in flight."""
    n = np.empty(len(bounds), dtype=np.int32)
    for u in range(len(bounds)):
        n[u] = bounds[u, 1] - bounds[u, 0]
    for i in range(len(live)):
        u = unit[live[i]]
        if bounds[u, 1] <= live[i] < bounds[u, 2]:
            n[u] += 1
    return n


@compiled
def earliest(
    reason: int,
    ad: int,
    static: Codes,
    item: Ints,
    category: Ints,
    by_ad: Longs,
    by_item: Longs,
    by_category: Codes,
    allowed: Longs,
    barred: int,
) -> int:
    """The first of the reasons against an ad, given that of its unit; 0 is none."""
    found = int(static[ad])
    if found != 0 and (reason == 0 or found < reason):
        reason = found
    if len(by_ad):
        found = int(find(by_ad, ad))
        if found != 0 and (reason == 0 or found < reason):
            reason = found
    if len(by_item):
        found = int(find(by_item, item[ad]))
        if found != 0 and (reason == 0 or found < reason):
            reason = found
    if len(by_category):
        found = int(by_category[category[item[ad]]])
        if found != 0 and (reason == 0 or found < reason):
            reason = found
    if len(allowed) and (reason == 0 or barred < reason) and find(allowed, item[ad]) == 0:
        reason = barred
    return reason


@compiled
def among(alive: Words, n: Ints) -> int:
    """How many ads the units that are alive have."""
    total = 0
    for w in range(len(alive)):
        word = alive[w]
        while word != _ZERO:
            total += n[(w << 6) + lowest(word)]
            word &= word - _ONE
    return total


@compiled
def expand(
    alive: Words,
    n: Ints,
    bounds: Ints,
    late: Codes,
    retargets: NDArray[np.bool_],
    matched: Ints,
    live: Ints,
    static: Codes,
    item: Ints,
    category: Ints,
    by_ad: Longs,
    by_item: Longs,
    by_category: Codes,
    allowed: Longs,
    missed: int,
    barred: int,
    counts: Longs,
) -> tuple[Ints, Ints]:
    """The ads of the units that are alive, less those with a reason of their own; ascending.

    `bounds` is (units, 4): where a unit's ads begin, its flighted, its paused, and where it ends.
    `late` is a reason that holds for a whole unit but comes after retargeting; `missed` and `barred`
    are the codes of not being retargeted and of not being among the `allowed` items (a table, as
    `by_ad` and `by_item` are: empty ones ask nothing). Beside the ads: their rows of `live`, or -1.
    """
    total = among(alive, n)
    ads, rows = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
    count = 0
    for w in range(len(alive)):
        word = alive[w]
        while word != _ZERO:
            u = (w << 6) + lowest(word)
            word &= word - _ONE
            first, middle, last = int(bounds[u, 0]), int(bounds[u, 1]), int(bounds[u, 2])
            begin = int(np.searchsorted(live, middle)) if last > middle else 0
            lower, upper = 0, int(n[u])
            if retargets[u]:
                lower, upper = int(np.searchsorted(matched, first)), int(np.searchsorted(matched, last))
                counts[missed] += n[u] - (upper - lower)
            for i in range(lower, upper):
                row = -1
                if retargets[u]:
                    ad = int(matched[i])
                    if ad >= middle:
                        row = int(np.searchsorted(live, ad))
                elif first + i < middle:
                    ad = first + i
                else:
                    row = begin + first + i - middle
                    ad = int(live[row])
                reason = earliest(
                    late[u], ad, static, item, category, by_ad, by_item, by_category, allowed, barred
                )
                if reason != 0:
                    counts[reason] += 1
                else:
                    ads[count], rows[count] = ad, row
                    count += 1
    return ads[:count], rows[:count]


@compiled
def drawn(
    ads: Ints,
    unit: Ints,
    product: Ints,
    category: Ints,
    wishes: Ints,
    rules: Longs,
    seen: Ints,
    seen_category: Ints,
    kinds: Codes,
    times: Longs,
    bought: int,
    now: int,
) -> NDArray[np.bool_]:
    """Which of some ads aim at a shopper for what they did: `seen`, with kinds and times.

    `wishes` is (units, 2): the rows of `rules` that must hold, -1 for none. A rule is (kinds as bits,
    span in microseconds, whether those who bought it are left out, whether its category will do).
    """
    found = np.ones(len(ads), dtype=np.bool_)
    for i in range(len(ads)):
        ad = ads[i]
        for level in range(2):
            rule = wishes[unit[ad], level]
            if rule < 0 or not found[i]:
                continue
            did, had = False, False
            for e in range(len(seen)):
                if times[e] < now - rules[rule, 1] or times[e] > now:
                    continue
                same = seen[e] == product[ad]
                near = rules[rule, 3] == 1 and seen_category[e] >= 0 and seen_category[e] == category[ad]
                if (same or near) and (rules[rule, 0] >> kinds[e]) & 1:
                    did = True
                if same and kinds[e] == bought:
                    had = True
            found[i] = did and not (had and rules[rule, 2] == 1)
    return found
