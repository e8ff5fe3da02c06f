"""What the law holds against words: by jurisdiction, by goods, and what takes a claim out of its reach."""

from __future__ import annotations

import pytest

from hawker.creative import law
from hawker.errors import BadInput
from hawker.records.catalogue import Product
from hawker.records.draft import Objection
from hawker.records.finding import Severity
from hawker.records.money import micros

KETTLE = Product("k", "Steel kettle", category="Home > Kitchen", brand="Northpeak", language="en")
QUILT = Product("q", "蚕丝被", category="家居家装 > 被子", brand="云上", language="zh")


def errors(text: str, *, at: str = "", product: Product | None = None) -> list[Objection]:
    language = "zh" if any("一" <= char <= "鿿" for char in text) else "en"
    found = law.check(text, language=language, jurisdiction=at, product=product)
    return [one for one in found if one.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("text", "at", "reason", "clause"),
    [
        ("Nothing boils faster.", "EU", "superlative", "6(1)(b)"),
        ("Cures asthma within days.", "EU", "disease", "Annex I(17)"),
        ("Cures asthma within days.", "UK", "disease", "12.1"),
        ("Cures asthma within days.", "US", "disease", "s. 12"),
        ("Trusted by surgeons.", "UK", "endorsement", "3.50"),
        ("Free kettle, you only pay the postage.", "US", "free", "251.1"),
        ("Was 90, now 30.", "EU", "prior_price", "98/6/EC"),
        ("Hurry, the sale ends tonight.", "UK", "scarcity", "Sch. 20"),
        ("Crafted in Denmark.", "US", "origin", "323.2"),
        ("Kind to the planet.", "EU", "environment", "(4a)"),
        ("Carbon neutral from Monday to Sunday.", "US", "environment", "260.4"),
        ("Children, ask your dad to order one.", "EU", "children", "Annex I(28)"),
        ("Our rivals sell rubbish.", "UK", "denigration", "3.42"),
        ("Lifetime guarantee.", "US", "guarantee", "239"),
        ("Earn 3,000 a month from home.", "US", "earnings", "437"),
        ("Rated 4.9 out of 5.", "EU", "testimonial", "(23b)"),
        ("You have won a prize.", "UK", "prize", "CAP Code 8"),
        ("Everything must go.", "EU", "closing", "Annex I(15)"),
        ("同类里最轻柔的被子。", "CN", "superlative", "第九条第三项"),
        ("人民大会堂专用。", "CN", "state", "第九条第一、二项"),
        ("调查表明，睡得更沉。", "CN", "figures", "第十一条第二款"),
        ("自主专利工艺。", "CN", "patent", "第十二条第一款"),
        ("已申请专利。", "CN", "patent_pending", "第十二条第三款"),
        ("别家的被子都是黑心棉，垃圾。", "CN", "denigration", "第十三条"),
        ("盖一晚，治好失眠。", "CN", "disease", "第十七条"),
        ("稳赚不赔。", "CN", "earnings", "第二十五条"),
        ("包您满意，无效退款。", "CN", "effect", "第二十八条第二款第四项"),
        ("马上涨价，手慢无。", "CN", "scarcity", "第二十八条第一款"),
        ("小朋友，快让妈妈买一床。", "CN", "children", "第四十条第二款"),
        ("下单就送豪礼。", "CN", "gift", "第八条第二款"),
        ("开光辟邪。", "CN", "decency", "第九条第七、八项"),
        ("女人就该在家做饭。", "CN", "dignity", "第九条第九项"),
        ("原价999元，现价99元。", "CN", "prior_price", "价格欺诈"),
        ("中国驰名商标。", "CN", "famous", "商标法"),
    ],
)
def test_what_is_forbidden(text: str, at: str, reason: str, clause: str) -> None:
    found = [one for one in errors(text, at=at) if one.reason == reason]
    assert found, errors(text, at=at)
    assert clause in found[0].clause
    assert found[0].kind == "law"
    assert text[found[0].start : found[0].end] == found[0].text != ""


@pytest.mark.parametrize(
    "text",
    [
        "Best before: see lid.",
        "Best served cold.",
        "The largest size holds two litres.",
        "Step number one: fill it.",
        "Feel free to write to us.",
        "BPA-free lid.",
        "Not intended to cure any disease.",
        "Lighter than our previous kettle by 80 g.",
        "Offer until 30 June 2027, then 59.",
        "Handle of 40% recycled steel.",
        "A cure for dull mornings.",
        "Ask your doctor if you are unsure.",
        "We read every review.",
        "Green lid, grey handle.",
        "最佳食用时间为三天。",
        "第一次使用前请清洗。",
        "顾客第一是我们的理念。",
        "本系列最大的尺寸是两米。",
        "实用新型专利，专利号ZL 2021 2 0345678.1。",
        "数据来源：委托检验报告2025年第88号，回弹率提升20%。",
        "优惠时间：2026年11月1日至11月3日，限时优惠。",
        "本品不能代替药物治疗。",
        "治愈系的配色。",
        "祝您身体健康。",
        "和爸爸妈妈一起搭。",
        "",
        "   ",
        "😀",
    ],
)
@pytest.mark.parametrize("at", ["CN", "EU", "UK", "US"])
def test_what_is_allowed(text: str, at: str) -> None:
    assert errors(text, at=at) == []


def test_tricks_of_spelling_do_not_help() -> None:
    for text in ("最 佳", "最·佳", "頂級", "ＴＯＰ１", "全网NO．1", "第①品牌", "B.E.S.T in class"):
        assert errors(text, at="CN"), text


def test_a_brand_may_carry_its_name() -> None:
    brand = Product("b", "Bestform mug", brand="Best Form", language="en")
    assert errors("A mug by Best Form.", at="UK", product=brand) == []
    assert errors("A mug by Best Form, the best.", at="UK", product=brand)
    hill = Product("h", "第一坊 酱油", brand="第一坊", category="食品 > 调味", language="zh")
    assert errors("第一坊酱油到货。", product=hill) == []
    assert errors("第一坊，全国第一。", product=hill)


def test_a_quoted_title_is_no_claim() -> None:
    book = Product("b", "《最好的我们》平装", category="图书", language="zh")
    assert errors("小说《最好的我们》到货。", product=book) == []
    assert errors("《最好的枕头》到货。", product=QUILT)


def test_the_products_own_data_name_its_origin() -> None:
    knife = Product("n", "Knife", attributes={"country of origin": "Germany"}, language="en")
    assert errors("Made in Germany.", at="EU", product=knife) == []
    assert errors("Made in Italy.", at="EU", product=knife)
    assert errors("Made in Germany.", at="EU", product=KETTLE)
    american = Product("a", "Knife", attributes={"country of origin": "USA"}, language="en")
    assert errors("Proudly made in the USA.", at="US", product=american) == []


def test_a_price_that_follows_from_the_product_is_for_a_person_to_look_at() -> None:
    reduced = Product("r", "Kettle", price=micros(80), sale_price=micros(60), language="en")
    (found,) = law.check("Was 80, now 60.", language="en", jurisdiction="EU", product=reduced)
    assert found.severity is Severity.WARNING
    assert "98/6/EC" in found.clause
    assert errors("Was 120, now 60.", at="EU", product=reduced)
    assert errors("Was 80, now 60 (lowest price of the last 30 days: 80).", at="EU") == []


def test_a_number_left_is_true_or_it_is_not() -> None:
    few = Product("f", "Kettle", stock=3, language="en")
    assert errors("Only 3 left.", at="UK", product=few) == []
    assert errors("Only 2 left.", at="UK", product=few)


@pytest.mark.parametrize(
    ("text", "goods", "bare"),
    [
        ("媲美母乳。", Product("x", "婴儿奶粉", category="母婴 > 配方奶粉"), QUILT),
        ("不醉不归。", Product("x", "白酒", category="酒类 > 白酒"), QUILT),
        ("Your gut will thank you.", Product("x", "herbal tea", category="Food > Tea"), KETTLE),
        ("Now in black.", Product("x", "Vape pen", category="Tobacco > Vapes"), KETTLE),
        ("Safe for children.", Product("x", "Disinfectant", category="Home > Disinfectants"), KETTLE),
    ],
)
def test_goods_with_rules_of_their_own(text: str, goods: Product, bare: Product) -> None:
    at = "CN" if "一" <= text[0] <= "鿿" else "EU"
    assert errors(text, at=at, product=goods)
    assert errors(text, at=at, product=bare) == []


def test_a_food_and_a_pillow_break_different_clauses() -> None:
    honey = Product("h", "蜂蜜", category="食品 > 蜂蜜", language="zh")
    assert {one.clause for one in errors("能降血压。", product=honey) if one.reason == "disease"} == {
        "食品安全法第七十三条、广告法第十七条"
    }
    assert {one.clause for one in errors("能降血压。", product=QUILT)} == {"广告法第十七条"}


def test_proof_counts_where_the_law_lets_it() -> None:
    said = "Clinically proven."
    (found,) = law.check(said, language="en", jurisdiction="UK", evidence=["uk-endorsement"])
    assert found.severity is Severity.WARNING
    cure = law.check("Cures asthma.", language="en", jurisdiction="UK", evidence=["uk-disease"])
    assert cure[0].severity is Severity.ERROR


def test_people_read_it_in_their_language() -> None:
    english = law.check("同类最佳。", language="zh")[0]
    chinese = law.check("同类最佳。", language="zh", reader="zh")[0]
    assert english.message.startswith("“最佳” says")
    assert chinese.message.startswith("“最佳”：使用绝对化")
    assert english.remedy
    assert chinese.remedy
    assert english.remedy != chinese.remedy


def test_a_language_without_rules_says_so() -> None:
    (found,) = law.check("Wasserkocher aus Stahl.", language="de")
    assert found.reason == "law_unread"
    assert found.severity is Severity.WARNING


def test_a_jurisdiction_without_rules_is_an_error() -> None:
    with pytest.raises(BadInput, match="'FR'"):
        law.check("Bon.", language="fr", jurisdiction="FR")


def test_the_same_words_get_the_same_answer() -> None:
    once = law.check("全网第一，原装进口。", language="zh", product=QUILT)
    assert once == law.check("全网第一，原装进口。", language="zh", product=QUILT)
    assert [one.start for one in once] == sorted(one.start for one in once)
