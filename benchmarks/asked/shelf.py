"""Questions about goods: price, stock, what they are made of, and which of two."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from benchmarks.asked.case import Asked, plain
from benchmarks.asked.naming import Names
from benchmarks.asked.stall import MATERIALS
from hawker.records.catalogue import Product, on_sale
from hawker.records.money import MICROS

_GRAMS = re.compile(r"^(\d+(?:\.\d+)?)\s*(kg|g|千克|克)$")
_FIELDS = {
    "weight": ("Weight", "重量"),
    "origin": ("Country of origin", "产地"),
    "warranty": ("Warranty", "质保"),
}
_GONE = r"out of stock|sold out|unavailable|not (currently |now )?(available|in stock)|none left"
_THERE = r"\byes\b|in stock|\bavailable\b|\bleft\b"
_GONE_ZH = r"缺货|无货|没货|没有货|售罄|卖完了|暂无|没有现货|库存为0|库存0"
_THERE_ZH = r"有货|有现货|现货|还有|可以(买|购买|下单)|剩"
_OTHER_ZH = ("纯铜", "亚麻", "真丝", "羊毛", "玻璃")


def ask(kind: str, phrase: str, *, products: Sequence[Product], names: Names, rng: Random) -> Asked | None:
    """A question of this kind about products drawn by chance; None where they do not offer one."""
    if "{a}" in phrase:
        return _two(kind, phrase, products=products, names=names, rng=rng)
    product = rng.choice(products)
    name, made = names.pick(product, rng), _MAKERS[kind](product)
    if name is None or made is None:
        return None
    wanted, barred, value = made
    earlier: tuple[str, ...] = ()
    if kind == "follow_up":
        opening = f"{name}多少钱?" if names.chinese else f"How much is the {name}?"
        earlier = (opening,)
    return Asked(
        phrase.replace("{p}", name).replace("{v}", value),
        kind=kind,
        group="",
        language="",
        products=(product.id,),
        wanted=wanted,
        barred=barred,
        money=frozenset(figures(product)),
        earlier=earlier,
    )


Made = tuple[tuple[str, ...], tuple[str, ...], str]
"""What an answer must hold, what it may not, and the value that the question names."""


def _number(amount: str) -> str:
    """A pattern for exactly this figure, with or without needless zeros."""
    whole, _, part = plain(amount).partition(".")
    grouped = re.escape(whole) if len(whole) < 4 else f"{whole[:-3]},?{whole[-3:]}"
    tail = rf"\.{part}0*" if part else r"(\.0+)?"
    return rf"(?<![\d.,]){grouped}{tail}(?![\d]|\.\d)"


def figures(product: Product) -> list[str]:
    """The amounts that may be named about a product: its price, sale price, and what is saved."""
    amounts = {product.price, product.sale_price, product.price - on_sale(product)}
    return [money(amount) for amount in amounts if amount]


def money(amount: int) -> str:
    """Micros as a figure."""
    return plain(f"{Decimal(amount) / MICROS:.2f}")


def _price_now(product: Product) -> Made | None:
    return (_number(money(on_sale(product))),), (), ""


def _price_before(product: Product) -> Made | None:
    return ((_number(money(product.price)),), (), "") if product.sale_price else None


def _price_saving(product: Product) -> Made | None:
    if not product.sale_price:
        return None
    saved = product.price - product.sale_price
    share = 100 * saved / product.price
    percent = rf"(?<![\d.])({share:.0f}|{share:.1f})(\.0)?\s?(%|percent|％)"
    fold = f"{10 - share / 10:.1f}".rstrip("0").rstrip(".")
    return (f"({_number(money(saved))}|{percent}|{fold}折)",), (), ""


def _stock_yes(product: Product) -> Made | None:
    chinese = product.language == "zh"
    there, gone = (_THERE_ZH, _GONE_ZH) if chinese else (_THERE, _GONE)
    return ((there,), (gone,), "") if product.stock else ((gone,), (), "")


def _stock_count(product: Product) -> Made | None:
    return ((_number(str(product.stock)),), (), "") if product.stock else None


def _said(value: str) -> tuple[str, ...]:
    """All words of a value, in whatever order and spacing."""
    return tuple(re.escape(word) for word in value.split()) if value.isascii() else (re.escape(value),)


def _field(name: str) -> Callable[[Product], Made | None]:
    def made(product: Product) -> Made | None:
        value = str(getattr(product, name))
        return (_said(value), (), "") if value else None

    return made


def _attribute(name: str) -> Callable[[Product], Made | None]:
    def made(product: Product) -> Made | None:
        value = next((product.attributes[key] for key in _FIELDS[name] if key in product.attributes), "")
        if not value or (name == "weight" and "每" in value):
            return None
        return tuple(_number(part) if part.isdigit() else re.escape(part) for part in value.split()), (), ""

    return made


def _yes_no(product: Product) -> Made | None:
    if not product.material:
        return None
    chinese, rng = product.language == "zh", Random(product.id)
    if rng.random() < 0.5:
        return _said(product.material), ((r"不是" if chinese else r"^no\b|\bnot\b"),), product.material
    others = [one for one in (_OTHER_ZH if chinese else MATERIALS) if one not in product.material]
    told = f"{product.title} {product.description} {product.material}".casefold()
    other = rng.choice(others)
    if other in told:
        return None
    return _said(product.material), ((r"^是" if chinese else r"^yes\b"),), other


def _follow_up(product: Product) -> Made | None:
    chinese = product.language == "zh"
    return _field("material")(product) if chinese else _attribute("weight")(product)


def _two(kind: str, phrase: str, *, products: Sequence[Product], names: Names, rng: Random) -> Asked | None:
    """A question about two products that differ in what is asked."""
    first, second = rng.sample(products, 2)
    named = names.pick(first, rng), names.pick(second, rng)
    if None in named or _tag(first) == _tag(second):
        return None
    measure = grams if kind == "heavier" else on_sale
    sizes = measure(first), measure(second)
    if not all(sizes) or sizes[0] == sizes[1] or (kind == "gap" and sizes[0] < sizes[1]):  # type: ignore[operator]
        return None
    ahead = first if (sizes[0] < sizes[1]) == (kind == "cheaper") else second  # type: ignore[operator]
    behind = second if ahead is first else first
    gap = money(abs(on_sale(first) - on_sale(second)))
    wanted = (_number(gap),) if kind == "gap" else (_won(ahead, behind, kind=kind),)
    return Asked(
        phrase.replace("{a}", str(named[0])).replace("{b}", str(named[1])),
        kind=kind,
        group="",
        language="",
        products=(first.id, second.id),
        wanted=wanted,
        money=frozenset([*figures(first), *figures(second), gap]),
    )


_LESS = r"(cheaper|less|lower|便宜|更低|低)"
_MORE = r"(dearer|more expensive|higher|costs more|贵|更高)"
_HEAVY = r"(heavier|weighs more|(higher|greater) weight|更重|重)"
_LIGHT = r"(lighter|weighs less|(lower|smaller) weight|更轻|轻)"


def _won(ahead: Product, behind: Product, *, kind: str) -> str:
    """A pattern for a sentence that puts the right one ahead: by the comparative or by its opposite."""
    this, that = _tag(ahead), _tag(behind)
    for_this, for_that = (_LESS, _MORE) if kind == "cheaper" else (_HEAVY, _LIGHT)
    plain_way = rf"{this}((?!{that}|\. |。)[\s\S])*{for_this}"
    turned = rf"{that}((?!{this}|\. |。)[\s\S])*{for_that}"
    return f"({plain_way}|{turned})"


def _tag(product: Product) -> str:
    """The first words of its title, by which an answer has to name it."""
    words = re.findall(r"\w+", product.title)
    return r"\W*".join(words[:3] if product.title.isascii() else words[:2])


def grams(product: Product) -> float | None:
    """Its weight, where its attributes say one."""
    said = next((product.attributes[key] for key in _FIELDS["weight"] if key in product.attributes), "")
    found = _GRAMS.match(said)
    return float(found[1]) * (1_000 if found[2] in ("kg", "千克") else 1) if found else None


_MAKERS: dict[str, Callable[[Product], Made | None]] = {
    "price_now": _price_now,
    "price_before": _price_before,
    "price_saving": _price_saving,
    "stock_yes": _stock_yes,
    "stock_count": _stock_count,
    "colour": _field("color"),
    "material": _field("material"),
    "brand": _field("brand"),
    "weight": _attribute("weight"),
    "origin": _attribute("origin"),
    "warranty": _attribute("warranty"),
    "yes_no": _yes_no,
    "follow_up": _follow_up,
}
