"""How fast FuxiCTR trains, and how well at the same settings.

Its layers in the order of its own DeepFM and DCNv2; the wheel's DIN takes the target and the sequence in one
dictionary, the target last.
"""

import os
import sys
import tempfile

import pace
import torch
from fuxi import Batches, PlainDCNv2, feature_map
from fuxictr.pytorch.layers import FactorizationMachine, FeatureEmbedding, MLP_Block
from fuxictr.pytorch.models import BaseModel
from fuxictr.pytorch.torch_utils import seed_everything
from model_zoo.LongCTR.DIN.DIN import DIN


class PlainDeepFM(BaseModel):
    def __init__(self, columns, hidden, **shared):
        super().__init__(columns, model_id="DeepFM", **shared)
        self.embedding_layer = FeatureEmbedding(columns, shared["embedding_dim"])
        self.fm = FactorizationMachine(columns)
        self.mlp = MLP_Block(
            input_dim=columns.sum_emb_out_dim(),
            output_dim=1,
            hidden_units=hidden,
            hidden_activations="ReLU",
            output_activation=None,
        )
        self.compile(shared["optimizer"], shared["loss"], shared["learning_rate"])
        self.reset_parameters()
        self.model_to_device()

    def forward(self, inputs):
        columns = self.get_inputs(inputs)
        embedded = self.embedding_layer(columns)
        score = self.fm(columns, embedded) + self.mlp(embedded.flatten(start_dim=1))
        return {"y_pred": self.output_activation(score)}


class Histories(Batches):
    """Batches with the sequence before the target, as the wheel's DIN takes them."""

    def __init__(self, part, of, size, rng=None):
        super().__init__(part.codes, part.quantities, part.y, size, rng)
        self.of, self.parts = of, (*self.parts, torch.from_numpy(part.sequence))

    def __iter__(self):
        n = len(self.parts[2])
        order = torch.arange(n) if self.rng is None else torch.from_numpy(self.rng.permutation(n))
        for start in range(0, n, self.size):
            rows = order[start : start + self.size]
            codes, quantities, y, past = (part[rows] for part in self.parts)
            batch = {f"c{i}": codes[:, i] for i in range(codes.shape[1]) if i != self.of}
            batch |= {f"q{i}": quantities[:, i] for i in range(quantities.shape[1])}
            item = {f"c{self.of}": torch.cat([past, codes[:, self.of : self.of + 1]], dim=1).flatten()}
            yield batch | {"label": y}, item, (past > 0).float()


def build(setting, shape, seed):
    torch.set_num_threads(1)
    seed_everything(seed)
    columns = feature_map(shape.sizes, shape.quantities, setting["embedding"])
    shared = {
        "gpu": -1,
        "learning_rate": setting["rate"],
        "embedding_dim": setting["embedding"],
        "embedding_regularizer": 0,
        "net_regularizer": 0,
        "optimizer": "adam",
        "loss": "binary_crossentropy",
        "metrics": ["logloss", "AUC"],
        "verbose": 0,
    }
    hidden = list(setting["hidden"])
    with tempfile.TemporaryDirectory() as root:
        shared["model_root"] = root
        if setting["model"] == "deepfm":
            model = PlainDeepFM(columns, hidden, **shared)
        elif setting["model"] == "dcnv2":
            model = PlainDCNv2(
                columns,
                model_structure="parallel",
                parallel_dnn_hidden_units=hidden,
                num_cross_layers=setting["crosses"],
                **shared,
            )
        else:
            columns.features[f"c{shape.of}"]["source"] = "item"
            model = DIN(
                columns,
                dnn_hidden_units=hidden,
                attention_hidden_units=[setting["unit"]],
                attention_hidden_activations="ReLU",
                **shared,
            )
    model._max_gradient_norm, model._eval_steps, model._total_steps = 10.0, sys.maxsize, 0
    model._stop_training, model._batch_index = False, 0
    rng = pace.np.random.default_rng(seed)

    def batches(part, size, dice=None):
        if setting["model"] == "din":
            return Histories(part, shape.of, size, dice)
        return Batches(part.codes, part.quantities, part.y, size, dice)

    def learn(part):
        model.train_epoch(batches(part, setting["batch"], rng))

    def predict(part):
        return model.predict(batches(part, 4096))

    return learn, predict, model


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    pace.answer(build)
