"""What is said of recommendations, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "recommending": ("Recommendations", "正在训练推荐模型"),
    "recommends": (
        "Recommendations, judged on {baskets:,} later baskets",
        "推荐模型，以之后的 {baskets:,} 个购物篮评估",
    ),
    "recommender": ("the recommender", "推荐模型"),
    "own_items": ("what one bought most often", "顾客自己最常购买的商品"),
    "trending_items": ("what sells to everyone", "大众热销商品"),
    "recommend_serves": ("It serves from now on: {version}", "已上线：{version}"),
    "recommend_held": ("It does not serve: {why}", "未上线：{why}"),
    "recommend_none": ("No recommendations are learned: {why}", "未训练推荐模型：{why}"),
    "few_baskets": (
        "fewer than 50 baskets follow an earlier one of the same shopper.",
        "同一顾客的后续购物篮不足 50 个。",
    ),
    "below_trending": ("it foretells less than what sells to everyone.", "其预测不如大众热销商品。"),
    "below_served": ("it foretells less than the one that serves.", "其预测不如现有模型。"),
    "recommend_no_purchase": ("Nothing is recommended.", "没有可推荐的商品。"),
    "recommend_kind": (
        "Asked for {asked}, answered with {kind}: {told}",
        "所求 {asked}，所答 {kind}：{told}",
    ),
    "recommend_contextual": ("No profile was read ({reason}).", "未读取画像（{reason}）。"),
    "why_shown": ("Why", "推荐理由"),
    "source_part": ("By", "来源"),
}
