"""The language of rules: reading, printing, refusing, and saying it in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hawker.audience import rules
from hawker.audience.rules import FIELDS, Every, Expression, Not, Op, Some, Test, Type
from hawker.errors import BadInput
from hawker.records.shopper import SPECIAL

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "),
    min_size=1,
    max_size=20,
).filter(lambda text: text.strip() and text.isprintable() and text.lower() not in SPECIAL)
NUMBERS = st.floats(-1e14, 1e14, allow_nan=False).map(lambda value: value + 0.0)


@st.composite
def one_test(draw: st.DrawFn) -> Test:
    field = draw(st.sampled_from(sorted(FIELDS.values(), key=lambda one: one.name)))
    of = draw(WORDS) if field.takes else ""
    days = draw(st.integers(0, 400)) if field.windows else 0
    if field.type is Type.TIMES and (field.name == "in_list" or draw(st.booleans())):
        return Test(field.name, of, days)
    op = draw(st.sampled_from(field.ops))
    if field.type is Type.TEXT:
        value = draw(WORDS) if op is not Op.IN else tuple(draw(st.lists(WORDS, min_size=1, max_size=3)))
        return Test(field.name, of, days, op, value)
    return Test(field.name, of, days, op, draw(NUMBERS))


def joined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(parts.map(Every), parts.map(Some), inner.map(Not))


EXPRESSIONS = st.recursive(one_test(), joined, max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS)
def test_a_rule_that_is_printed_reads_as_the_same_rule(rule: Expression) -> None:
    assert rules.parse(rules.text(rule)) == rule
    assert rules.decoded(rules.encoded(rule)) == rule
    assert rules.describe(rule, "en") != rules.describe(rule, "zh")


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "visits_30d",
                "bought",
                "(",
                ")",
                '"',
                "and",
                "or",
                "not",
                "in",
                ">=",
                "3",
                ",",
                "days",
                "=",
                "segment",
                "，",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_whatever_is_written_is_read_or_refused_with_its_column(text: str) -> None:
    rule, told = None, ""
    try:
        rule = rules.parse(text)
    except BadInput as error:
        told = error.message
    assert told.startswith("Column ") if rule is None else rules.parse(rules.text(rule)) == rule


def test_what_binds_how() -> None:
    visits, lapsed = (
        Test("visits", days=30, op=Op.GE, value=3.0),
        Test("days_since_visit", op=Op.GT, value=9.0),
    )
    bought = Test("bought", "Dairy > Milk", 30)
    read = rules.parse('visits_30d >= 3 and bought("Dairy > Milk", days=30) or not days_since_visit > 9')
    assert read == Some((Every((visits, bought)), Not(lapsed)))
    again = rules.parse('visits_30d>=3 and (bought("Dairy > Milk",days=30) or not not days_since_visit>9)')
    assert again == Every((visits, Some((bought, Not(Not(lapsed))))))


def test_chinese_punctuation_is_read() -> None:
    assert rules.parse("searched（“跑鞋”，days=14）") == rules.parse('searched("跑鞋", days=14)')


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "empty"),
        ("vists_30d > 3", 1, "Did you mean 'visits'?"),
        ("spend > 5 and vsits > 3", 15, "Did you mean 'visits'?"),
        ("visits", 1, "compared with nothing"),
        ('visits > "3"', 1, "is a number"),
        ("visits = 3", 8, "Write == instead"),
        ("segment > 3", 1, "Use ==, !=, in"),
        ('segment in ("a", 3)', 18, "in quotes"),
        ('segment_30d == "a"', 1, "no window"),
        ('bought("Dairy", days=0)', 22, "from 1 on"),
        ('bought("Dairy", days=4000)', 1, "too many"),
        ("bought()", 8, "in quotes"),
        ("bought > 3", 1, "is of a category"),
        ('visits("x") > 3', 1, "is of nothing"),
        ('interest("tea")', 1, "compared with nothing"),
        ('in_list("a") > 1', 1, "stands alone"),
        ('attribute("religion") == "x"', 1, "special category"),
        ("visits > 1e400", 1, "is a number"),
        ("(visits > 3", 12, "')' is missing"),
        ("visits > 3)", 11, "not expected"),
        ("visits > 3 visits > 4", 12, "not expected"),
        ("visits > 3 & spend > 4", 12, "means nothing"),
        ('bought("\\q")', 8, "cannot be read"),
        ('bought("\\u0000")', 1, "cannot be asked for"),
        ("and", 1, "a field is missing"),
        ("__import__('os')", 1, "no field"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, column: int, says: str) -> None:
    with pytest.raises(BadInput) as told:
        rules.parse(text)
    assert told.value.message.startswith(f"Column {column}:")
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(" * 30 + "visits > 3" + ")" * 30, ""),
        ("(" * 3000 + "visits > 3", "levels deep"),
        ("not " * 25 + "visits > 3", "levels deep"),
        (" or ".join(["visits > 3"] * 101), "more than 100 tests"),
        ("visits > 3" + " " * 4_000, "characters"),
    ],
    ids=["brackets cost nothing", "brackets", "depth", "tests", "length"],
)
def test_rules_have_limits(text: str, says: str) -> None:
    if not says:
        assert rules.parse(text) == Test("visits", op=Op.GT, value=3.0)
        return
    with pytest.raises(BadInput) as told:
        rules.parse(text)
    assert says in str(told.value)


@pytest.mark.parametrize(
    "document",
    [
        b'{"is": "all", "of": []}',
        b'{"is": "any", "of": [{"is": "test", "field": "visits", "op": ">", "value": 3}]}',
        b'{"is": "test", "field": "visits", "op": ">", "value": "3"}',
        b'{"is": "test", "field": "secrets", "op": ">", "value": 3}',
        b'{"is": "test", "field": "visits", "days": -1, "op": ">", "value": 3}',
        b'{"is": "nothing"}',
        b'{"is": "not", "of": ' * 5_000 + b"1" + b"}" * 5_000,
        b"[",
    ],
)
def test_a_document_is_held_to_the_same(document: bytes) -> None:
    with pytest.raises(BadInput):
        rules.checked(rules.decoded(document))


def test_every_field_has_an_example_that_is_a_rule() -> None:
    for field in FIELDS.values():
        rule = rules.parse(field.example)
        assert rules.describe(rule) != rules.describe(rule, "zh")


def test_a_rule_in_words() -> None:
    rule = rules.parse('(visits_30d >= 3 or not searched("跑鞋", days=14)) and segment in ("a", "b")')
    assert rules.describe(rule) == (
        "(visits in the last 30 days: at least 3; or did not search for “跑鞋” in the last 14 days); "
        "and segment: one of “a”, “b”"
    )
    assert rules.describe(rule, "zh-CN") == (
        "（近30天到访次数不少于3次，或近14天没搜索过“跑鞋”），且人群属于“a”、“b”"
    )
    counted = rules.parse('bought("Dairy", days=30) >= 2')
    assert rules.describe(counted) == "bought from “Dairy” in the last 30 days at least 2 times"
