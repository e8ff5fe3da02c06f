"""What is searched for each contender, the first choice being where its library or paper starts."""

from __future__ import annotations

import random
from typing import Any

_NET: dict[str, list[Any]] = {
    "rate": [1e-3, 5e-4, 2e-3],
    "embedding": [8, 4, 16],
    "hidden": [[128, 64], [64, 32], [256, 128]],
    "dropout": [0.1, 0.3, 0.5],
    "seen": [5, 2, 10],
    "binned": [False, True],
    "batch": [512, 1024],
    "ids": [True, False],
}
SPACES: dict[str, dict[str, list[Any]]] = {
    "lightgbm": {
        "rate": [0.05, 0.03, 0.1],
        "leaves": [31, 15, 7, 63],
        "least": [20, 50, 100],
        "columns": [0.8, 0.5, 1.0],
        "l2": [0.0, 1.0, 10.0],
        "smooth": [10.0, 30.0, 100.0],
        "ids": [True, False],
    },
    "catboost": {
        "rate": [0.1, 0.05, 0.03],
        "depth": [6, 4],
        "l2": [3.0, 1.0, 10.0],
        "noise": [1.0, 0.3, 3.0],
        "onehot": [2, 10, 50],
        "ids": [True, False],
    },
    "dcnv2": {**_NET, "l2": [1e-5, 0.0, 1e-4], "layers": [3, 2, 1]},
    "finalmlp": {**_NET, "l2": [1e-5, 0.0, 1e-4], "select": [True, False], "heads": [1, 2, 8]},
    "deepfm": {**_NET, "l2": [1e-5, 0.0, 1e-4]},
    "hawker_linear": {
        "rate": [0.05, 0.02, 0.1, 0.2],
        "l1": [0.1, 0.0, 0.5, 1.0],
        "l2": [1.0, 3.0, 10.0],
        "steps": [3, 2, 1],
        "epochs": [3, 6, 10],
        "ids": [True, False],
    },
    "hawker_trees": {
        "rate": [0.05, 0.03, 0.1],
        "leaves": [31, 15, 7, 63],
        "least": [50, 20, 100],
        "columns": [0.8, 0.5, 1.0],
        "l2": [1.0, 0.0, 10.0],
        "smooth": [10.0, 30.0, 100.0],
        "ids": [True, False],
    },
    "hawker_net": {
        "rate": [1e-3, 5e-4, 2e-3],
        "embedding": [8, 4, 16],
        "hidden": [[128, 64], [64, 32], [256, 128]],
        "dropout": [0.1, 0.3, 0.5],
        "seen": [5, 2, 10],
        "bins": [0, 1, 2],
        "batch": [512, 1024],
        "crosses": [0, 1, 2],
        "fm": [False, True],
        "ids": [True, False],
    },
}
SCRIPTS = {
    "lightgbm": ("boosted", "boosted.py"),
    "catboost": ("boosted", "boosted.py"),
    "dcnv2": ("fuxictr", "fuxi.py"),
    "finalmlp": ("fuxictr", "fuxi.py"),
    "deepfm": ("deepctr", "deepctr.py"),
}
"""The environment and the script of each peer."""


def trials(contender: str, count: int, *, plain: bool = False) -> list[dict[str, Any]]:
    """The first choices, the same without identities, then settings drawn at random: `count` in all.

    `plain` rows know nothing but identities, so there all are kept.
    """
    space = {name: choices for name, choices in SPACES[contender].items() if not (plain and name == "ids")}
    rng = random.Random(f"{contender} 0")
    first = {name: choices[0] for name, choices in space.items()}
    begun = [first] if plain else [first, {**first, "ids": False}]
    drawn = [{name: rng.choice(choices) for name, choices in space.items()} for _ in range(count)]
    return [{"model": contender, **setting} for setting in [*begun, *drawn][:count]]
