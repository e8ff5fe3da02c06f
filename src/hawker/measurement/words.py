"""Every word of a report, in English and Chinese, in one place."""
# ruff: noqa: E501 (a sentence stays on one line)

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hawker.errors import BadSetting, nearest

LANGUAGES = ("en", "zh")

WORDS: dict[str, tuple[str, str]] = {
    "report": ("Advertising report", "广告报告"),
    "quality": ("Data quality", "数据质量"),
    "campaign": ("Campaign", "广告活动"),
    "product": ("Product", "商品"),
    "segment": ("Segment", "人群"),
    "placement": ("Placement", "广告位"),
    "day": ("Day", "日期"),
    "by_campaign": ("By campaign", "按广告活动"),
    "by_product": ("By product", "按商品"),
    "by_segment": ("By segment", "按人群"),
    "by_placement": ("By placement", "按广告位"),
    "by_day": ("By day", "按日期"),
    "impressions": ("Impressions", "展示量"),
    "clicks": ("Clicks", "点击量"),
    "viewable": ("Viewable", "可见展示"),
    "viewable_rate": ("Viewable rate", "可见率"),
    "hides": ("Hides", "隐藏"),
    "hide_rate": ("Hides per impression", "隐藏率"),
    "feedback": ("Complaints", "负面反馈"),
    "satisfaction": ("What shoppers thought of them", "顾客反馈"),
    "traffic": ("Invalid traffic", "无效流量"),
    "received": ("Received", "收到"),
    "invalid": ("Invalid", "无效"),
    "invalid_share": ("Share", "占比"),
    "rule": ("Rule", "规则"),
    "all_ad_events": ("All ad events", "全部广告事件"),
    "rate": ("Rate", "比率"),
    "conversions": ("Conversions", "转化量"),
    "same_product": ("The advertised product (conversions)", "所推广商品（转化）"),
    "halo": ("Halo: same brand or category", "关联成交：同品牌或同类目"),
    "halo_revenue": ("Halo revenue", "关联成交额"),
    "new_to_brand": ("Of the conversions, new to brand", "转化中的品牌新客"),
    "sales": ("Sales", "成交笔数"),
    "ctr": ("Click rate", "点击率"),
    "cvr": ("Conversions per click", "点击转化率"),
    "conversion_rate": ("Conversions per impression", "展示转化率"),
    "short_ctr": ("CTR", "点击率"),
    "short_cvr": ("Conv./click", "点击转化率"),
    "short_conversion_rate": ("Conv./impr.", "展示转化率"),
    "short_roas": ("ROAS", "投入产出比"),
    "cvr_prompt": ("Conversions per click within a day", "一天内点击转化率"),
    "conversion_rate_prompt": ("Conversions per impression within a day", "一天内展示转化率"),
    "spend": ("Spend", "花费"),
    "revenue": ("Revenue", "成交额"),
    "roas": ("Return on spend", "投入产出比"),
    "shoppers": ("Shoppers", "顾客数"),
    "totals": ("Totals", "合计"),
    "daily": ("Day by day", "每日走势"),
    "method": ("How this was measured", "统计口径"),
    "notes": ("Read this first", "阅读须知"),
    "none": ("(none)", "（无）"),
    "others": ("(all others)", "（其余合计）"),
    "rest": ("{count} more in the CSV and JSON", "另有 {count} 项见 CSV 与 JSON"),
    "narrow": ("left out at this width: {names}", "宽度所限未列：{names}"),
    "interval": ("each rate with its 95 % interval", "各比率附 95% 置信区间"),
    "best": ("Earned most", "成交额最高"),
    "credited": ("What the sales were", "成交构成"),
    "nothing": ("Nothing to show yet.", "暂无数据。"),
    "events": ("Events", "事件数"),
    "kind": ("Kind", "类型"),
    "share": ("Share", "占比"),
    "reason": ("Reason", "原因"),
    "count": ("Count", "数量"),
    "currency": ("Currency", "币种"),
    "days": ("Days", "天数"),
    "unknown_products": ("Unknown product", "未知商品"),
    "no_shopper": ("Without shopper", "无顾客标识"),
    "late": ("Late", "迟到"),
    "synthetic": ("Synthetic", "模拟数据"),
    "set_aside": ("Set aside", "隔离行"),
    "by_kind": ("Events by kind", "按事件类型"),
    "by_reason": ("Set aside, by reason", "隔离原因"),
    "by_currency": ("Currencies of purchases", "成交币种"),
    "first": ("First event", "最早事件"),
    "last": ("Last event", "最近事件"),
    "alarms": ("Alarms", "异常警报"),
}

NOTES: dict[str, tuple[str, str]] = {
    "nothing_shown": ("No ads were shown in this period.", "本期没有广告展示。"),
    "synthetic": (
        "Synthetic: {count} of the {of} ads counted here were simulated, not shown to shoppers.",
        "模拟数据：本报告所计 {of} 次广告中有 {count} 次为模拟，并未真实展示给顾客。",
    ),
    "no_clicks": (
        "No clicks are recorded in this data, so there is no click rate; conversions per impression are given.",
        "该数据没有点击记录，因此不给出点击率，只给出每次展示的转化。",
    ),
    "lone_clicks": (
        "{count} clicks belong to no impression in the log: counted as clicks, left out of the click rate.",
        "{count} 次点击在日志中找不到对应展示：计入点击量，不计入点击率。",
    ),
    "lone_hides": (
        "{count} hides belong to no impression in the log and are not counted.",
        "{count} 次隐藏在日志中找不到对应展示，未计入。",
    ),
    "repeated_impressions": (
        "{count} impressions were reported more than once and are counted once.",
        "{count} 次展示被重复上报，只计一次。",
    ),
    "repeated_clicks": (
        "{count} further clicks on ads already clicked are not counted.",
        "同一广告的 {count} 次重复点击未计入。",
    ),
    "repeated_conversions": (
        "{count} conversion events repeat a purchase and are not counted again.",
        "{count} 个转化事件与购买重复，未再计入。",
    ),
    "foreign_currency": (
        "{count} credited conversions are in another currency: counted, but not in the revenue.",
        "{count} 次转化为其他币种：计入转化量，不计入成交额。",
    ),
    "invalid_traffic": (
        "{count} ad events were marked as invalid traffic and filtered out before counting.",
        "{count} 个广告事件被标记为无效流量，已在统计前滤除。",
    ),
    "still_open": (
        "Ads shown after {until} can still gain conversions.",
        "{until} 之后展示的广告仍可能带来转化。",
    ),
    "last_touch": (
        "Attribution: last touch. A conversion is credited once, to an ad its shopper clicked up to {click} days "
        "or saw up to {view} days before it; the advertised product first, a click before a view, then the latest.",
        "归因：末次触达。每次转化只计一次，归于该顾客此前 {click} 天内点击或 {view} 天内看到的广告；"
        "同款商品优先，点击先于展示，其次取最近一次触达。",
    ),
    "last_click": (
        "Attribution: last click. A conversion is credited once, to the last ad its shopper clicked up to {click} "
        "days before it, and only without one to an ad seen up to {view} days before.",
        "归因：末次点击。每次转化只计一次，归于该顾客此前 {click} 天内最后点击的广告；若无点击，才归于 {view} 天内看到的广告。",
    ),
    "halo": (
        "Halo: sales of the same brand or top category, where no ad for the product itself qualifies, are credited to an ad but stand apart: they are in no rate and no return.",
        "关联成交：若没有同款商品的合格广告，同品牌或同一级类目的成交另行列出，不计入任何比率和投入产出比。",
    ),
    "no_halo": (
        "Only sales of the advertised product itself are credited.",
        "只计入所推广商品本身的成交。",
    ),
    "new_to_brand": (
        "New to brand: the log holds no purchase of the brand by this shopper in the {days} days before.",
        "品牌新客：日志中该顾客此前 {days} 天内没有购买过该品牌。",
    ),
    "person": (
        "One person is one shopper id, or one session where there is none. Matching is deterministic.",
        "以顾客标识识别一个人；没有标识时以会话识别。匹配为确定性匹配。",
    ),
    "deduplication": (
        "Counted once: an event id, an impression per decision and slot, a click per impression, and a conversion "
        "event within an hour of a purchase of the same product by the same shopper.",
        "去重规则：同一事件编号、同一决策同一位置的展示、同一展示的点击、同一顾客同一商品购买前后一小时内的转化事件，均只计一次。",
    ),
    "cohorts": (
        "Clicks and conversions count on the day of their ad, spend on the day it was charged, less credits on the "
        "day they were given. Returns are not deducted.",
        "点击与转化计入其广告展示当日，花费计入扣费当日，退款计入退款当日并冲减花费；退货未扣除。",
    ),
    "viewability": (
        "Viewability: not measured. Outcomes follow impressions as reported, viewable or not.",
        "可见性：未测量。结果以上报的展示为准，不区分是否可见。",
    ),
    "viewability_mrc": (
        "Viewability: the MRC rule, as pages report it: half of an ad's pixels (30 % of a large ad's) in view for a "
        "second. Outcomes follow impressions, viewable or not.",
        "可见性：按 MRC 标准由页面上报，即广告一半像素（大尺寸为 30%）连续可见一秒。结果以展示为准，不区分是否可见。",
    ),
    "traffic": (
        "Invalid traffic: general rules (declared bots, data centres, prefetch, tokens, activity) mark events as they "
        "come; what is marked is filtered everywhere and billed nowhere. Sophisticated fraud is not looked for.",
        "无效流量：按通用规则（声明的机器人、数据中心、预取、令牌、异常活跃）实时标记；已标记的不计入任何统计，也不计费。不检测复杂作弊。",
    ),
    "intervals": (
        "Intervals are 95 %: Wilson's with the trials reduced to what rows sharing a shopper are worth, the delta "
        "method by shopper for returns on spend. No figure below {impressions} impressions, {clicks} clicks, "
        "{conversions} conversions or {shoppers} shoppers.",
        "区间为 95%：比率用 Wilson 区间，同一顾客的多次记录按有效样本量折算；投入产出比用按顾客聚类的 delta 法。"
        "不足 {impressions} 次展示、{clicks} 次点击、{conversions} 次转化或 {shoppers} 位顾客时不给出数值。",
    ),
    "money": (
        "Money is in {currency}; amounts in other currencies are not converted.",
        "金额单位为 {currency}；其他币种不做换算。",
    ),
    "incrementality": (
        "Incrementality: not measured here. Credited sales are not the same as sales caused by the ads.",
        "增量：本报告未测量。归因成交不等于广告带来的增量成交。",
    ),
    "census": (
        "These are complete counts of the log, not samples, so they carry no intervals.",
        "以上为日志的完整计数，并非抽样，因此没有置信区间。",
    ),
    "unknown_product_rule": (
        "Unknown: the event names a product that the catalogue does not hold.",
        "未知商品：事件所指商品不在商品目录中。",
    ),
    "late_rule": (
        "Late: received more than {minutes} minutes after it happened; half of those took {median} or longer.",
        "迟到：发生 {minutes} 分钟之后才收到；其中一半至少迟到 {median}。",
    ),
    "no_late": (
        "Late: no event was received more than {minutes} minutes after it happened.",
        "迟到：没有事件在发生 {minutes} 分钟之后才收到。",
    ),
    "below_band": (
        "{figure}: {value}, below the expected {low} to {high}. Look at that day's campaigns, and in the event log for a fault in logging.",
        "{figure}为 {value}，低于预期的 {low} 至 {high}。请检查当日的广告活动，以及事件日志是否漏记。",
    ),
    "above_band": (
        "{figure}: {value}, above the expected {low} to {high}. Look at that day's campaigns, and in the event log for repeated or automated traffic.",
        "{figure}为 {value}，高于预期的 {low} 至 {high}。请检查当日的广告活动，以及事件日志中是否有重复或自动流量。",
    ),
    "empty_log": ("The event log is empty.", "事件日志为空。"),
    "no_catalogue": (
        "There is no catalogue yet, so products cannot be checked.",
        "尚无商品目录，无法核对商品。",
    ),
    "synthetic_events": (
        "Synthetic: {count} of {of} events are simulated.",
        "模拟数据：{of} 个事件中有 {count} 个为模拟。",
    ),
}

REASONS: dict[str, str] = {
    "no clicks are recorded in this data": "该数据没有点击记录",
    "nothing was charged": "没有扣费",
    "no viewable impressions are recorded in this data": "该数据没有可见展示记录",
    "fewer than 30 ad events": "广告事件不足 30 个",
    "no ad events": "没有广告事件",
    "no clicks": "没有点击",
    "no impressions": "没有展示",
    "fewer than 30 impressions": "展示不足 30 次",
    "fewer than 20 clicks": "点击不足 20 次",
    "fewer than 10 conversions": "转化不足 10 次",
    "fewer than 10 shoppers": "顾客不足 10 位",
}

RULES: dict[str, tuple[str, str]] = {
    "declared_bot": ("declared bot", "声明的机器人"),
    "no_browser": ("no browser", "非浏览器"),
    "data_centre": ("data centre", "数据中心"),
    "prefetch": ("fetched ahead", "预取"),
    "forged_token": ("forged token", "伪造令牌"),
    "expired_token": ("expired token", "过期令牌"),
    "replayed_token": ("replayed token", "重放令牌"),
    "no_token": ("no token", "无令牌"),
    "no_impression": ("click without impression", "无展示的点击"),
    "too_soon": ("click too soon", "点击过快"),
    "rate": ("too many a minute", "频率过高"),
    "found_later": ("found later, credited", "事后发现并退款"),
}

KINDS: dict[str, str] = {
    "view": "浏览",
    "search": "搜索",
    "click": "点击",
    "cart": "加购",
    "wish": "收藏",
    "like": "点赞",
    "purchase": "购买",
    "return": "退货",
    "review": "评价",
    "share": "分享",
    "ad_impression": "广告展示",
    "ad_click": "广告点击",
    "ad_hide": "广告隐藏",
    "ad_feedback": "广告反馈",
    "opt_out": "退出个性化",
    "conversion": "转化",
    "attributes": "属性声明",
    "ad_viewable": "广告可见",
}


def word(code: str, language: str) -> str:
    """One word or phrase.

    >>> word("clicks", "zh")
    '点击量'
    """
    return WORDS[code][spoken(language)]


def sentence(code: str, values: Mapping[str, Any], *, language: str) -> str:
    """A note in words; numbers get their thousands marks.

    >>> sentence("lone_hides", {"count": 1200}, language="en")
    '1,200 hides belong to no impression in the log and are not counted.'
    """
    shown = {name: _plain(value) for name, value in values.items()}
    return NOTES[code][spoken(language)].format(**shown)


def reason(text: str, language: str) -> str:
    """Why there is no number; a reason that has no translation stays as it is."""
    return REASONS.get(text, text) if spoken(language) else text


def rule(name: str, language: str) -> str:
    """A rule of invalid traffic as a person reads it; a source's own mark stays as it is."""
    return RULES[name][spoken(language)] if name in RULES else name.replace("_", " ")


def kind(name: str, language: str) -> str:
    """The kind of an event as a person reads it."""
    return KINDS.get(name, name) if spoken(language) else name.replace("_", " ")


def spoken(language: str) -> int:
    """The place of a language in each pair; 'zh-CN' is 'zh'; raises `BadSetting` for others."""
    short = language.lower().replace("_", "-").split("-")[0]
    if short not in LANGUAGES:
        raise BadSetting(f"Reports do not speak '{language}'.", remedy=nearest(short, list(LANGUAGES)))
    return LANGUAGES.index(short)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
