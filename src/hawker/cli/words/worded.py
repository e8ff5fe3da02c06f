"""What `hawker train` and `hawker demo` say of creatives that compete, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "wording": ("looking at creatives", "检视广告文案"),
    "worded": (
        "{count} creatives compete for their products, {scored} with a click prior; {clicks} clicks so far",
        "参与竞争的文案 {count} 条，其中 {scored} 条有点击先验；已有 {clicks} 次点击",
    ),
    "worded_unscored": ("No click prior: {why}", "没有点击先验：{why}"),
    "moved": (
        "Invented shoppers clicked by the words of {slots} ads: the best had {early} of them, then {late}",
        "虚构顾客按文案点击了 {slots} 个广告：最佳文案的占比由 {early} 升至 {late}",
    ),
    "moved_gain": (
        "Expected clicks against an even choice, in the last quarter: {gain} [{low}, {high}] (synthetic)",
        "与平均轮换相比，最后四分之一的预期点击：{gain}［{low}，{high}］（合成数据）",
    ),
    "moved_not": ("The choice among creatives cannot be shown: {why}.", "无法展示文案选择：{why}。"),
    "worded_taught": (
        "What the shop's own clicks say of headlines ({clicked} clicks, {groups} products and places):",
        "本店点击对标题的说明（{clicked} 次点击，{groups} 个商品与版位）：",
    ),
    "worded_taught_none": (
        "The click prior stays as it is: {why}",
        "点击先验保持不变：{why}",
    ),
    "worded_copy": ("words", "用词"),
    "worded_fit": ("fit to the audience", "与人群的契合"),
    "worded_fluency": ("fluency", "通顺程度"),
    "worded_lost": (
        "Retired '{creative}': '{to}' gets more clicks ({own} of {clicks} were on the former)",
        "停用“{creative}”：“{to}”点击更多（{clicks} 次中前者仅 {own} 次）",
    ),
}
