"""Chinese products as facts: clauses of the description that stand alone, and attributes said in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from hawker.creative.draft.line import Fact
from hawker.creative.draft.words import words
from hawker.creative.layout import width
from hawker.records.catalogue import Product, levels
from hawker.records.markup import clean

_SENTENCE = re.compile(r"[。！？!?\n\r|]+|\.(?!\d)")
_CLAUSE = re.compile(r"[，,；;]+")
_LABEL = re.compile(r"^(?:【[^】]*】|\[[^\]]*\]|[^:：]{2,6}[:：])\s*")
_BRACKETS = re.compile(r"[(（【\[][^()（）【】\[\]]*[)）】\]]?")
_ODD = re.compile(r"[^\w\u4e00-\u9fff\s，、。；：:.%+°×/&·~～《》\-]|[™®©]")
_LISTED = re.compile(r"[、,，/]")
_CLOTHING = re.compile("服饰|女装|男装|衣|裙|裤|衫|床上|布艺")
_COLOUR = re.compile("^颜色[为是:：](.{1,6})$")
LEAST, MOST = 4, 24
_MEASURED = ("weight", "capacity", "power", "load")
LONE = {"裙": "裙子", "裤": "裤子", "衣": "衣服", "鞋": "鞋子", "衫": "上衣"}


def clauses(product: Product) -> list[Fact]:
    """Clauses of the description that can stand alone, those of one sentence with neighbouring keys."""
    found: dict[str, Fact] = {}
    place = 0
    for sentence in _SENTENCE.split(clean(product.description[:4_000])):
        for raw in _CLAUSE.split(sentence):
            place += 1
            text = _standing(raw)
            if text:
                found.setdefault(
                    text, Fact(text, 1.0 - 0.02 * place + 0.1 * any(map(str.isdigit, text)), f"c{place}")
                )
    return list(found.values())


def _standing(raw: str) -> str:
    text = _ODD.sub("", _BRACKETS.sub("", _LABEL.sub("", raw.strip()))).strip(" ，、。；：:-·~～")
    listed = words("zh")
    if not LEAST <= len(text) <= MOST or not sound(text):
        return ""
    if text.startswith(listed["leaning"]) or text.endswith(listed["hanging"]):
        return ""
    return _COLOUR.sub(_coloured, text)


def _coloured(found: re.Match[str]) -> str:
    """'颜色为雾蓝' as '雾蓝配色', '颜色为黑色' as '黑色款'."""
    return f"{found[1]}款" if found[1].endswith("色") else f"{found[1]}配色"


def sound(text: str) -> bool:
    """Whether a text says nothing that an advertisement leaves unsaid."""
    return words("zh").strike.search(text) is None and any("\u3400" <= char <= "\u9fff" for char in text)


def attributes(product: Product) -> dict[str, list[Fact]]:
    """What the fields say, by role ('material', 'style', …), each in words that can follow one another."""
    found: dict[str, list[Fact]] = {}
    clothing = _CLOTHING.search(f"{product.category}{noun(product)}") is not None
    told = "".join(fact.text for fact in clauses(product))
    fields = {"颜色": product.color, "材质": product.material, **product.attributes}
    for name, held in fields.items():
        role = role_of(name)
        for value in _LISTED.split(held) if held else ():
            said = _said(name, role, value.strip(), clothing=clothing) if role else ""
            if len(value.strip()) > 1 and value.strip() in told:
                continue
            if said and said not in (fact.text for facts in found.values() for fact in facts):
                listed = found.setdefault(role, [])
                listed.append(Fact(said, 1.0 - 0.05 * len(listed), f"{role}:{value}"))
    return found


def role_of(name: str) -> str:
    """What an attribute's name is about, '' where it is none that copy speaks of.

    >>> role_of("裙腰型"), role_of("材质"), role_of("条形码")
    ('waist', 'material', '')
    """
    return next((role for key, role in words("zh").tables["roles"].items() if key in name), "")


def _said(name: str, role: str, value: str, *, clothing: bool) -> str:
    if not value or width(value) > 24 or words("zh").strike.search(value):
        return ""
    tables = words("zh").tables
    for key, spoken in tables["spoken"].items():
        head, _, word = key.partition(":")
        if head in name and word == value.casefold():
            return spoken
    pattern = "{}电池" if role == "battery" and "毫安" in value else tables["said"].get(role, "")
    if role == "material" and not clothing:
        pattern = "{}材质"
    if value.endswith(("适用", "使用", "面料", "材质", "可用")):
        pattern = "{}"
    value = (
        value.upper()
        if re.fullmatch(r"[a-z]{1,2}", value)
        else re.sub(r"^[a-z](?=[\u4e00-\u9fff])", _upper, value)
    )
    tail = pattern.replace("{}", "")
    told = tail and (value.endswith((tail[-1], "味")) or (role in _MEASURED and not value[0].isdigit()))
    return value if told else pattern.replace("{}", value)


def _upper(found: re.Match[str]) -> str:
    return found[0].upper()


def noun(product: Product) -> str:
    """What kind of thing it is: the noun of its attributes, or the narrowest category, or the title's end."""
    tables = words("zh").tables
    kinds = [
        (key, _LISTED.split(product.attributes[name])[0])
        for key in ("裤型", "裙型", "衣样式", "裙长", "裤长", "类型")
        for name in product.attributes
        if name == key
    ]
    for key, value in kinds:
        text = tables["spoken"].get(f"{key}:{value.casefold()}", value)
        if text.endswith(("裙", "裤", "衣", "衫", "套", "装", "服", "甲")):
            return LONE.get(text, text)
    for key, value in kinds:
        value = _LISTED.split(value)[0]
        return tables["spoken"].get(f"{key}:{value.casefold()}", value)
    leaf = levels(product.category)[-1] if levels(product.category) else ""
    title = "".join(unicodedata.normalize("NFKC", product.title).split())
    if leaf and leaf in title:
        parts = (part for part in re.split(r"[\s，,|/]+", product.title) if leaf in part)
        tail = next(parts, leaf).rpartition(leaf)[2]
        return leaf + tail if re.fullmatch("[\u4e00-\u9fff]{0,2}", tail) else leaf
    return _last_noun(title, leaf) or leaf or title[-4:]


def _last_noun(title: str, leaf: str) -> str:
    """The longest end of the leaf category that the title holds ('头戴耳机' in '头戴式耳机': '耳机')."""
    return next((leaf[start:] for start in range(len(leaf) - 1) if leaf[start:] in title), "")


def measured(kind: str) -> str:
    """The measure word of a noun: '条' for a skirt, '双' for shoes, '款' where none is known.

    >>> measured("连衣裙"), measured("跑鞋"), measured("猫粮")
    ('条', '双', '款')
    """
    table = words("zh").tables["measure"]
    return next((table[kind[start:]] for start in range(len(kind)) if kind[start:] in table), "款")


def names(product: Product) -> list[str]:
    """Names from the fullest to the shortest: the pieces of the title that hold the noun, with the brand."""
    kind = noun(product)
    title = _ODD.sub("", _BRACKETS.sub("", clean(product.title)))
    if title in product.attributes.values() or title == kind:
        return [kind]
    parts = [part for part in re.split(r"[\s，,|/]+", title) if part]
    head = next((part for part in parts if kind in part), "")
    head = head or next((part for part in parts if part != product.brand), kind)
    found = []
    if product.brand and product.brand not in head:
        found.append(f"{product.brand}{head}")
    found.append(head)
    lead = re.sub(r"^[A-Za-z0-9-]+(?=[\u4e00-\u9fff])(?![键寸升瓦片块档位类级型款字])", "", head)
    found += [lead, *_cut(lead, kind)]
    if kind in "".join(parts):
        found += [f"{product.brand}{kind}", kind]
    return list(dict.fromkeys(name for name in found if name and sound(name))) or [kind or title]


def _cut(name: str, kind: str) -> Iterator[str]:
    """Ends of a long name at the borders of its words, down to its noun."""
    if len(name) <= len(kind) + 2:
        return
    import rjieba

    pieces = list(rjieba.cut(name))
    for start in range(1, len(pieces)):
        rest = "".join(pieces[start:])
        if (
            kind in rest
            and len(rest) > len(kind)
            and not rest[0].isdigit()
            and len(pieces[start]) > 1
            and len("".join(pieces[:start])) > 1
            and not rest.startswith(("式", "款", "型"))
            and "与" not in name[: -len(rest)]
        ):
            yield rest
