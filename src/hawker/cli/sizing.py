"""Audiences as a person reads them: what each is, its numbers, and those at every threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from hawker.cli.call import Call, bounds, table

if TYPE_CHECKING:
    from hawker.audience.refresh import Standing
    from hawker.audience.semantic import Level, Sizes
    from hawker.audience.size import Size
    from hawker.audience.verdict import Verdict
    from hawker.records.audience import Audience


def head(asked: Call, name: str) -> str:
    """A heading by its word's code; '>' before it stands over figures."""
    code = name.lstrip(">")
    return (">" if name.startswith(">") else "") + (asked.word(code) if code else "")


def what(asked: Call, one: Audience) -> str:
    """What an audience is, in a few words."""
    from hawker.audience import rules

    if one.rule:
        return rules.describe(rules.parse(one.rule), asked.language)
    if one.text:
        return f"“{one.text}” ≥ {one.threshold}" if one.share is None else f"“{one.text}” {one.share:.0%}"
    if one.seed:
        return asked.word("audience_like", seed=one.seed)
    if one.kind == "predicted":
        code = "audience_lapses" if one.outcome == "lapses" else "audience_buys"
        return asked.word(code, category=one.category, days=one.days)
    return one.name


def count(asked: Call, there: Mapping[str, int], one: Audience) -> str:
    """How many are on a list that was never measured, as a cell."""
    least, size = asked.shop.settings.audiences.least, there.get(one.id, 0)
    if one.kind != "list":
        return "–"
    return f"{size:,}" if size >= least else f"< {least}"


def numbers(asked: Call, found: Size) -> tuple[str, str]:
    """Size and click rate as two cells."""
    few = f"< {asked.shop.settings.audiences.least}"
    rate = f"{found.ctr.value:.2%}" if found.ctr.value is not None else "–"
    return (few if found.size is None else f"{found.size:,}"), rate


def verdict(asked: Call, stands: Standing | None) -> str:
    """How good what was learned is, as a cell: its main figure with its interval."""
    if stands is None or stands.judged is None:
        return ""
    figures = stands.judged.figures
    name = next(one for one in ("auc", "lift_10%") if one in figures)
    value, interval = asked.estimated(figures[name], "z.3f")
    return f"{asked.word(f'audience_{name}')} {value} ({interval})"


def judged(asked: Call, found: Verdict | None) -> None:
    """How good what was learned is: in words, then every figure with its interval."""
    from hawker.audience.verdict import said

    if found is None:
        return
    for place, line in enumerate(said(found, language=asked.language)):
        asked.say(line, style="dim" if place else "")
    lines = table("", ">" + asked.word("value"), ">" + asked.word("interval"))
    for name, figure in found.figures.items():
        lines.add_row(asked.word(f"audience_{name}"), *asked.estimated(figure, "z.3f"))
    asked.say(lines)


def told(asked: Call, found: Size, reason: str) -> None:
    """An audience's numbers, each rate with its interval."""
    if reason:
        asked.say(asked.word("audience_none", reason=reason))
        return
    lines = table("", ">" + asked.word("value"), ">" + asked.word("interval"))
    share = f"{found.share:.1%}" if found.share is not None else ""
    lines.add_row(asked.word("audience_size"), f"{found.size:,}", share)
    for name in ("ctr", "cvr", "ctr_of_all", "cvr_of_all"):
        figure = getattr(found, name)
        lines.add_row(asked.word(f"audience_{name}"), *asked.estimated(figure, ".2%"))
    asked.say(lines)


def thresholds(asked: Call, found: Sizes) -> None:
    """What each threshold takes in, and how many of them touched such products."""
    if found.reason:
        asked.say(asked.word("audience_none", reason=found.reason))
        return
    asked.say(asked.word("audience_understood", products=" · ".join(found.products)), style="dim")
    heads = (">audience_threshold", ">audience_size", ">audience_share", ">audience_touched", "interval")
    lines = table(*(head(asked, name) for name in heads))
    for one in found.levels:
        few = f"< {asked.shop.settings.audiences.least}"
        share = "–" if one.share is None else f"{one.share:.1%}"
        count = few if one.size is None else f"{one.size:,}"
        lines.add_row(f"{one.threshold:g}", count, share, *asked.estimated(one.touched, ".0%"))
    lines.add_row("", asked.word("audience_all"), "", *asked.estimated(found.touched, ".0%"))
    asked.say(lines)


def sized(found: Size) -> dict[str, Any]:
    """The numbers for JSON."""
    rates = {name: bounds(getattr(found, name)) for name in ("ctr", "cvr", "ctr_of_all", "cvr_of_all")}
    return {"size": found.size, "share": found.share, **rates}


def level(one: Level) -> dict[str, Any]:
    """What one threshold takes in, for JSON."""
    return {**msgspec.to_builtins(one), "touched": bounds(one.touched)}


def document(found: Verdict | None) -> dict[str, Any] | None:
    """How good what was learned is, for JSON."""
    if found is None:
        return None
    figures = {name: bounds(figure) for name, figure in found.figures.items()}
    return {**msgspec.to_builtins(found), "figures": figures}


def standing(stands: Standing | None) -> dict[str, Any] | None:
    """How an audience stands, for JSON; null where it was never computed."""
    if stands is None:
        return None
    told = {"id": stands.id, "computed": stands.computed, "reason": stands.reason}
    return {**told, **sized(stands.size), "judged": document(stands.judged)}
