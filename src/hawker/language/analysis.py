"""How a text is cut for search: stems of English words, Chinese words and their parts, measures in one form.

The same cut serves products and queries. A number and its unit are one term ("1.5 L", "1.5升" and "1.5l"
all give `1.5_l`), letters and digits that were run together are found apart and together ("iphone15"),
and so are words joined by a hyphen ("t-shirt" is also `tshirt`). Of a run of ideographs every word,
every neighbouring pair and every single character is a term, for no two cutters agree on words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import rjieba

from hawker.records.markup import clean

LONGEST = 20_000
"""Characters of a text that are looked at."""
LONGEST_WORD = 40
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[{_HAN}]+|\d+(?:[.,]\d+)+[^\W_{_HAN}]*|[^\W_{_HAN}]+(?:['’][^\W_{_HAN}]+)*")
_HAN_START = re.compile(f"[{_HAN}]")
_BORDER = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_DECIMAL = re.compile(r"(\d+(?:[.,]\d+)*)([^\W\d_]*)")
_POSSESSIVE = re.compile(r"['’]s?$")
_UNITS = {
    "ml": ("ml", "毫升", "milliliter", "milliliters"),
    "l": ("l", "升", "liter", "liters", "litre", "litres"),
    "g": ("g", "克", "gram", "grams", "gr"),
    "kg": ("kg", "公斤", "千克", "kilogram", "kilograms", "kilo", "kilos"),
    "oz": ("oz", "ounce", "ounces", "盎司"),
    "lb": ("lb", "lbs", "pound", "pounds"),
    "mm": ("mm", "毫米"),
    "cm": ("cm", "厘米", "公分"),
    "m": ("m", "米", "meter", "meters"),
    "in": ("inch", "inches", "英寸", "寸"),
    "ft": ("ft", "foot", "feet"),
    "w": ("w", "瓦", "watt", "watts"),
    "v": ("v", "伏", "volt", "volts"),
    "mah": ("mah", "毫安", "毫安时"),
    "gb": ("gb",),
    "tb": ("tb",),
    "pc": ("pc", "pcs", "piece", "pieces", "count", "ct", "件", "片", "只", "个", "支", "包", "pack", "pk"),
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words}
_HAN_UNIT = re.compile("|".join(sorted((w for w in _UNIT if _HAN_START.match(w)), key=len, reverse=True)))
_STOP_EN = """
    a an and any anything are as at be but by can could do does for from get give has have help hello hey hi i
    im in into is it its like looking me my need of on or our please recommend search show so some something
    someone that thats the that their them there these thing this to us want wanted we what where whats which
    who will with would you your best buy find good great nice am using use used very when
"""
_STOP_ZH = """
    的 了 和 与 及 是 在 我 我们 你 您 要 想 想要 想买 买 有 有没有 一 一个 一款 一双 一件 一些 请 请问 帮
    帮我 给 给我 找 看 看看 推荐 什么 哪 哪些 哪里 哪儿 怎么 吗 呢 吧 啊 用 可以 适合 用来
    以上 以下 以内 左右 那种 这种 能 求 需要 好用 不错 好
"""
STOP = frozenset((*_STOP_EN.split(), *_STOP_ZH.split()))
"""Words that say nothing of a product."""
_ASKING = re.compile(
    "^(?:你好|您好|老板|麻烦|请问|请|帮我|给我|我)*"
    "(?:想要|想买|想找|在找|要买|要找|需要|求购?|找|买|来)?"
    "(?:一下|看看|推荐|介绍|看|找|有没有|有什么|哪里有|哪儿有|哪里可以买到?|哪有|有)*"
    "(?:一下|一款|一个|一双|一件|一些|几款|几个|什么|好用的|好的|不错的|好看的|便宜的|实惠的)*"
)
_ENDING = re.compile(
    "(?:用来|拿来)?(?:送人|送礼|自用)?(?:哪个牌子好|哪个好|怎么样|有没有推荐|有推荐的?吗|有吗|推荐|吗|呢|吧|啊|呀)*[?？。!！]*$"
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: as it was written (in one spelling), its term, and lesser terms that stand for it.

    `finer` are parts and joins: what a product that means the same may have instead. `glued` says that
    no space stood before it, `han` that it is of ideographs.
    """

    text: str
    term: str
    finer: tuple[str, ...] = ()
    glued: bool = False
    han: bool = False


def words(text: str) -> list[Word]:
    """The words of a query, in order.

    >>> [(word.term, word.finer) for word in words("Wireless headphones 1.5 L")]
    [('wireless', ()), ('headphon', ()), ('1.5_l', ('1.5',))]
    >>> [word.term for word in words("跑步鞋iPhone15")]
    ['跑步', '鞋', 'iphone15']
    """
    return list(_words(plain(text)))


def terms(text: str, *, fine: bool = True) -> tuple[list[str], int]:
    """All terms of a product's text, and how many words it has; without `fine` no single ideographs.

    >>> terms("Men's T-shirt 500ml")
    (['men', 't', 'shirt', 'tshirt', '500_ml', '500'], 4)
    """
    found: list[str] = []
    count = 0
    before: Word | None = None
    for run, word in _parts(plain(text)):
        if word is None:
            spans, length = _spans(run, fine)
            found += spans
            count += length
        else:
            found.append(word.term)
            found += word.finer
            count += 1
            if before is not None and word.glued:
                found.append(stem(before.text + word.text))
        before = word
    return found, count


def request(query: str) -> str:
    """A plain query without the Chinese phrases that people ask in; as it is where nothing else is left.

    >>> request("请问有没有好用的电饭煲吗")
    '电饭煲'
    """
    bare = _ENDING.sub("", _ASKING.sub("", query.strip(), count=1), count=1)
    return bare if bare.strip() else query


def plain(text: str) -> str:
    """A text in one spelling: full width as half, lower case, no accents, no markup.

    >>> plain("Ｃｒèｍｅ <b>Brûlée</b>")
    'creme brulee'
    """
    text = text[:LONGEST]
    if "<" in text or "&" in text:
        text = clean(text)
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    if any("\u00bf" < character < "\u0250" for character in text):
        split = unicodedata.normalize("NFD", text)
        text = unicodedata.normalize("NFC", "".join(c for c in split if unicodedata.category(c) != "Mn"))
    return text


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of an English word (Snowball's); any other word as it is.

    >>> stem("batteries"), stem("running"), stem("b07x")
    ('batteri', 'run', 'b07x')
    """
    if len(word) < 3 or not word.isalpha() or not word.isascii():
        return word[:LONGEST_WORD]
    found: str = _stemmer().stemWord(word[:LONGEST_WORD])
    return found


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    return import_module("Stemmer").Stemmer("english")


def ideographic(word: str) -> bool:
    """Whether a word begins with an ideograph."""
    return _HAN_START.match(word) is not None


def _words(text: str) -> Iterator[Word]:
    for run, word in _parts(text):
        if word is not None:
            yield word
            continue
        for at, one in enumerate(rjieba.cut(run)):
            yield Word(one, one, _within(one), glued=at > 0, han=True)


def _within(word: str) -> tuple[str, ...]:
    """The pairs of a longer Chinese word, else its characters."""
    if len(word) < 2:
        return ()
    if len(word) == 2:
        return tuple(word)
    return tuple(word[at : at + 2] for at in range(len(word) - 1))


def _parts(text: str) -> Iterator[tuple[str, Word | None]]:
    """Runs of ideographs as they are (and None), and every other word."""
    held: list[tuple[str, bool]] = []
    end = -1
    for match in _PART.finditer(text):
        part, glued = match.group(), match.start() == end + 1 and text[end : end + 1] == "-"
        held.append((part, glued))
        end = match.end()
    at = 0
    while at < len(held):
        part, glued = held[at]
        at += 1
        if ideographic(part):
            yield part, None
            continue
        follows = held[at][0] if at < len(held) else ""
        word, taken = _latin(part, follows, glued)
        if taken == len(follows) and taken:
            at += 1
        elif taken:
            held[at] = (follows[taken:], False)
        yield part, word


def _latin(part: str, follows: str, glued: bool) -> tuple[Word, int]:
    """A word that is not of ideographs, and how much of what follows is its unit."""
    if part[0].isdigit():
        found = _DECIMAL.fullmatch(part)
        if found is not None:
            number, unit = found.group(1).rstrip(".,"), found.group(2)
            taken = 0
            if not unit and follows:
                near = _HAN_UNIT.match(follows) if ideographic(follows) else None
                unit = near.group() if near else follows
                taken = len(unit) if unit in _UNIT else 0
            if unit in _UNIT:
                return Word(f"{number}{unit}", f"{number}_{_UNIT[unit]}", (number,), glued), taken
    if part.isalpha() or part.isdigit():
        return Word(part, stem(part), (), glued), 0
    bare = _POSSESSIVE.sub("", part).replace("'", "").replace("’", "")
    if bare.isalpha():
        return Word(bare, stem(bare), (), glued), 0
    pieces = [piece for piece in _BORDER.split(bare) if piece] if len(bare) <= LONGEST_WORD else []
    finer = tuple(stem(piece) for piece in pieces) if 1 < len(pieces) < 5 else ()
    return Word(bare, bare[:LONGEST_WORD], finer, glued), 0


def _spans(run: str, fine: bool) -> tuple[list[str], int]:
    """Every word, pair and (where `fine`) character of a run of ideographs once a place; and its words."""
    spans = {(first, last) for _, first, last in rjieba.tokenize(run, "search")}
    size = len(run)
    count = len(rjieba.cut(run))
    spans.update((at, at + 2) for at in range(size - 1))
    if fine or size == 1:
        spans.update((at, at + 1) for at in range(size))
    return [run[first:last] for first, last in sorted(spans)], count
