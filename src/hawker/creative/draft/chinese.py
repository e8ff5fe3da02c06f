"""Chinese copy from facts: clauses joined by commas, attributes in their usual order, measure words right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hawker.creative.draft import chinese_facts as facts
from hawker.creative.draft.chinese_titles import AFTER, before, titles, within
from hawker.creative.draft.line import Fact, Line, Stock
from hawker.creative.draft.words import words
from hawker.creative.layout import width
from hawker.records.catalogue import Product, levels

MOST, LOW = 90, 60
FEW = 4  # with so many clauses nothing is said that is none
_PLAIN = (
    "taste",
    "scent",
    "season",
    "capacity",
    "weight",
    "pack",
    "fitting",
    "age",
    "skin",
    "power",
    "battery",
    "proof",
)


@dataclass(frozen=True)
class _Told:
    """What is known of a product, read once. `measured` is the noun with its measure word, '条连衣裙'."""

    product: Product
    names: list[str]
    noun: str
    measure: str
    clauses: list[Fact]
    held: dict[str, list[Fact]]


def stock(product: Product) -> Stock:
    """All that can be said of a product in Chinese."""
    noun = facts.noun(product)
    told = _Told(
        product,
        facts.names(product),
        noun,
        facts.measured(noun),
        facts.clauses(product),
        facts.attributes(product),
    )
    return Stock(
        names=tuple(told.names),
        titles=tuple(titles(told.names, noun, told.measure, _said(told), told.clauses)),
        lines=tuple(_lines(told)),
        full=tuple(_full(told)),
        calls=words("zh")["calls"],
        keywords=tuple(_keywords(told)),
        negatives=words("zh")["negatives"],
        tags=tuple(_tags(told)),
        paths=tuple(level for level in reversed(levels(product.category)) if width(level) <= 15),
        joint="",
    )


def _flat(held: dict[str, list[Fact]], roles: Sequence[str]) -> list[Fact]:
    """Facts of these roles, one of each in turn, so that no role crowds out the others."""
    rows = [held.get(role, []) for role in roles]
    deepest = max(map(len, rows), default=0)
    return [row[depth] for depth in range(deepest) for row in rows if depth < len(row)]


def _said(told: _Told) -> list[Fact]:
    return _flat(told.held, (*AFTER, "fit", "material", "style", *_PLAIN))


def _lines(told: _Told) -> Iterator[Line]:
    yield from _chained(told)
    yield from _composed(told)
    yield from _mixed(told)
    yield from _pointed(told)
    yield from _framed(told)


def _chained(told: _Told) -> Iterator[Line]:
    """Clauses in the order they stood, begun at each in turn, with a name before and without."""
    named = [name for name in told.names if 3 <= len(name) <= 14][:3]
    said = [fact for fact in told.clauses if not within(fact.text, told.names[0])]
    for start in range(len(said)):
        for name in ("", *named):
            parts, keys = ([name] if name else []), {"name"} if name else set()
            for fact in said[start:] + said[:start]:
                if name and (within(fact.text, name) or fact.text.endswith(told.noun)):
                    continue
                if width("，".join([*parts, fact.text])) + 2 > MOST:
                    break
                parts.append(fact.text)
                keys.add(fact.key)
                if len(keys) >= 2:
                    worth = 1.0 - 0.02 * start + 0.05 * bool(name)
                    yield _line(parts, worth, keys)
                    if len(said) < FEW:
                        yield from _ended(parts, worth - 0.3, keys)


def _ended(parts: Sequence[str], worth: float, keys: set[str]) -> Iterator[Line]:
    """The same with an end that claims nothing, where there is room for one."""
    wide = width("，".join(parts)) + 2
    if wide < LOW:
        for tail in words("zh")["tails"]:
            if wide + 2 + width(tail) <= MOST:
                yield _line([*parts, tail], worth, keys | {f"filler:{tail}"})


def _composed(told: _Told) -> Iterator[Line]:
    """Attributes before and after the noun, in frames of their own order."""
    lead = _lead(told)
    first = "".join(fact.text for fact in lead)
    keys = {fact.key for fact in lead}
    style = told.held.get("style", [])
    after = [fact for fact in _flat(told.held, AFTER) if before(fact.text) not in first]
    fit = [fact for fact in _flat(told.held, ("fit", "material", "color")) if fact.key not in keys]
    everything = [*after, *[fact for fact in fit if not fact.key.startswith("color")], *style]
    if everything:
        yield from _growing([f"{first}{told.noun}"], everything, keys, 1.3)
    pool = [*after, *[fact for fact in fit if not fact.key.startswith("color")]]
    if len(pool) < 3:
        pool += style
    for start in range(len(pool)):
        yield from _frames(told, pool[start:] + pool[:start], start)


def _lead(told: _Told) -> list[Fact]:
    """What stands before the noun: colour and stuff, '黑色蕾丝', never the same word twice."""
    found = []
    for role in ("color", "material"):
        for fact in told.held.get(role, [])[:1]:
            bare = before(fact.text)
            if (
                not within(bare, told.noun)
                and len(bare) <= 6
                and not ("牛仔" in bare and "牛仔" in told.noun)
            ):
                found.append(Fact(bare, fact.worth, fact.key))
    return found


def _growing(parts: list[str], said: list[Fact], keys: set[str], worth: float) -> Iterator[Line]:
    """As many of a list of facts as fit."""
    parts, keys, plain = list(parts), set(keys), len(parts)
    for fact in said:
        if before(fact.text) in "，".join(parts):
            continue
        if width("，".join([*parts, fact.text])) + 2 > MOST:
            break
        parts.append(fact.text)
        keys.add(fact.key)
    if len(parts) > plain:
        yield _line(parts, worth - 0.2 + 0.03 * len(keys), keys)
    if len(parts) > plain and len(said) < FEW:
        yield from _ended(parts, worth - 0.4, keys)


def _frames(told: _Told, said: list[Fact], start: int) -> Iterator[Line]:
    """Two facts or more around the noun, then what stands by itself."""
    apart = _apart(said)
    things = [fact for fact in apart if _role(fact) in AFTER]
    held = [fact for fact in apart if fact not in things] if len(things) > 1 else []
    held = held[start % max(1, len(held)) :][:1]
    things = (things if len(things) > 1 else apart)[:3]
    if len(things) < 2:
        return
    one, other, *more = (_otherwise(fact) for fact in things)
    after = [_after(fact) for fact in held]
    keys = {fact.key for fact in (*things, *held)}
    lead = "".join(
        fact.text for fact in _lead(told) if before(fact.text) not in map(before, (one, other, *more))
    )
    noun, this = f"{lead}{told.noun}", f"这{told.measure}{told.noun}"
    third = more[0] if more else ""
    frames = [
        [f"这{told.measure}{noun}以{one}搭配{other}", *([f"再添{third}"] if third else [])],
        [f"{one}、{other}与{third}" if third else f"{one}与{other}", f"都在{this}上"],
        [f"细看{this}：{one}", other, *more],
        [f"{noun}的细节有{one}和{other}", *([f"还有{third}"] if third else [])],
        [f"一{told.measure}{before(one)}{told.noun}", other, *more],
        [f"{noun}，{one}之外", f"还有{'、'.join([other, *more])}"],
        [f"从{one}到{other}" + (f"，再到{third}" if third else ""), f"细节都在{this}上"],
    ]
    if _role(things[0]) in AFTER:
        frames.append([f"想要带{one}的{noun}？这{told.measure}还有{'、'.join([other, *more])}"])
    style = told.held.get("style", [])
    tone = style[start % len(style)] if style else None
    if tone and tone.key not in keys:
        frames += [
            [f"偏爱{tone.text}？{this}有{one}", other, *more],
            [f"{this}走{tone.text}", f"{one}配{other}", *more],
        ]
    for turn, parts in enumerate(frames):
        own = keys | {f"frame:{turn}", "name"} | ({tone.key} if tone and turn >= len(frames) - 2 else set())
        yield _line([*parts, *after], 0.9 - 0.02 * start - 0.01 * turn, own)
        if len(said) < FEW:
            yield from _ended([*parts, *after], 0.7 - 0.02 * start, own)


def _role(fact: Fact) -> str:
    return fact.key.split(":")[0]


def _otherwise(fact: Fact) -> str:
    """A fact in few words that stand inside a sentence: '印花图案' as '印花', '简约风格' as '简约风'."""
    bare, role = before(fact.text), _role(fact)
    if bare == fact.text or len(bare) < 2 or role in ("fit", "material", "cuff"):
        return fact.text
    return f"{bare}风" if role == "style" else bare


def _after(fact: Fact) -> str:
    """A fact as a clause of its own: '宽松版型' as '版型宽松', '简约风格' as '走简约风'."""
    bare, role = before(fact.text), _role(fact)
    patterns = {"fit": "版型{}", "material": "面料为{}", "style": "走{}风"}
    return patterns.get(role, "{}").format(bare) if bare != fact.text and len(bare) > 1 else fact.text


def _apart(said: Sequence[Fact]) -> list[Fact]:
    """Facts whose words differ: of '拉链设计' and '拉链门襟' the first."""
    kept: dict[str, Fact] = {}
    for fact in said:
        kept.setdefault(before(fact.text), fact)
    return list(kept.values())


def _mixed(told: _Told) -> Iterator[Line]:
    """A name, the fields that the description does not tell, and clauses of it."""
    said = [
        fact
        for fact in _flat(told.held, _PLAIN)
        if not any(within(fact.text, clause.text) for clause in told.clauses)
    ]
    for name in told.names[:2]:
        fresh = [fact for fact in told.clauses[2:] if not within(fact.text, name)]
        yield from _growing([name], [*said, *fresh], {"name"}, 0.9)


def _pointed(told: _Told) -> Iterator[Line]:
    """One fact at a time with the name, for whoever has few."""
    facts_held = told.clauses or _said(told)
    if len(facts_held) > 1 + bool(told.clauses):
        return
    for name in told.names[:2]:
        for turn, fact in enumerate(facts_held):
            if not within(fact.text, name):
                keys = {fact.key, "name"}
                yield _line([name, fact.text], 0.5 - 0.02 * turn, keys)
                yield from _ended([name, fact.text], 0.5, keys)
                yield _line([f"在找{name}？{fact.text}"], 0.2 - 0.02 * turn, keys | {"filler:ask"})


def _framed(told: _Told) -> Iterator[Line]:
    """Lines for whoever has nothing to say: what it is, and where it is found."""
    leaf = levels(told.product.category)[-1] if levels(told.product.category) else ""
    for turn, name in enumerate(told.names[:4]):
        if leaf and not within(leaf, name) and leaf not in told.noun:
            keys = frozenset({"name", "filler:leaf"})
            yield Line(f"{name}，收在{leaf}类里，点开看看细节。", -0.6 - 0.05 * turn, keys)
        for place, text in enumerate(
            (f"{name}，细节写在商品页里。", f"挑选时不妨也看看这{told.measure}{name}。")
        ):
            keys = frozenset({"name", f"filler:{place}"})
            yield Line(text, -0.8 - 0.05 * turn - 0.01 * place, keys)


def _full(told: _Told) -> Iterator[Line]:
    """Paragraphs for the product's own page."""
    listed = [fact for fact in told.clauses if fact.text not in told.names] or _flat(
        told.held, (*AFTER, "material", "fit", "style")
    )
    for start in range(min(4, len(listed))):
        turned = listed[start:] + listed[:start]
        groups = [turned[i : i + 3] for i in range(0, len(turned[:12]), 3)]
        body = "".join("，".join(fact.text for fact in group) + "。" for group in groups)
        name = told.names[start % len(told.names)]
        yield Line(f"{name}：{body}", 2.0 - 0.1 * start, frozenset({f"full{start}"}))


def _keywords(told: _Told) -> Iterator[str]:
    yield from told.names
    for field in (*told.product.attributes.values(), told.product.color, told.product.material):
        for value in re.split(r"[、,，/]", field):
            if value and value not in told.noun and width(value) <= 12 and not re.search(r"\d", value):
                yield f"{value}{told.noun}"
    yield from reversed(levels(told.product.category))
    if told.product.brand:
        yield told.product.brand


def _tags(told: _Told) -> Iterator[str]:
    for word in (told.noun, *reversed(levels(told.product.category)), told.product.brand):
        if word and width(word) <= 28:
            yield "#" + re.sub(r"\W", "", word)
    for fact in told.held.get("style", []):
        yield f"#{fact.text}"


def _line(parts: Sequence[str], worth: float, keys: set[str]) -> Line:
    text = "，".join(parts) + "。"
    room = 0.15 if LOW <= width(text) <= MOST else 0.15 - 0.02 * (LOW - width(text))
    return Line(text, worth + room, frozenset(keys))
