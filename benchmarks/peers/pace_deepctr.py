"""How fast DeepCTR-Torch trains, and how well at the same settings."""

import pace
import torch
from deepctr_torch.inputs import DenseFeat, SparseFeat, VarLenSparseFeat
from deepctr_torch.models import DCN, DIN, DeepFM


def build(setting, shape, seed):
    torch.set_num_threads(1)
    wide = setting["embedding"]
    columns = [SparseFeat(f"c{i}", size, embedding_dim=wide) for i, size in enumerate(shape.sizes)]
    columns += [DenseFeat(f"q{i}", 1) for i in range(shape.quantities)]
    hidden = tuple(setting["hidden"])
    shared = {"l2_reg_embedding": 0, "seed": seed, "device": "cpu", "dnn_hidden_units": hidden}
    if setting["model"] == "deepfm":
        model = DeepFM(columns, columns, l2_reg_linear=0, **shared)
    elif setting["model"] == "dcnv2":
        model = DCN(
            columns,
            columns,
            cross_num=setting["crosses"],
            cross_parameterization="matrix",
            l2_reg_linear=0,
            l2_reg_cross=0,
            **shared,
        )
    else:
        item = f"c{shape.of}"
        past = SparseFeat(f"hist_{item}", shape.sizes[shape.of], embedding_dim=wide, embedding_name=item)
        columns.append(VarLenSparseFeat(past, shape.length, length_name="length"))
        model = DIN(
            columns,
            [item],
            att_hidden_size=(setting["unit"],),
            att_activation="relu",
            init_std=0.01,
            **shared,
        )
    model.compile(torch.optim.Adam(model.parameters(), lr=setting["rate"]), "binary_crossentropy")

    def named(part):
        found = {f"c{i}": column for i, column in enumerate(part.codes.T)}
        found |= {f"q{i}": column for i, column in enumerate(part.quantities.T)}
        if setting["model"] == "din":
            found |= {f"hist_c{shape.of}": part.sequence, "length": (part.sequence > 0).sum(axis=1)}
        return found

    def learn(part):
        model.fit(named(part), part.y, batch_size=setting["batch"], epochs=1, verbose=0)

    def predict(part):
        return model.predict(named(part), 4096)[:, 0]

    return learn, predict, model


if __name__ == "__main__":
    pace.answer(build)
