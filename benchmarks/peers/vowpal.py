"""Vowpal Wabbit as a peer: one pass over a text file, in its own driver; then the answers to another.

Settings: `train`, `valid`, `test` (text files), `rows` of `train`, `ways` (options by name, tried in
turn), `out` (where the probabilities of the best go). Prints, for each way, its rows per CPU second: `read`
with its text parsed within, `cached` from its own binary form, written before. All its threads count.
"""

import json
import os
import sys
import time

import numpy as np
import vowpalwabbit


def driver(options):
    """CPU seconds of one run of the driver over a file, start and end included."""
    begun = time.process_time()
    vowpalwabbit.Workspace(f"{options} --quiet --loss_function logistic").finish()
    return time.process_time() - begun


def answers(model, path, out):
    """Scores of a file by a saved model."""
    driver(f"-t -i {model} -d {path} -p {out} --link logistic")
    return np.loadtxt(out, usecols=0)


def log_loss(y, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.mean(np.where(y > 0, np.log(p), np.log1p(-p))))


def labels(path):
    with open(path, "rb") as lines:
        return np.array([line.startswith(b"1 ") for line in lines])


def main():
    asked = json.load(sys.stdin)
    folder = os.path.dirname(sys.argv[1])
    place = {name: os.path.join(folder, f"vowpal.{name}") for name in ("cache", "model", "told", "best")}
    driver(f"--noop -b {asked['bits']} -d {asked['train']} --cache_file {place['cache']} -k")
    truth, found, best = labels(asked["valid"]), {}, np.inf
    for name, way in asked["ways"].items():
        options = f"-b {asked['bits']} {way}"
        read = driver(f"{options} -d {asked['train']} -f {place['model']}")
        cached = driver(f"{options} -d {asked['train']} --cache_file {place['cache']}")
        loss = log_loss(truth, answers(place["model"], asked["valid"], place["told"]))
        found[name] = {"read": asked["rows"] / read, "cached": asked["rows"] / cached, "valid_log_loss": loss}
        print(name, found[name], file=sys.stderr, flush=True)
        if loss < best:
            best, chosen = loss, name
            os.replace(place["model"], place["best"])
    np.save(asked["out"], answers(place["best"], asked["test"], place["told"]))
    print(json.dumps({"ways": found, "chosen": chosen, "version": vowpalwabbit.__version__}))


main()
