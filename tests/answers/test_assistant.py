"""Questions whose answers a reader knows: said exactly, cited, or not answered at all."""

from __future__ import annotations

import pytest
from tests.answers import counter

from hawker import answers
from hawker.answers import Assistant

ANSWERED = [
    ("How much is the Ridgeway tent?", "189.00 USD", "tent-2.price"),
    ("What does the Blockly City Bricks cost?", "30.00 USD", "brick-1.price"),
    ("price of tent-2 please", "189.00 USD", "tent-2.price"),
    ("Could you tell me what I would pay for bag-15?", "59.00 USD", "bag-15.sale_price"),
    ("Is the Ridgeway Two-Person Tent expensive?", "189.00 USD", "tent-2.price"),
    (
        "Hi there! I'm planning a trip. How much do you charge for the two-person tent?",
        "189.00",
        "tent-2.price",
    ),
    ("澄泉 电热水壶 1.5升 不锈钢多少钱？", "129.00 CNY", "kettle-1.price"),
    ("请问kettle-2现在卖多少钱", "139.00 CNY", "kettle-2.sale_price"),
    ("农场拼图怎么卖", "39.00 CNY", "puzzle-1.price"),
    ("保湿面霜什么价", "88.00 CNY", "cream-1.price"),
    ("Is the Blockly City Bricks set in stock?", "3 left", "brick-1.stock"),
    ("Do you have bag-16?", "out of stock", "bag-16.availability"),
    ("Can I still buy the Ridgeway tent?", "pre-ordered", "tent-2.availability"),
    ("How many Blockly City Bricks are left?", "3 left", "brick-1.stock"),
    ("不锈钢电热水壶有货吗", "88", "kettle-1.stock"),
    ("kettle-2 还有吗？", "无货", "kettle-2.availability"),
    ("农场拼图库存多少", "20", "puzzle-1.stock"),
    ("What colour is bag-15?", "grey", "bag-15.color"),
    ("What is bag-15 made of?", "recycled polyester", "bag-15.material"),
    ("Who makes the two-person tent?", "Ridgeway", "tent-2.brand"),
    ("How heavy is bag-15?", "0.9 kg", "bag-15.Weight"),
    ("How much does the Ridgeway tent weigh?", "2.4 kg", "tent-2.Packed weight"),
    ("What's the packed weight of the Ridgeway tent?", "2.4 kg", "tent-2.Packed weight"),
    ("How many litres does bag-15 hold?", "22 L", "bag-15.Capacity"),
    ("What season is the tent for?", "spring to autumn", "tent-2.Season"),
    ("How many pieces are in Blockly City Bricks?", "500", "brick-1.Pieces"),
    ("What category is the stoneware mug in?", "Kitchen > Mugs", "mug-1.category"),
    ("不锈钢电热水壶的功率是多少", "1800瓦", "kettle-1.功率"),
    ("kettle-2的容量", "1.7升", "kettle-2.容量"),
    ("kettle-2 是什么材质的", "高硼硅玻璃", "kettle-2.material"),
    ("保湿面霜产地是哪里", "浙江", "cream-1.产地"),
    ("保湿面霜适合什么肤质", "干性与中性肌肤", "cream-1.适用肤质"),
    ("农场拼图有多少片？", "60片", "puzzle-1.规格"),
    ("kettle-1 what material is it 呢", "304不锈钢", "kettle-1.material"),
    ("Does bag-15 fit a 15 inch laptop?", "15.6 inches", "bag-15.description"),
    ("Does bag-15 have side pockets?", "Two side pockets", "bag-15.description"),
    ("Are the zips of bag-15 waterproof?", "waterproof", "bag-15.description"),
    ("Is Blockly City Bricks suitable for a 5 year old?", "Yes", "brick-1.Recommended age"),
    ("Is Blockly City Bricks suitable for a 12 year old?", "No", "brick-1.Recommended age"),
    ("农场拼图适合2岁宝宝吗", "不合适", "puzzle-1.适用年龄"),
    ("农场拼图适合多大孩子", "3至6岁", "puzzle-1.适用年龄"),
    ("kettle-1会自动断电吗", "自动断电", "kettle-1.description"),
    ("Which is cheaper, bag-15 or bag-16?", "25.00 USD", "bag-16.price"),
    ("Which is heavier, bag-15 or tent-2?", "2.4 kg", "tent-2.Packed weight"),
    ("Is the Ridgeway tent more expensive than Blockly City Bricks?", "189.00 USD", "brick-1.price"),
    ("不锈钢电热水壶和玻璃电热水壶哪个功率大", "1800瓦", "kettle-2.功率"),
    ("kettle-1跟kettle-2比哪个便宜", "129.00 CNY", "kettle-2.sale_price"),
    ("What is the difference between kettle-1 and kettle-2?", "1.7升", "kettle-1.容量"),
    ("Can I send something back?", "30 days", "policies-1.text"),
    ("What is your return policy?", "30 days", "policies-1.text"),
    ("How long do I have to return bag-15?", "30 days", "policies-1.text"),
    ("How long does delivery take?", "2 to 4 working days", "policies-2.text"),
    ("How much is shipping?", "4.95 USD", "policies-2.text"),
    ("Can I pay with PayPal?", "PayPal", "policies-3.text"),
    ("能退货吗", "七天", "policies-4.text"),
    ("多久发货？", "24小时", "policies-5.text"),
    ("运费多少钱", "99元", "policies-5.text"),
    ("可以开发票吗", "电子发票", "policies-6.text"),
    ("Could you wrap it as a gift?", "3 USD", "wrap.text"),
    ("可以用花呗吗", "免息", "huabei.text"),
]
UNANSWERED = [
    "How much is the Zorblax 9000?",
    "How much is the stoneware mug?",
    "What is the warranty on the Ridgeway tent?",
    "Is bag-15 vegan?",
    "Who designed the Ridgeway tent?",
    "How many people bought bag-15?",
    "When will bag-16 be back in stock?",
    "What was the price of tent-2 last year?",
    "Does tent-2 support Bluetooth 5?",
    "Is bag-15 cheaper on Amazon?",
    "Do you ship to Brazil?",
    "How many of the Ridgeway tent are left?",
    "What is the capital of France?",
    "Tell me a joke",
    "kettle-1的保修期多久",
    "保湿面霜是谁代言的",
    "农场拼图卖了多少件",
    "kettle-2什么时候补货",
    "kettle-1和农场拼图哪个续航长",
    "火星探测器多少钱",
    "你们送到巴西吗",
]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return answers.build(counter.shop(tmp_path_factory.mktemp("counter")))


@pytest.mark.parametrize(("question", "said", "mark"), ANSWERED)
def test_what_is_on_record_is_said_exactly_and_cited(
    assistant: Assistant, question: str, said: str, mark: str
) -> None:
    answer = assistant.ask(question)
    assert not answer.abstained, answer.text
    assert said in answer.text
    assert f"[{mark}]" in answer.cited
    assert all(one.citations for one in answer.sentences)


@pytest.mark.parametrize("question", UNANSWERED)
def test_what_no_record_holds_is_not_answered_but_handed_over(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.abstained, answer.text
    assert answer.reason
    assert answer.handover


def test_every_citation_holds_in_the_record(assistant: Assistant) -> None:
    held = {product.id: product for product in counter.PRODUCTS}
    for question, _, _ in ANSWERED:
        for sentence in assistant.ask(question).sentences:
            for cited in sentence.citations:
                if cited.source != "catalogue":
                    continue
                product = held[cited.record]
                given = product.attributes.get(cited.field) or str(getattr(product, cited.field, ""))
                if cited.field.endswith("price"):
                    assert float(cited.value.split()[0]) * 1e6 == float(given)
                elif cited.field == "description":
                    assert cited.value in product.description[cited.start : cited.end]
                else:
                    assert cited.value == given


def test_the_conversation_is_remembered(assistant: Assistant) -> None:
    first = assistant.ask("How much is bag-15?")
    second = assistant.ask("and how heavy is it?", conversation=first.conversation)
    assert "0.9 kg" in second.text
    third = assistant.ask("and the blue one?", conversation=second.conversation)
    assert third.products == ("bag-16",)
    assert "0.95 kg" in third.text, "what was asked last is asked of it too"
    fourth = assistant.ask("Is it in stock?", conversation=third.conversation)
    assert "out of stock" in fourth.text


def test_it_remembers_in_chinese_too(assistant: Assistant) -> None:
    first = assistant.ask("不锈钢电热水壶多少钱")
    second = assistant.ask("它多重？", conversation=first.conversation)
    assert "1.1千克" in second.text
    third = assistant.ask("跟kettle-2比哪个便宜", conversation=second.conversation)
    assert {"kettle-1", "kettle-2"} == set(third.products)


def test_several_products_that_fit_are_asked_about(assistant: Assistant) -> None:
    answer = assistant.ask("驰野轻量跑鞋多少钱")
    assert (answer.kind, answer.abstained) == ("clarify", False)
    assert len(answer.clarify) == 2
    chosen = assistant.ask("蓝色的", conversation=answer.conversation)
    assert "319.00 CNY" in chosen.text
    ordinal = assistant.ask("第一个", conversation=answer.conversation)
    assert ordinal.products == answer.products[:1]


def test_where_all_that_fit_say_the_same_nobody_is_asked(assistant: Assistant) -> None:
    answer = assistant.ask("驰野轻量跑鞋是什么牌子")
    assert "驰野" in answer.text
    assert not answer.clarify


def test_a_recommendation_names_its_reasons(assistant: Assistant) -> None:
    answer = assistant.ask("推荐一款电热水壶")
    assert answer.kind == "recommend"
    assert answer.suggested[0].product == "kettle-1"
    assert answer.suggested[0].reason
    assert "kettle-2" not in answer.products, "what is out of stock is not recommended"


def test_orders_are_told_to_their_own_shopper(assistant: Assistant) -> None:
    assert "shipped" in assistant.ask("Where is my order A-1042?", shopper="u-1").text
    assert "2024-03-04" in assistant.ask("我的订单到哪了", shopper="u-1").text
    for question in ("Where is my order B-7?", "订单B-7到哪了"):
        assert assistant.ask(question, shopper="u-1").reason == "order_not_found"
    assert assistant.ask("Where is my order A-1042?").reason == "not_signed_in"


def test_greetings_state_nothing(assistant: Assistant) -> None:
    for question in ("Hello!", "您好", "thanks a lot", "谢谢"):
        answer = assistant.ask(question)
        assert not answer.abstained
        assert not any(one.citations for one in answer.sentences)


def test_a_person_is_called_with_what_was_said(assistant: Assistant) -> None:
    first = assistant.ask("How much is bag-15? I am jane@example.com")
    answer = assistant.ask("I want to talk to a real person", conversation=first.conversation)
    assert answer.reason == "person"
    assert "bag-15" in answer.handover
    assert "jane@" not in answer.handover


@pytest.mark.parametrize(
    "text", ["", "   ", "?", "🙂🙂", "\x00\x01", "a" * 5_000, "<script>alert(1)</script>"]
)
def test_whatever_is_typed_gets_an_answer(assistant: Assistant, text: str) -> None:
    answer = assistant.ask(text)
    assert answer.text
    assert "<script>" not in answer.text
