"""How the traffic behaved, laid out: what came, what was marked, by which rules."""

from __future__ import annotations

from hawker.measurement import page
from hawker.measurement.filtered import Filtered
from hawker.measurement.page import Column, Figure, Look, Table
from hawker.measurement.words import kind, rule, word


def conduct(traffic: Filtered, language: str) -> list[Table]:
    """Counts before the filter and what it took, by kind; then the rules that were broken, if any were."""
    columns = (
        Column("label", "", Look.TEXT),
        Column("received", word("received", language), Look.BAR),
        Column("invalid", word("invalid", language)),
        Column("invalid_share", word("invalid_share", language), Look.INTERVAL),
    )
    nothing = Figure(page.NOTHING)
    rows = [
        (page.text(kind(one.kind, language)), page.count(one.received), page.count(one.invalid), nothing)
        for one in traffic.kinds
    ]
    share = page.estimate(traffic.share, language, times=False)
    label = page.text(word("all_ad_events", language))
    rows.append((label, page.count(traffic.received), page.count(traffic.invalid), share))
    made = [Table("traffic", word("traffic", language), columns, tuple(rows))]
    if traffic.rules:
        listed = tuple((page.text(rule(one.rule, language)), page.count(one.count)) for one in traffic.rules)
        heads = (
            Column("label", word("rule", language), Look.TEXT),
            Column("count", word("count", language), Look.BAR),
        )
        made.append(Table("rules", f"{word('traffic', language)} · {word('rule', language)}", heads, listed))
    return made
