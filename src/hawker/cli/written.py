"""How written copy is shown: each variant part by part with its width, each objection with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from hawker.cli.call import Call, indented, table

if TYPE_CHECKING:
    from hawker.creative.studio_run import Run
    from hawker.records.draft import Objection
    from hawker.records.sheet import Sheet, Variant

_STANDINGS = {
    "fallen": "write_fallen",
    "waiting": "write_waiting",
    "approved": "write_approved_one",
    "refused": "write_refused",
}
_LISTED = 60
_TOLD = 8


def sheet(asked: Call, made: Sheet) -> None:
    """One product's variants: what passed, what did not and why."""
    head = {"product": made.brief.product.title, "kind": made.brief.kind, "writer": made.writer}
    asked.say(asked.word("write_for", **head), style="bold")
    approved = sum(one.standing == "approved" for one in made.variants)
    code = "write_approved" if approved else "write_accepted"
    asked.say(asked.word(code, passed=len(made.accepted), approved=approved, wanted=made.wanted))
    if made.reason:
        asked.say(asked.word(f"write_{made.reason}"), style="dim")
    for one in made.accepted:
        asked.say("")
        variant(asked, one, limits=made.brief.limits)
    if made.rejected:
        asked.say("")
        asked.say(asked.word("write_rejected", count=len(made.rejected)), style="bold")
    for one in made.rejected:
        asked.say("")
        variant(asked, one, limits=made.brief.limits)


def variant(asked: Call, one: Variant, *, limits: Mapping[str, int] | None = None) -> None:
    """One variant: its parts with their widths, and whatever is held against it."""
    from hawker.creative.layout import parts, width

    asked.say(
        f"{one.id}  {standing(asked, one.standing)}", style="cyan" if one.standing != "fallen" else "red"
    )
    if one.score is not None:
        asked.say(
            indented(asked.word("write_score", score=one.score, deviation=one.deviation or 0.0)), style="dim"
        )
    if one.mended:
        asked.say(indented(asked.word(f"write_mended_{one.mended}")), style="dim")
    lines = table(asked.word("write_part"), ">" + asked.word("write_width"), asked.word("write_text"))
    layout = parts(one.kind, limits or {})
    for part, texts in one.draft.parts.items():
        held = layout.get(part)
        for text in texts:
            lines.add_row(part, f"{width(text)}/{held.width}" if held else f"{width(text)}", text)
    if one.draft.parts:
        asked.say(indented(lines))
    for fault in one.objections:
        objection(asked, fault)


def objection(asked: Call, fault: Objection) -> None:
    """One objection: what, where, the clause, and what would mend it."""
    grave = int(fault.severity) == 2
    place = f" ({fault.part} {fault.line + 1})" if fault.part else ""
    asked.say(
        indented(f"{'✗' if grave else '!'} {fault.message or fault.reason}{place}"),
        style="red" if grave else "",
    )
    if fault.clause:
        asked.say(indented(asked.word("write_clause", clause=fault.clause), 5), style="dim")
    if fault.remedy:
        asked.say(indented(asked.word("write_remedy", remedy=fault.remedy), 5), style="dim")


def listed(asked: Call, found: Sequence[Variant]) -> None:
    """Many variants, a line each."""
    from hawker.creative.studio import headline

    heads = ("write_draft", "product", "write_kind", "write_standing", "write_first")
    lines = table(*(asked.word(head) for head in heads))
    for one in found[:_LISTED]:
        lines.add_row(one.id, one.product, one.kind, standing(asked, one.standing), headline(one.draft))
    asked.say(lines if found else asked.word("write_none"))
    if len(found) > _LISTED:
        asked.say(asked.word("more_findings", count=len(found) - _LISTED), style="dim")


def looked(asked: Call, one: Variant, *, told: str) -> None:
    """One variant with how it came about, and who decided what about it when."""
    variant(asked, one)
    by = {"writer": one.draft.writer, "version": one.draft.version, "seed": one.draft.seed, "id": one.id}
    asked.say("")
    asked.say(asked.word("write_by", **by), style="dim")
    for ruling in one.rulings:
        asked.say(
            asked.word(
                "write_ruled",
                time=datetime.fromtimestamp(ruling.time / 1e6, UTC).isoformat(" ", "seconds"),
                standing=standing(asked, ruling.standing),
                by=ruling.by,
                reason=ruling.reason,
            ).rstrip()
        )
    if told:
        asked.say("")
        asked.say(asked.word("write_prompt"), style="bold")
        asked.say(indented(told))


def ran(asked: Call, done: Run) -> None:
    """What came of many products."""
    from hawker.creative.studio_run import lasts
    from hawker.records.money import display

    figures = {name: getattr(done, name) for name in ("written", "skipped", "accepted", "fallen")}
    asked.say(asked.word("write_run", **figures))
    if done.approved:
        asked.say(asked.word("write_run_approved", approved=done.approved))
    if done.without:
        asked.say(asked.word("write_without", count=done.without))
    if done.spent.tokens_out:
        spent = {"tokens_in": done.spent.tokens_in, "tokens_out": done.spent.tokens_out}
        cost = display(done.spent.cost, asked.shop.settings.currency)
        asked.say(asked.word("write_spent", **spent, cost=cost, seconds=lasts(done.seconds)), style="dim")
    if done.stopped:
        asked.say(
            asked.word(f"write_stopped_{done.stopped}", left=done.left, wait=lasts(done.wait)), style="yellow"
        )
    if done.reasons:
        asked.say("")
        lines = table(asked.word("write_reasons"), ">" + asked.word("write_times"))
        for reason, count in done.reasons.most_common(_TOLD):
            lines.add_row(reason, f"{count:,}")
        asked.say(lines)


def standing(asked: Call, code: str) -> str:
    """How a variant stands, in the shop's language."""
    return asked.word(_STANDINGS[str(code)])


def document(done: Run) -> dict[str, Any]:
    """A run for JSON."""
    names = (
        "wanted",
        "written",
        "skipped",
        "accepted",
        "approved",
        "fallen",
        "without",
        "left",
        "stopped",
        "wait",
    )
    return {
        **{name: getattr(done, name) for name in names},
        "seconds": round(done.seconds, 2),
        "spent": msgspec.to_builtins(done.spent),
        "reasons": dict(done.reasons.most_common()),
    }


def records(found: Iterable[msgspec.Struct]) -> list[Any]:
    """Records for JSON."""
    return [msgspec.to_builtins(one) for one in found]
