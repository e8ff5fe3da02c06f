"""What to train when nobody has tuned anything: the combination that predicted best on data of that size.

Chosen on validation rows of public data (docs/decisions/0030, docs/models.md), never on test rows.
"""

from __future__ import annotations

from dataclasses import replace

from hawker.features.examples import Examples
from hawker.ranking.fm import Factorised
from hawker.ranking.linear import Linear
from hawker.ranking.net import Net
from hawker.ranking.stack import Bag, Stack
from hawker.ranking.trees import Trees

FEW = 20_000
"""Below so many rows a network has not seen enough to be worth its weight."""


def best(examples: Examples, *, threads: int = 1) -> Stack:
    """The estimator that we would begin with on examples like these.

    Few rows: hashed logistic regression on values and coarse bins, two small factorisation machines, one on
    bins and one on values, and a bag of cautious trees, weighed by what they say of other shoppers. More:
    trees beside a bag of small cross networks, weighed by what they say of later rows.
    """
    if len(examples) < FEW:
        linear = Linear(quantities="both", steps=1, l1=1.0, epochs=3)
        machine = Factorised(rank=4, steps=1, pace=0.01, shrink=0.05, epochs=3)
        lines = replace(machine, quantities="values")
        trees = Trees(trees=150, rate=0.03, leaves=15, least=20, columns=0.3, smooth=100.0, threads=threads)
        return Stack((linear, machine, lines, Bag(trees, models=3)), folds=5, by="shopper")
    trees = Trees(rate=0.03, leaves=15, least=100, threads=threads)
    net = Net(hidden=(64, 32), crosses=1, dropout=0.3, rate=2e-3, batch=1024, threads=threads)
    return Stack((trees, Bag(net, models=4)), folds=3)
