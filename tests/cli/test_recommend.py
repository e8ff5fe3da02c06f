"""`hawker recommend`, and what `hawker train` says of the recommender, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import shops
from tests.cli.shell import hawker

from hawker.cli import stocking
from hawker.cli.call import Call
from hawker.learning.shelf import Judged, Stocked
from hawker.statistics import Estimate

FIGURE = Estimate(0.25, 0.2, 0.3)
JUDGED = Judged(80, *(dict.fromkeys(("recommender", "own", "trending"), FIGURE) for _ in range(3)))


def test_it_shows_products_with_their_reasons(tmp_path: Path) -> None:
    folder = shops.tiny(tmp_path / "shop").folder
    told = hawker("-C", folder, "recommend", "--shopper", "u-9", "--kind", "next_purchase")
    assert told.exit_code == 0
    assert "No recommender serves yet" in told.stdout
    assert "many are buying it now" in told.stdout
    assert "Green tea" in told.stdout
    assert "'/v1/recommend?shopper=u-9&kind=next_purchase&number=8'" in told.stdout
    document = json.loads(hawker("-C", folder, "recommend", "--kind", "trending", "--json").stdout)
    assert [one["id"] for one in document["products"]] == ["tea"]


def test_what_does_not_fit_is_refused_and_nothing_is_said(tmp_path: Path) -> None:
    folder = shops.tiny(tmp_path / "shop", language="zh").folder
    refused = hawker("-C", folder, "recommend", "--kind", "best")
    assert refused.exit_code == 2
    empty = hawker("-C", folder, "recommend", "--category", "Nothing")
    assert "没有可推荐的商品。" in empty.stdout
    assert "未读取画像（no_shopper）" in empty.stdout


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Stocked("v-1", True, JUDGED), {"en": "It serves from now on: v-1", "zh": "已上线：v-1"}),
        (
            Stocked("v-1", False, JUDGED, reason="below_served"),
            {"en": "It does not serve: it foretells less", "zh": "未上线：其预测不如现有模型"},
        ),
        (
            Stocked(reason="few_baskets"),
            {"en": "fewer than 50 baskets follow", "zh": "同一顾客的后续购物篮不足 50 个"},
        ),
    ],
)
def test_training_tells_how_it_was_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: Stocked, said: dict[str, str]
) -> None:
    for language, words in said.items():
        shops.tiny(tmp_path / language, language=language)
        stocking.show(Call(tmp_path / language).answering(as_json=False, quiet=False), made)
        shown = capsys.readouterr().out
        assert words in shown
        assert ("0.2500" in shown) == (made.judged is not None)
    document = stocking.document(made)
    assert document["reason"] == made.reason
    assert document.get("ndcg", {}).get("own", {}).get("low") == (0.2 if made.judged else None)
