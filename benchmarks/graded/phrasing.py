"""How people type what they look for: one slip of the finger, another number, run-together words, sentences.

What `benchmarks.graded` makes its queries with. Nothing here knows of a search engine.
"""

from __future__ import annotations

import re
from random import Random

import rjieba

COLOURS = {
    "en": "black white red blue green yellow pink purple orange brown grey gray silver gold beige navy",
    "zh": "黑色 白色 红色 蓝色 绿色 黄色 粉色 紫色 灰色 银色 金色 米色 棕色 咖啡色 卡其",
}
MATERIALS = {
    "en": "wood wooden plastic metal steel leather cotton glass foam felt rubber vinyl plush bamboo silicone",
    "zh": "纯棉 真皮 牛皮 不锈钢 实木 玻璃 陶瓷 硅胶 羊毛 亚麻 塑料 蕾丝 真丝 牛仔 雪纺 羽绒",
}
FACET_WORDS = {lang: tuple((COLOURS[lang] + " " + MATERIALS[lang]).split()) for lang in ("en", "zh")}

_WORD = re.compile(r"[A-Za-z0-9]+(?:[-'.][A-Za-z0-9]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_IDLE_WORDS = """
a an and any are as at be by can do for from good has have i in into is it its me more of on or our set
that the their them these they this to up we what which will with you your pack piece inch new other
make sure fits entering model number includes include without 的 了 和 与 是 在 有 及 可 为 款 新款 包邮
"""
_IDLE = frozenset(_IDLE_WORDS.split())
_CONFUSED_PAIRS = """
机:鸡 鞋:协 裙:群 包:苞 裤:库 杯:怀 帽:貌 膏:糕 霜:双 粉:份 奶:乃 洗:冼 电:店 器:气 箱:厢 膜:摸
茶:查 酒:九 油:由 饮:引 套:桃 装:妆 衫:杉 表:标 垫:电 灯:登 锅:国 架:驾 座:坐 椅:倚 床:窗 枕:针
板:版 车:撤 玩:完 具:俱 书:输 笔:比 纸:只 糖:唐 果:裹 水:睡 头:投 皮:披 棉:绵 衣:依 子:籽 带:戴
线:限 米:迷 品:拼
"""
_CONFUSED = dict(pair.split(":") for pair in _CONFUSED_PAIRS.split())
_OPENINGS = {
    "en": (
        "i am looking for {it}",
        "do you have {it} for a present",
        "where can i find {it} that will last",
        "please show me {it}",
        "something like {it}",
    ),
    "zh": ("想买{it}送人", "有没有{it}推荐", "请问哪里有好用的{it}", "我在找{it}", "给我看看{it}"),
}
_LIMITS = {
    "en": ("{it} under {most}", "{it} below ${most}", "{it} for less than {most} dollars"),
    "zh": ("{most}元以内的{it}", "{it} {most}元以下", "不超过{most}元的{it}"),
}
_COUNTED = ("一个{it}", "{fact}的{it}", "{it}类", "买{it}")
_NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioplsdfghjkljxcvbnmk", strict=True))


def han(text: str) -> bool:
    """Whether a text has Chinese characters.

    >>> han("Oat milk"), han("燕麦奶 oat")
    (False, True)
    """
    return _HAN.search(text) is not None


def words(text: str) -> list[str]:
    """The words of a text as a person sees them; Chinese is cut by dictionary.

    >>> words("Oat-Milk, 1.5l"), words("红色马克杯")
    (['Oat-Milk', '1.5l'], ['红色', '马克杯'])
    """
    if not han(text):
        return _WORD.findall(text)
    return [word for word in rjieba.cut(text) if _HAN.search(word) or _WORD.fullmatch(word)]


def joined(parts: list[str], language: str) -> str:
    """Words put together as the language writes them; Latin words keep their distance.

    >>> joined(["红色", "跑鞋"], "zh"), joined(["Nike", "跑鞋"], "zh"), joined(["red", "shoe"], "en")
    ('红色跑鞋', 'Nike 跑鞋', 'red shoe')
    """
    if language == "en":
        return " ".join(parts)
    text = ""
    for part in parts:
        text += (" " if text and text[-1].isascii() != part[:1].isascii() else "") + part
    return text


def idle(word: str) -> bool:
    """Whether a word says nothing of a product.

    >>> idle("the"), idle("12.5"), idle("kite")
    (True, True, False)
    """
    return word.lower() in _IDLE or not any(map(str.isalpha, word)) or (word.isascii() and len(word) < 3)


def slip(text: str, rng: Random) -> str:
    """The same with one edit in its longest word; '' where nothing is long enough.

    In Chinese one character is taken for one that sounds or looks alike, else two change places.
    """
    if han(text):
        confused = [at for at, character in enumerate(text) if character in _CONFUSED]
        if confused:
            at = rng.choice(confused)
            return text[:at] + _CONFUSED[text[at]] + text[at + 1 :]
        at = rng.randrange(max(len(text) - 1, 1))
        swapped = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
        return swapped if swapped != text else ""
    word = max(text.split(), key=len, default="")
    if len(word) < 5 or not word.isalpha():
        return ""
    at = rng.randrange(1, len(word) - 1)
    edits = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + _NEIGHBOURS.get(word[at].lower(), "e") + word[at + 1 :],
    )
    made = rng.choice([edit for edit in edits if edit != word])
    return text.replace(word, made, 1)


def inflected(noun: str, fact: str, rng: Random, *, language: str) -> str:
    """The noun in its other number; in Chinese with a measure word, a particle or a suffix.

    >>> [inflected(noun, "", Random(1), language="en") for noun in ("board games", "berry")]
    ['board game', 'berries']
    """
    if language == "zh":
        return rng.choice(_COUNTED).format(it=noun, fact=fact or "新")
    *before, last = noun.split()
    return " ".join((*before, _other_number(last)))


def respaced(text: str, vocabulary: frozenset[str], rng: Random, *, language: str) -> str:
    """Two words run together or one pulled apart; in Chinese spaces between words, or wide letters.

    '' where the text offers neither.
    """
    parts = words(text)
    if language == "zh":
        wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)
        spaced = " ".join(parts) if len(parts) > 1 else " ".join(text)
        return rng.choice([made for made in (spaced, wide) if made != text] or [""])
    for part in parts:
        for at in range(3, len(part) - 2):
            if part[:at].lower() in vocabulary and part[at:].lower() in vocabulary:
                return text.replace(part, f"{part[:at]} {part[at:]}", 1)
    if len(parts) < 2:
        return ""
    at = rng.randrange(len(parts) - 1)
    return " ".join((*parts[:at], parts[at] + parts[at + 1], *parts[at + 2 :]))


def partial(text: str) -> str:
    """What has been typed when the last word is not finished; '' where it is too short.

    >>> partial("jigsaw puzzles"), partial("跑步鞋"), partial("tea")
    ('jigsaw puzz', '跑步', '')
    """
    if han(text):
        return text[:-1] if len(text) > 2 else ""
    *before, last = text.split()
    return " ".join((*before, last[: max(3, round(len(last) * 0.6))])) if len(last) > 4 else ""


def sentence(it: str, rng: Random, *, language: str) -> str:
    """A question or wish around what is looked for."""
    return rng.choice(_OPENINGS[language]).format(it=it)


def limited(it: str, most: int, rng: Random, *, language: str) -> str:
    """What is looked for, with the most that may be paid."""
    return rng.choice(_LIMITS[language]).format(it=it, most=most)


def _other_number(word: str) -> str:
    lower = word.lower()
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lower.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    if lower.endswith("s") and not lower.endswith("ss"):
        return word[:-1]
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if lower.endswith(("s", "x", "ch", "sh")) else "s")
