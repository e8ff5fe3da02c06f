"""A shop's writer: what it is shown, what it may never have seen, and that it writes only where it wins."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.language import tiny_writer

from hawker.creative import studio
from hawker.creative.draft import Extractive
from hawker.errors import NotFound
from hawker.language.adapt.course import Course
from hawker.learning import copywriting
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Kind
from hawker.records.sheet import Sheet, Standing
from hawker.storage.models import ModelStore

NAMES = ("scarf", "lamp", "kettle", "desk", "chair", "mug", "rug", "clock", "vase", "tray")
MADE = ("wool", "oak", "steel", "glass")


def _sheets() -> list[Sheet]:
    found = []
    for place in range(40):
        noun, of = NAMES[place % 10], MADE[place // 10]
        text = f"This {noun} is made of {of}. Easy to clean. Weighs {place + 2} kg. Made in Norway."
        product = Product(f"p-{place}", f"{of.title()} {noun}", description=text, language="en")
        sheet = studio.write(Extractive(), Brief(product), n=2, seed=1)
        approved = tuple(
            replace(one, standing=Standing.APPROVED) if one.standing is Standing.WAITING else one
            for one in sheet.variants
        )
        found.append(replace(sheet, variants=approved))
    return found


@pytest.fixture(scope="module")
def sheets() -> list[Sheet]:
    return _sheets()


def test_products_that_judge_are_never_learned_from(sheets: list[Sheet]) -> None:
    learned, judges = copywriting.apart(sheets, seed=1, most=6)
    ids = {sheet.brief.product.id for sheet in learned}
    assert len(judges) == 6
    assert len(ids) == 32
    assert ids.isdisjoint(brief.product.id for brief in judges)
    assert copywriting.apart(sheets, seed=2)[1] != judges


def test_approved_lines_are_answers_and_what_fell_is_what_they_are_preferred_to(sheets: list[Sheet]) -> None:
    name = sheets[0].brief.product.id
    lost = {name: Draft(name, Kind.NATIVE, "en", {"title": ("The best scarf in the world",)})}
    found = copywriting.examples(sheets, lost, seed=1)
    lines = {line for sheet in sheets for one in sheet.accepted for line in one.draft.parts["title"]}
    answers = {one.answer for one in found}
    assert {f'{{"line": "{line}"}}' for line in lines} <= answers
    beaten = [one for one in found if one.lost]
    assert found[: len(beaten)] == tuple(beaten)
    assert {one.lost for one in beaten} == {'{"line": "The best scarf in the world"}'}
    refused = [
        replace(one, variants=tuple(replace(v, standing=Standing.REFUSED) for v in one.variants))
        for one in sheets
    ]
    assert copywriting.examples(refused, {}, seed=1) == ()


def test_texts_are_each_read_once(sheets: list[Sheet]) -> None:
    texts = copywriting.texts([*sheets, *sheets], seed=1)
    assert len(texts) == len(set(texts)) == 40
    assert any("made of oak" in text for text in texts)


def test_a_shop_that_taught_nobody_says_so(tmp_path: Path) -> None:
    from hawker.storage.shop import Settings, Shop

    with pytest.raises(NotFound):
        copywriting.writer(Shop.create(tmp_path / "shop", Settings(name="s")))


def test_a_writer_is_taught_judged_and_kept(sheets: list[Sheet], tmp_path: Path) -> None:
    """By a model of random weights: the whole way, and no promotion where nothing was gained."""
    gguf = pytest.importorskip("gguf", reason="gguf comes with the extra 'adapt'")
    pytest.importorskip("peft", reason="peft comes with the extra 'adapt'")
    pytest.importorskip("xllamacpp", reason="xllamacpp comes with the extra 'writer'")
    base = tiny_writer.make(tmp_path / "tiny.gguf", gguf=gguf)
    store = ModelStore(tmp_path / "models")
    quick = Course(epochs=1, batch=16, rate=1e-3, precision="fp32")
    told: list[str] = []
    made = copywriting.taught_by(
        sheets,
        copywriting.Plan(
            base=str(base),
            judged=4,
            tried=3,
            courses={"text": quick, "imitate": quick, "prefer": quick},
            score=lambda lines, _language: [float(len(line)) for line in lines],
        ),
        store=store,
        folder=tmp_path / "training",
        progress=lambda words, _share: told.append(words),
    )
    assert (store.path("writer", made.version) / copywriting.ADAPTER).is_file()
    assert store.recipe("writer", made.version)["base"] == str(base)
    assert made.before.passed.n == made.after.passed.n == 4
    assert made.rows["imitate"] >= 40
    assert made.promoted == (not made.reason)
    assert (store.promoted("writer") is None) == bool(made.reason)
    assert any(words.startswith("imitate") for words in told)
    assert 0 < made.learning_seconds < made.seconds
