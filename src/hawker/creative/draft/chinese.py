"""Chinese copy from facts: clauses joined by commas, attributes in their usual order, measure words right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hawker.creative.draft import chinese_facts as facts
from hawker.creative.draft.line import Fact, Line, Stock
from hawker.creative.draft.words import words
from hawker.creative.layout import width
from hawker.records.catalogue import Product, levels

MOST, LOW = 90, 60
_AFTER = ("pattern", "detail", "collar", "sleeve", "waist", "hem", "closure", "cuff", "length")
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
        titles=tuple(_titles(told)),
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


def _titles(told: _Told) -> Iterator[Line]:
    for turn, name in enumerate(told.names[:6]):
        yield Line(name, 1.2 - 0.1 * turn - 0.4 * (len(name) < 4), frozenset({"name"}))
    short = next((name for name in told.names if len(name) <= 10), told.names[-1])
    said = _flat(told.held, (*_AFTER, "fit", "material", "style", *_PLAIN))
    for fact in said[:10]:
        bare = _bare(fact.text)
        role = fact.key.split(":")[0]
        named = role in (*_AFTER, "fit", "style", "taste") or (role == "material" and "面料" in fact.text)
        if (
            named
            and 1 < len(bare) <= 6
            and not re.search("[与和及]", bare)
            and not _within(bare, told.noun)
            and told.noun in told.names
        ):
            yield Line(f"{bare}{told.noun}", 0.9 * fact.worth, frozenset({fact.key}))
        if not _within(fact.text, short):
            yield Line(f"{short}，{fact.text}", 0.85 * fact.worth, frozenset({fact.key, "name"}))
    for one, other in pairwise(said):
        yield Line(f"{one.text}，{other.text}", 0.4 * one.worth, frozenset({one.key, other.key}))
    for fact in told.clauses[:14]:
        if not _within(fact.text, short):
            yield Line(f"{short}，{fact.text}", 0.95 * fact.worth, frozenset({fact.key, "name"}))
    for one, other in pairwise(told.clauses[:14]):
        yield Line(f"{one.text}，{other.text}", 0.55 * one.worth, frozenset({one.key, other.key}))
    thing = told.noun if told.noun in "".join(told.names) else short
    for turn, text in enumerate(
        (f"看看这{told.measure}{thing}", f"在找{thing}？", f"{thing}细节一览", f"来认识{short}")
    ):
        yield Line(text, 0.2 - 0.02 * turn, frozenset({f"frame:{turn}"}))


def _bare(text: str) -> str:
    """An attribute's words as they stand before a noun: '印花图案' as '印花'."""
    for ending in words("zh")["endings"]:
        if text.endswith(ending) and len(text) > len(ending):
            return text.removesuffix(ending)
    return text


def _lines(told: _Told) -> Iterator[Line]:
    yield from _chained(told)
    yield from _composed(told)
    yield from _mixed(told)
    yield from _pointed(told)
    yield from _framed(told)


def _chained(told: _Told) -> Iterator[Line]:
    """Clauses in the order they stood, begun at each in turn, with a name before and without."""
    named = [name for name in told.names if 3 <= len(name) <= 14][:3]
    for start in range(len(told.clauses)):
        for name in ("", *named):
            parts, keys = ([name] if name else []), {"name"} if name else set()
            for fact in told.clauses[start:] + told.clauses[:start]:
                if name and (_within(fact.text, name) or fact.text.endswith(told.noun)):
                    continue
                if width("，".join([*parts, fact.text])) + 2 > MOST:
                    break
                parts.append(fact.text)
                keys.add(fact.key)
                if len(keys) >= 2:
                    worth = 1.0 - 0.02 * start + 0.05 * bool(name)
                    yield _line(parts, worth, keys)
                    yield from _ended(parts, worth - 0.3, keys)


def _ended(parts: Sequence[str], worth: float, keys: set[str]) -> Iterator[Line]:
    """The same with an end that claims nothing, where there is room for one."""
    wide = width("，".join(parts)) + 2
    if wide < LOW:
        tails = words("zh")["tails"]
        for turn, tail in enumerate(tails):
            whole = wide + 2 + width(tail)
            more = [] if whole >= LOW else [tails[(turn + 3) % len(tails)]]
            if whole <= MOST:
                yield _line([*parts, tail, *more], worth, keys | {f"frame:{one}" for one in (tail, *more)})


def _composed(told: _Told) -> Iterator[Line]:
    """Attributes before and after the noun, in frames of their own order."""
    lead = _lead(told)
    first = "".join(fact.text for fact in lead)
    keys = {fact.key for fact in lead}
    style = told.held.get("style", [])
    after = [fact for fact in _flat(told.held, _AFTER) if _bare(fact.text) not in first]
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
            bare = _bare(fact.text)
            if (
                not _within(bare, told.noun)
                and len(bare) <= 6
                and not ("牛仔" in bare and "牛仔" in told.noun)
            ):
                found.append(Fact(bare, fact.worth, fact.key))
    return found


def _growing(parts: list[str], said: list[Fact], keys: set[str], worth: float) -> Iterator[Line]:
    """Every beginning of a list of facts that fits, the fuller the better."""
    parts, keys, plain = list(parts), set(keys), len(parts)
    for fact in said:
        if _bare(fact.text) in "，".join(parts):
            continue
        if width("，".join([*parts, fact.text])) + 2 > MOST:
            break
        parts.append(fact.text)
        keys.add(fact.key)
        yield _line(parts, worth - 0.2 + 0.03 * len(keys), keys)
    if len(parts) > plain:
        yield from _ended(parts, worth - 0.4, keys)


def _frames(told: _Told, said: list[Fact], start: int) -> Iterator[Line]:
    if len(_apart(said)) < 2:
        return
    one, other, *more = _apart(said)
    third = more[0].text if more else ""
    keys = {one.key, other.key, *([more[0].key] if more else [])}
    this = f"这{told.measure}{told.noun}"
    lead = "".join(fact.text for fact in _lead(told) if _bare(one.text) != fact.text != _bare(other.text))
    also = [third] if third else []
    frames = [
        [
            f"这{told.measure}{lead}{told.noun}以{one.text}搭配{other.text}",
            *([f"再添{third}"] if third else []),
        ],
        [f"从{one.text}到{other.text}", f"{this}值得细看"],
        [f"{one.text}、{other.text}" + (f"与{third}" if third else ""), f"都在{this}里"],
        [f"细看{this}：{one.text}", f"{other.text}", *([f"还有{third}"] if third else [])],
        [f"挑{told.noun}时", f"可以留意{one.text}与{other.text}", *([f"{third}也在其中"] if third else [])],
        [
            f"想找带{one.text}的{lead}{told.noun}？{other.text}" + (f"与{third}" if third else ""),
            "这里也能看到",
        ],
        [f"{told.noun}怎么选？先看{one.text}", f"再看{other.text}", *([f"{third}也别忘了"] if third else [])],
    ]
    style = told.held.get("style", [])
    tone = style[start % len(style)] if style else None
    if tone and tone.key not in keys:
        keys = keys | {tone.key}
        frames += [
            [f"偏爱{tone.text}的你", f"不妨看看{this}：{one.text}", other.text, *also],
            [f"{tone.text}的{lead}{told.noun}", f"{one.text}配{other.text}", *also],
        ]
    for turn, parts in enumerate(frames):
        own = keys | {f"frame:{turn}"}
        yield _line(parts, 0.9 - 0.02 * start - 0.01 * turn, own)
        yield from _ended(parts, 0.7 - 0.02 * start, own)


def _apart(said: Sequence[Fact]) -> list[Fact]:
    """Facts whose words differ: of '拉链设计' and '拉链门襟' the first."""
    kept: dict[str, Fact] = {}
    for fact in said:
        kept.setdefault(_bare(fact.text), fact)
    return list(kept.values())


def _mixed(told: _Told) -> Iterator[Line]:
    """A name, the fields that the description does not tell, and clauses of it."""
    said = [
        fact
        for fact in _flat(told.held, _PLAIN)
        if not any(_within(fact.text, clause.text) for clause in told.clauses)
    ]
    for name in told.names[:2]:
        fresh = [fact for fact in told.clauses[2:] if not _within(fact.text, name)]
        yield from _growing([name], [*said, *fresh], {"name"}, 0.9)


def _pointed(told: _Told) -> Iterator[Line]:
    """One clause at a time, with a frame around it that claims nothing."""
    name = next((name for name in told.names if 3 <= len(name) <= 14), told.names[-1])
    thing = told.noun if told.noun in "".join(told.names) else "商品"
    for turn, fact in enumerate(told.clauses[:10]):
        if not _within(fact.text, name):
            for place, text in enumerate(
                (
                    f"{fact.text}，这是{name}的细节，其余都写在商品页里。",
                    f"说到{name}，先看这点：{fact.text}，其他的点开再看。",
                    f"先认识{name}：{fact.text}，完整介绍在商品页。",
                    f"{fact.text}，想知道这{told.measure}{thing}还有什么，点开就能看全。",
                )
            ):
                yield _line([text.removesuffix("。")], 0.45 - 0.02 * turn, {fact.key, f"frame:point{place}"})


def _framed(told: _Told) -> Iterator[Line]:
    """Lines for whoever has little to say: what it is, and where it is found."""
    leaf = levels(told.product.category)[-1] if levels(told.product.category) else ""
    for turn, name in enumerate(told.names[:4]):
        frames = [
            f"想看{name}，可以先到商品页了解细节，再慢慢决定要不要带回家。",
            f"{name}已在店里，规格与介绍都写在商品页，点开就能看到。",
            f"挑选时不妨也看看这{told.measure}{name}，详细介绍在商品页。",
            f"关于{name}的资料都整理在商品页，欢迎点开逐项对照着看。",
        ]
        if leaf and leaf not in (told.noun, name):
            frames.append(f"在{leaf}里就能找到{name}，点开商品页，细节逐项看清楚。")
        for place, text in enumerate(frames):
            yield Line(text, -0.1 - 0.05 * turn - 0.01 * place, frozenset({f"frame:{place}"}))


def _full(told: _Told) -> Iterator[Line]:
    """Paragraphs for the product's own page."""
    listed = [fact for fact in told.clauses if fact.text not in told.names] or _flat(
        told.held, (*_AFTER, "material", "fit", "style")
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


def _within(one: str, other: str) -> bool:
    """Whether most pairs of characters of one stand in the other: it would be said twice."""
    if one in other:
        return True
    pairs = {one[i : i + 2] for i in range(len(one) - 1)}
    held = {other[i : i + 2] for i in range(len(other) - 1)}
    return bool(pairs) and len(pairs & held) * 2 >= len(pairs)
