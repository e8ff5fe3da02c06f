"""A suggestion in sentences, in English or Chinese: what to choose, why, and what could not be judged."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hawker.audience.candidates import Candidate
from hawker.audience.suggest import EVERYBODY, Choice, Suggestion
from hawker.statistics import Estimate

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "everybody": "everybody",
        "best": "Choose {name}: {members:,} shoppers, expected to net {net} in {days:.0f} days.",
        "open": "Leave it open to everybody: no audience is expected to net more than {net} "
        "in {days:.0f} days.",
        "rate": "{rate} of their visits are expected to bring a purchase, {lift} against everybody's {base}.",
        "paid": "The budget pays for {paid:.0%} of their visits, so the share that buys decides.",
        "reach": "The budget pays for every visit of theirs, so reach decides.",
        "lead": "That is {lead} beyond leaving it open.",
        "unsure": "Leaving it open may do as well: the difference is {lead}.",
        "categories": "Its products sell too little to tell shoppers apart; their categories do.",
        "no_costs": "No ad has been shown yet, so costs are unknown and what is sold decides.",
        "unjudged": "Not judged: {name}: {reason}.",
        "caution": "What they buy is not all caused by an ad; an experiment tells what is.",
        "none": "Nothing can be suggested: {reason}.",
        "segment": "segment: {segment}",
        "buyers": "likeliest {share:.0%} to buy '{category}'",
        "stop": " ",
    },
    "zh": {
        "everybody": "所有人",
        "best": "建议选择{name}：{members:,}位顾客，{days:.0f}天内预计净得{net}。",
        "open": "建议不限人群：{days:.0f}天内没有哪个人群预计净得超过{net}。",
        "rate": "他们的到访中预计{rate}会购买，相对所有人的{base}为{lift}。",
        "paid": "预算只够覆盖其{paid:.0%}的到访，因此由购买比例决定。",
        "reach": "预算足以覆盖其全部到访，因此由人数决定。",
        "lead": "比不限人群多得{lead}。",
        "unsure": "不限人群也可能一样好：差额为{lead}。",
        "categories": "这些商品销量太少，无法区分顾客，改看其所属类目的购买。",
        "no_costs": "还没有展示过广告，费用未知，只看销售额。",
        "unjudged": "未评估：{name}：{reason}。",
        "caution": "他们的购买并不全由广告带来；要知道多少是，请做实验。",
        "none": "无法给出建议：{reason}。",
        "segment": "分群：{segment}",
        "buyers": "最可能购买“{category}”的{share:.0%}顾客",
        "stop": "",
    },
}
REASONS: Mapping[str, str] = {
    r"the campaign is over": "广告计划已经结束",
    r"none of its products is known to the catalogue or the log": "商品目录和日志里都没有它的商品",
    r"nothing like it has been sold lately": "近期没有售出过同类商品",
    r"fewer than (\d+) of its members came lately": r"近期到访的成员不足\1位",
    r"(\d+) shoppers came lately; (\d+) are needed": r"近期到访的顾客只有\1位，至少需要\2位",
    r"(\d+) days of history; at least 7 are needed": r"日志只有\1天，至少需要7天",
}
"""What the reasons of a suggestion are in Chinese."""


def advice(
    told: Suggestion, *, language: str = "en", names: Mapping[str, str] | None = None, currency: str = ""
) -> list[str]:
    """Sentences for a person, the advice first. `names` says what audiences are called."""
    chinese = language.startswith("zh")
    words = WORDS["zh" if chinese else "en"]
    if told.best is None:
        return [words["none"].format(reason=_reason(told.reason, chinese))]
    best, unit = told.best, f" {currency}" if currency else ""
    lines = [_choice(told, best, words, names or {}, unit)]
    if told.by == "categories":
        lines.append(words["categories"])
    if not told.costed:
        lines.append(words["no_costs"])
    lines.append(words["caution"])
    for one in told.unjudged:
        name = (names or {}).get(one.audience, one.audience)
        lines.append(words["unjudged"].format(name=name, reason=_reason(one.reason, chinese)))
    return lines


def called(among: Mapping[str, Candidate], language: str = "en") -> dict[str, str]:
    """What each candidate is called: by people, or by its id."""
    words = WORDS["zh" if language.startswith("zh") else "en"]
    return {key: _called(one, words) for key, one in among.items()}


def _called(one: Candidate, words: Mapping[str, str]) -> str:
    if one.segment:
        return words["segment"].format(segment=one.segment)
    if one.audience is None:
        return one.key
    if one.proposed:
        return words["buyers"].format(category=one.audience.category, share=one.audience.share)
    return one.audience.name or one.audience.id


def _choice(
    told: Suggestion, best: Choice, words: Mapping[str, str], names: Mapping[str, str], unit: str
) -> str:
    """What to choose and why."""
    if best.audience == EVERYBODY:
        return words["open"].format(net=_told(best.net, ",.2f", unit), days=told.days)
    base = next(one for one in told.choices if one.audience == EVERYBODY)
    sure = bool(told.lead) and (told.lead.low or 0.0) > 0
    parts = [
        words["best"].format(
            name=names.get(best.audience, best.audience),
            members=best.members,
            net=_told(best.net, ",.2f", unit),
            days=told.days,
        ),
        words["rate"].format(
            rate=_told(best.rate, ".2%"), lift=_told(best.lift, "+.0%"), base=_told(base.rate, ".2%")
        ),
        words["paid" if best.paid < 1 else "reach"].format(paid=best.paid),
        words["lead" if sure else "unsure"].format(lead=_told(told.lead, ",.2f", unit)),
    ]
    return words["stop"].join(parts)


def _reason(told: str, chinese: bool) -> str:
    """A reason in the language it is to be told in."""
    for pattern, words in REASONS.items() if chinese else ():
        found = re.fullmatch(pattern, told)
        if found:
            return found.expand(words)
    return told


def _told(figure: Estimate, form: str, unit: str = "") -> str:
    return f"{figure:{form}}{unit if figure else ''}"
