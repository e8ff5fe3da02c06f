"""What `hawker train` says of creatives, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "wording": ("looking at creatives", "检视广告文案"),
    "worded": (
        "{count} creatives compete for their products, {scored} with a click prior; {clicks} clicks so far",
        "参与竞争的文案 {count} 条，其中 {scored} 条有点击先验；已有 {clicks} 次点击",
    ),
    "worded_unscored": ("No click prior: {why}", "没有点击先验：{why}"),
    "worded_lost": (
        "Retired '{creative}': '{to}' gets more clicks ({own} of {clicks} were on the former)",
        "停用“{creative}”：“{to}”点击更多（{clicks} 次中前者仅 {own} 次）",
    ),
}
