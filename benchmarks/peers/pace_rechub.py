"""How fast torch-rechub trains, and how well at the same settings. Its DIN takes codes only."""

import os

import numpy as np
import pace
import torch
from torch.utils.data import DataLoader, Dataset
from torch_rechub.basic.features import DenseFeature, SequenceFeature, SparseFeature
from torch_rechub.models.ranking import DIN, DCNv2, DeepFM
from torch_rechub.trainers import CTRTrainer


class Rows(Dataset):
    """Rows by name; `__getitems__` makes a batch at once, which is kinder than the library's row by row."""

    def __init__(self, part, of):
        self.columns = {f"c{i}": torch.from_numpy(column) for i, column in enumerate(part.codes.T.copy())}
        self.columns |= {f"q{i}": torch.from_numpy(q) for i, q in enumerate(part.quantities.T.copy())}
        if part.sequence.shape[1]:
            self.columns[f"past_c{of}"] = torch.from_numpy(part.sequence)
        self.y = torch.from_numpy(part.y)

    def __len__(self):
        return len(self.y)

    def __getitems__(self, rows):
        at = torch.tensor(rows)
        return {name: column[at] for name, column in self.columns.items()}, self.y[at]


def build(setting, shape, seed):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    wide, hidden = setting["embedding"], list(setting["hidden"])
    codes = [SparseFeature(f"c{i}", vocab_size=size, embed_dim=wide) for i, size in enumerate(shape.sizes)]
    quantities = [DenseFeature(f"q{i}") for i in range(shape.quantities)]
    if setting["model"] == "deepfm":
        model = DeepFM(codes + quantities, codes, {"dims": hidden})
    elif setting["model"] == "dcnv2":
        model = DCNv2(codes + quantities, setting["crosses"], {"dims": hidden}, use_low_rank_mixture=False)
    else:
        item = codes.pop(shape.of)
        past = SequenceFeature(
            f"past_{item.name}",
            vocab_size=item.vocab_size,
            embed_dim=wide,
            pooling="concat",
            shared_with=item.name,
        )
        unit = {"dims": [setting["unit"]], "activation": "relu"}
        model = DIN(codes, [past], [item], {"dims": hidden}, unit)
    trainer = CTRTrainer(model, optimizer_params={"lr": setting["rate"], "weight_decay": 0})

    def batches(part, size, shuffle):
        return DataLoader(Rows(part, shape.of), batch_size=size, shuffle=shuffle, collate_fn=lambda one: one)

    def learn(part):
        trainer.train_one_epoch(batches(part, setting["batch"], shuffle=True))

    def predict(part):
        return np.array(trainer.predict(model, batches(part, 4096, shuffle=False)), np.float64)

    return learn, predict, model


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    pace.answer(build)
