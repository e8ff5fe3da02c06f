"""`hawker write`: copy for one product or all, held against the gate, shown once a person approved it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from hawker.cli import drafts, teaching, written
from hawker.cli.call import AsJson, Call, Quiet, Seed, call
from hawker.errors import BadInput, NotFound, nearest

if TYPE_CHECKING:
    from hawker.audience import Moment
    from hawker.creative.studio import Scorer
    from hawker.creative.studio_run import Order, Run
    from hawker.records.catalogue import Product
    from hawker.records.draft import Brief
    from hawker.server.briefing import Wanted
    from hawker.storage.control import Control

Only = Annotated[list[str] | None, typer.Option("--product", metavar="ID", help="These; else all.")]
Many = Annotated[int, typer.Option("-n", metavar="N", min=1, max=20, help="Variants for each product.")]
What = Annotated[str, typer.Option("--kind", metavar="KIND", help="native, banner, responsive_search, …")]
By = Annotated[
    str, typer.Option("--writer", metavar="NAME", help="extractive, adapted, local:NAME, openai:URL#MODEL.")
]
Language = Annotated[str, typer.Option("--language", metavar="en|zh", help="Else the product's own.")]
For = Annotated[str, typer.Option("--audience", metavar="ID", help="For whom: an audience, or words.")]
Where = Annotated[str, typer.Option("--placement", metavar="NAME", help="Where it will stand.")]
Narrow = Annotated[
    list[str] | None, typer.Option("--limit", metavar="PART=WIDTH", help="No wider than that, as title=20.")
]
Tone = Annotated[str, typer.Option("--tone", metavar="WORDS", help="How it sounds.")]
Voice = Annotated[list[str] | None, typer.Option("--voice", metavar="LINE", help="As the brand speaks.")]
Must = Annotated[list[str] | None, typer.Option("--keywords", metavar="WORD", help="Has to appear.")]
Avoid = Annotated[list[str] | None, typer.Option("--avoid", metavar="WORD", help="May not appear.")]
Law = Annotated[str, typer.Option("--jurisdiction", metavar="CN|EU|UK|US", help="Whose advertising law.")]
Campaign = Annotated[str, typer.Option("--campaign", metavar="ID", help="For the products of its ads.")]
Owner = Annotated[str, typer.Option("--advertiser", metavar="ID", help="On whose behalf.")]
Patience = Annotated[
    float, typer.Option("--patience", metavar="S", min=0, help="The longest wait for a busy writer, seconds.")
]
Approve = Annotated[bool, typer.Option("--approve", help="Answer for what the gate lets pass, unseen.")]


def group() -> typer.Typer:
    """`write`, with what can be done with what was written."""
    made = typer.Typer(invoke_without_command=True, callback=write)
    for name, verb in (
        ("list", drafts.listed),
        ("show", drafts.show),
        ("approve", drafts.approve),
        ("refuse", drafts.refuse),
        ("check", drafts.check),
    ):
        made.command(name)(verb)
    return made


def write(
    ctx: typer.Context,
    product: Only = None,
    n: Many = 4,
    kind: What = "native",
    writer: By = "",
    language: Language = "",
    audience: For = "",
    placement: Where = "",
    limit: Narrow = None,
    tone: Tone = "",
    voice: Voice = None,
    keywords: Must = None,
    avoid: Avoid = None,
    jurisdiction: Law = "",
    campaign: Campaign = "",
    advertiser: Owner = "",
    seed: Seed = 0,
    patience: Patience = 600.0,
    approve: Approve = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write copy for products; nothing is shown before the gate and a person let it pass.

    Run again, it goes on where it stopped: what is on record is not written twice.
    """
    if ctx.invoked_subcommand is not None:
        return
    wanted = _wanted(
        kind=kind,
        n=n,
        seed=seed,
        placement=placement,
        audience=audience,
        tone=tone,
        language=language,
        jurisdiction=jurisdiction.upper(),
        must=keywords or [],
        avoid=avoid or [],
        voice=voice or [],
        limits=_limits(limit or []),
        campaign=campaign,
        advertiser=advertiser,
    )
    asked = call(ctx, as_json=as_json, quiet=quiet)
    by = drafts.LOCAL if approve else ""
    _write(asked, product or [], wanted, writer=writer, patience=patience, approver=by)


def _wanted(**given: Any) -> Wanted:
    from hawker.records.draft import Kind
    from hawker.server.briefing import Wanted

    kinds = [str(kind) for kind in Kind]
    if given["kind"] not in kinds:
        raise BadInput(f"There is no kind '{given['kind'][:40]}'.", remedy=nearest(given["kind"], kinds))
    try:
        return msgspec.convert(given, Wanted)
    except msgspec.ValidationError as error:
        raise BadInput(f"{error}.", remedy="hawker write --help says what it takes.") from error


def _limits(told: list[str]) -> dict[str, int]:
    """`title=20` as a part and how wide it may be."""
    found: dict[str, int] = {}
    for one in told:
        part, _, width = one.partition("=")
        if not part.strip() or not width.strip().isdecimal():
            raise BadInput(f"'{one[:40]}' is no limit.", remedy="Name a part and its width, as title=20.")
        found[part.strip()] = int(width)
    return found


def _write(
    asked: Call, ids: list[str], wanted: Wanted, *, writer: str, patience: float, approver: str
) -> None:
    from hawker.creative import studio_run
    from hawker.server import gathering

    rules = asked.shop.settings.writer
    by = teaching.drafter(asked, writer or rules.model)
    with ExitStack() as opened, asked.progress() as tell:
        desk = drafts.desk(asked, opened)
        present = cache(lambda: gathering.moment(asked.shop, progress=tell))
        briefs, order = _order(asked, desk.control, ids, wanted, moment=present)
        order.progress = tell
        order.patience, order.approver = patience, approver
        order.score = _scorer(
            asked, desk.control, wanted, len(briefs), writer=writer or rules.model, moment=present
        )
        _foretold(asked, len(briefs), rules.requests_a_minute if by.name != "extractive" else 0, wanted.n)
        done = studio_run.run(by, briefs, desk, order=order)
        one = studio_run.named(by, briefs[0], order) if len(briefs) == 1 else ""
        made = [desk.drafts.sheet(one)] if one and desk.drafts.written([one]) else []
    asked.answer({**written.document(done), "sheets": written.records(made)})
    if made and not done.written:
        asked.say(asked.word("write_before"), style="dim")
    for sheet in made:
        written.sheet(asked, sheet)
    if not made:
        written.ran(asked, done)
    _then(asked, done, made[0].accepted[0].id if made and made[0].accepted else "")


def _order(
    asked: Call, control: Control, ids: list[str], wanted: Wanted, *, moment: Callable[[], Moment]
) -> tuple[list[Brief], Order]:
    """A brief for each product that is meant, and how they are written for."""
    from hawker.creative.studio_run import Order
    from hawker.server import briefing

    advertiser, campaign = briefing.behalf(control, wanted)
    products = _products(asked, ids) or briefing.products(
        asked.shop, control, advertiser=advertiser, campaign=campaign
    )
    if not products:
        raise BadInput(
            "There is nothing to write for.", remedy="hawker ingest catalogue FILE brings products."
        )
    briefs = briefing.briefs(
        asked.shop,
        control,
        products,
        wanted,
        moment=moment,
    )
    order = Order(
        n=wanted.n,
        seed=wanted.seed,
        time=time.time_ns() // 1000,
        by=drafts.LOCAL,
        advertiser=advertiser,
        campaign=campaign,
        reader=asked.language,
    )
    return briefs, order


def _scorer(
    asked: Call, control: Control, wanted: Wanted, products: int, *, writer: str, moment: Callable[[], Moment]
) -> Scorer:
    """What drafts are put in order by: the click prior, and what is known of the audience that is named."""
    from hawker.creative import prior_signs
    from hawker.server import briefing

    number, interest = products * wanted.n, None
    if wanted.audience and number <= prior_signs.FEW:
        interest = briefing.interest(control, wanted, moment=moment)
    return prior_signs.scorer(asked.shop, number, interest=interest, model=writer)


def _products(asked: Call, ids: list[str]) -> list[Product]:
    """The products that are named; raises `NotFound` for one that the catalogue does not have."""
    catalogue = asked.shop.catalogue
    for name in ids:
        if name not in catalogue:
            raise NotFound(
                f"The catalogue has no product '{name[:80]}'.", remedy=nearest(name, list(catalogue))
            )
    return [catalogue[name] for name in dict.fromkeys(ids)]


def _foretold(asked: Call, products: int, rate: int, n: int) -> None:
    """How long it will take at the rate that the writer's server allows, where that is minutes."""
    from hawker.creative.studio_run import lasts

    seconds = products * n / rate * 60 if rate else 0.0
    if seconds > 60:
        asked.say(asked.word("write_limit", rate=rate, time=lasts(seconds)), style="dim")


def _then(asked: Call, done: Run, one: str) -> None:
    if done.stopped:
        return
    if done.approved:
        asked.then("serve")
    elif one:
        asked.then("write", "approve", one)
    elif done.accepted or done.skipped:
        asked.then("write", "list", "--standing", "waiting")
    else:
        asked.then("write", "list", "--standing", "fallen")
