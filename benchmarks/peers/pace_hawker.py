"""Our own side of a pace, in a process of its own like any peer's."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from hawker import ranking
from hawker.features.examples import Examples, Field

PARTS: dict[str, dict[str, Any]] = {
    "deepfm": {"fm": True, "wide": True},
    "dcnv2": {"crosses": 3},
    "din": {"sequence": "attention"},
}


def read(path: Path) -> dict[str, Examples]:
    """The parts of a file that `training.write` wrote."""
    with np.load(path) as held:
        names, coded, listed = (tuple(held[name].tolist()) for name in ("names", "categorical", "sequence"))
        fields = (Field("past", "sequence", listed, str(held["of"])),) if listed else ()
        parts = {}
        for part in ("train", "valid", "test"):
            if f"{part}_x" in held:
                x, y = held[f"{part}_x"], held[f"{part}_y"]
                index = np.arange(len(y))
                parts[part] = Examples(names, x, y, index, index, index, np.ones(len(y)), coded, fields)
    return parts


def answer(path: Path) -> None:
    """What standard input asks, as `pace.answer` does it."""
    asked, parts = json.load(sys.stdin), read(path)
    net = ranking.Net(
        **PARTS[asked["model"]],
        hidden=tuple(asked["hidden"]),
        embedding=asked["embedding"],
        rate=asked["rate"],
        batch=asked["batch"],
        epochs=10 if asked["seeds"] else 1,
        dropout=0.0,
        norm=False,
        decay=0.0,
        seen=1,
    )
    if not asked["seeds"]:
        ranking.train(net, parts["train"])
        print(json.dumps({"rows": len(parts["train"])}))
        return
    models = [ranking.train(net, parts["train"], valid=parts["valid"], seed=seed) for seed in asked["seeds"]]
    judged = [ranking.evaluate(model, parts["test"], resamples=20).auc.value for model in models]
    print(json.dumps({"auc": float(np.mean(judged)), "aucs": judged}))


if __name__ == "__main__":
    answer(Path(sys.argv[1]))
