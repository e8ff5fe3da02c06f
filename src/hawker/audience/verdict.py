"""How well an audience that was learned was judged on what it had not learned from, and that in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from hawker.privacy import threshold
from hawker.statistics import Estimate


class Way(StrEnum):
    """What it was judged on: members that were held out, or the last days, which nothing was fitted on."""

    HELD_OUT = "held_out"
    LAST_DAYS = "last_days"


class Verdict(Struct, frozen=True):
    """Figures with intervals, and what they are of: `members` among `shoppers`, a share `base` of them.

    Held-out members have `average_precision` and `lift_1%` to `lift_20%`, and `parts` are what scores. The
    last `days` have `auc`, `auc_of_rule` (the best simple rule, `against`), `auc_beyond_rule` and
    `calibration`, and `windows` are what it learned from. `better` says whether the interval is above
    chance, or above the rule. Members fewer than may be told are None.
    """

    way: Way
    better: bool
    figures: dict[str, Estimate]
    members: int | None
    shoppers: int
    base: float | None
    parts: tuple[str, ...] = ()
    against: str = ""
    days: int = 0
    windows: int = 0

    def told(self, least: int, *, rounded: bool = False) -> Verdict | None:
        """The same as it may be told; to others than the shop in round figures, or nothing of few members."""
        members = threshold.told(self.members or 0, least=least, rounded=rounded)
        if not rounded:
            return self if members is not None else replace(self, members=None, base=None)
        if members is None:
            return None
        figures = {name: threshold.figure(one) for name, one in self.figures.items()}
        shoppers = threshold.told(self.shoppers, least=least, rounded=True) or least
        return replace(self, figures=figures, members=members, shoppers=shoppers, base=members / shoppers)


WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "found": "Members who were held out are found better than by chance: "
        "average precision {figure}{base}.",
        "chance": "Members who were held out are not told apart from chance: "
        "average precision {figure}{base}; such an audience is as good as drawn at random.",
        "base": " where chance has {base:.3f}",
        "beyond": "It foretells better than the simple rule “{rule}”: AUC {auc}, {beyond} beyond the rule's.",
        "level": "It foretells no better than the simple rule “{rule}”, as far as can be told: "
        "AUC {auc}, {beyond} beyond the rule's.",
        "below": "The simple rule “{rule}” foretells better: AUC {auc}, {beyond} beyond the rule's.",
        "held_out": "Judged on the {members}members themselves: each fifth was looked for among others "
        "by a fit that had not seen it ({parts}).",
        "floor": "Others who would belong count as misses, so the figures are a floor.",
        "last_days": "Judged on the last {days} days, which nothing was fitted on ({members}of {shoppers:,} "
        "shoppers did it); learned from the first {windows} such windows.",
        "unknown": "How good it is cannot be told: {reason}.",
        "stop": " ",
    },
    "zh": {
        "found": "能比随机更好地找出被留出的成员：平均精度{figure}{base}。",
        "chance": "找出被留出成员的效果与随机无法区分：平均精度{figure}{base}；这样的人群与随机抽取无异。",
        "base": "，随机为{base:.3f}",
        "beyond": "预测优于简单规则“{rule}”：AUC {auc}，比规则高{beyond}。",
        "level": "就目前所见，预测并不优于简单规则“{rule}”：AUC {auc}，与规则之差{beyond}。",
        "below": "简单规则“{rule}”预测得更好：AUC {auc}，与规则之差{beyond}。",
        "held_out": "以{members}成员本身评估：分成五份，每份由未见过它的模型在其他顾客中寻找（{parts}）。",
        "floor": "其他本应属于该人群的顾客被算作未命中，因此这些数字是下限。",
        "last_days": "以最近{days}天评估，任何拟合都未用到这些天（{shoppers:,}位顾客中有{members}如此）；"
        "学习自最早的{windows}个同样长的时段。",
        "unknown": "无法判断好坏：{reason}。",
        "stop": "",
    },
}
NAMES: Mapping[str, tuple[str, str]] = {
    "straight": ("logistic regression", "逻辑回归"),
    "looser": ("a looser logistic regression", "约束较松的逻辑回归"),
    "similarity": ("similarity", "相似度"),
    "trees": ("small trees", "小型决策树"),
    "bought within 28 days": ("bought within 28 days", "28天内买过"),
    "bought lately": ("bought lately", "最近买过"),
    "bought often": ("bought often", "常买"),
    "days against own gap": ("days away against one's own gap", "离开天数相对本人间隔"),
    "days since last visit": ("days since the last visit", "距上次到访的天数"),
    "own gap": ("one's own gap between visits", "本人到访间隔"),
}
"""What parts of a blend and simple rules are called, in English and Chinese."""


def said(verdict: Verdict, *, language: str = "en") -> list[str]:
    """Sentences for a person: how good it is, and how that was found out."""
    chinese = language.lower().startswith("zh")
    words = WORDS["zh" if chinese else "en"]
    count = "" if verdict.members is None else f"{verdict.members:,}{'位' if chinese else ' '}"
    if verdict.way is Way.LAST_DAYS:
        method = words["last_days"].format(
            days=verdict.days, members=count, shoppers=verdict.shoppers, windows=verdict.windows
        )
        return [_foretold(verdict, words, chinese), method]
    parts = ("、" if chinese else ", ").join(NAMES.get(part, (part, part))[chinese] for part in verdict.parts)
    return [_found(verdict, words), words["held_out"].format(members=count, parts=parts), words["floor"]]


def _found(verdict: Verdict, words: Mapping[str, str]) -> str:
    """Whether likeness finds more than chance does."""
    figure = verdict.figures["average_precision"]
    if not figure:
        return words["unknown"].format(reason=figure.reason)
    base = "" if verdict.base is None else words["base"].format(base=verdict.base)
    return words["found" if verdict.better else "chance"].format(figure=f"{figure:.3f}", base=base)


def _foretold(verdict: Verdict, words: Mapping[str, str], chinese: bool) -> str:
    """Whether the forecast beats what anyone would try first."""
    auc, beyond = verdict.figures["auc"], verdict.figures["auc_beyond_rule"]
    if not auc or beyond.low is None or beyond.high is None:
        return words["unknown"].format(reason=auc.reason or beyond.reason)
    code = "beyond" if verdict.better else "below" if beyond.high < 0 else "level"
    rule = NAMES.get(verdict.against, (verdict.against, verdict.against))[chinese]
    return words[code].format(rule=rule, auc=f"{auc:.3f}", beyond=f"{beyond:+.3f}")
