"""Claims in words held against a product: awards, comparisons, effects, what it contains, where it comes from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from hawker.creative.ground.claim import Claim
from hawker.creative.ground.facts import MEANINGS, Grounds, compact, root
from hawker.creative.ground.reading import HAN, latin, words
from hawker.creative.ground.vocabulary import vocabulary

_CLAIMS = {"contains": "ingredient", "free_from": "ingredient", "made_of": "material", "share": "number"}
"""What it is that a pattern's own name claims."""
_EMPTY = frozenset(
    "the a an of to our its with and by than for in is are any every other all your or as at on from s you we it "
    "so that this be more very up out no not per each been has have most".split()
)
_HAN_EMPTY = re.compile("[的了是为获有更很也还就都在和与及或荣请才]+")
_SOFT = frozenset(
    "worry hassle fuss stress mess tangle care hands hand clutter trouble wire guilt feel for is get and set it be "
    "well home tailor ready custom man purpose factory self machine bespoke play them you risk jam drip "
    "小心 大自然 自然 生活 内心 心底 远方 阳光 春天 灵感 设计师 设计 大师 匠人 匠心 工匠 手工 天然 时间 岁月 "
    "它 你 我 她 他们 我们 心 爱 温暖 美好 幸福 快乐 惊喜 用心 好 上等 优质 高品质 精致 舒适 柔软 亲肤 这一款 这款 "
    "满满 温柔 巧思 细节 专业 团队 厂家 源头 工厂 原厂 本店 自家 官方 保证 保障 行货 品质 好物 好看 好用 单品 "
    "设计感 质感 时尚 元素 多种 独特 特殊 新型 新 全新 进口 国产 高级 高档 上乘 考究 讲究 同款 匠造 精心 精工 手感 面料 材质 料 弹性 空气感 张力 温度 诚意 心意 元素 魅力 气息 故事 情感 韵味 情怀 意境 活力".split()
)
Compiled = tuple[tuple[str, re.Pattern[str]], ...]


def claimed(low: str, cut: list[tuple[str, int, int]], held: Grounds) -> Iterator[Claim]:
    """The claims of a lower-case text, `cut` into words, that the product's words do not bear out."""
    for hit in vocabulary("claims").find(low, cut):
        if not said(low[hit.start : hit.end], held):
            yield Claim(hit.meaning.removesuffix("_zh"), hit.start, hit.end)
    for name, pattern in patterns("claims", low):
        for match in pattern.finditer(low):
            span = _named(match)
            part = low[span[0] : span[1]] if span else ""
            if (
                span
                and not said(match.group(), held, part=part)
                and not (name in _CLAIMS and _meant(part, held))
            ):
                yield Claim(_CLAIMS.get(name, name), *span)


def _meant(part: str, held: Grounds) -> bool:
    """Whether what is named means what the product says in other words (wood, wooden)."""
    cut = words(part)
    found = [(name, hit.meaning) for name in MEANINGS for hit in vocabulary(name).find(part, cut)]
    return bool(found) and all(meaning in held.meanings[name] for name, meaning in found)


def said(phrase: str, held: Grounds, *, part: str = "") -> bool:
    """Whether every telling word of a phrase (or of the `part` of it that is claimed) is the product's.

    >>> from hawker.creative.ground.facts import grounds
    >>> from hawker.records.catalogue import Product
    >>> toy = grounds(Product("1", "Kite, winner of the Toy Prize 2021", description="获红点奖"))
    >>> said("toy prize winner", toy), said("red dot winner", toy), said("红点奖", toy)
    (True, False, True)
    """
    if phrase in held.low:
        return True
    telling = [word for word, _, _ in words(part or phrase) if word not in _EMPTY]
    return all(_word_said(word, held) for word in telling)


def _word_said(word: str, held: Grounds) -> bool:
    if re.match(f"[{HAN}]", word):
        return compact(word) in held.compact or all(
            piece in held.compact for piece in _HAN_EMPTY.split(word) if piece
        )
    return root(word) in held.roots or word in held.raw or compact(word) in held.codes


def _named(match: re.Match[str]) -> tuple[int, int] | None:
    """Where what is claimed stands in a match; None where it is but a manner of speaking."""
    for name, value in match.groupdict().items():
        if value is not None:
            if value in _SOFT or value.split()[-1] in _SOFT or value.split()[0] in _SOFT:
                return None
            return match.span(name)
    return match.span()


def patterns(section: str, low: str) -> Compiled:
    """The packaged patterns of a section that a lower-case text can meet at all, by name."""
    han, other = _compiled(section)
    if low.isascii():
        return other
    return han + other if latin(low) or "#" in low else han


@lru_cache(maxsize=4)
def _compiled(section: str) -> tuple[Compiled, Compiled]:
    """The patterns with ideographs in them, and the others."""
    told = tomllib.loads(files("hawker.creative").joinpath("data", "patterns.toml").read_text("utf-8"))[
        section
    ]
    sorted_out: list[Compiled] = []
    for wanted in (True, False):
        kept = {name: [one for one in each if _ideographic(one) is wanted] for name, each in told.items()}
        sorted_out.append(tuple((name, re.compile("|".join(each))) for name, each in kept.items() if each))
    return sorted_out[0], sorted_out[1]


def _ideographic(pattern: str) -> bool:
    return "\\u4e00" in pattern or re.search(f"[{HAN}]", pattern) is not None
