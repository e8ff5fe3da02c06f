"""`hawker write list`, `show`, `approve`, `refuse`, `check`: what was written, and who lets it be shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hawker.cli import written
from hawker.cli.call import AsJson, Call, Progress, Quiet, call
from hawker.errors import BadInput, nearest

if TYPE_CHECKING:
    from hawker.creative.desk import Desk
    from hawker.records.catalogue import Product
    from hawker.records.sheet import Variant

FEW = 10
LOCAL = "local"
"""By whom what is decided at the command line was decided: the shop."""
Which = Annotated[str, typer.Argument(metavar="DRAFT", help="Its id, as hawker write list shows it.")]
These = Annotated[list[str], typer.Argument(metavar="DRAFT…", help="Ids, as hawker write list shows them.")]
Standing = Annotated[
    str, typer.Option("--standing", metavar="S", help="waiting, approved, refused or fallen.")
]
Only = Annotated[str, typer.Option("--product", metavar="ID", help="Of this product.")]
Owner = Annotated[str, typer.Option("--advertiser", metavar="ID", help="Of this advertiser.")]
Most = Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many to list.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


As = Annotated[str, typer.Option("--as", metavar="html|native|plain", help="Only how it would look.")]
_FORMS = ("html", "native", "plain")


def desk(asked: Call, opened: ExitStack) -> Desk:
    """Where the shop's drafts are decided about, closed with `opened`."""
    from hawker.server import briefing
    from hawker.storage.control import Control
    from hawker.storage.drafts import Drafts

    control = opened.enter_context(closing(Control(asked.shop.control)))
    drafts = opened.enter_context(closing(Drafts(asked.shop.control)))
    return briefing.desk(asked.shop, control, drafts)


def listed(
    ctx: typer.Context,
    standing: Standing = "",
    product: Only = "",
    advertiser: Owner = "",
    most: Most = 50,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List what was written, and how much of it stands where."""
    from hawker.records.sheet import Standing

    known = [str(one) for one in Standing]
    if standing and standing not in known:
        raise BadInput(f"There is no standing '{standing[:40]}'.", remedy=nearest(standing, known))
    asked = call(ctx, as_json=as_json, quiet=quiet)
    given = {"standing": standing, "product": product, "advertiser": advertiser}
    narrowed = {name: value for name, value in given.items() if value}
    with ExitStack() as opened:
        held = desk(asked, opened).drafts
        found, counts = held.page(narrowed, limit=most), held.counts(**narrowed)
    asked.answer({"counts": counts, "drafts": written.records(found)})
    written.listed(asked, found)
    asked.say("")
    asked.say(asked.word("write_counts", **{str(name): count for name, count in counts.items()}), style="dim")
    if found:
        asked.then("write", "show", found[0].id)


def show(
    ctx: typer.Context, draft: Which, as_: As = "", as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Show one draft with all there is on record: brief, prompt, seed, findings, who decided.

    With --as, only how it would look: a piece of a page, the assets of a native ad, or plain text.
    """
    asked = call(ctx, as_json=as_json, quiet=quiet)
    with ExitStack() as opened:
        held = desk(asked, opened).drafts
        one = held.get(draft)
        sheet = msgspec.structs.replace(held.sheet(one.sheet), variants=())
        told = held.prompt(one.draft.prompt) if one.draft.prompt else ""
    if as_:
        typer.echo(_rendered(one, sheet.brief.product, as_))
        return
    asked.answer({**msgspec.to_builtins(one), "written": msgspec.to_builtins(sheet), "prompt": told})
    asked.say(sheet.brief.product.title, style="bold")
    written.looked(asked, one, told=told)
    if one.standing == "waiting":
        asked.then("write", "approve", one.id)


def _rendered(variant: Variant, product: Product, form: str) -> str:
    from hawker.creative import desk, render

    if form not in _FORMS:
        raise BadInput(f"There is no form '{form[:40]}'.", remedy=nearest(form, list(_FORMS)))
    ad = desk.shown(variant, product)
    if ad is None:
        raise BadInput(
            f"A draft of the kind '{variant.kind}' does not stand on the shop's pages.",
            remedy="Take it as JSON: --json",
        )
    language = variant.draft.language
    if form == "html":
        return render.html(ad, product=product, language=language)
    if form == "plain":
        return render.plain(ad, product=product, language=language)
    return render.native(ad, product=product, language=language).decode()


def approve(
    ctx: typer.Context, drafts: These, reason: Why = "", as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Let drafts be shown: the gate looks once more, at the products as they are now."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    _rule(asked, drafts, lambda held: partial(held.approve, reason=reason))
    asked.then("serve")


def refuse(
    ctx: typer.Context, drafts: These, reason: Why = "", as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Keep drafts from being shown, and say why (--reason); what was approved is taken down."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    _rule(asked, drafts, lambda held: partial(held.refuse, reason=reason))
    asked.then("write", "list", "--standing", "waiting")


def check(ctx: typer.Context, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Hold all approved copy against the gate and the catalogue as they are now; take down what fails."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    with ExitStack() as opened, asked.progress() as tell:
        tell(asked.word("write_checking"), 0.0)
        now = time.time_ns() // 1000
        taken = desk(asked, opened).stale(by=LOCAL, time=now, reader=asked.language)
    asked.answer({"taken": written.records(taken)})
    asked.say(asked.word("write_stale", count=len(taken)) if taken else asked.word("write_fresh"))
    for one in taken:
        asked.say("")
        written.looked(asked, one, told="")
    asked.then("write", "list", "--standing", "refused" if taken else "approved")


def proofread(asked: Call, tell: Progress) -> list[Variant]:
    """Hold approved copy against the gate where the catalogue has just changed; what was taken down."""
    place = asked.shop.control
    if isinstance(place, Path) and not place.is_file():
        return []
    from hawker.storage.drafts import Drafts
    from hawker.storage.shop import Shop

    with closing(Drafts(place)) as held:
        if not held.page({"standing": "approved"}, limit=1):
            return []
    from hawker.creative import proofing

    tell(asked.word("write_checking"), 0.95)
    return proofing.proofread(Shop(asked.shop.folder))


def taken(asked: Call, found: list[Variant]) -> None:
    """What is no longer true and was taken down, each with its reason; nothing where all holds."""
    if found:
        asked.say("")
        asked.say(asked.word("write_stale", count=len(found)), style="yellow")
    for one in found[:FEW]:
        asked.say(f"  {one.id}  {one.product}: {one.rulings[-1].reason}", style="dim")
    if len(found) > FEW:
        asked.say(asked.word("more_findings", count=len(found) - FEW), style="dim")


def _rule(asked: Call, drafts: list[str], how: Callable[[Desk], Callable[..., Variant]]) -> None:
    """Decide about drafts, each once, and say what became of them."""
    with ExitStack() as opened:
        decide, now = how(desk(asked, opened)), time.time_ns() // 1000
        done = [decide(one, by=LOCAL, time=now) for one in dict.fromkeys(drafts)]
    asked.answer({"drafts": written.records(done)})
    by = {str(one.standing) for one in done}
    for code in sorted(by):
        told = [one for one in done if one.standing == code]
        asked.say(asked.word("write_decided", count=len(told), standing=written.standing(asked, code)))
