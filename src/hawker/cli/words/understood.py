"""What a demo says of what it understands, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "demo_story": ("What {shopper} did last, as a text:", "{shopper} 最近的行为文本："),
    "demo_people": (
        "Whom “{text}” speaks of, by nearness of interests ({by}):",
        "“{text}”说的是谁，按兴趣相近程度（{by}）：",
    ),
    "demo_recommended": ("Recommended to {shopper}:", "推荐给 {shopper}："),
    "demo_searched": (
        "A search for “{query}” finds {total:,} products:",
        "搜索“{query}”，找到 {total:,} 个商品：",
    ),
}
"""Each in English and Chinese; braces name what is filled in."""
