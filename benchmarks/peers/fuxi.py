"""FuxiCTR's DCNv2 and FinalMLP as peers: `model` names which.

The wheel holds both for rows with a long behaviour sequence; here their layers take rows without one, in
the order of the library's own plain variants.
"""

import os
import sys
import tempfile

import given
import numpy as np
import torch
from fuxictr.features import FeatureMap
from fuxictr.pytorch.models import BaseModel
from fuxictr.pytorch.torch_utils import seed_everything
from model_zoo.LongCTR.DCNv2.DCNv2 import DCNv2
from model_zoo.LongCTR.FinalMLP.FinalMLP import FinalMLP

MOST = 8


class Plain:
    """Batches, labels and steps as `BaseModel` has them."""

    get_inputs = BaseModel.get_inputs
    get_labels = BaseModel.get_labels
    get_group_id = BaseModel.get_group_id
    train_step = BaseModel.train_step


class PlainDCNv2(Plain, DCNv2):
    def forward(self, inputs):
        embedded = self.embedding_layer(self.get_inputs(inputs), flatten_emb=True)
        both = torch.cat([self.crossnet(embedded), self.parallel_dnn(embedded)], dim=-1)
        return {"y_pred": self.output_activation(self.fc(both))}


class PlainFinalMLP(Plain, FinalMLP):
    def forward(self, inputs):
        columns = self.get_inputs(inputs)
        embedded = self.embedding_layer(columns).flatten(start_dim=1)
        first, second = self.fs_module(columns, embedded) if self.use_fs else (embedded, embedded)
        fused = self.fusion_module(self.mlp1(first), self.mlp2(second))
        return {"y_pred": self.output_activation(fused)}


class Batches:
    """Batches of named columns, in an order drawn anew each time where `rng` is given."""

    def __init__(self, codes, quantities, y, size, rng=None):
        self.parts = torch.from_numpy(codes), torch.from_numpy(quantities), torch.from_numpy(y)
        self.size, self.rng = size, rng

    def __len__(self):
        return -(-len(self.parts[2]) // self.size)

    def __iter__(self):
        n = len(self.parts[2])
        order = np.arange(n) if self.rng is None else self.rng.permutation(n)
        for start in range(0, n, self.size):
            rows = torch.from_numpy(order[start : start + self.size])
            codes, quantities, y = (part[rows] for part in self.parts)
            batch = {f"c{i}": codes[:, i] for i in range(codes.shape[1])}
            batch |= {f"q{i}": quantities[:, i] for i in range(quantities.shape[1])}
            yield batch | {"label": y}


def feature_map(sizes, quantities, embedding):
    made = FeatureMap("rows", "")
    made.labels, made.default_emb_dim = ["label"], embedding
    for i, size in enumerate(sizes):
        made.features[f"c{i}"] = {"source": "", "type": "categorical", "vocab_size": size}
    for i in range(quantities):
        made.features[f"q{i}"] = {"source": "", "type": "numeric"}
    made.num_fields = made.get_num_fields()
    made.total_features = sum(sizes) + quantities
    return made


def build(setting, columns, root):
    shared = {
        "gpu": -1,
        "learning_rate": setting["rate"],
        "embedding_dim": setting["embedding"],
        "embedding_regularizer": setting["l2"],
        "net_regularizer": 0,
        "optimizer": "adam",
        "loss": "binary_crossentropy",
        "metrics": ["logloss", "AUC"],
        "verbose": 0,
        "model_root": root,
    }
    hidden, dropout = list(setting["hidden"]), setting["dropout"]
    if setting["model"] == "dcnv2":
        return PlainDCNv2(
            columns,
            model_structure="parallel",
            parallel_dnn_hidden_units=hidden,
            num_cross_layers=setting["layers"],
            net_dropout=dropout,
            batch_norm=True,
            **shared,
        )
    return PlainFinalMLP(
        columns,
        mlp1_hidden_units=hidden,
        mlp2_hidden_units=hidden,
        mlp1_dropout=dropout,
        mlp2_dropout=dropout,
        mlp1_batch_norm=True,
        mlp2_batch_norm=True,
        use_fs=setting["select"],
        num_heads=setting["heads"],
        **shared,
    )


def fit(setting, train, valid, *, seed, rounds):
    torch.set_num_threads(1)
    seed_everything(seed)
    prepared = given.Prepared(train, setting["seen"], setting["binned"])
    codes, quantities = prepared(train)
    columns = feature_map(prepared.sizes, quantities.shape[1], setting["embedding"])
    with tempfile.TemporaryDirectory() as root:
        model = build(setting, columns, root)
    model._max_gradient_norm, model._eval_steps, model._total_steps = 10.0, sys.maxsize, 0
    model._stop_training = False
    batches = Batches(codes, quantities, train.y, setting["batch"], np.random.default_rng(seed))

    def step():
        model.train_epoch(batches)

    def predict(part):
        return model.predict(Batches(*prepared(part), part.y, 4096))

    best = given.descend(model, step, predict, valid, rounds=rounds, most=MOST)
    return predict, best


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    given.answer(fit)
