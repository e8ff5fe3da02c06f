"""The writer that needs no model: always a legal draft or fewer, never an invention."""

from __future__ import annotations

import re

import pytest
from msgspec import structs

from hawker.creative import gate
from hawker.creative.draft import Extractive
from hawker.creative.draft.choose import near
from hawker.creative.draft.words import words
from hawker.creative.layout import LAYOUTS, width
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Kind

BOWL = Product(
    "b1",
    "Bakewell Enamel Mixing Bowl, Navy - 2 Quart",
    description="A deep bowl with a rolled rim.\nFeatures a pouring lip and a flat base.\nEnamel on steel.",
    category="Kitchen > Baking > Mixing Bowls",
    brand="Bakewell",
    color="Navy",
)
DRESS = Product(
    "d1",
    "素野集 亚麻宽松连衣裙 米白 夏季",
    description="面料为亚麻,透气干爽。宽松剪裁,腰间配同料系带。颜色为米白,适合夏季穿着。",
    category="服饰鞋包 > 女装 > 连衣裙",
    brand="素野集",
    color="米白",
    material="亚麻",
    attributes={"季节": "夏季"},
)
MILK = Product(
    "m1",
    "Fluid milk white only, 1 ga",
    category="GROCERY > FLUID MILK PRODUCTS > FLUID MILK WHITE ONLY",
    brand="manufacturer 69",
    size="1 GA",
)
ALL = pytest.mark.parametrize("product", [BOWL, DRESS, MILK], ids=lambda product: product.id)


def texts(drafts: tuple[Draft, ...]) -> list[str]:
    return [line for draft in drafts for lines in draft.parts.values() for line in lines]


@pytest.mark.parametrize("kind", list(Kind))
@ALL
def test_every_kind_has_its_parts_within_their_widths(product: Product, kind: Kind) -> None:
    drafts = Extractive().draft(Brief(product, kind), n=3, seed=1)
    assert drafts
    for draft in drafts:
        assert (draft.product, draft.kind, draft.writer) == (product.id, kind, "extractive")
        assert set(draft.parts) <= set(LAYOUTS[kind])
        for name, part in LAYOUTS[kind].items():
            lines = draft.parts.get(name, ())
            assert part.least <= len(lines) <= part.most
            assert all(0 < width(line) <= part.width for line in lines)


@ALL
def test_variants_differ_in_headline_and_text(product: Product) -> None:
    drafts = Extractive().draft(Brief(product), n=4, seed=1)
    assert len(drafts) == 4
    heads = [draft.parts["title"][0] for draft in drafts]
    assert not any(near(one, other) for i, one in enumerate(heads) for other in heads[:i])
    assert len({draft.parts["description"] for draft in drafts}) == 4


@ALL
@pytest.mark.parametrize("kind", [Kind.NATIVE, Kind.BANNER, Kind.PUSH, Kind.EMAIL])
def test_each_title_says_what_the_thing_is(product: Product, kind: Kind) -> None:
    part = {Kind.BANNER: "headline", Kind.EMAIL: "subject"}.get(kind, "title")
    for draft in Extractive().draft(Brief(product, kind), n=3, seed=5):
        assert re.search("bowl|连衣裙|milk", draft.parts[part][0].casefold())


@ALL
def test_half_of_a_set_of_headlines_says_what_the_thing_is(product: Product) -> None:
    for draft in Extractive().draft(Brief(product, Kind.RESPONSIVE), n=2, seed=5):
        heads = draft.parts["headline"]
        named = [head for head in heads if re.search("bowl|连衣裙|milk", head.casefold())]
        assert 2 * len(named) >= len(heads)


def test_what_has_facts_gets_no_empty_words_and_what_has_none_gets_fewer_drafts() -> None:
    empty = [*words("en")["tails"], *words("zh")["tails"], "Listed under", "细节写在商品页里"]
    for product in (BOWL, DRESS):
        first = Extractive().draft(Brief(product), n=4, seed=5)[0]
        assert not any(tail in line for line in texts((first,)) for tail in empty)
    bare = Brief(structs.replace(BOWL, title="Enamel Mixing Bowl", description="", color="", brand=""))
    assert len(Extractive().draft(bare, n=4, seed=5)) < 4
    assert [one.reason for one in Extractive().refusals(bare, n=4, seed=5)] == ["little_said"]


@ALL
def test_the_same_seed_writes_the_same(product: Product) -> None:
    once, again = (Extractive().draft(Brief(product), n=4, seed=9) for _ in range(2))
    assert once == again


def test_nothing_is_said_that_the_product_does_not_say() -> None:
    said = " ".join(texts(Extractive().draft(Brief(BOWL), n=4, seed=1)))
    held = f"{BOWL.title} {BOWL.description} {BOWL.category}".casefold()
    assert set(re.findall(r"\d+", said)) <= {"2"}
    for claim in ("steel", "copper", "red", "best", "dishwasher", "free"):
        assert claim not in said.casefold() or claim in held


def test_a_shelf_label_becomes_words_with_its_size_and_without_its_number() -> None:
    said = texts(Extractive().draft(Brief(MILK), n=4, seed=1))
    assert "White fluid milk, 1 gal" in said
    assert not any("manufacturer" in line or "GA" in line for line in said)


def test_number_agrees_with_the_noun() -> None:
    cookies = structs.replace(
        MILK, title="Sandwich cookies", category="GROCERY > COOKIES/CONES > SANDWICH COOKIES", size=""
    )
    one = " ".join(texts(Extractive().draft(Brief(MILK), n=6, seed=1)))
    many = " ".join(texts(Extractive().draft(Brief(cookies), n=6, seed=1)))
    assert " it to " in one
    assert " them " not in one
    assert " them to " in many
    assert " it " not in many.replace("Add it to your list", "").replace("See it here", "")


def test_measure_words_suit_the_noun() -> None:
    said = "".join(texts(Extractive().draft(Brief(DRESS), n=8, seed=1)))
    assert "件连衣裙" not in said
    headphones = structs.replace(
        DRESS,
        title="听屿 H5头戴式耳机",
        category="数码 > 影音 > 耳机",
        description="",
        attributes={"款式": "拼接、口袋"},
    )
    assert "副耳机" in "".join(texts(Extractive().draft(Brief(headphones), n=8, seed=1)))


def test_who_is_spoken_to_decides_what_leads() -> None:
    lip = Brief(BOWL, interests=("pouring",))
    base = Brief(BOWL, interests=("steel",))
    first = [Extractive().draft(brief, n=1, seed=1)[0].parts["description"][0] for brief in (lip, base)]
    assert "pouring" in first[0]
    assert "steel" in first[1]


@pytest.mark.parametrize("kind", [Kind.NATIVE, Kind.PUSH, Kind.SMS, Kind.RESPONSIVE, Kind.KEYWORDS])
def test_words_that_must_appear_do(kind: Kind) -> None:
    drafts = Extractive().draft(Brief(BOWL, kind, must=("Back to school", "rolled rim")), n=3, seed=1)
    assert drafts
    for draft in drafts:
        said = " ".join(texts((draft,))).casefold()
        assert "back to school" in said
        assert "rolled rim" in said


def test_words_to_avoid_never_appear() -> None:
    drafts = Extractive().draft(Brief(BOWL, Kind.RESPONSIVE, avoid=("enamel", "Bakewell")), n=2, seed=1)
    assert not any(word in line.casefold() for line in texts(drafts) for word in ("enamel", "bakewell"))


def test_it_says_why_there_are_fewer() -> None:
    writer = Extractive()
    long = Brief(BOWL, Kind.BANNER, must=("a sentence that no banner has room for anywhere",))
    assert writer.draft(long, n=2) == ()
    assert [one.reason for one in writer.refusals(long, n=2)] == ["must_missing"]
    barred = Brief(BOWL, avoid=("e", "a", "o"))
    assert [one.reason for one in writer.refusals(barred, n=2)] == ["all_avoided"]
    assert [one.reason for one in writer.refusals(Brief(BOWL), n=500)] == ["little_said"]
    assert writer.refusals(Brief(BOWL), n=2) == ()
    assert "没有" in writer.refusals(long, n=2, reader="zh")[0].message


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("product", [BOWL, DRESS], ids=["en", "zh"])
@pytest.mark.parametrize("most", [2, 5, 9, 14, 24])
def test_narrow_limits_are_kept_and_cut_no_word(kind: Kind, product: Product, most: int) -> None:
    writer = Extractive()
    free, narrow = Brief(product, kind), Brief(product, kind, limits=dict.fromkeys(LAYOUTS[kind], most))
    drafts = writer.draft(narrow, n=3, seed=2)
    assert all(width(line) <= most for line in texts(drafts))
    assert not [one for draft in drafts for one in gate.check(draft, narrow) if one.kind == "length"]
    whole = set(_words(f"{product}", *texts(writer.draft(free, n=20, seed=2))))
    if product is BOWL:
        assert not [word for word in _words(*texts(drafts)) if word not in whole and len(word) > 3]
    if len(drafts) < len(writer.draft(free, n=3, seed=2)):
        (why, *_) = writer.refusals(narrow, n=3, seed=2)
        assert (why.reason, bool(why.remedy)) == ("too_narrow", True)
        assert f"={most}" in why.message
        assert "放宽" in writer.refusals(narrow, n=3, seed=2, reader="zh")[0].remedy


def _words(*texts: str) -> list[str]:
    return re.findall(r"\w+", " ".join(texts).casefold())


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    "product",
    [
        Product("t1", "Lamp"),
        Product("t2", "灯"),
        Product("t3", "???"),
        Product("t4", "x" * 200),
        Product("t5", "12345 678"),
        Product("t6", "BEST!!! LAMP EVER *** FREE", description="BUY NOW!!! CALL US!!!"),
        Product("t7", "Red lamp", color="blue", description="A green lamp."),
        Product("t8", "最好的灯", description="全网第一,限时免费。"),
        Product("t9", "Lamp <b>x</b>", description="<p>One</p><ul><li>", category=" > "),
    ],
    ids=lambda product: product.id,
)
def test_a_poor_product_gets_legal_drafts_or_none(product: Product, kind: Kind) -> None:
    for draft in Extractive().draft(Brief(product, kind), n=4, seed=3):
        for name, lines in draft.parts.items():
            part = LAYOUTS[kind][name]
            assert len(lines) <= part.most
            assert all(line.strip() and width(line) <= part.width for line in lines)


def test_claims_of_rank_and_price_are_left_out() -> None:
    shouting = Product(
        "s1",
        "Garden chair",
        description="The best chair ever. Free shipping!\nFolding frame of beech. 100% guaranteed.",
    )
    said = " ".join(texts(Extractive().draft(Brief(shouting), n=6, seed=1))).casefold()
    assert "folding frame of beech" in said
    assert not any(word in said for word in ("best", "free", "guarantee", "100%"))


def test_a_catalogue_makes_rare_words_lead() -> None:
    common = [structs.replace(BOWL, id=str(i), description="A deep bowl.") for i in range(20)]
    writer = Extractive.of([BOWL, *common])
    assert writer.rarity is not None
    assert writer.rarity["rim"] == writer.rarity["base"] > writer.rarity["bowl"]


def test_a_formal_tone_asks_no_questions() -> None:
    titles = [
        draft.parts["title"][0] for draft in Extractive().draft(Brief(MILK, tone="formal"), n=4, seed=1)
    ]
    assert titles
    assert not any("?" in title for title in titles)
