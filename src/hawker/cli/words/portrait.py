"""What `hawker explain` says of a shopper's interest and story."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "over_time": ("stands out over time", "长期突出"),
    "recently": ("stands out lately", "近期突出"),
    "leaning": (
        "{name}: {lift:.1f} times the shop's odds ({low:.1f} … {high:.1f})",
        "{name}：为全店的 {lift:.1f} 倍（{low:.1f} … {high:.1f}）",
    ),
    "story_of": ("What {shopper} did, as of {time}", "{shopper} 的行为记录，截至 {time}"),
    "stories_written": (
        "{count:,} stories in '{path}'; {left:,} shoppers may not be told of.",
        "已将 {count:,} 位顾客的行为文本写入“{path}”；另有 {left:,} 位顾客的行为不得使用。",
    ),
    "telling": ("telling stories", "生成行为文本"),
    "map_drawn": ("The map is in '{path}': open it in a browser.", "地图已写入“{path}”，请用浏览器打开。"),
    "drawing": ("drawing", "绘图"),
}
"""Each in English and Chinese; braces name what is filled in."""
