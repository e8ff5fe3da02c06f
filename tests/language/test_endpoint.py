"""An endpoint that is slow, down, busy, or answers nonsense: asked again where that helps, else named."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import shops
from tests.behaviour.encoders import KNOWN
from tests.language.answering import Answering, answering

from hawker.errors import BadReply, Unreachable
from hawker.language import annotate, encoder, static
from hawker.language.endpoint import Endpoint
from hawker.records.catalogue import Product
from hawker.storage import vectors
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products

FLOOR = encoder("tfidf", texts=KNOWN)


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering(FLOOR) as started:
        yield started


def asking(server: Answering, *, timeout: float = 5.0) -> Endpoint:
    return Endpoint(server.url, "m", timeout=timeout, tries=3, pause=0.001)


def test_it_asks_in_batches_and_in_the_form_of_openai(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAWKER_ENCODER_KEY", "k-123")
    texts = [f"red shoes {i}" for i in range(150)]
    made = asking(server).passages(texts)
    assert made == pytest.approx(FLOOR.passages(texts), abs=1e-6)
    assert [len(body["input"]) for body in server.asked] == [1, 64, 64, 22]
    assert all(body["model"] == "m" and body["encoding_format"] == "float" for body in server.asked)
    assert set(server.keys) == {"Bearer k-123"}


def test_without_a_key_none_is_sent(server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HAWKER_ENCODER_KEY", raising=False)
    asking(server).queries(["red shoes"])
    assert set(server.keys) == {None}


@pytest.mark.parametrize("fault", [429, 500, 503, "slow", "drop", "trickle"])
def test_what_passes_is_asked_again(server: Answering, fault: int | str) -> None:
    by = asking(server, timeout=0.1)
    assert by.size == 64
    server.faults = [fault, fault]
    assert by.passages(["red running shoes"]).any()
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("fault", "said"),
    [(503, "503"), ("slow", "within 0.1 s"), ("trickle", "within 0.1 s"), ("drop", "asked 3 times")],
)
def test_what_lasts_is_unreachable(server: Answering, fault: int | str, said: str) -> None:
    server.faults = [fault] * 3
    with pytest.raises(Unreachable, match=said):
        asking(server, timeout=0.1).passages(["red shoes"])
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (401, "HAWKER_ENCODER_KEY"),
        (404, "model 'm'"),
        (307, "307"),
        ("text", "did not answer with embeddings"),
        ("short", "63 numbers, and of 64"),
        ("fewer", "1 texts with 0"),
        ("nan", "no number"),
    ],
)
def test_what_cannot_be_used_is_not_asked_again(server: Answering, fault: int | str, said: str) -> None:
    by = asking(server)
    assert by.size == 64
    server.faults = [fault]
    with pytest.raises(BadReply, match=said):
        by.passages(["red running shoes"])
    assert len(server.asked) == 2


def test_nobody_is_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
    with pytest.raises(Unreachable, match="refused"):
        Endpoint(nobody, "m", tries=2, pause=0.001).passages(["tea"])


def test_a_shop_whose_endpoint_fails_is_served_by_the_floor(tmp_path: Path, server: Answering) -> None:
    shop = shops.tiny(tmp_path / "shop", encoder=f"openai:{server.url}#m")
    server.faults = [401]
    made = annotate.products(shop)
    assert [one.reason for one in made.findings] == ["encoder_failed"]
    assert "HAWKER_ENCODER_KEY" in made.findings[0].message
    held = vectors.products(shop)
    assert held is not None
    assert held.name.startswith("tfidf-")
    assert annotate.products(shop).findings == ()
    held = vectors.products(shop)
    assert held is not None
    assert held.name.startswith("openai-m-")


def test_an_endpoint_that_goes_away_leaves_what_it_made(tmp_path: Path, server: Answering) -> None:
    shop = shops.tiny(tmp_path / "shop", encoder=f"openai:{server.url}#m")
    before = annotate.products(shop)
    served = vectors.products(shop)
    write_products(shop.table("catalogue"), [*shops.PRODUCTS, Product("cup", "Red tea cup")])
    server.faults = [401] * 9
    after = annotate.products(Shop(shop.folder))
    assert [one.reason for one in after.findings] == ["encoder_away"]
    assert after.name == before.name
    held = vectors.products(shop)
    assert held is not None
    assert served is not None
    assert (held.matrix[:4] == served.matrix).all()
    assert not held.matrix[4].any()
    server.faults = []
    assert annotate.products(Shop(shop.folder)).findings == ()


def test_an_endpoint_that_fails_half_way_gives_way_too(tmp_path: Path, server: Answering) -> None:
    shop = shops.tiny(tmp_path / "shop", encoder=f"openai:{server.url}#m")
    server.faults = ["", "", 401]  # the size, the products; not the vocabulary
    assert [one.reason for one in annotate.products(shop).findings] == ["encoder_failed"]
    assert static.load(shop) is not None
