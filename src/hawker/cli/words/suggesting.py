"""What `hawker audience suggest` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "suggest_rate": ("Visits that buy", "到访购买率"),
    "suggest_lift": ("Against all", "相对全体"),
    "suggest_net": ("Expected net", "预计净得"),
    "suggest_no_buyers": ("No likely buyers are proposed: {reason}.", "未提出潜在买家：{reason}。"),
}
