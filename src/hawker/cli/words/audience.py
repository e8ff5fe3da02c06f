"""What `hawker audience` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "no_audiences": ("There are no audiences yet.", "尚无受众。"),
    "audience_id": ("Audience", "受众"),
    "audience_kind": ("Kind", "类型"),
    "audience_what": ("What it is", "说明"),
    "audience_size": ("Shoppers", "人数"),
    "audience_share": ("Share", "占比"),
    "audience_ctr": ("Click rate", "点击率"),
    "audience_cvr": ("Conversion rate", "转化率"),
    "audience_ctr_of_all": ("Click rate of all", "全体点击率"),
    "audience_cvr_of_all": ("Conversion rate of all", "全体转化率"),
    "audience_threshold": ("Threshold", "阈值"),
    "audience_touched": ("Touched such products", "接触过此类商品"),
    "audience_all": ("all shoppers", "全体顾客"),
    "audience_both": ("In both", "重叠人数"),
    "audience_few": ("fewer than {least}", "少于{least}人"),
    "audience_never": ("not computed yet", "尚未计算"),
    "audience_none": ("No numbers: {reason}.", "无数据：{reason}。"),
    "audience_given": ("{count:,} ids given.", "已上传 {count:,} 个编号。"),
    "audience_removed": ("'{audience}' is gone.", "“{audience}”已删除。"),
    "audience_understood": ("Nearest products: {products}", "最相近的商品：{products}"),
    "audience_rules": ("rule", "规则"),
    "audience_list": ("list", "名单"),
    "audience_semantic": ("text", "语义"),
    "audience_lookalike": ("lookalike", "相似人群"),
    "audience_predicted": ("forecast", "预测"),
    "audience_like": ("like '{seed}'", "与“{seed}”相似"),
    "audience_buys": (
        "likely to buy from '{category}' within {days} days",
        "可能在{days}天内购买“{category}”",
    ),
    "audience_lapses": ("likely to stay away for {days} days or more", "可能{days}天以上不再到访"),
}
