"""`hawker explain`: why these ads were shown, what the model goes by, or what is known of a shopper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hawker.cli import portrait, telling
from hawker.cli.call import AsJson, Call, Quiet, call, indented, table
from hawker.cli.portrait import moment
from hawker.errors import BadInput, NotFound

if TYPE_CHECKING:
    from hawker.explain import Explanation
    from hawker.features.profile import Profile
    from hawker.storage.shop import Shop

MOST, FEATURES = 500, 15
Which = Annotated[str, typer.Argument(metavar="[DECISION]", help="Its id; else the newest.")]
Who = Annotated[str, typer.Option("--shopper", metavar="ID", help="The profile of a shopper instead.")]
Told = Annotated[bool, typer.Option("--story", help="With --shopper: what they did, as a text.")]
Stories = Annotated[
    str, typer.Option("--stories", metavar="FILE", help="All shoppers' stories, as JSON lines.")
]
Map = Annotated[
    str, typer.Option("--map", metavar="FILE", help="The products on a map; --shopper's interests.")
]
Whole = Annotated[bool, typer.Option("--global", help="What the model goes by, over the newest decisions.")]
Language = Annotated[str, typer.Option("--language", metavar="en|zh", help="Else the shop's own.")]


def explain(
    ctx: typer.Context,
    decision: Which = "",
    shopper: Who = "",
    story: Told = False,
    stories: Stories = "",
    chart: Map = "",
    whole: Whole = False,
    language: Language = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say why ads were shown, at what price and chance; what the model goes by; or what shoppers did."""
    if bool(decision) + bool(shopper or chart) + bool(stories) + whole > 1:
        raise BadInput(
            "A decision, --shopper, --stories and --global exclude each other.", remedy="Give one of them."
        )
    if story and not shopper:
        raise BadInput("--story needs a shopper.", remedy="Give --shopper ID, or --stories FILE for all.")
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    if language:
        asked.__dict__["language"] = language
    if chart:
        telling.landscape(asked, Path(chart), shopper)
        return
    if story:
        telling.story(asked, shopper)
        return
    if stories:
        telling.stories(asked, Path(stories))
        return
    if shopper:
        found = _profile(asked, shop, shopper)
        asked.answer(msgspec.to_builtins(found))
        portrait.show(asked, found)
        asked.then("report", "--by", "segment")
        return
    if whole:
        _overall(asked, shop)
        return
    told = _decision(asked, shop, decision)
    asked.answer(msgspec.to_builtins(told))
    _show_decision(asked, told)
    asked.then("replay")


def _overall(asked: Call, shop: Shop) -> None:
    """What the model goes by, reason by reason and feature by feature."""
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.cli.replay import newest
        from hawker.explain.overall import overall

        found = overall(shop, reversed(newest(shop, MOST)), language=asked.language)
    asked.answer(msgspec.to_builtins(found))
    told = {name: getattr(found, name) for name in ("version", "ads", "decisions", "shoppers", "method")}
    asked.say(asked.word("overall", **told))
    for heading, weights in (("by_reason", found.reasons), ("by_feature", found.features[:FEATURES])):
        lines = table(asked.word(heading), ">" + asked.word("mean_part"), asked.word("interval"))
        for one in weights:
            lines.add_row(one.text, *asked.estimated(one.size, ".4f"))
        asked.say("")
        asked.say(lines)
    asked.then("explain")


def _decision(asked: Call, shop: Shop, name: str) -> Explanation:
    """The explanation of a decision; of the newest where none is named."""
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.cli.replay import newest
        from hawker.explain import explain as account_for

        if name:
            return account_for(shop, name, language=asked.language)
        last = newest(shop, 1)
        if not last:
            raise NotFound(
                "This shop has decided nothing yet.",
                remedy="Ask it: hawker serve --get '/v1/decide?placement=home'",
            )
        return account_for(shop, last[0], language=asked.language)


def _show_decision(asked: Call, told: Explanation) -> None:
    offset = asked.shop.settings.utc_offset_minutes
    asked.say(asked.word("decided", id=told.decision, time=moment(told.time, offset), place=told.placement))
    asked.say(told.path_text, style="dim")
    for ad in told.ads:
        asked.say("")
        asked.say(f"{ad.slot + 1}  {ad.headline}  ({ad.label})", style="bold")
        for line in (ad.statement, ad.why, ad.price):
            asked.say(indented(line))
        odds = asked.word("odds", propensity=ad.propensity, probability=ad.probability, outcome=told.outcome)
        asked.say(indented(odds), style="dim")
    if told.fallback_text:
        asked.say(told.fallback_text)
    asked.say("")
    asked.say(asked.word("considered", considered=told.considered, eligible=told.eligible), style="dim")
    if told.left_out:
        lines = table(">" + asked.word("left_out"), asked.word("left_out_why"))
        for one in told.left_out:
            lines.add_row(f"{one.count:,}", one.text)
        asked.say(lines)
    asked.say(_again(asked, told), style="dim")
    choices = table("", "")
    choices.show_header = False
    for choice in told.choices:
        choices.add_row("·", choice)
    asked.say(choices, style="dim")


def _again(asked: Call, told: Explanation) -> str:
    if told.reproduced is None:
        return asked.word("not_again", reason=told.reproduction.reason)
    if told.reproduced:
        return asked.word("again")
    return asked.word("differently", what=", ".join(told.reproduction.differences))


def _profile(asked: Call, shop: Shop, shopper: str) -> Profile:
    """What the folds say of a shopper now, on everything in the log."""
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        from hawker.delivery import restore
        from hawker.delivery.engine import clock
        from hawker.features import story
        from hawker.features.interest_words import Background, Terms
        from hawker.features.profile import profile
        from hawker.privacy.people import unprofiled
        from hawker.privacy.pseudonym import Naming

        state, waiting = restore.state(shop)
        state.fold(waiting)
        now = max(clock(shop.settings.clock)(), state.watermark)
        state.advance(now)
        tell(asked.word("words_of"), 0.8)
        name = Naming(shop).of(shopper)
        silent = name in unprofiled(shop)
        terms = Terms(shop.catalogue, language=asked.language)
        known = None if silent else Background(state, terms, asked=story.asked(shop))
        asked_for = [] if silent else story.searches(shop, shopper)
        return profile(state, name, now=now, background=known, searches=asked_for)
