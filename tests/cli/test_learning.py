"""From a log to a served, explained and replayed ad, through the verbs alone."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shell import answer, hawker

from hawker import Shop

GOODS = {"sencha": "Tea", "oolong": "Tea", "espresso": "Coffee", "filter": "Coffee"}


def lines() -> Iterator[str]:
    """Pages with three ads each: even shoppers click on tea, odd ones on coffee."""
    dice, start = random.Random(3), datetime(2024, 3, 1, tzinfo=UTC)
    for visit in range(2_100):
        who, when = dice.randrange(40), start + timedelta(minutes=27 * visit)
        page = {"user_id": f"u{who}", "session_id": f"s{visit}", "placement": "home"}
        for name, after in (("view", -60), ("purchase", -30)):
            seen = {"event": name, "time": (when + timedelta(seconds=after)).isoformat()}
            if name == "view" or dice.random() < 0.2:
                yield json.dumps({**seen, **page, "item_id": dice.choice(list(GOODS)), "value": 5})
        for sku in dice.sample(list(GOODS), 3):
            yield json.dumps({"event": "ad_impression", "time": when.isoformat(), **page, "item_id": sku})
            if dice.random() < (0.5 if (GOODS[sku] == "Tea") == (who % 2 == 0) else 0.02):
                clicked = (when + timedelta(seconds=5)).isoformat()
                yield json.dumps({"event": "ad_click", "time": clicked, **page, "item_id": sku})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a log, campaigns and a model that is trained but not promoted."""
    folder = tmp_path_factory.mktemp("learning")
    rows = [f"{sku},{sku},{category} > All,{category},5 EUR" for sku, category in GOODS.items()]
    (folder / "goods.csv").write_text("\n".join(["id,title,category,brand,price", *rows]))
    (folder / "log.jsonl").write_text("\n".join(lines()))
    campaigns = [
        {"id": name, "advertiser": name, "pricing": "cpc", "bid": "0.5 EUR"} for name in ("Tea", "Coffee")
    ]
    ads = [{"id": f"ad-{sku}", "campaign": category, "product": sku} for sku, category in GOODS.items()]
    (folder / "orders.json").write_text(json.dumps({"campaigns": campaigns, "ads": ads}))
    target = folder / "shop"
    answer("init", target, "--currency", "EUR", "--outcome", "click", "--clock", "2024-04-10")
    answer("-C", target, "ingest", "catalogue", folder / "goods.csv")
    answer("-C", target, "ingest", "behaviour", folder / "log.jsonl")
    answer("-C", target, "ingest", "campaigns", folder / "orders.json")
    return Shop(target)


@pytest.fixture(scope="module")
def trained(shop: Shop) -> Any:
    """What `train --json` says."""
    return answer("-C", shop.folder, "train", "--seed", "7")


def test_before_anything_is_trained_nothing_can_be_judged(shop: Shop) -> None:
    if shop.models.is_dir():
        pytest.skip("the model of this module is there already")
    done = hawker("-C", shop.folder, "evaluate")
    assert done.exit_code == 2
    assert "hawker train" in done.stderr


def test_train_saves_a_model_and_names_the_segments(shop: Shop, trained: Any) -> None:
    assert (shop.models / "ranker" / trained["version"]).is_dir()
    assert trained["auc"]["low"] > 0.6
    assert trained["log_loss"]["low"] < trained["log_loss"]["value"] < trained["log_loss"]["high"]
    assert sum(one["shoppers"] for one in trained["segments"]) == 40
    assert {one["placement"] for one in trained["floors"]} == {
        place.name for place in shop.settings.placements
    }
    assert all(one["floor"] is None and "too few auctions" in one["reason"] for one in trained["floors"])
    assert shop.table("segments").is_file()


def test_train_searches_parameters_and_shows_how_it_went(shop: Shop, tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="pip install 'hawker[tune]'")
    copytree(shop.folder, tmp_path / "shop")
    told = answer("-C", tmp_path / "shop", "train", "--tune", "3", "--search", "random")
    rankers = {one["ranker"]: one for one in told["tuned"]}
    assert {"linear", "trees"} <= set(rankers)
    for one in rankers.values():
        assert one["attempts"] == one["done"] + one["pruned"] + one["failed"] == 3
        picture = Path(one["picture"])
        assert picture.parent.name == told["version"]
        assert picture.read_text("utf-8").count('<circle class="chosen"') == 1 + len(one["chosen"])
        kept = json.loads(picture.with_suffix(".json").read_text("utf-8"))
        assert kept["search"] == "random"
        assert len(kept["attempts"]) == 3
    assert (tmp_path / "shop" / "tuning" / "studies.sqlite").is_file()
    done = hawker("-C", tmp_path / "shop", "train", "--tune", "3", "--search", "random")
    lines = done.stdout.splitlines()
    assert any(line.startswith("Searched linear: 3 settings") for line in lines)
    assert [line for line in lines[-5:] if line.startswith("The search as a picture: ")], lines[-8:]
    refused = hawker("-C", tmp_path / "shop", "train", "--tune", "-1")
    assert refused.exit_code == 2
    assert "at least 1" in refused.stderr


def test_a_model_serves_once_it_has_proven_itself(shop: Shop, trained: Any) -> None:
    judged = answer("-C", shop.folder, "evaluate")
    assert (judged["version"], judged["promoted"]) == (trained["version"], False)
    assert judged["lift_over_own_history"]["low"] > 0
    assert judged["better"]
    done = hawker("-C", shop.folder, "evaluate", "--promote")
    assert done.exit_code == 0
    assert f"{trained['version']} serves from now on." in done.stdout
    assert "hawker -C" in done.stdout.splitlines()[-1]
    page = json.loads(
        hawker("-C", shop.folder, "serve", "--get", "/v1/decide?placement=home&shopper=u2&debug=1").stdout
    )
    assert page["versions"]["model"] == trained["version"]


def test_the_served_model_learns_on(shop: Shop, trained: Any, tmp_path: Path) -> None:
    copytree(shop.folder, tmp_path / "shop")
    told = answer("-C", tmp_path / "shop", "train", "--update")
    assert told["served"] == trained["version"] != told["version"]
    assert told["promoted"] == (
        told["change"]["high"] is not None and told["change"]["high"] <= told["bound"]
    )
    assert sum(day["rows"] for day in told["days"]) > 0
    bare = hawker("-C", tmp_path / "shop", "model", "card", told["version"])
    assert bare.exit_code == 2
    assert f"hawker model card {trained['version']}" in bare.stderr
    hawker("-C", tmp_path / "shop", "evaluate", "--rollback")
    done = hawker("-C", tmp_path / "shop", "train", "--update")
    assert done.exit_code == 0
    assert "each predicted before it was learned" in done.stdout
    refused = hawker("-C", tmp_path / "shop", "train", "--update", "--tune", "3")
    assert refused.exit_code == 2
    assert "exclude each other" in refused.stderr


TAKES = ("own_interest_7", "own_ad_clicks", "department_interest_share", "product_ad_click_rate")


def classifier(shop: Shop) -> Any:
    """What somebody fits on the shop's rows, outside of it, on the days that fit its own models."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    from hawker.learning import pipeline

    held = pipeline.bench(shop)
    rows = pipeline.training_rows(held, pipeline.course("click"), seed=7)
    fit = rows.take(rows.time < held.split.calibrate).only(TAKES)
    return LogisticRegression(max_iter=1000).fit(np.nan_to_num(np.log1p(np.abs(fit.x))), fit.y)


def test_a_model_from_elsewhere_is_added_promoted_served_and_explained(
    shop: Shop, trained: Any, tmp_path: Path
) -> None:
    del trained
    pytest.importorskip("skl2onnx", reason="pip install 'hawker[onnx]'")
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    here = tmp_path / "shop"
    copytree(shop.folder, here)
    kind = [("x", FloatTensorType([None, len(TAKES)]))]
    graph = convert_sklearn(classifier(shop), initial_types=kind, options={"zipmap": False}, target_opset=17)
    file = tmp_path / "theirs.onnx"
    file.write_bytes(graph.SerializeToString())
    given = ("-C", here, "model", "add", file, "--features", ",".join(TAKES), "--unknown", "0")

    told = answer(*given, "--outcome", "click")
    assert (told["source"], told["outcome"]) == ("theirs.onnx", "click")
    assert told["auc"]["low"] > 0.6
    assert told["before_calibration"]["auc"]["value"] > 0.6
    assert abs(told["calibration"]["value"] - 1) < 0.02
    kept = answer("-C", here, "model", "list")["models"]
    assert [one["version"] for one in kept][-1] == told["version"]
    assert not kept[-1]["serves"]
    assert answer("-C", here, "evaluate", "--promote", "--anyway")["version"] == told["version"]
    page = json.loads(
        hawker("-C", here, "serve", "--get", "/v1/decide?placement=home&shopper=u2&debug=1").stdout
    )
    assert page["versions"]["model"] == told["version"]
    why = answer(
        "-C", here, "explain", answer_page(Shop(here), "/v1/decide?placement=home&shopper=u2")["decision"]
    )
    assert why["reproduced"] is True
    assert why["ads"][0]["method"] == "group_shapley"
    assert why["ads"][0]["reasons"]

    out = tmp_path / "out.onnx"
    written = answer("-C", here, "model", "export", out)
    assert (written["version"], written["features"]) == (told["version"], list(TAKES))
    assert written["bytes"] == out.stat().st_size > file.stat().st_size
    refused = hawker("-C", here, "model", "export", out, "--model", kept[0]["version"])
    assert ("linear" in kept[0]["estimator"]) == (refused.exit_code == 2), refused.output
    assert hawker("-C", here, "model", "export", tmp_path / "none" / "out.onnx").exit_code == 1

    again = answer(*given)
    assert again["served"] == told["version"]
    assert again["less_served"]["auc"]["value"] == 0
    done = hawker(*given)
    assert f"Calibrated, less {told['version']}, which serves" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("evaluate --promote")


def test_a_file_that_does_not_fit_is_refused_and_nothing_changes(
    shop: Shop, trained: Any, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'hawker[onnx]'")
    (tmp_path / "half.onnx").write_bytes(b"\x08\x08\x12\x07skl2onnx")
    there = len(answer("-C", shop.folder, "model", "list")["models"])
    given = ("-C", shop.folder, "model", "add", tmp_path / "half.onnx", "--features", "own_count")
    for words, said in (
        (given, "'half.onnx' is no whole ONNX file"),
        ((*given, "--outcome", "clic"), "Did you mean 'click'?"),
        ((*given[:4], tmp_path / "none.onnx", *given[5:]), "There is no file"),
    ):
        done = hawker(*words)
        assert done.exit_code in (1, 2), done.output
        assert said in done.stderr
        assert "Traceback" not in done.output
    assert len(answer("-C", shop.folder, "model", "list")["models"]) == there
    del trained


def test_the_models_of_a_shop_are_listed_and_shown(shop: Shop, trained: Any) -> None:
    listed = hawker("-C", shop.folder, "model", "list").stdout
    assert trained["version"] in listed
    told = answer("-C", shop.folder, "model", "card", trained["version"][:24])
    assert told["card"] == trained["card"]
    assert told["text"].startswith("# Model card")
    shown = hawker("-C", shop.folder, "model", "card").stdout
    assert trained["card"] in shown.replace("\n", "")
    assert hawker("-C", shop.folder, "model", "card", "2001").exit_code == 1


def test_there_is_nothing_before_the_first_model_to_go_back_to(shop: Shop, trained: Any) -> None:
    del trained
    done = hawker("-C", shop.folder, "evaluate", "--rollback")
    assert done.exit_code == 1
    assert "no earlier promoted version" in done.stderr


def test_a_page_is_answered_explained_and_executed_again(shop: Shop, trained: Any) -> None:
    del trained
    page = answer_page(shop, "/v1/decide?placement=home&shopper=u1")
    assert {ad["advertiser"] for ad in page["ads"]} <= {"Tea", "Coffee"}
    told = answer("-C", shop.folder, "explain", page["decision"])
    assert told["decision"] == page["decision"]
    assert told["reproduced"] is True
    assert answer("-C", shop.folder, "explain")["decision"]
    chinese = hawker("-C", shop.folder, "explain", page["decision"], "--language", "zh").stdout
    assert "按记录重新执行：结果逐位一致。" in chinese
    again = answer("-C", shop.folder, "replay")
    assert again["decisions"] == again["reproduced"] >= 1
    assert not again["different"]


def answer_page(shop: Shop, url: str) -> Any:
    done = hawker("-C", shop.folder, "serve", "--get", url)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_decision_that_was_tampered_with_is_noticed(shop: Shop, tmp_path: Path) -> None:
    from msgspec.structs import replace

    from hawker.cli.replay import newest
    from hawker.storage.decision_log import DecisionLog

    answer_page(shop, "/v1/decide?placement=home&shopper=u3")
    (good,) = newest(shop, 1)
    other = Shop.create(tmp_path / "other", shop.settings)
    copytree(shop.models, other.models)
    log = DecisionLog(other.decisions)
    dearer = replace(good.slots[0], price=good.slots[0].price + 1)
    log.append(replace(good, slots=(dearer, *good.slots[1:])))
    log.append(replace(good, id="d-000000000000-00000000", versions={"model": "gone"}))
    log.close()
    done = hawker("-C", other.folder, "replay", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert told["different"] == {good.id: ["price"]}
    assert sum(told["not_executed"].values()) == 1


def test_a_request_that_cannot_be_answered_exits_with_2(shop: Shop) -> None:
    done = hawker("-C", shop.folder, "serve", "--get", "/v1/decide?placement=hme")
    assert done.exit_code == 2
    assert "home" in done.stdout
    refused = hawker("-C", shop.folder, "serve", "--host", "0.0.0.0")
    assert refused.exit_code == 2
    assert "keys" in refused.stderr


def test_a_shopper_is_described(shop: Shop) -> None:
    told = hawker("-C", shop.folder, "explain", "--shopper", "u1").stdout
    assert told.startswith("sp_")
    assert ", as of 2024-04-10" in told.splitlines()[0]
    assert "price band" in told
    assert answer("-C", shop.folder, "explain", "--shopper", "u1")["known"] is True
    assert "Nothing is recorded of 'sp_" in hawker("-C", shop.folder, "explain", "--shopper", "nobody").stdout
    assert hawker("-C", shop.folder, "explain", "d-1", "--shopper", "u1").exit_code == 2
    assert hawker("-C", shop.folder, "explain", "d-1").exit_code == 1


def test_an_empty_shop_answers_every_verb(tmp_path: Path) -> None:
    answer("init", tmp_path)
    assert answer("-C", tmp_path, "replay")["decisions"] == 0
    assert answer("-C", tmp_path, "report")["totals"]["impressions"] == 0
    assert answer("-C", tmp_path, "explain", "--shopper", "u1")["known"] is False
    for verb, code in (("explain", 1), ("train", 2), ("evaluate", 2), ("check", 2)):
        done = hawker("-C", tmp_path, verb)
        assert done.exit_code == code, done.output
        assert done.output
        assert "Traceback" not in done.output
    assert answer_page(Shop(tmp_path), "/v1/decide?placement=home")["fallback"] == "no_campaigns"
