"""Chinese copy from facts: clauses joined by commas, attributes in their usual order, measure words right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hawker.creative.draft import chinese_facts as facts
from hawker.creative.draft.line import Fact, Line, Stock
from hawker.creative.draft.words import words
from hawker.creative.layout import width
from hawker.records.catalogue import Product, levels

MOST, LOW = 90, 60
_BEFORE = ("color", "material", "fit")  # what stands before the noun, in this order
_AFTER = (
    "pattern",
    "detail",
    "collar",
    "sleeve",
    "waist",
    "hem",
    "closure",
    "cuff",
    "length",
    "style",
)


def stock(product: Product) -> Stock:
    """All that can be said of a product in Chinese."""
    names = facts.names(product)
    kind = facts.noun(product)
    told = facts.clauses(product)
    held = facts.attributes(product)
    return Stock(
        names=tuple(names),
        titles=tuple(_titles(product, names, kind, told, held)),
        lines=tuple(_lines(product, names, kind, told, held)),
        full=tuple(_full(names, kind, told, held)),
        calls=words("zh")["calls"],
        keywords=tuple(_keywords(product, names, kind, held)),
        negatives=words("zh")["negatives"],
        tags=tuple(_tags(product, kind, held)),
        paths=tuple(level for level in reversed(levels(product.category)) if width(level) <= 15),
        joint="",
    )


def _flat(held: dict[str, list[Fact]], roles: Sequence[str]) -> list[Fact]:
    """Facts of these roles, one of each in turn, so that no role crowds out the others."""
    rows = [held.get(role, []) for role in roles]
    deepest = max(map(len, rows), default=0)
    return [row[depth] for depth in range(deepest) for row in rows if depth < len(row)]


def _titles(
    product: Product, names: list[str], kind: str, told: list[Fact], held: dict[str, list[Fact]]
) -> Iterator[Line]:
    for turn, name in enumerate(names[:6]):
        yield Line(name, 1.2 - 0.1 * turn - 0.3 * (len(name) < 4), frozenset({"name"}))
    short = next((name for name in names if len(name) <= 10), names[-1])
    said = _flat(
        held, (*_AFTER, "fit", "material", "season", "taste", "scent", "fitting", "capacity", "battery")
    )
    for fact in said[:10]:
        yield Line(f"{fact.text}{kind}", 0.9 * fact.worth, frozenset({fact.key}))
        if not _within(fact.text, short):
            yield Line(f"{short}，{fact.text}", 0.95 * fact.worth, frozenset({fact.key, "name"}))
    for one, other in zip(said, said[1:], strict=False):
        yield Line(f"{one.text}，{other.text}", 0.7 * one.worth, frozenset({one.key, other.key}))
    for fact in told[:14]:
        yield Line(fact.text, 0.6 * fact.worth, frozenset({fact.key}))
        if not _within(fact.text, short):
            yield Line(f"{short}，{fact.text}", 0.9 * fact.worth, frozenset({fact.key, "name"}))
    cl = facts.measured(kind)
    for turn, text in enumerate((f"看看这{cl}{kind}", f"在找{kind}？", f"{kind}细节一览", f"来认识{short}")):
        yield Line(text, 0.3 - 0.02 * turn, frozenset({f"frame{turn}"}))


def _lines(
    product: Product, names: list[str], kind: str, told: list[Fact], held: dict[str, list[Fact]]
) -> Iterator[Line]:
    yield from _chained(names, told)
    yield from _composed(product, names, kind, held)
    yield from _mixed(names, kind, told, held)
    yield from _framed(product, names, kind)


def _chained(names: list[str], told: list[Fact]) -> Iterator[Line]:
    """Clauses in the order they stood, begun at each in turn, with a name before and without."""
    for start in range(len(told)):
        for name in ("", *[name for name in names if 3 <= len(name) <= 14][:3]):
            parts, keys = ([name] if name else []), set()
            for fact in told[start:] + told[:start]:
                if name and _within(fact.text, name):
                    continue
                if width("，".join([*parts, fact.text])) + 2 > MOST:
                    break
                parts.append(fact.text)
                keys.add(fact.key)
                if len(keys) >= 2 or width("，".join(parts)) >= LOW:
                    yield _line(
                        parts, 0.9 - 0.03 * start + 0.05 * bool(name), {*keys, *(["name"] if name else [])}
                    )


def _composed(product: Product, names: list[str], kind: str, held: dict[str, list[Fact]]) -> Iterator[Line]:
    """Attributes before and after the noun, in frames of their own order."""
    cl = facts.measured(kind)
    before = "".join(fact.text for fact in _lead(held, kind))
    before_keys = {fact.key for fact in _lead(held, kind)}
    style = held.get("style", [])
    after = [
        fact
        for fact in _flat(held, tuple(role for role in _AFTER if role != "style"))
        if fact.text not in before
    ]
    rest = _flat(held, ("fit", "material"))
    everything = [*after, *[fact for fact in rest if fact.key not in before_keys], *style]
    if everything:
        parts, keys = [f"{before}{kind}"], set(before_keys)
        yield from _growing(parts, everything, keys, 1.15)
    pool = [*after, *rest]
    for start in range(len(pool)):
        turned = pool[start:] + pool[:start]
        for frame in _frames(kind, cl, style, turned, start):
            yield frame


def _lead(held: dict[str, list[Fact]], kind: str) -> list[Fact]:
    """What stands before the noun: colour and stuff, '黑色蕾丝', never the same word twice."""
    found = []
    for role in ("color", "material"):
        for fact in held.get(role, [])[:1]:
            bare = fact.text.removesuffix("面料").removesuffix("材质")
            if bare and bare not in kind and len(bare) <= 6 and not (bare.endswith("布") and "牛仔" in kind):
                found.append(Fact(bare, fact.worth, fact.key))
    return found


def _growing(parts: list[str], said: list[Fact], keys: set[str], worth: float) -> Iterator[Line]:
    """Every beginning of a list of facts that fits, the fuller the better."""
    parts, keys = list(parts), set(keys)
    for fact in said:
        if width("，".join([*parts, fact.text])) + 2 > MOST:
            break
        parts.append(fact.text)
        keys.add(fact.key)
        yield _line(parts, worth - 0.2 + 0.03 * len(keys), keys)


def _frames(kind: str, cl: str, style: list[Fact], said: list[Fact], start: int) -> Iterator[Line]:
    if len(said) < 2:
        return
    one, other, *more = said
    third = more[0].text if more else ""
    keys = {one.key, other.key, *([more[0].key] if more else [])}
    tone = style[start % len(style)] if style else None
    less = 0.9 - 0.02 * start
    frames = [
        [f"这{cl}{kind}以{one.text}搭配{other.text}", *([f"再添{third}"] if third else [])],
        [f"从{one.text}到{other.text}", f"这{cl}{kind}把细节都交代清楚"],
        [f"{one.text}、{other.text}" + (f"与{third}" if third else ""), f"都在这一{cl}{kind}里"],
        [f"细看这{cl}{kind}：{one.text}", f"{other.text}", *([f"还有{third}"] if third else [])],
    ]
    if tone:
        frames += [
            [
                f"偏爱{tone.text}的你",
                f"不妨看看这{cl}{kind}：{one.text}",
                other.text,
                *([third] if third else []),
            ],
            [f"{tone.text}的{kind}", f"{one.text}配{other.text}", *([f"{third}也在其中"] if third else [])],
        ]
    for turn, parts in enumerate(frames):
        own = keys | ({tone.key} if tone and turn >= 4 else set())
        yield _line(parts, less - 0.01 * turn, own)


def _mixed(names: list[str], kind: str, told: list[Fact], held: dict[str, list[Fact]]) -> Iterator[Line]:
    """A name, the fields that the description does not tell, and a clause of it."""
    roles = (
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
    )
    said = [fact for fact in _flat(held, roles) if not any(_within(fact.text, one.text) for one in told)]
    for name in names[:2]:
        yield from _growing([name], [*said, *told[2:]], {"name"}, 0.95)


def _framed(product: Product, names: list[str], kind: str) -> Iterator[Line]:
    """Lines for whoever has little to say: what it is, and where it is found."""
    cl = facts.measured(kind)
    leaf = levels(product.category)[-1] if levels(product.category) else ""
    for turn, name in enumerate(names[:4]):
        frames = [
            f"想看{name}，可以先到商品页了解细节，再慢慢决定要不要带回家。",
            f"{name}已在店里，规格与介绍都写在商品页，点开就能看到。",
            f"挑{kind}的时候，不妨也看看这{cl}{name}，详细介绍在商品页。",
            f"关于{name}的资料都整理在商品页，欢迎点开逐项对照着看。",
        ]
        if leaf and leaf != kind:
            frames.append(f"在{leaf}里就能找到{name}，点开商品页，细节一项一项看清楚。")
        for place, text in enumerate(frames):
            yield Line(text, 0.3 - 0.05 * turn - 0.01 * place, frozenset({f"frame{place}"}))


def _full(names: list[str], kind: str, told: list[Fact], held: dict[str, list[Fact]]) -> Iterator[Line]:
    """Paragraphs for the product's own page."""
    said = _flat(held, (*_AFTER, "material", "fit"))
    listed = told or said
    for start in range(min(4, len(listed))):
        turned = listed[start:] + listed[:start]
        groups = [turned[i : i + 3] for i in range(0, len(turned[:12]), 3)]
        body = "".join("，".join(fact.text for fact in group) + "。" for group in groups)
        yield Line(f"{names[start % len(names)]}：{body}", 1.0 - 0.1 * start, frozenset({f"full{start}"}))


def _keywords(product: Product, names: list[str], kind: str, held: dict[str, list[Fact]]) -> Iterator[str]:
    yield from names
    for fact in (*product.attributes.values(), product.color, product.material):
        for value in re.split(r"[、,，/]", fact):
            if value and value not in kind and width(value) <= 12 and not re.search(r"\d", value):
                yield f"{value}{kind}"
    yield from reversed(levels(product.category))
    if product.brand:
        yield product.brand


def _tags(product: Product, kind: str, held: dict[str, list[Fact]]) -> Iterator[str]:
    for word in (kind, *reversed(levels(product.category)), product.brand):
        if word and width(word) <= 28:
            yield "#" + re.sub(r"\W", "", word)
    for fact in held.get("style", []):
        yield f"#{fact.text}"


def _line(parts: list[str], worth: float, keys: set[str]) -> Line:
    text = "，".join(parts) + "。"
    room = 0.15 if LOW <= width(text) <= MOST else 0.15 - 0.02 * max(0, LOW - width(text)) / 4
    return Line(text, worth + room, frozenset(keys))


def _within(one: str, other: str) -> bool:
    """Whether most pairs of characters of one stand in the other: it would be said twice."""
    pairs = {one[i : i + 2] for i in range(len(one) - 1)}
    held = {other[i : i + 2] for i in range(len(other) - 1)}
    return len(pairs & held) * 2 >= len(pairs)
