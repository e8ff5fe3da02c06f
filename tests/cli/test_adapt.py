"""`hawker adapt`: a table before and after, the same as JSON, and errors that name the remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.shell import hawker
from tests.language import adapting

from hawker.privacy import erasure
from hawker.storage.models import ModelStore


def test_a_task_that_is_not_known_and_a_shop_without_behaviour(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="needs the extra adapt")
    adapting.shop(tmp_path, shoppers=2)
    few = hawker("-C", tmp_path, "adapt")
    assert few.exit_code == 2
    assert "22 visits brought something new" in few.output
    assert hawker("-C", tmp_path, "adapt", "poetry").exit_code == 2


def test_a_new_model_is_judged_before_and_after(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="needs the extra adapt")
    shop = adapting.shop(tmp_path)
    words = ("-C", tmp_path, "adapt", "--from", "new", "--passes", "1", "--no-promote")
    done = hawker(*words, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    figures = told["compared"]["ndcg10"]
    assert figures["before"]["low"] <= figures["before"]["value"] <= figures["before"]["high"]
    assert told["promoted"] is False
    assert told["reason"]
    assert ModelStore(shop.models).versions("encoder") == [told["version"]]
    assert ModelStore(shop.models).promoted("encoder") is None
    shown = hawker("-C", tmp_path, "adapt", "category", *words[3:])
    assert shown.exit_code == 0, shown.output
    assert "categories told rightly, before" in shown.output
    assert "does not serve" in shown.output
    assert "hawker -C" in shown.output


def test_forgetting_takes_a_training_cut_short_away(tmp_path: Path) -> None:
    shop = adapting.shop(tmp_path, shoppers=2)
    (shop.state / erasure.TRAININGS / "interests").mkdir(parents=True)
    done = hawker("-C", tmp_path, "forget", "u1", "--yes")
    assert done.exit_code == 0, done.output
    assert not (shop.state / erasure.TRAININGS).exists()
