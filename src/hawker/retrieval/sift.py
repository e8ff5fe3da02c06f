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
def placed(marks: Codes, rows: Ints) -> Codes:
    """The marks of some rows; -1 for a row below zero."""
    out = np.empty((len(rows), 2), dtype=np.int8)
    for i in range(len(rows)):
        for side in range(2):
            out[i, side] = marks[rows[i], side] if rows[i] >= 0 else -1
    return out


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
def spread(alive: Words, n: Ints, bounds: Ints) -> Ints:
    """The ads of the units that are alive, ascending, where all of them are always live."""
    ads = np.empty(among(alive, n), dtype=np.int32)
    count = 0
    for w in range(len(alive)):
        word = alive[w]
        while word != _ZERO:
            u = (w << 6) + lowest(word)
            word &= word - _ONE
            first = bounds[u, 0]
            for i in range(n[u]):
                ads[count + i] = first + i
            count += n[u]
    return ads


@compiled
def expand(
    alive: Words,
    n: Ints,
    bounds: Ints,
    retargets: NDArray[np.bool_],
    matched: Ints,
    live: Ints,
    missed: int,
    counts: Longs,
) -> tuple[Ints, Ints, Ints]:
    """The ads of the units that are alive, ascending; their rows of `live` (-1: none), and their units.

    `bounds` is (units, 4): where a unit's ads begin, its flighted, its paused, and where it ends. Of
    units that retarget only the `matched` ads come; the others count as `missed`.
    """
    total = among(alive, n)
    ads, rows, units = (
        np.empty(total, dtype=np.int32),
        np.empty(total, dtype=np.int32),
        np.empty(total, dtype=np.int32),
    )
    count = 0
    for w in range(len(alive)):
        word = alive[w]
        while word != _ZERO:
            u = (w << 6) + lowest(word)
            word &= word - _ONE
            first, middle, last = bounds[u, 0], bounds[u, 1], bounds[u, 2]
            begun = count
            if retargets[u]:
                for i in range(np.searchsorted(matched, first), np.searchsorted(matched, last)):
                    ads[count] = matched[i]
                    rows[count] = np.searchsorted(live, matched[i]) if matched[i] >= middle else -1
                    count += 1
                counts[missed] += n[u] - (count - begun)
            else:
                for ad in range(first, middle):
                    ads[count] = ad
                    rows[count] = -1
                    count += 1
                if last > middle:
                    row = np.searchsorted(live, middle)
                    while row < len(live) and live[row] < last:
                        ads[count] = live[row]
                        rows[count] = row
                        row += 1
                        count += 1
            for i in range(begun, count):
                units[i] = u
    return ads[:count], rows[:count], units[:count]


@compiled
def strike(
    ads: Ints,
    rows: Ints,
    units: Ints,
    late: Codes,
    bar: Codes,
    item: Ints,
    category: Ints,
    by_ad: Longs,
    by_item: Longs,
    by_category: Codes,
    allowed: Longs,
    barred: int,
    counts: Longs,
) -> tuple[Ints, Ints]:
    """Leave out the ads against which something speaks, each counted under the first reason.

    `late` is by unit, `bar` by ad, `by_category` by the category of an item; `by_ad` and `by_item`
    are tables made by `filed`, and so is `allowed`: the items that are not `barred`. An empty one
    says nothing.
    """
    first = np.empty(len(ads), dtype=np.int8)
    for i in range(len(ads)):
        first[i] = sooner(late[units[i]], bar[ads[i]])
    if len(by_ad):
        for i in range(len(ads)):
            first[i] = sooner(first[i], int(find(by_ad, ads[i])))
    if len(by_item):
        for i in range(len(ads)):
            first[i] = sooner(first[i], int(find(by_item, item[ads[i]])))
    if len(by_category):
        for i in range(len(ads)):
            first[i] = sooner(first[i], by_category[category[item[ads[i]]]])
    if len(allowed):
        for i in range(len(ads)):
            first[i] = sooner(first[i], 0 if find(allowed, item[ads[i]]) else barred)
    count = 0
    for i in range(len(ads)):
        if first[i] == 0:
            ads[count], rows[count] = ads[i], rows[i]
            count += 1
        else:
            counts[first[i]] += 1
    return ads[:count], rows[:count]


@compiled
def sooner(a: int, b: int) -> int:
    """The first of two reasons, where 0 is none."""
    return b if a == 0 or (b != 0 and b < a) else a


@compiled
def under(keys: Ints, ads: Ints, wanted: Ints, alive: Words, unit: Ints) -> Ints:
    """The ads of units that are alive filed under some keys ≥ 0; `keys` ascend. Some may come twice."""
    total = 0
    for value in wanted:
        if value >= 0:
            total += np.searchsorted(keys, value + 1) - np.searchsorted(keys, value)
    found = np.empty(total, dtype=np.int32)
    count = 0
    for value in wanted:
        at = np.searchsorted(keys, value) if value >= 0 else len(keys)
        while at < len(keys) and keys[at] == value:
            u = unit[ads[at]]
            if (alive[u >> 6] >> np.uint64(u & 63)) & _ONE:
                found[count] = ads[at]
                count += 1
            at += 1
    return found[:count]


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
