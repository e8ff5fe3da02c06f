"""Why a product is recommended, and why a shelf is not what was asked for, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "bought": ("because you bought {title}", "因为您买过“{title}”"),
    "viewed": ("because you looked at {title}", "因为您看过“{title}”"),
    "bought_again": ("you have bought it before", "您以前买过"),
    "viewed_again": ("you have looked at it before", "您以前看过"),
    "habits": ("chosen by what you have bought", "根据您的购买记录挑选"),
    "interests": ("chosen by what you have looked at", "根据您的浏览记录挑选"),
    "similar": ("similar to {title}", "与“{title}”相似"),
    "bought_with": ("often bought together with {title}", "常与“{title}”一起购买"),
    "goes_with": ("goes with {title} in your basket", "与您购物车中的“{title}”搭配"),
    "trending": ("many are buying it now", "近期热销"),
}
"""Each reason's words; `{title}` is that of the product that speaks for it."""
NOTES: dict[str, tuple[str, str]] = {
    "contextual": (
        "No profile is read, so the page alone decides.",
        "未读取画像，因此只依据页面内容推荐。",
    ),
    "no_model": ("No recommender serves yet: this is what sells.", "尚无推荐模型，以下为热销商品。"),
    "no_history": ("Nothing is known of this shopper.", "对这位顾客尚无了解。"),
    "no_product": ("The request names no product.", "请求中未指明商品。"),
    "unknown_product": ("The shop has no such product.", "本店没有该商品。"),
    "no_basket": ("The request names no basket of this shop's products.", "请求中没有本店商品的购物车。"),
    "nothing_known": (
        "Nothing fitting is known that may be shown: this is what sells.",
        "没有可展示的相关商品，以下为热销商品。",
    ),
    "nothing_sells": ("There is nothing that sells and may be shown.", "没有可展示的热销商品。"),
}
"""Why an answer is of another kind than was asked for, or empty."""


def worded(code: str, language: str, *, title: str = "") -> str:
    """A reason in a language; whatever is not Chinese is English.

    >>> worded("bought", "zh-CN", title="绿茶"), worded("trending", "fr")
    ('因为您买过“绿茶”', 'many are buying it now')
    """
    return _of(WORDS, code, language).format(title=title)


def noted(code: str, language: str) -> str:
    """A note in a language; '' for none."""
    return _of(NOTES, code, language) if code else ""


def _of(words: dict[str, tuple[str, str]], code: str, language: str) -> str:
    return words[code][language.lower().startswith("zh")]
