"""Words that have to appear, words that may not, and why a brief that asks for them gets fewer drafts."""

from __future__ import annotations

from collections.abc import Mapping

from hawker.creative.layout import parts, width
from hawker.records.draft import Brief, Objection

Parts = dict[str, tuple[str, ...]]
_LATER = (
    "call_to_action",
    "path",
    "hashtag",
    "business_name",
    "negative",
)  # parts that take no words in front
_WHY: Mapping[str, tuple[str, str]] = {
    "must_missing": (
        "No part has room for the words that must appear: {words}.",
        "没有哪一部分容得下必须出现的词：{words}。",
    ),
    "all_avoided": ("Too many lines hold a word that must not appear.", "太多文案含有不能出现的词。"),
    "too_narrow": (
        "The limits ({limits}) leave no room for more that stands without a word cut.",
        "限制（{limits}）之内写不出更多完整的文案。",
    ),
    "little_said": ("The product's own text has no more to say.", "商品自己的资料里没有更多可说的。"),
}
_REMEDY: Mapping[str, tuple[str, str]] = {
    "must_missing": (
        "Ask for fewer or shorter words, or a kind with more room.",
        "请减少或缩短必用词，或换更宽的版式。",
    ),
    "all_avoided": ("Take a word from those to avoid.", "请减少禁用词。"),
    "too_narrow": (
        "Widen a limit, or give the product a shorter name.",
        "请放宽限制，或缩短商品名称。",
    ),
    "little_said": ("Add a description or attributes to the product.", "请为商品补充描述或属性。"),
}


def barred(text: str, brief: Brief) -> bool:
    """Whether a text holds a word that the brief avoids, whatever the case of its letters."""
    said = text.casefold()
    return any(word.casefold() in said for word in brief.avoid if word)


def held(made: Parts, brief: Brief, *, joint: str) -> Parts | None:
    """The parts with every word that must appear, put in front where nothing says it; None without room."""
    filled = dict(made)
    for word in brief.must:
        said = "\n".join(line for lines in filled.values() for line in lines).casefold()
        if word.casefold() in said:
            continue
        if not _fronted(filled, word, brief, joint=joint):
            return None
    return filled


def _fronted(filled: Parts, word: str, brief: Brief, *, joint: str) -> bool:
    """Put a word in front of the first line that has room for it: 'Back to school: a deep bowl.'"""
    mark = ": " if joint else "："
    for name in (*(name for name in filled if name not in _LATER),):
        part = parts(brief.kind, brief.limits)[name]
        lines = filled[name]
        if name == "keyword" and width(word) <= part.width:
            filled[name] = (*lines[: part.most - 1], word)
            return True
        for place, line in enumerate(lines):
            text = f"{word}{mark}{line}"
            if width(text) <= part.width:
                filled[name] = (*lines[:place], text, *lines[place + 1 :])
                return True
        if len(lines) < part.most and width(word) <= part.width:
            filled[name] = (*lines, word)
            return True
    return False


def refusal(reason: str, brief: Brief, *, reader: str = "en") -> Objection:
    """One reason for fewer drafts, in the reader's language."""
    chinese = reader.lower().startswith("zh")
    words = ("、" if chinese else ", ").join(brief.must)
    limits = ("、" if chinese else ", ").join(f"{name}={most}" for name, most in brief.limits.items())
    message, remedy = _WHY[reason][chinese], _REMEDY[reason][chinese]
    return Objection("writer", reason, message=message.format(words=words, limits=limits), remedy=remedy)
