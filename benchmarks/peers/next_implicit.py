"""ALS of `implicit` as a peer: factors of who took what, the next item by their product.

Rows: `start`, `items` (histories), `valid`, `wanted`, `size`. Settings: `budget` (CPU seconds), `seed`,
`out` (where the places of the wanted items go). Factors and penalty are the best of a few by the item before
the last, of which the factors then know nothing; half of the budget may go into these tries.
"""

import json
import sys
import time

import implicit
import numpy as np
from scipy.sparse import csr_matrix

GRID = [(64, 0.01, 1.0), (128, 0.01, 1.0), (128, 0.1, 5.0), (256, 0.1, 5.0)]  # factors, penalty, confidence
PASSES = 15


def factors(matrix, way, seed):
    size, penalty, confidence = way
    model = implicit.als.AlternatingLeastSquares(
        factors=size,
        regularization=penalty,
        alpha=confidence,
        iterations=PASSES,
        random_state=seed,
        num_threads=1,
    )
    model.fit(matrix, show_progress=False)
    return model.user_factors, model.item_factors


def places(found, matrix, wanted):
    """From 1; ties count against it, what was taken is passed over."""
    people, things = found
    out = np.empty(len(wanted), np.int64)
    for start in range(0, len(wanted), 1024):
        rows = slice(start, min(start + 1024, len(wanted)))
        scores = people[rows] @ things.T
        taken = matrix[rows].nonzero()
        scores[taken] = -np.inf
        own = scores[np.arange(len(scores)), wanted[rows]][:, None]
        out[rows] = (scores >= own).sum(axis=1)
    return out


def gain(found):
    return float(np.where(found <= 10, 1 / np.log2(found + 1.0), 0).mean())


def main():
    asked = json.load(sys.stdin)
    rows = np.load(sys.argv[1])
    start, items, size = rows["start"], rows["items"], int(rows["size"])
    user = np.repeat(np.arange(len(start) - 1), np.diff(start))
    last = np.zeros(len(items), bool)
    last[start[1:] - 1] = True
    shape = (len(start) - 1, size)

    def matrix(kept):
        return csr_matrix((np.ones(kept.sum(), np.float32), (user[kept], items[kept])), shape=shape)

    earlier, whole = matrix(~last), matrix(np.ones(len(items), bool))
    begun, best, chosen = time.process_time(), -1.0, GRID[0]
    for way in GRID:
        if time.process_time() - begun > asked["budget"] / 2:
            break
        reached = gain(places(factors(earlier, way, asked["seed"]), earlier, rows["valid"]))
        print(way, reached, file=sys.stderr, flush=True)
        if reached > best:
            best, chosen = reached, way
    found = places(factors(whole, chosen, asked["seed"]), whole, rows["wanted"])
    np.save(asked["out"], found)
    told = {"model": "implicit_als", "version": implicit.__version__, "chosen": list(chosen)}
    print(json.dumps(told))


main()
