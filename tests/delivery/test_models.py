"""A promoted model that cannot be used serves nobody: the last good one stays in service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.delivery.test_renew import follow
from tests.shops import tiny

from hawker import Shop, delivery, ranking
from hawker.delivery.build import RANKER
from hawker.delivery.renew import Renewal
from hawker.errors import BadInput, Corrupt
from hawker.records.decision import Request
from hawker.storage.models import CHECKSUMS, ModelStore


def save(shop: Shop, *names: str) -> str:
    """A rule by these features, promoted."""
    rule = ranking.Rule(names, dict.fromkeys(names, 1.0))
    rule.recipe = {"names": list(names)}
    store = ModelStore(shop.models)
    version = store.save(RANKER, rule.save, rule.recipe)
    store.promote(RANKER, version)
    return version


def cut(folder: Path) -> None:
    """Half of the model's file is gone."""
    path = folder / "model.json"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def later(folder: Path) -> None:
    """A later version of Hawker wrote it, whole."""
    path = folder / "model.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    (folder / CHECKSUMS).write_text("{}")


@pytest.mark.parametrize(
    ("spoil", "names", "error", "words"),
    [
        (cut, ("own_count",), Corrupt, r"has changed since it was saved.*Roll back"),
        (later, ("own_count",), Corrupt, r"later version of Hawker \(format 99\).*Upgrade"),
        (None, ("own_count", "own_horoscope"), BadInput, r"\['own_horoscope'\].*Train anew.*roll back"),
    ],
    ids=["cut in half", "later version", "vanished feature"],
)
def test_the_last_good_model_stays_in_service(
    spoil: Callable[[Path], None] | None,
    names: tuple[str, ...],
    error: type[Exception],
    words: str,
    tmp_path: Path,
) -> None:
    shop = tiny(tmp_path / "shop")
    store = ModelStore(shop.models)
    good = save(shop, "product_units_28")
    with delivery.build(shop) as engine:
        renewal = Renewal(engine)
        before = [slot.ad.id for slot in engine.decide(Request("home"), seed=1).slots]
        bad = save(shop, *names)
        if spoil:
            spoil(store.path(RANKER, bad))
        follow(engine, renewal)
        assert engine.world.versions["model"] == good
        assert [slot.ad.id for slot in engine.decide(Request("home"), seed=1).slots] == before
        assert not follow(engine, renewal)  # it is not tried again and again
        renewal.close()
    with delivery.build(Shop(shop.folder)) as engine:
        assert engine.world.versions["model"] == good
        renewal = Renewal(engine)
        better = save(shop, "own_count")
        assert follow(engine, renewal)
        assert engine.world.versions["model"] == better
        renewal.close()

    alone = tiny(tmp_path / "alone")
    version = save(alone, *names)
    if spoil:
        spoil(ModelStore(alone.models).path(RANKER, version))
    for _ in range(2):
        with pytest.raises(error, match=words):
            delivery.build(alone)
