"""What can be said of a product, wrongly or rightly: one maker for each kind of claim.

A maker gets the product and whether the claim shall be true, and returns what to put into a phrasing;
`None` where the product offers nothing. Wrong means: not to be had from any field, in any unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.planted import facts
from benchmarks.planted.case import phrasings, words
from benchmarks.planted.facts import Quantity
from hawker.records.catalogue import Product, on_sale


@dataclass(frozen=True)
class Turn:
    """What a maker gets. `true`: the claim shall hold."""

    product: Product
    language: str
    rng: Random
    true: bool


Slots = dict[str, str]
_WOOD = {"wooden": "wood", "fibreglass": "fiberglass"}
_IN_TITLE = re.compile(
    r"(?:, |\(|- )(red|blue|green|pink|yellow|purple|black|white|orange|brown|gr[ae]y)\)?$", re.I
)
_BUILT = re.compile(r"(?<!not )\b(?:made (?:of|from)|100%) ([a-z]+)\b|\b(\w+) construction\b", re.I)
_MODEL = re.compile(r"(?<![A-Za-z])(?!SPF|UPF)[A-Z]{1,3}\d{1,4}(?!\d|级)")
_OTHER = {
    "inch": "cm foot",
    "foot": "inch m",
    "cm": "inch m mm",
    "mm": "cm inch",
    "m": "cm foot",
    "lb": "oz kg",
}
_OTHER |= {
    "oz": "lb g",
    "kg": "g lb jin",
    "g": "kg oz",
    "l": "ml",
    "ml": "l",
    "h": "min",
    "min": "h",
    "w": "kw",
}


def _quantity(turn: Turn) -> Quantity | None:
    held = facts.quantities(turn.product, turn.language)
    if not held:
        return None
    found = turn.rng.choice(held)
    if turn.true:
        return found
    wrong = facts.slipped(found.value, turn.product, turn.rng, unit=found.unit)
    return Quantity(wrong, found.unit) if wrong else None


def _number(turn: Turn) -> Slots | None:
    found = _quantity(turn)
    return None if found is None else {"q": facts.shown(found, turn.language, turn.rng)}


def _wide(turn: Turn) -> Slots | None:
    found = _quantity(turn)
    return None if found is None else {"q": facts.wide(facts.shown(found, turn.language, turn.rng))}


def _spelt(turn: Turn) -> Slots | None:
    found = _quantity(turn)
    if not found or (turn.language == "en" and (found.value != int(found.value) or found.value > 999)):
        return None
    shape = facts.SHOWN[turn.language][found.unit][0]
    if turn.language == "en" and found.value == 1:
        return None
    return {"q": shape.format(facts.spelt(found.value, turn.language))}


def _unit(turn: Turn) -> Slots | None:
    held = facts.quantities(turn.product, turn.language)
    if turn.true or not held:
        return None
    found = turn.rng.choice(held)
    others = [unit for unit in _OTHER.get(found.unit, "").split() if unit in facts.SHOWN[turn.language]]
    if not others:
        return None
    wrong = Quantity(found.value, turn.rng.choice(others))
    if facts.beside(wrong, turn.product):
        return None
    return {"q": facts.shown(wrong, turn.language, turn.rng)}


def _converted(turn: Turn) -> Slots | None:
    held = facts.quantities(turn.product, turn.language)
    if not held:
        return None
    found = turn.rng.choice(held)
    other = facts.converted(found, turn.language, turn.rng)
    if other and not turn.true:
        wrong = facts.slipped(other.value, turn.product, turn.rng, unit=other.unit, far=0.3)
        other = Quantity(wrong, other.unit) if wrong else None
    if not other:
        return None
    shape = turn.rng.choice(facts.SHOWN[turn.language][other.unit])
    said = facts.shown(found, turn.language, turn.rng)
    return {"q": said, "w": shape.format(facts.plain(other.value))}


def _rounded(turn: Turn) -> Slots | None:
    held = [q for q in facts.quantities(turn.product, turn.language) if q.value >= 10]
    for found in held:
        step = 1 if found.value < 100 else 10
        whole = float(step * int(found.value / step + 0.5))
        if whole != found.value and abs(whole - found.value) <= 0.03 * found.value:
            near = Quantity(whole, found.unit)
            return {"w": facts.shown(near, turn.language, turn.rng), "q": ""}
    return None


def _count(turn: Turn) -> Slots | None:
    held = facts.counts(turn.product, turn.language)
    if not held:
        return None
    number, word = turn.rng.choice(held)
    said = float(number) if turn.true else facts.slipped(number, turn.product, turn.rng)
    return None if said is None or said != int(said) else {"n": facts.plain(said), "c": word}


def _age(turn: Turn) -> Slots | None:
    held = facts.ages(turn.product, turn.language)
    if not held or max(n for n, _ in held) > 96:
        return None
    number, word = turn.rng.choice(held)
    said = float(number) if turn.true else facts.slipped(number, turn.product, turn.rng)
    if said is None or said != int(said) or said > 36:
        return None
    return {"n": facts.plain(said) + word}


def _percent(turn: Turn) -> Slots | None:
    held = facts.shares(turn.product)
    if turn.true:
        return {"n": facts.plain(turn.rng.choice(held))} if held else None
    said = turn.rng.choice((12, 18, 35, 48, 60, 65, 72, 85, 92, 97, 99))
    return None if facts.elsewhere(said, turn.product) else {"n": str(said)}


def _price(turn: Turn) -> Slots | None:
    now = on_sale(turn.product) / 1e6
    if not now:
        return None
    factors = (1.0,) if turn.true else (0.5, 0.7, 0.85, 0.9, 1.1, 1.5, 2.0)
    said = round(now * turn.rng.choice(factors), 2 if turn.language == "en" else 0)
    if not turn.true and (said < 1 or facts.elsewhere(said, turn.product)):
        return None
    if turn.language == "zh":
        shape = turn.rng.choice(("{}元", "¥{}", "￥{}", "{}块", "{}.00元", "人民币{}元"))
        return {"p": shape.format(facts.plain(said))}
    return {"p": turn.rng.choice(("${:.2f}", "USD {:.2f}", "{:.2f} dollars", "US${:.2f}")).format(said)}


def _discount(turn: Turn) -> Slots | None:
    product, rng = turn.product, turn.rng
    if turn.language == "en":
        said = rng.choice(
            ("25%", "30 percent", "$5", "half", "a third", "15%", "$12", "40%", "20 per cent", "10%")
        )
        return None if turn.true or product.sale_price else {"d": said}
    saved, part = (product.price - on_sale(product)) / 1e6, on_sale(product) / max(product.price, 1) * 10
    if turn.true:
        said = rng.choice((f"立省{facts.plain(saved)}元", f"直降{facts.plain(saved)}元", f"约{part:.1f}折"))
        return {"d": said} if product.sale_price else None
    for less in rng.sample((15, 25, 35, 45, 55, 88), 6):
        if not facts.elsewhere(less, product) and abs(less - saved) > 3:
            shapes = [f"立省{less}元", f"直降{less}元", f"立减{facts.spelt(less, 'zh')}元", f"减免{less}块"]
            rates = [said for said, rate in (("5折", 5), ("三折", 3), ("半价", 5)) if abs(rate - part) > 1]
            return {"d": rng.choice(shapes + rates)}
    return None


def _date(turn: Turn) -> Slots | None:
    said = turn.rng.choice((1896, 1923, 1958, 1974, 1987, 1999, 2003, 2011, 2016, 2021, 2024, 2025))
    return None if turn.true or facts.elsewhere(said, turn.product) else {"y": str(said)}


def _brand(turn: Turn) -> Slots | None:
    if turn.true:
        title = turn.product.title
        named = turn.product.brand or next(
            (b for b in words()["brands"]["en"] if title.startswith(b + " ")), ""
        )
        return {"b": named} if named else None
    said = turn.rng.choice(words()["brands"][turn.language])
    return {"b": said} if facts.absent([said, said.split()[0]], turn.product) else None


def _model(turn: Turn) -> Slots | None:
    product, rng = turn.product, turn.rng
    named = [word for word in _MODEL.findall(product.title) if word != product.size]
    held = product.mpn or next(iter(named), "")
    if turn.language == "zh" and not held and not turn.true:
        held = rng.choice(("A12", "K380", "S5", "MX20", "T9", "R600"))
    if not re.search(r"\d", held):
        return None
    if turn.true:
        return {"m": held}
    said = re.sub(r"\d", lambda m: str((int(m[0]) + rng.randrange(1, 10)) % 10), held)
    return {"m": said} if facts.absent([said], product) else None


def _material(turn: Turn) -> Slots | None:
    if not turn.true:
        return _other("materials", turn)
    if turn.language == "zh":
        held = [
            word
            for word in turn.product.material.split("、")
            if word and word not in words()["stuff"]["zh_not"]
        ]
    else:
        found = [m[1] or m[2] for m in _BUILT.finditer(turn.product.title + " | " + turn.product.description)]
        held = [
            word
            for word in (_WOOD.get(w.lower(), w.lower()) for w in found)
            if word in words()["stuff"]["en"]
        ]
    return {"x": turn.rng.choice(held)} if held else None


def _colour(turn: Turn) -> Slots | None:
    if not turn.true:
        return (
            _other("colours", turn) if facts.absent(words()["mixed"][turn.language], turn.product) else None
        )
    if turn.language == "zh":
        held = [word for word in turn.product.color.split("、") if word]
        return {"x": turn.rng.choice(held)} if held else None
    found = _IN_TITLE.search(turn.product.title)
    return {"x": found[1].lower()} if found else None


def _other(name: str, turn: Turn) -> Slots | None:
    guards = words()[name][turn.language]
    said = turn.rng.choice(list(guards))
    return {"x": said} if facts.absent(guards[said].split(), turn.product) else None


def _ingredient(turn: Turn) -> Slots | None:
    if turn.language == "en":
        return None if turn.true else {}
    if turn.true:
        held = [turn.product.attributes.get("口味", "")] if "配方" in turn.product.description else []
        held += re.findall(r"含((?!量)[^,。、\d]{2,8}?)(?:[,。]|配方|与)", turn.product.description)
        held = [word for word in held if word and word != "有"]
        return {"x": turn.rng.choice(held)} if held else None
    said = turn.rng.choice(phrasings("ground_zh")["ingredients"][0].split())
    return {"x": said} if facts.absent([said, said[:2], said[-2:]], turn.product) else None


def _never(turn: Turn) -> Slots | None:
    return None if turn.true else {}


def _idiom(turn: Turn) -> Slots | None:
    return {} if turn.true else None


MAKERS: dict[str, Callable[[Turn], Slots | None]] = {
    "number": _number, "unit": _unit, "converted": _converted, "spelt": _spelt, "wide": _wide,
    "count": _count, "age": _age, "percent": _percent, "price": _price, "discount": _discount,
    "date": _date, "brand": _brand,
    "model": _model, "material": _material, "colour": _colour, "ingredient": _ingredient,
    "award": _never, "certificate": _never, "comparison": _never, "superlative": _never, "health": _never,
    "rating": _never, "warranty": _never, "origin": _never, "rounded": _rounded, "idiom": _idiom,
}  # fmt: skip
POOL = {
    "number": "quantity",
    "unit": "quantity",
    "spelt": "quantity",
    "wide": "quantity",
}


def unsaid(claim: str, product: Product, *, language: str) -> bool:
    """Whether no telling word of the claim stands in the product's fields."""
    if language == "en":
        telling = [w for w in re.findall(r"[a-z]{3,}", claim.lower()) if w not in words()["loose"]["en"]]
        return facts.absent([*telling, claim], product)
    cuts = [claim[i : i + 3] for i in range(len(claim) - 2)] or [claim]
    return facts.absent([*cuts, *(c for c in ("最", "第一") if c in claim)], product)
