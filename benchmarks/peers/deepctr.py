"""DeepCTR-Torch's DeepFM as a peer."""

import given
import torch
from deepctr_torch.inputs import DenseFeat, SparseFeat
from deepctr_torch.models import DeepFM

MOST = 8


def fit(setting, train, valid, *, seed, rounds):
    torch.set_num_threads(1)
    prepared = given.Prepared(train, setting["seen"], setting["binned"])
    codes = [
        SparseFeat(f"c{i}", size, embedding_dim=setting["embedding"]) for i, size in enumerate(prepared.sizes)
    ]
    quantities = [DenseFeat(f"q{i}", 1) for i in range(prepared(train.take(slice(0, 1)))[1].shape[1])]
    model = DeepFM(
        codes + quantities,
        codes + quantities,
        dnn_hidden_units=tuple(setting["hidden"]),
        dnn_dropout=setting["dropout"],
        dnn_use_bn=True,
        l2_reg_linear=setting["l2"],
        l2_reg_embedding=setting["l2"],
        seed=seed,
        device="cpu",
    )
    model.compile(torch.optim.Adam(model.parameters(), lr=setting["rate"]), "binary_crossentropy")

    def columns(part):
        wide, dense = prepared(part)
        return {f"c{i}": c for i, c in enumerate(wide.T)} | {f"q{i}": q for i, q in enumerate(dense.T)}

    learned = columns(train)

    def step():
        model.fit(learned, train.y, batch_size=setting["batch"], epochs=1, verbose=0)

    def predict(part):
        return model.predict(columns(part), 4096)[:, 0]

    best = given.descend(model, step, predict, valid, rounds=rounds, most=MOST)
    return predict, best


if __name__ == "__main__":
    given.answer(fit)
