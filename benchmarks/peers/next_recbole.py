"""RecBole's SASRec as a peer: its own data handling, its own model with its full softmax, its own trainer.

Rows: `start`, `items` (histories), `wanted`, `size`. Settings: `budget` (CPU seconds of training), `seed`,
`out` (where the places of the wanted items go). It trains on all but the last item of each history, batch by
batch, until the budget is used. Settings are its defaults for this model (hidden 64, two layers of two heads,
dropout .5, rate .001).
"""

import json
import os
import sys
import tempfile
import time

import numpy as np
import torch

SETTINGS = {
    "USER_ID_FIELD": "user_id",
    "ITEM_ID_FIELD": "item_id",
    "TIME_FIELD": "timestamp",
    "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
    "MAX_ITEM_LIST_LENGTH": 50,
    "hidden_size": 64,
    "n_layers": 2,
    "n_heads": 2,
    "inner_size": 256,
    "loss_type": "CE",
    "train_neg_sample_args": None,
    "train_batch_size": 256,
    "learning_rate": 0.001,
    "eval_args": {"split": {"LS": "test_only"}, "group_by": "user", "order": "TO", "mode": "full"},
    "use_gpu": False,
    "show_progress": False,
    "state": "ERROR",
    "reproducibility": True,
}


class Over(Exception):
    """The budget is used."""


def written(folder, rows):
    """The histories and the wanted items as RecBole's own file of interactions."""
    start, items, wanted = rows["start"], rows["items"], rows["wanted"]
    path = os.path.join(folder, "beauty", "beauty.inter")
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as out:
        out.write("user_id:token\titem_id:token\ttimestamp:float\n")
        for user in range(len(start) - 1):
            taken = [*items[start[user] : start[user + 1]], wanted[user]]
            for place, item in enumerate(taken):
                out.write(f"{user}\t{item}\t{place}\n")


def places(model, dataset, rows):
    """The places of the wanted items, from 1; ties count against it, what was taken is passed over."""
    start, items, wanted = rows["start"], rows["items"], rows["wanted"]
    code = np.zeros(int(rows["size"]), np.int64)
    for token, own in dataset.field2token_id["item_id"].items():
        if token != "[PAD]":
            code[int(token)] = own
    longest, out = SETTINGS["MAX_ITEM_LIST_LENGTH"], np.empty(len(wanted), np.int64)
    model.eval()
    for first in range(0, len(wanted), 256):
        users = range(first, min(first + 256, len(wanted)))
        taken = [code[items[start[user] : start[user + 1]]] for user in users]
        listed = np.zeros((len(taken), longest), np.int64)
        for row, one in enumerate(taken):
            listed[row, : len(one[-longest:])] = one[-longest:]
        lengths = torch.tensor([min(len(one), longest) for one in taken])
        with torch.no_grad():
            state = model.forward(torch.from_numpy(listed), lengths)
            scores = (state @ model.item_embedding.weight.T).numpy()
        scores[:, 0] = -np.inf
        for row, one in enumerate(taken):
            scores[row, one] = -np.inf
        own = scores[np.arange(len(taken)), code[wanted[first : first + len(taken)]]][:, None]
        out[first : first + len(taken)] = (scores >= own).sum(axis=1)
    return out


def main():
    asked = json.load(sys.stdin)
    torch.set_num_threads(1)
    rows = np.load(sys.argv[1])
    import recbole
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.model.sequential_recommender import SASRec
    from recbole.utils import init_seed

    sys.argv = sys.argv[:1]  # its Config reads the command line
    with tempfile.TemporaryDirectory() as folder:
        written(folder, rows)
        given = {**SETTINGS, "data_path": folder, "checkpoint_dir": folder, "seed": asked["seed"]}
        config = Config(model="SASRec", dataset="beauty", config_dict=given)
        init_seed(asked["seed"], True)
        dataset = create_dataset(config)
        train = data_preparation(config, dataset)[0]
        model = SASRec(config, train.dataset)
        optimiser = torch.optim.Adam(model.parameters(), lr=config["learning_rate"])
        begun, passes = time.process_time(), 0.0
        try:
            while True:
                model.train()
                for batch in train:
                    optimiser.zero_grad()
                    model.calculate_loss(batch).backward()
                    optimiser.step()
                    passes += 1 / len(train)
                    if time.process_time() - begun > asked["budget"]:
                        raise Over
        except Over:
            pass
        np.save(asked["out"], places(model, dataset, rows))
    print(json.dumps({"model": "recbole_sasrec", "version": recbole.__version__, "passes": round(passes, 2)}))


main()
