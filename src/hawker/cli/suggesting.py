"""`hawker audience suggest`: which audience a campaign should choose, and why."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, Seed, call, table
from hawker.errors import NotFound, nearest

if TYPE_CHECKING:
    from hawker.audience.candidates import Candidate
    from hawker.audience.suggest import Suggestion

SHOWN = 8
"""Audiences that are listed, the best first."""
Which = Annotated[str, typer.Option("--campaign", metavar="ID", help="The campaign that is to choose.")]


def suggest(
    ctx: typer.Context, campaign: Which, seed: Seed = 7, as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Suggest an audience for a campaign: what each is expected to sell, less what that costs."""
    from hawker.audience.advice import advice, called
    from hawker.audience.proposal import propose
    from hawker.server import gathering
    from hawker.storage.control import Control

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with closing(Control(asked.shop.control)) as control:
        campaigns = {one.id: one for one in control.campaigns()}
        if campaign not in campaigns:
            remedy = nearest(campaign, list(campaigns)) if campaigns else ""
            raise NotFound(f"There is no campaign '{campaign[:80]}'.", remedy=remedy)
        products = {ad.product for ad in control.ads() if ad.campaign == campaign and ad.active}
        held = control.audiences()
    chosen = campaigns[campaign]
    with asked.progress() as tell:
        moment = gathering.moment(asked.shop, progress=tell)
        found = propose(moment, chosen, products, held=held, seed=seed)
    told = found.suggestion
    asked.answer(
        {
            **msgspec.to_builtins(told),
            "proposed": [msgspec.to_builtins(one) for one in found.proposed],
            "no_buyers": found.no_buyers,
        }
    )
    names = called(found.among, asked.language)
    currency = chosen.currency or asked.shop.settings.currency
    for place, line in enumerate(advice(told, language=asked.language, names=names, currency=currency)):
        asked.say(line, style="" if place else "bold")
    if found.no_buyers:
        asked.say(asked.word("suggest_no_buyers", reason=found.no_buyers), style="dim")
    if told.choices:
        asked.say(_listed(asked, told, names))
    _next(asked, told, found.among)


def _listed(asked: Call, told: Suggestion, names: dict[str, str]) -> Any:
    heads = ("audience_id", ">audience_size", ">suggest_rate", ">suggest_lift", ">suggest_net", ">interval")
    lines = table(*(">" * head.startswith(">") + asked.word(head.lstrip(">")) for head in heads))
    for one in told.choices[:SHOWN]:
        rate, _ = asked.estimated(one.rate, ".2%")
        lift, _ = asked.estimated(one.lift, "+.0%")
        net, interval = asked.estimated(one.net, ",.2f")
        name = names.get(one.audience, asked.word("audience_all"))
        lines.add_row(name, f"{one.members:,}", rate, lift if one.audience else "", net, interval)
    return lines


def _next(asked: Call, told: Suggestion, found: dict[str, Candidate]) -> None:
    best = found.get(told.best.audience) if told.best else None
    if best is not None and best.proposed and best.audience is not None:
        made = best.audience
        asked.then("audience", "create", made.id, "--buys", made.category, "--share", str(made.share))
    else:
        asked.then("audience", "list")
