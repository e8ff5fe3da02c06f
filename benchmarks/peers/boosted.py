"""LightGBM and CatBoost as peers: `model` names which."""

import given
import numpy as np

MOST = 300
PATIENCE = 25


def lightgbm(setting, train, valid, *, seed, rounds):
    import lightgbm as library

    coded = np.flatnonzero(train.coded).tolist()
    made = {"categorical_feature": coded, "free_raw_data": False}
    data = library.Dataset(train.x, train.y, **made)
    settings = {
        "objective": "binary",
        "learning_rate": setting["rate"],
        "num_leaves": setting["leaves"],
        "min_data_in_leaf": setting["least"],
        "feature_fraction": setting["columns"],
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": setting["l2"],
        "cat_smooth": setting["smooth"],
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }
    watched = [] if rounds else [library.Dataset(valid.x, valid.y, reference=data, **made)]
    stopping = [] if rounds else [library.early_stopping(PATIENCE, verbose=False)]
    model = library.train(settings, data, rounds or MOST, valid_sets=watched, callbacks=stopping)
    best = rounds or model.best_iteration
    return lambda part: model.predict(part.x, num_iteration=best, num_threads=1), best


def catboost(setting, train, valid, *, seed, rounds):
    from catboost import CatBoostClassifier, Pool

    def pool(part):
        coded = np.flatnonzero(part.coded).tolist()
        table = part.x.astype(object)
        table[:, coded] = np.where(np.isnan(part.x[:, coded]), -1, part.x[:, coded]).astype(np.int64)
        return Pool(table, part.y, cat_features=coded)

    model = CatBoostClassifier(
        iterations=rounds or MOST,
        learning_rate=setting["rate"],
        depth=setting["depth"],
        l2_leaf_reg=setting["l2"],
        random_strength=setting["noise"],
        one_hot_max_size=setting["onehot"],
        thread_count=1,
        random_seed=seed,
        verbose=False,
        allow_writing_files=False,
    )
    if rounds:
        model.fit(pool(train))
        best = rounds
    else:
        model.fit(pool(train), eval_set=pool(valid), early_stopping_rounds=PATIENCE)
        best = max(1, model.get_best_iteration() + 1)
    return lambda part: model.predict_proba(pool(part), thread_count=1)[:, 1], best


def fit(setting, train, valid, *, seed, rounds):
    return {"lightgbm": lightgbm, "catboost": catboost}[setting["model"]](
        setting, train, valid, seed=seed, rounds=rounds
    )


if __name__ == "__main__":
    given.answer(fit)
