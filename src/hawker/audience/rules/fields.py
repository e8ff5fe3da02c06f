"""What a rule may ask about: each field with its type, its unit, where it is read, and its words.

A field is read from the folds where they hold it exactly, else from the event log (`rules.log`). Lifetime
counts and the last time of a purchase are in the folds, so are purchases within any number of days where
only whether, not how often, is asked; all other windows are counted in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from hawker.audience.rules.expression import Op, Test
from hawker.errors import BadInput, nearest
from hawker.records.shopper import SPECIAL

LONGEST_DAYS = 3_650
LONGEST_WORDS = 200
MOST_VALUES = 200


class Type(StrEnum):
    """What a field gives: a number, a text, or how often something happened (which may stand alone)."""

    NUMBER = "number"
    TEXT = "text"
    TIMES = "times"


class Field(Struct, frozen=True, omit_defaults=True):
    """One field. `takes` is what it is of: a category, a brand, a text; '' where it is of nothing.

    `windows` says that it may be asked for the last so many days. `en` and `zh` name it; with `{}` for
    what it is of. `denied` are the same where it did not happen.
    """

    name: str
    type: Type
    en: str
    zh: str
    unit: str = ""
    takes: str = ""
    windows: bool = False
    denied: tuple[str, str] = ("", "")
    example: str = ""

    @property
    def ops(self) -> tuple[Op, ...]:
        """The comparisons it allows."""
        return (Op.EQ, Op.NE, Op.IN) if self.type is Type.TEXT else tuple(op for op in Op if op is not Op.IN)


def _number(name: str, en: str, zh: str, *, unit: str = "", windows: bool = False) -> Field:
    example = f"{name}_30d >= 3" if windows else f"{name} >= 3"
    return Field(name, Type.NUMBER, en, zh, unit=unit, windows=windows, example=example)


def _times(name: str, takes: str, *words: str, example: str) -> Field:
    en, zh, not_en, not_zh = words
    example = f'{name}("{example}", days=30)'
    return Field(
        name,
        Type.TIMES,
        en,
        zh,
        unit="times",
        takes=takes,
        windows=True,
        denied=(not_en, not_zh),
        example=example,
    )


FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        _number("visits", "visits", "到访次数", unit="times", windows=True),
        _number("purchases", "lines bought", "购买件次", unit="times", windows=True),
        _number("spend", "amount spent", "消费金额", unit="currency", windows=True),
        _number("views", "products looked at", "浏览次数", unit="times", windows=True),
        _number("searches", "searches", "搜索次数", unit="times", windows=True),
        _number("carts", "products put into the cart", "加购次数", unit="times", windows=True),
        _number("ad_impressions", "ads seen", "看到广告次数", unit="times", windows=True),
        _number("ad_clicks", "ads clicked", "点击广告次数", unit="times", windows=True),
        _number("days_since_visit", "days since the last visit", "距上次到访天数", unit="days"),
        _number("days_since_purchase", "days since the last purchase", "距上次购买天数", unit="days"),
        _number("days_since_first", "days since the first visit", "距首次到访天数", unit="days"),
        _number("visits_per_week", "visits a week", "每周到访次数", unit="times"),
        _number("spend_per_visit", "amount spent a visit", "每次到访消费", unit="currency"),
        _number("price_paid", "mean price paid", "平均成交价", unit="currency"),
        _number("repeat_share", "share bought again", "复购占比", unit="share"),
        _number("ad_click_rate", "share of ads clicked", "广告点击率", unit="share"),
        _times(
            "bought",
            "category",
            "bought from {}",
            "买过{}",
            "did not buy from {}",
            "没买过{}",
            example="Dairy",
        ),
        _times(
            "bought_brand",
            "brand",
            *("bought of the brand {}", "买过品牌{}", "did not buy of the brand {}", "没买过品牌{}"),
            example="Acme",
        ),
        _times(
            "bought_product",
            "product",
            *("bought product {}", "买过商品{}", "did not buy product {}", "没买过商品{}"),
            example="sku-1",
        ),
        _times(
            "viewed",
            "category",
            *("looked at {}", "浏览过{}", "did not look at {}", "没浏览过{}"),
            example="Dairy",
        ),
        _times(
            "viewed_product",
            "product",
            *("looked at product {}", "浏览过商品{}", "did not look at product {}", "没浏览过商品{}"),
            example="sku-1",
        ),
        _times(
            "carted",
            "category",
            *("put {} into the cart", "加购过{}", "did not put {} into the cart", "没加购过{}"),
            example="Dairy",
        ),
        _times(
            "searched",
            "words",
            *("searched for {}", "搜索过{}", "did not search for {}", "没搜索过{}"),
            example="running shoes",
        ),
        _times(
            "visited",
            "location",
            *("came to {}", "到过{}", "did not come to {}", "没到过{}"),
            example="store-3",
        ),
        Field(
            "share_of",
            Type.NUMBER,
            "share of {} in what was bought lately",
            "近期购买中{}的占比",
            unit="share",
            takes="department",
            example='share_of("Dairy") > 0.3',
        ),
        Field(
            "interest",
            Type.NUMBER,
            "nearness of the interests to {}",
            "兴趣与{}的相近度",
            unit="cosine",
            takes="words",
            example='interest("trail running") > 0.4',
        ),
        Field(
            "in_list",
            Type.TIMES,
            "is on the list {}",
            "在名单{}中",
            takes="list",
            denied=("is not on the list {}", "不在名单{}中"),
            example='in_list("vip")',
        ),
        Field("segment", Type.TEXT, "segment", "人群", example='segment == "frequent, high spend"'),
        Field(
            "attribute",
            Type.TEXT,
            "declared {}",
            "声明的{}",
            takes="attribute",
            example='attribute("age_band") in ("25-34", "35-44")',
        ),
    )
}
"""Every field by name, in the order in which a console lists them."""


def sound(test: Test) -> Test:
    """The test, if its field can be asked so; else `BadInput` says what is wrong and what is near."""
    field = FIELDS.get(test.field)
    if field is None:
        raise BadInput(f"There is no field '{test.field[:40]}'.", remedy=nearest(test.field, list(FIELDS)))
    if bool(test.of) != bool(field.takes):
        what = f"is of a {field.takes}" if field.takes else "is of nothing"
        raise BadInput(f"'{field.name}' {what}.", remedy=f"Write for example: {field.example}")
    if test.days and not field.windows:
        raise BadInput(f"'{field.name}' has no window of days.", remedy=f"Write: {field.example}")
    if not 0 <= test.days <= LONGEST_DAYS:
        raise BadInput(f"{test.days} days are too many.", remedy=f"Ask for 1 to {LONGEST_DAYS:,}.")
    _words(test.of)
    if field.takes == "attribute" and test.of.strip().lower() in SPECIAL:
        raise BadInput(
            f"The attribute '{test.of}' is of a special category: nobody is grouped by it.",
            remedy="Leave it out.",
        )
    _comparison(field, test)
    return test


def _comparison(field: Field, test: Test) -> None:
    """Hold what a field is compared with to its type."""
    if test.op is None:
        if field.type is not Type.TIMES or test.value is not None:
            raise BadInput(f"'{field.name}' is compared with nothing.", remedy=f"Write: {field.example}")
        return
    if test.op not in field.ops or (field.name == "in_list"):
        listed = ", ".join(field.ops) if field.name != "in_list" else "none: it stands alone"
        raise BadInput(f"'{field.name}' cannot be compared by '{test.op}'.", remedy=f"Use {listed}.")
    if field.type is not Type.TEXT:
        if not isinstance(test.value, int | float) or not abs(test.value) < 1e15:
            raise BadInput(f"'{field.name}' is a number.", remedy=f"Write for example: {field.example}")
        return
    several = test.op is Op.IN
    values = test.value if several and isinstance(test.value, tuple) else (test.value,)
    if isinstance(test.value, tuple) is not several or not 1 <= len(values) <= MOST_VALUES:
        raise BadInput(
            f"'{field.name} {test.op}' takes {'a list of' if several else 'one'} text.",
            remedy=f"Write for example: {field.example}",
        )
    for value in values:
        if not isinstance(value, str):
            raise BadInput(f"'{field.name}' is a text.", remedy=f"Write for example: {field.example}")
        _words(value)


def _words(text: str) -> None:
    if len(text) > LONGEST_WORDS or not text.isprintable() or (text and not text.strip()):
        raise BadInput(
            f"'{text[:40]}' cannot be asked for.",
            remedy=f"Give 1 to {LONGEST_WORDS} printable characters.",
        )
