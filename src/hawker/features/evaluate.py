"""The compiled loop behind every feature: look up the counters of a block of products, then work it out."""

from __future__ import annotations

import numpy as np
from numba import njit

from hawker.features.counters import HEAD, _home, _pack, _slot
from hawker.features.formula import Step
from hawker.features.windows import THOUSANDTHS

_BLOCK = 128
_CONTEXT = int(Step.CONTEXT)


@njit(cache=True, error_model="numpy")
def evaluate(  # type: ignore[no-untyped-def]
    code, plan, held, products, fixed, context, today, shared, cells, spots, results, out
):
    """Shared numbers first, then blocks of products: look up, work out, put down as float32.

    `code` is a `Program`'s arrays, `plan` the schema's, `held` index, arena, windows and product keys.
    """
    reads, items, loads, steps = code
    single, one = shared.reshape(len(shared), 1), np.zeros(1, np.int32)
    offsets = np.empty(_BLOCK + 1, np.int64)
    mine = np.empty((cells + 2, _BLOCK))
    own = 0
    while own < len(reads) and reads[own, 5] == 1:
        _find(reads[own], held, one, fixed, spots, offsets)
        _read(reads[own], items, plan, held[1], today, offsets[:1], single)
        own += 1
    first = 0
    while first < len(steps) and steps[first, 1] < 0:
        step, out_, a, b = steps[first]
        _apply(step, single[-1 - a], single[-1 - b], single[-1 - out_], 1)
        first += 1
    for start in range(0, len(products), _BLOCK):
        some = products[start : start + _BLOCK]
        for r in range(own, len(reads)):
            _find(reads[r], held, some, fixed, spots, offsets)
            _read(reads[r], items, plan, held[1], today, offsets[: len(some)], mine)
        for n in range(len(loads)):
            _load(loads[n], held[2], context, some, start, mine[loads[n, 1]])
        for s in range(first, len(steps)):
            a = _operand(steps[s, 2], shared, mine, cells, len(some))
            b = _operand(steps[s, 3], shared, mine, cells + 1, len(some))
            _apply(steps[s, 0], mine[a], mine[b], mine[steps[s, 1]], len(some))
        for c in range(len(results)):
            for i in range(len(some)):
                out[c, start + i] = np.float32(mine[results[c], i])


@njit(cache=True)
def alike(bits, own, columns, common, varies):  # type: ignore[no-untyped-def]
    """Move columns that hold one value only (to the bit) to what is common."""
    for c in range(len(columns)):
        varies[c] = False
        for i in range(1, bits.shape[1]):
            if bits[c, i] != bits[c, 0]:
                varies[c] = True
                break
        if not varies[c] and bits.shape[1]:
            common[columns[c]] = own[c, 0]


@njit(cache=True, error_model="numpy")
def _find(read, held, products, fixed, spots, offsets):  # type: ignore[no-untyped-def]
    """Where each product's row of a table is, or -1.

    Memory sets the pace: this pass touches every row it finds, so that the waits overlap.
    """
    index, arena, _, product_keys = held
    sink, touched = 0.0, np.uint64(0)
    if read[2] >= 0:
        for i in range(len(products)):
            a = _key(read[1], products[i], product_keys, fixed)
            b = _key(read[2], products[i], product_keys, fixed)
            touched += index[_home(index, _pack(read[0], max(a, 0), int(max(b, 0)))), 0]
    for i in range(len(products)):
        a = _key(read[1], products[i], product_keys, fixed)
        b = _key(read[2], products[i], product_keys, fixed) if read[2] >= 0 else np.int64(0)
        kept = 0 <= a < read[7]
        offsets[i] = spots[read[6] + a] if kept else -1
        if offsets[i] < 0 and a >= 0 and b >= 0:
            key = _pack(read[0], a, int(b))
            place = _slot(index, key)
            if index[place, 0] == key:
                offsets[i] = np.int64(index[place, 1])
                if kept:
                    spots[read[6] + a] = offsets[i]
    for i in range(len(products)):
        if offsets[i] >= 0:
            sink += arena[offsets[i]] + arena[min(offsets[i] + read[8], len(arena) - 1)]
    offsets[_BLOCK] = np.int64(sink < 0.0) + np.int64(touched == np.uint64(1))


@njit(cache=True, error_model="numpy")
def _read(read, items, plan, arena, today, offsets, cells):  # type: ignore[no-untyped-def]
    """The counters of those rows as of now; where there is no row, sums are 0 and moments NaN."""
    columns, tables, rates = plan
    own = columns[tables[read[0], 2] :]
    for i in range(len(offsets)):
        offset = offsets[i]
        elapsed = max(today - arena[offset], 0.0) if offset >= 0 else 0.0
        slot, factor = np.int64(-1), 1.0
        for j in range(read[3], read[3] + read[4]):
            column = items[j, 0]
            if offset < 0:
                value = np.nan if own[column, 0] == 2 or own[column, 0] == 3 else 0.0
            else:
                value = arena[offset + HEAD + column]
                if items[j, 1] != slot:
                    slot = items[j, 1]
                    factor = np.exp2(elapsed * rates[slot]) if elapsed > 0.0 else 1.0
                if slot >= 0:
                    value *= factor
            cells[items[j, 2] if items[j, 2] >= 0 else -1 - items[j, 2], i] = value


@njit(cache=True)
def _key(source, product, product_keys, fixed):  # type: ignore[no-untyped-def]
    if source == 0:
        return np.int64(product)
    if source < 6:
        return np.int64(product_keys[product, source - 1])
    return fixed[source - 6]


@njit(cache=True, error_model="numpy")
def _load(load, sums, context, products, start, cell):  # type: ignore[no-untyped-def]
    if load[2] == _CONTEXT:
        for i in range(len(products)):
            cell[i] = context[load[0], start + i]
        return
    for i in range(len(products)):
        known = 0 <= products[i] < sums.shape[1]
        cell[i] = sums[load[0], products[i]] / THOUSANDTHS if known else 0.0


@njit(cache=True)
def _operand(cell, shared, mine, spare, rows):  # type: ignore[no-untyped-def]
    """The row of an input; a shared number is spread over a spare one."""
    if cell >= 0:
        return cell
    mine[spare, :rows] = shared[-1 - cell]
    return spare


@njit(cache=True, error_model="numpy")
def _apply(step, x, y, out, rows):  # type: ignore[no-untyped-def]
    """One step on whole rows; the numbers are those of `formula.Step`."""
    if step == 5:
        for i in range(rows):
            out[i] = x[i] + y[i]
    elif step == 6:
        for i in range(rows):
            out[i] = x[i] - y[i]
    elif step == 7:
        for i in range(rows):
            out[i] = x[i] * y[i]
    elif step == 8:
        for i in range(rows):
            out[i] = x[i] / y[i]
    elif step == 9:
        for i in range(rows):
            out[i] = x[i] / y[i] if y[i] > 0.0 else np.nan
    elif step == 10:
        for i in range(rows):
            out[i] = x[i] if x[i] >= y[i] or np.isnan(y[i]) else y[i]
    else:
        for i in range(rows):
            out[i] = y[i] if x[i] > 0.0 else 0.0
