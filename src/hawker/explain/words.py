"""What an explanation says to people, in English and Chinese."""

from __future__ import annotations

from hawker.errors import BadSetting, nearest
from hawker.records.bid import FallbackReason, NoBidReason
from hawker.records.consent import ConsentPath

_WORDS: dict[str, tuple[str, str]] = {
    "sponsored": ("Sponsored", "广告"),
    "is_ad": ("This is an advertisement, shown on behalf of {who}.", "这是一则广告，由{who}投放。"),
    "nobody": ("an advertiser the shop does not name", "商店未注明的广告主"),
    "paid_by": ("It is paid for by {who}.", "费用由{who}支付。"),
    # the main parameters of an ad (Digital Services Act, article 26)
    "main_profile": ("what you have viewed and bought in this shop", "您在本店的浏览与购买"),
    "main_page": ("the page you are on", "您所在的页面"),
    "main_popularity": ("what sells in this shop", "本店的销售情况"),
    # reasons of a score
    "own": ("what you have bought yourself", "您自己的购买记录"),
    "category": ("your interest in this kind of product", "您对这类商品的兴趣"),
    "page": ("what this page is about", "本页面的内容"),
    "brand": ("the brands you choose", "您选择的品牌"),
    "popularity": ("how popular the product is", "商品的受欢迎程度"),
    "price": ("its price", "商品的价格"),
    "store": ("what sells in your store or region", "您所在门店或地区的销售情况"),
    "timing": ("the day and the time", "日期与时间"),
    "placement": ("where the product is placed", "商品的陈列位置"),
    "ads": ("which ads were shown and clicked before", "以往广告的展示与点击"),
    "activity": ("how often you visit the shop", "您访问商店的频率"),
    "other": ("other things the shop knows", "商店掌握的其他信息"),
    # how an ad came to its slot
    "because": ("Compared with the other ads considered: {reasons}.", "与其他候选广告相比：{reasons}。"),
    "for": ("{reason} counts for it", "{reason}对其有利"),
    "against": ("{reason} counts against it", "{reason}对其不利"),
    "and": (", ", "，"),
    "by_bid": (
        "What the advertiser bids set it apart from the other ads, and not what is known of you.",
        "使它有别于其他广告的是广告主的出价，而不是关于您的信息。",
    ),
    "first_look": (
        "A first look at purchases and popularity chose which ads were considered.",
        "候选广告经由购买记录与受欢迎程度初步筛选。",
    ),
    "bid": ("what the advertiser bids", "广告主的出价"),
    "by_chance": (
        "Chance put it here: a small share of slots is drawn, so that every ad gets a trial.",
        "它是随机展示的：小部分广告位随机抽取，使每则广告都有机会。",
    ),
    # prices
    "price_rival": (
        "It pays the least that keeps its place above '{rival}': {price} {unit}, never more than its bid.",
        "它只支付保持排在“{rival}”之上所需的最低价：{price}{unit}，绝不高于其出价。",
    ),
    "price_floor": (
        "No other ad sets its price; it pays the placement's least: {price} {unit}.",
        "没有其他广告决定它的价格；它支付该广告位的最低价：{price}{unit}。",
    ),
    "price_bid": (
        "It pays what the advertiser bid: {price} {unit}.",
        "它支付广告主的出价：{price}{unit}。",
    ),
    "cpm": ("per thousand impressions", "（每千次展示）"),
    "cpc": ("per click", "（每次点击）"),
    "cpa": ("per conversion", "（每次转化）"),
    # paths
    "path_personalised": (
        "Chosen with your profile: what this shop has seen you view and buy.",
        "根据您的画像选择：即本店记录的您的浏览与购买。",
    ),
    "path_contextual": (
        "Chosen from the page alone, without your profile.",
        "仅根据当前页面选择，未使用您的画像。",
    ),
    "path_none": ("No ads are shown to you.", "不向您展示广告。"),
    "allowed": ("No signal speaks against it.", "没有拒绝的信号。"),
    "global_privacy_control": (
        "Your browser asks for it (Global Privacy Control).",
        "您的浏览器提出了要求（全球隐私控制）。",
    ),
    "opted_out": ("You refused personalised ads.", "您已拒绝个性化广告。"),
    "minor": ("Nothing is profiled of minors.", "不对未成年人进行画像。"),
    "special_category": (
        "The page is about something sensitive; nothing is profiled there.",
        "该页面涉及敏感内容，不进行画像。",
    ),
    "interests_off": ("You switched interests off.", "您已关闭兴趣推荐。"),
    "tcf_no_ads": ("Your consent settings allow no ads.", "您的同意设置不允许展示广告。"),
    "tcf_missing": ("You have not said yet whether you agree.", "您尚未表示是否同意。"),
    "tcf_unreadable": ("Your consent settings could not be read.", "无法读取您的同意设置。"),
    "tcf_refused": (
        "Your consent settings allow no personalised ads.",
        "您的同意设置不允许个性化广告。",
    ),
    "gpp_unreadable": ("Your privacy settings could not be read.", "无法读取您的隐私设置。"),
    "gpp_section_unknown": (
        "A part of your privacy settings could not be read.",
        "您的隐私设置有一部分无法读取。",
    ),
    "gpp_opted_out": (
        "Your privacy settings refuse sale, sharing or targeted ads.",
        "您的隐私设置拒绝出售、共享信息或定向广告。",
    ),
    "no_shopper": ("The page did not say who is looking.", "页面未说明访客身份。"),
    "no_ads_allowed": ("You refused ads.", "您已拒绝广告。"),
    # what the shopper can change
    "change_refuse": (
        "Refuse personalised ads: an 'opt_out' event, 'opted_out' in a request, or Sec-GPC: 1 in the "
        "browser. The same places then show ads chosen from the page alone.",
        "拒绝个性化广告：发送 opt_out 事件、在请求中设置 opted_out，或在浏览器中启用 Sec-GPC: 1。"
        "之后同样的位置只展示根据页面选择的广告。",
    ),
    "change_interests": (
        "Switch interests off, refuse categories, advertisers or products, or ask for fewer ads: "
        "PUT /v1/shoppers/…/preferences.",
        "关闭兴趣推荐，拒绝某些类目、广告主或商品，或减少广告：PUT /v1/shoppers/…/preferences。",
    ),
    "change_hide": (
        "Hide this ad or say what is wrong with it: an 'ad_hide' or 'ad_feedback' event.",
        "隐藏此广告或指出问题：发送 ad_hide 或 ad_feedback 事件。",
    ),
    "change_none": ("Refuse ads altogether: 'no_ads' in a request.", "完全拒绝广告：在请求中设置 no_ads。"),
    "change_back": (
        "Nothing of yours was used; there is nothing to switch off.",
        "未使用您的任何信息，无需关闭任何选项。",
    ),
}
_LEFT_OUT: dict[str, tuple[str, str]] = {
    NoBidReason.CAMPAIGN_PAUSED: ("their campaign is paused", "其广告活动已暂停"),
    NoBidReason.OUT_OF_SCHEDULE: ("they do not run at this time and place", "不在投放时间或地点之内"),
    NoBidReason.OUT_OF_BUDGET: ("their budget is spent", "预算已用完"),
    NoBidReason.PLACEMENT: ("they do not buy this placement", "未购买该广告位"),
    NoBidReason.AUDIENCE: ("they look for other shoppers", "面向其他人群"),
    NoBidReason.LOCATION: ("they do not buy this location", "未购买该地点"),
    NoBidReason.CATEGORY: ("the page lies outside their categories", "页面不属于其投放类目"),
    NoBidReason.OUT_OF_STOCK: ("their product cannot be ordered", "商品无法订购"),
    NoBidReason.CREATIVE: ("no copy for them has been approved", "没有已审核的文案"),
    NoBidReason.PRICING: ("they pay for an outcome that is not predicted", "其付费的结果无法预测"),
    NoBidReason.ORGANIC: ("the page shows the product anyway", "页面上已有该商品"),
    NoBidReason.NOT_RETRIEVED: ("a first look gave them too little value", "初步估值过低"),
    NoBidReason.BELOW_FLOOR: ("they do not reach the least price", "未达到最低价"),
    NoBidReason.OUTRANKED: ("others were worth more", "其他广告价值更高"),
    NoBidReason.ADVERTISER_LIMIT: ("their advertiser has its share of slots", "其广告主的广告位已满"),
    NoBidReason.RESERVE_REFUSED: ("their money could not be set aside", "无法预留其资金"),
    NoBidReason.DAYPART: ("they do not run at this hour", "不在投放时段"),
    NoBidReason.DEVICE: ("they do not buy this device", "未购买该设备"),
    NoBidReason.PRODUCT: ("they aim at other product pages", "面向其他商品页面"),
    NoBidReason.KEYWORD: ("the query does not match their keywords", "搜索词与其关键词不符"),
    NoBidReason.VISITOR: ("they look for new shoppers, or for returning ones", "面向新客或老客"),
    NoBidReason.RETARGETING: ("they retarget what was not looked at here", "再营销条件不符"),
    NoBidReason.FREQUENCY: ("they were shown often enough", "展示次数已达上限"),
    NoBidReason.PREFERENCE: ("the shopper refused them", "顾客已拒绝"),
    NoBidReason.BLOCKED: ("the page does not allow them", "页面不允许"),
    NoBidReason.COMPETITOR: ("a competitor stands on the page", "页面上已有其竞争者"),
    NoBidReason.NOT_DRAWN: ("this page was not among those they are guaranteed", "本次未轮到其保量展示"),
}
_FALLBACKS: dict[str, tuple[str, str]] = {
    FallbackReason.NO_ADS_ALLOWED: ("No ads may be shown.", "不允许展示广告。"),
    FallbackReason.FEWER_ADS: ("The shopper wants fewer ads.", "顾客希望少看广告。"),
    FallbackReason.NO_CAMPAIGNS: ("The shop has no campaigns.", "商店没有广告活动。"),
    FallbackReason.NOTHING_ELIGIBLE: ("No ad passed every test.", "没有广告通过全部条件。"),
    FallbackReason.NOTHING_CLEARED: ("No ad reached the least price.", "没有广告达到最低价。"),
    FallbackReason.RESERVE_REFUSED: (
        "No campaign's money could be set aside.",
        "没有广告活动的资金可以预留。",
    ),
}
_LANGUAGES = ("en", "zh")
_ALWAYS = ("main_page", "main_popularity", "bid")
_MAIN = {
    (personal, chinese): tuple(
        _WORDS[name][chinese] for name in (("main_profile", *_ALWAYS) if personal else _ALWAYS)
    )
    for personal in (False, True)
    for chinese in (False, True)
}


def spoken(language: str) -> str:
    """The language that will be used: 'en' or 'zh', from 'zh-CN' too; raises `BadSetting` for another."""
    chosen = language[:2].lower() or "en"
    if chosen not in _LANGUAGES:
        raise BadSetting(
            f"Explanations are not written in '{language[:20]}'.", remedy=nearest(language, list(_LANGUAGES))
        )
    return chosen


def word(name: str, language: str, **values: str) -> str:
    """A phrase by its name, filled in."""
    return _WORDS[name][_LANGUAGES.index(language)].format(**values)


def main_parameters(path: str, language: str) -> tuple[str, ...]:
    """What ads on a path are chosen by, in the words that stand beside each of them.

    >>> main_parameters("contextual", "fr")
    ('the page you are on', 'what sells in this shop', 'what the advertiser bids')
    """
    return _MAIN[path == ConsentPath.PERSONALISED, language[:2].lower() == "zh"]


def signal(reason: str, language: str) -> str:
    """Which signal led to the path, in words; the code itself where these words do not know it."""
    return word(reason, language) if reason in _WORDS else reason


def left_out(reason: str, language: str) -> str:
    """Why ads were left out, in words; the code itself where it is newer than these words."""
    return _LEFT_OUT.get(reason, (reason, reason))[_LANGUAGES.index(language)]


def unfilled(reason: str, language: str) -> str:
    """Why nothing was shown, in words."""
    return _FALLBACKS.get(reason, (reason, reason))[_LANGUAGES.index(language)]
