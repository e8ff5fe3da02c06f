"""A rule in words, in English or Chinese: what a console shows beside it."""

from __future__ import annotations

from hawker.audience.rules.expression import Every, Expression, Not, Op, Some, Test
from hawker.audience.rules.fields import FIELDS, Field, Type

_COMPARED: dict[Op, tuple[str, str]] = {
    Op.EQ: ("exactly", "等于"),
    Op.NE: ("other than", "不等于"),
    Op.LT: ("less than", "小于"),
    Op.LE: ("at most", "不超过"),
    Op.GT: ("more than", "大于"),
    Op.GE: ("at least", "不少于"),
    Op.IN: ("one of", "属于"),
}
_UNITS: dict[str, tuple[str, str]] = {"times": ("", "次"), "days": ("", "天")}


def describe(rule: Expression, language: str = "en") -> str:
    """A rule as one sentence.

    >>> from hawker.audience.rules.grammar import parse
    >>> describe(parse('visits_30d >= 3 and not bought_brand("Acme", days=90)'))
    'visits in the last 30 days: at least 3; and did not buy of the brand “Acme” in the last 90 days'
    >>> describe(parse('visits_30d >= 3 and not bought_brand("Acme", days=90)'), "zh")
    '近30天到访次数不少于3次，且近90天没买过品牌“Acme”'
    """
    return _said(rule, int(language.lower().startswith("zh")))


def _said(rule: Expression, zh: int) -> str:
    match rule:
        case Test():
            return _test(rule, zh)
        case Not(Test() as test) if test.op is None:
            return _test(test, zh, denied=True)
        case Not(inner):
            return ("not ({})", "并非（{}）")[zh].format(_said(inner, zh))
        case Every(parts):
            return ("; and ", "，且")[zh].join(_apart(part, zh, Every, Some) for part in parts)
        case Some(parts):
            return ("; or ", "，或")[zh].join(_apart(part, zh, Every, Some) for part in parts)


def _apart(rule: Expression, zh: int, *kinds: type) -> str:
    """A part that is itself several, in brackets."""
    said = _said(rule, zh)
    return ("({})", "（{}）")[zh].format(said) if isinstance(rule, kinds) else said


def _test(test: Test, zh: int, *, denied: bool = False) -> str:
    field = FIELDS[test.field]
    named = (field.denied if denied else (field.en, field.zh))[zh].format(f"“{test.of}”")
    within = (f" in the last {test.days} days", f"近{test.days}天")[zh] if test.days else ""
    if test.op is None:
        return f"{within}{named}" if zh else f"{named}{within}"
    compared, value = _COMPARED[test.op][zh], _value(test, field, zh)
    if zh:
        return f"{within}{named}{compared}{value}"
    return f"{named}{within}{' ' if field.type is Type.TIMES else ': '}{compared} {value}"


def _value(test: Test, field: Field, zh: int) -> str:
    if isinstance(test.value, tuple):
        return ("、" if zh else ", ").join(f"“{value}”" for value in test.value)
    if isinstance(test.value, str):
        return f"“{test.value}”"
    number = f"{float(test.value or 0):,g}"
    if field.type is Type.TIMES and not zh:
        return f"{number} times"
    return f"{number}{_UNITS.get(field.unit, ('', ''))[zh]}"
