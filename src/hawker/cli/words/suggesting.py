"""What `hawker audience suggest` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "suggest_rate": ("Visits that buy", "到访购买率"),
    "suggest_lift": ("Against all", "相对全体"),
    "suggest_net": ("Expected net", "预计净得"),
    "suggest_segment": ("segment: {segment}", "分群：{segment}"),
    "suggest_buyers": (
        "likeliest {share:.0%} to buy '{category}'",
        "最可能购买“{category}”的{share:.0%}顾客",
    ),
    "suggest_no_buyers": ("No likely buyers are proposed: {reason}.", "未提出潜在买家：{reason}。"),
}
