"""What every script of a peer shares: the rows it is given, columns as its library wants them, the course.

Run inside a peer's environment: numpy and the standard library only. A script hands `answer` one function,
`fit(setting, train, valid, seed=, rounds=) -> (predict, rounds)`, and `answer` reads standard input:

    {"search": [setting, …], "folds": 5, "seeds": [0]}     the log loss of each setting on held-out rows
    {"setting": {…}, "rounds": 0, "seeds": [0, …], "out": file}   mean probabilities of valid and test

Without folds `valid` is what is held out; with folds the training rows are, a fifth each time, and the rounds
(epochs, trees) of the final fit are the mean of those that were best.
"""

import json
import sys
import time

import numpy as np

EDGE = 1e-7


class Slice:
    """Rows of a part: x (rows, columns), y; `names` and which of them are codes."""

    def __init__(self, x, y, names, coded):
        self.x, self.y, self.names, self.coded = x, y, names, coded

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        return Slice(self.x[rows], self.y[rows], self.names, self.coded)

    def without(self, dropped):
        kept = [place for place, name in enumerate(self.names) if name not in dropped]
        return Slice(self.x[:, kept], self.y, [self.names[k] for k in kept], self.coded[kept])


def answer(fit):
    """Do what standard input asks, with a library's `fit`; print JSON."""
    asked = json.load(sys.stdin)
    parts = read(sys.argv[1])
    dropped = asked.get("identities", [])
    if "search" in asked:
        print(json.dumps(search(fit, asked, parts, dropped)))
        return
    setting, rounds = asked["setting"], asked.get("rounds", 0)
    train, valid, test = (columns(parts[name], setting, dropped) for name in ("train", "valid", "test"))
    watched = None if rounds else valid
    found = {"valid": [], "test": []}
    for seed in asked["seeds"]:
        predict, _ = fit(setting, train, watched, seed=seed, rounds=rounds)
        found["valid"].append(predict(valid))
        found["test"].append(predict(test))
    np.savez(asked["out"], **{name: np.array(each, dtype=np.float64) for name, each in found.items()})
    print(json.dumps({"seeds": len(asked["seeds"])}))


def search(fit, asked, parts, dropped):
    """The loss, the rounds and the CPU seconds of each setting on rows it was not fitted on."""
    losses, rounds, seconds = [], [], []
    for setting in asked["search"]:
        begun = time.process_time()
        train, valid = (columns(parts[name], setting, dropped) for name in ("train", "valid"))
        each = [
            one(fit, setting, learn, held, seed)
            for seed in asked["seeds"]
            for learn, held in cuts(train, valid, asked.get("folds", 0))
        ]
        losses.append(float(np.mean([loss for loss, _ in each])))
        rounds.append(max(1, round(float(np.mean([best for _, best in each])))))
        seconds.append(round(time.process_time() - begun, 2))
        print(f"{losses[-1]:.5f} {rounds[-1]} rounds {seconds[-1]} s {setting}", file=sys.stderr, flush=True)
    return {"losses": losses, "rounds": rounds, "seconds": seconds}


def one(fit, setting, train, held, seed):
    predict, best = fit(setting, train, held, seed=seed, rounds=0)
    return log_loss(held.y, predict(held)), best


def cuts(train, valid, folds):
    """(learn, held out) pairs."""
    if not folds:
        return [(train, valid)]
    fold = np.random.default_rng(0).permutation(len(train)) % folds
    return [(train.take(fold != k), train.take(fold == k)) for k in range(folds)]


def columns(part, setting, dropped):
    """The columns that a setting asks for: all, or all but the identities."""
    return part if setting.get("ids", True) else part.without(dropped)


def read(path):
    """The parts of a file that `hand_over` wrote."""
    held = np.load(path)
    names, kept = held["names"].tolist(), held["columns"].tolist()
    places = [names.index(name) for name in kept]
    coded = np.array([name in set(held["categorical"].tolist()) for name in kept])
    return {
        name: Slice(held[f"{name}_x"][:, places], held[f"{name}_y"], kept, coded)
        for name in ("train", "valid", "test")
    }


def log_loss(y, p):
    p = np.clip(p, EDGE, 1 - EDGE)
    return float(-np.mean(np.where(y > 0, np.log(p), np.log1p(-p))))


class Prepared:
    """Columns as a network wants them, learned from training rows.

    Codes seen fewer than `seen` times, and new ones, are 0. Quantities are sign(x) · log(1 + |x|),
    standardised, 0 where unknown; with `binned` they are codes of their half powers of e instead.
    """

    def __init__(self, train, seen, binned):
        self.binned = binned
        codes, quantities = self._split(train)
        self.known = [vocabulary(column, seen) for column in codes.T]
        self.sizes = [len(known) + 1 for known in self.known]
        self.centre, self.spread = np.nanmean(quantities, axis=0), np.nanstd(quantities, axis=0)
        self.spread = np.maximum(self.spread, 1e-6)

    def __call__(self, part):
        """(codes int64 (rows, C), quantities float32 (rows, Q))."""
        codes, quantities = self._split(part)
        coded = [place(column, known) for column, known in zip(codes.T, self.known, strict=True)]
        standard = np.nan_to_num((quantities - self.centre) / self.spread)
        wide = np.stack(coded, axis=1) if coded else np.zeros((len(part), 0), np.int64)
        return wide, standard.astype(np.float32)

    def _split(self, part):
        x = part.x.astype(np.float64)
        codes, rest = x[:, part.coded], np.sign(x[:, ~part.coded]) * np.log1p(np.abs(x[:, ~part.coded]))
        return (np.hstack([codes, np.floor(rest * 2)]), rest[:, :0]) if self.binned else (codes, rest)


def vocabulary(column, seen):
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    return values[counts >= seen]


def place(column, known):
    if not len(known):
        return np.zeros(len(column), np.int64)
    at = np.minimum(np.searchsorted(known, column), len(known) - 1)
    return np.where(known[at] == column, at + 1, 0)


def descend(model, step, predict, valid, *, rounds, most, patience=1):
    """Train for `rounds` epochs, or watch `valid` and keep the best of up to `most`: (epochs kept)."""
    best, kept, lowest = 0, None, np.inf
    for epoch in range(1, (rounds or most) + 1):
        step()
        if rounds:
            best = epoch
            continue
        loss = log_loss(valid.y, predict(valid))
        if loss < lowest:
            best, lowest = epoch, loss
            kept = {name: value.detach().clone() for name, value in model.state_dict().items()}
        elif epoch - best >= patience:
            break
    if kept is not None:
        model.load_state_dict(kept)
    return best
