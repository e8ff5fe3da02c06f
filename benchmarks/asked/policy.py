"""Questions about the shop's rules."""

from __future__ import annotations

import re
from random import Random

from benchmarks.asked.case import Asked
from benchmarks.asked.stall import rules

_PAID = {"en": ("Visa", "PayPal", "Mastercard"), "zh": ("支付宝", "微信支付", "银联卡")}
_FREE = {"en": r"\bfree\b|prepaid|we (pay|cover)", "zh": r"免|本店承担|我们承担|商家承担|预付"}


def ask(kind: str, phrase: str, *, language: str, rng: Random, seed: int) -> Asked:
    """A question about one rule, with what the shop's page says."""
    said, value = rules(language, seed=seed), rng.choice(_PAID[language])
    figure = {
        "returns_days": said["window"],
        "shipping_cost": said["ship"],
        "free_from": said["free"],
        "express": said["express"],
        "gift_wrap": said["wrap"],
        "cancel": said["cancel"],
    }
    if kind in figure:
        wanted: tuple[str, ...] = (rf"(?<![\d.]){re.escape(figure[kind])}(?!\d|\.\d)",)
    elif kind == "delivery_time":
        wanted = tuple(rf"(?<!\d){one}(?!\d)" for one in re.findall(r"\d+", said["days"]))
    elif kind == "hours":
        wanted = (rf"(?<!\d)0?{said['opens']}(:00|点| ?am)",)
    elif kind == "payment":
        wanted = (re.escape(value),)
    else:
        wanted = (_FREE[language],)
    return Asked(phrase.replace("{v}", value), kind=kind, group="policy", language=language, wanted=wanted)


def amounts(language: str, *, seed: int) -> frozenset[str]:
    """The amounts of money that the policies name."""
    said = rules(language, seed=seed)
    return frozenset(
        said[name].rstrip("0").rstrip(".") if "." in said[name] else said[name]
        for name in ("ship", "express", "wrap", "free")
    )
