"""What the scripts of a pace share: rows as each library wants them, and the course.

Run inside a peer's environment: numpy and the standard library only. A script hands `answer` one function,
`build(setting, shape, seed) -> (learn(part), predict(part), module)`, and `answer` does what it is asked:

    {"model": "deepfm", "seeds": []}          one pass over the training rows: {"rows": …}
    {"model": "deepfm", "seeds": [0, …]}      passes until validation is no better, then the test: {"auc": …}

Codes are counted from 1 beforehand, so that no library spends time on a vocabulary.
"""

import json
import sys

import given
import numpy as np

MOST = 10


class Part:
    """Rows: codes (rows, C) and sequence (rows, L) from 1, 0 where unknown; quantities (rows, Q); y."""

    def __init__(self, x, y, places, scale):
        coded, listed, rest = places
        self.codes, self.sequence = _codes(x[:, coded]), _codes(x[:, listed])
        logs = np.sign(x[:, rest]) * np.log1p(np.abs(x[:, rest]))
        centre, spread = scale or (logs.mean(axis=0), np.maximum(logs.std(axis=0), 1e-6))
        self.scale = centre, spread
        self.quantities = np.nan_to_num((logs - centre) / spread).astype(np.float32)
        self.y = y

    def __len__(self):
        return len(self.y)


class Shape:
    """What a model must know of the rows: codes of each column, quantities, length, the sequence's column."""

    def __init__(self, parts, of):
        sizes = np.max([part.codes.max(axis=0) for part in parts], axis=0) + 1
        self.quantities, self.length = parts[0].quantities.shape[1], parts[0].sequence.shape[1]
        self.of = of
        if self.length:
            sizes[of] = max(sizes[of], max(part.sequence.max() for part in parts) + 1)
        self.sizes = sizes.tolist()


def answer(build):
    """Do what standard input asks; print JSON."""
    asked = json.load(sys.stdin)
    parts, shape = read(sys.argv[1])
    if not asked["seeds"]:
        learn, _, _ = build(asked, shape, 0)
        learn(parts["train"])
        print(json.dumps({"rows": len(parts["train"])}))
        return
    found = []
    for seed in asked["seeds"]:
        found.append(judged(*build(asked, shape, seed), parts))
        print(f"seed {seed}: {found[-1]:.4f}", file=sys.stderr)
    print(json.dumps({"auc": float(np.mean(found)), "aucs": found}))


def judged(learn, predict, module, parts):
    """The AUC on the test rows after the passes that were best for the validation rows."""
    given.descend(module, lambda: learn(parts["train"]), predict, parts["valid"], rounds=0, most=MOST)
    return auc(parts["test"].y, predict(parts["test"]))


def read(path):
    """The parts of a file, and their shape."""
    held = np.load(path)
    names, coded, listed = (held[name].tolist() for name in ("names", "categorical", "sequence"))
    places = (
        [names.index(name) for name in coded],
        [names.index(name) for name in listed],
        [place for place, name in enumerate(names) if name not in {*coded, *listed}],
    )
    parts, scale = {}, None
    for name in ("train", "valid", "test"):
        if f"{name}_x" in held:
            parts[name] = Part(held[f"{name}_x"], held[f"{name}_y"], places, scale)
            scale = parts[name].scale
    return parts, Shape(list(parts.values()), coded.index(str(held["of"])) if listed else 0)


def auc(y, p):
    """The share of pairs in order; ties count half."""
    values, place = np.unique(p, return_inverse=True)
    above = np.bincount(place, weights=y, minlength=len(values))
    below = np.bincount(place, weights=1 - y, minlength=len(values))
    before = np.cumsum(below) - below
    return float((above * (before + below / 2)).sum() / (above.sum() * below.sum()))


def _codes(x):
    return np.nan_to_num(x, nan=-1).astype(np.int64) + 1
