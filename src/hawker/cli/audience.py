"""`hawker audience`: who belongs to which audience, before and after it is kept."""

from __future__ import annotations

import csv
import json
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hawker.cli import sizing, suggesting
from hawker.cli.call import AsJson, Call, Quiet, call, table
from hawker.errors import BadInput, Conflict, NotFound, UnreadableFile, nearest

if TYPE_CHECKING:
    from hawker.audience import Moment
    from hawker.audience.rules import Expression
    from hawker.audience.size import Size
    from hawker.records.audience import Audience
    from hawker.records.campaign import AdGroup, Campaign
    from hawker.storage.control import Control

Name = Annotated[str, typer.Argument(metavar="ID", help="The audience's id.")]
Rule = Annotated[str, typer.Option("--rule", metavar="RULE", help="Whoever an expression takes in.")]
Text = Annotated[str, typer.Option("--text", metavar="TEXT", help="Whose interests are near to a text.")]
Like = Annotated[str, typer.Option("--like", metavar="ID", help="Whoever is like another audience.")]
Buys = Annotated[str, typer.Option("--buys", metavar="CATEGORY", help="Likely to buy there soon.")]
Lapses = Annotated[bool, typer.Option("--lapses", help="Likely to stay away.")]
Least = Annotated[float | None, typer.Option("--threshold", help="The least score that belongs.")]
Share = Annotated[float | None, typer.Option("--share", help="The best share of the shoppers, instead.")]
Days = Annotated[int, typer.Option("--days", help="How far a forecast looks ahead.")]
Title = Annotated[str, typer.Option("--name", help="What people call it.")]
For = Annotated[str, typer.Option("--advertiser", metavar="ID", help="Whose it is; else the shop's.")]
Shared = Annotated[bool, typer.Option("--shared", help="Every advertiser may aim at it.")]
Column = Annotated[str, typer.Option("--column", help="Which column of a CSV file holds the ids.")]
Add = Annotated[bool, typer.Option("--add", help="Beside who is on the list, not in their place.")]
_COLUMNS = ("shopper", "shopper_id", "user", "user_id", "customer", "customer_id", "id")


def group() -> typer.Typer:
    """`audience` with what can be done with audiences."""
    made = typer.Typer(no_args_is_help=True, help="Who belongs to which audience.")
    for name, verb in (
        ("list", listed),
        ("fields", fields),
        ("preview", preview),
        ("create", create),
        ("upload", upload),
        ("size", size),
        ("overlap", overlap),
        ("suggest", suggesting.suggest),
        ("refresh", refresh),
        ("remove", remove),
    ):
        made.command(name)(verb)
    return made


def listed(ctx: typer.Context, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """List the audiences, as they stood when they were last computed."""
    from hawker import audience
    from hawker.audience import members

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with _control(asked) as control:
        audience.adopt(asked.shop, control)
        held = control.audiences()
    standing, there = audience.standings(asked.shop), members.sizes(asked.shop)
    found = [{**msgspec.to_builtins(one), "standing": sizing.standing(standing.get(one.id))} for one in held]
    asked.answer({"audiences": found})
    if not held:
        asked.say(asked.word("no_audiences"))
        asked.then("audience", "create", "often-here", "--rule", "visits_30d >= 3")
        return
    heads = ("audience_id", "audience_kind", ">audience_size", ">audience_ctr", "audience_what")
    lines = table(*(sizing.head(asked, head) for head in (*heads, "audience_judged")))
    for one in held:
        stands = standing.get(one.id)
        reason = stands.reason if stands else asked.word("audience_never")
        numbers = sizing.numbers(asked, stands.size) if stands else (sizing.count(asked, there, one), "–")
        what = f"{sizing.what(asked, one)}" + (f" ({reason})" if reason else "")
        good = sizing.verdict(asked, stands)
        lines.add_row(one.id, asked.word(f"audience_{one.kind}"), *numbers, what, good)
    asked.say(lines)
    asked.then("audience", "refresh")


def fields(ctx: typer.Context, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """List what a rule may ask about."""
    from hawker.audience.choices import fields as choices
    from hawker.server import gathering

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with asked.progress() as tell:
        moment = gathering.moment(asked.shop, progress=tell)
    found = choices(moment, language=asked.language, lists=list(moment.lists))
    asked.answer({"fields": [msgspec.to_builtins(one) for one in found]})
    lines = table(*(sizing.head(asked, head) for head in ("field", "audience_what", "example")))
    for one in found:
        lines.add_row(one.name, one.words + (f" ({one.unit})" if one.unit else ""), one.example)
    asked.say(lines)
    asked.then("audience", "preview", "--rule", "visits_30d >= 3")


def preview(
    ctx: typer.Context, rule: Rule = "", text: Text = "", as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Say how many shoppers a rule or a text would take in; nothing is kept."""
    from hawker.audience import rules, semantic
    from hawker.server import gathering

    asked = call(ctx, as_json=as_json, quiet=quiet)
    if bool(rule) == bool(text):
        raise BadInput("Give --rule or --text.", remedy="hawker audience fields lists what a rule asks.")
    read = rules.parse(rule) if rule else None
    with asked.progress() as tell:
        moment = gathering.moment(asked.shop, progress=tell)
        if read is None:
            found = semantic.sizes(moment, text)
        else:
            measured, reason = _measured(moment, read)
    if read is None:
        asked.answer({**msgspec.to_builtins(found), "levels": [sizing.level(one) for one in found.levels]})
        sizing.thresholds(asked, found)
        middle = found.levels[len(found.levels) // 2].threshold if found.levels else 0.5
        asked.then("audience", "create", "ID", "--text", text, "--threshold", f"{middle:g}")
        return
    words = rules.describe(read, asked.language)
    asked.answer({"rule": rules.text(read), "words": words, "reason": reason, **sizing.sized(measured)})
    asked.say(words, style="bold")
    sizing.told(asked, measured, reason)
    asked.then("audience", "create", "ID", "--rule", rules.text(read))


def create(
    ctx: typer.Context,
    audience: Name,
    rule: Rule = "",
    text: Text = "",
    like: Like = "",
    buys: Buys = "",
    lapses: Lapses = False,
    threshold: Least = None,
    share: Share = None,
    days: Days = 7,
    name: Title = "",
    advertiser: For = "",
    shared: Shared = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make an audience, or replace it, and compute who belongs to it."""
    from hawker.audience import rules
    from hawker.records.audience import Audience, Kind, Outcome
    from hawker.server import gathering

    asked = call(ctx, as_json=as_json, quiet=quiet)
    given = [bool(rule), bool(text), bool(like), bool(buys) or lapses]
    if sum(given) != 1 or (buys and lapses):
        raise BadInput(
            "Give one of --rule, --text, --like, --buys and --lapses.",
            remedy="A list of ids is made by hawker audience upload ID FILE.",
        )
    if rule:
        rules.parse(rule)
    kinds = (Kind.RULES, Kind.SEMANTIC, Kind.LOOKALIKE, Kind.PREDICTED)
    made = Audience(
        audience,
        kinds[given.index(True)],
        name=name,
        advertiser=advertiser,
        shared=shared,
        rule=rule,
        text=text,
        seed=like,
        outcome=Outcome.LAPSES if lapses else Outcome.BUYS,
        category=buys,
        days=days,
        threshold=threshold,
        share=share,
    )
    with _control(asked) as control:
        if like:
            _known(control, like)
        control.put([made], by="local")
    with asked.progress() as tell:
        found = gathering.refreshed(asked.shop, only=[audience], progress=tell)
    stands = found.audiences[0]
    asked.answer({**msgspec.to_builtins(made), "standing": sizing.standing(stands)})
    asked.say(sizing.what(asked, made), style="bold")
    sizing.told(asked, stands.size, stands.reason)
    sizing.judged(asked, stands.judged)
    asked.then("audience", "list")


def upload(
    ctx: typer.Context,
    audience: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ids, one a line; CSV; or JSON.")],
    column: Column = "",
    add: Add = False,
    name: Title = "",
    advertiser: For = "",
    shared: Shared = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Put the shoppers of a file on a list, by the shop's own ids; a new list is made."""
    from hawker.audience import members
    from hawker.records.audience import Audience, Kind
    from hawker.server import gathering

    asked = call(ctx, as_json=as_json, quiet=quiet)
    ids = _ids(file, column)
    with _control(asked) as control:
        before = control.get("audience", audience)
        if before is not None and getattr(before, "kind", None) is not Kind.LIST:
            raise Conflict(f"'{audience}' is no uploaded list.", remedy="Choose another id.")
        made = Audience(audience, Kind.LIST, name=name, advertiser=advertiser, shared=shared)
        control.put([before or made], by="local")
    count = members.upload(asked.shop, audience, ids, add=add)
    with asked.progress() as tell:
        found = gathering.refreshed(asked.shop, only=[audience], progress=tell)
    stands = found.audiences[0]
    asked.answer({"audience": audience, "given": count, "standing": sizing.standing(stands)})
    asked.say(asked.word("audience_given", count=count))
    sizing.told(asked, stands.size, stands.reason)
    asked.then("audience", "size", audience)


def size(ctx: typer.Context, audience: Name, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Say how large an audience is now, and how its members have answered ads."""
    from hawker.audience import size as sizes
    from hawker.audience import standings
    from hawker.audience.refresh import listed as codes
    from hawker.server import gathering

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with _control(asked) as control:
        one = _known(control, audience)
    with asked.progress() as tell:
        moment = gathering.moment(asked.shop, progress=tell)
        found = sizes.measured(moment, codes(moment, audience), sizes.answers(moment))
    stands = standings(asked.shop).get(audience)
    judged = stands.judged if stands else None
    told = {"audience": audience, "reason": found.reason, **sizing.sized(found)}
    asked.answer({**told, "judged": sizing.document(judged)})
    asked.say(sizing.what(asked, one), style="bold")
    sizing.told(asked, found, found.reason)
    sizing.judged(asked, judged)
    asked.then("audience", "list")


def overlap(
    ctx: typer.Context,
    audiences: Annotated[list[str], typer.Argument(metavar="ID…", help="Two audiences or more.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say how audiences overlap."""
    from hawker.audience import size as sizes
    from hawker.audience.refresh import listed as codes
    from hawker.server import gathering

    asked = call(ctx, as_json=as_json, quiet=quiet)
    if len(set(audiences)) < 2:
        raise BadInput("Name two audiences or more.", remedy="hawker audience list shows them.")
    with _control(asked) as control:
        for name in audiences:
            _known(control, name)
    with asked.progress() as tell:
        moment = gathering.moment(asked.shop, progress=tell)
        found = sizes.overlap(moment, {name: codes(moment, name) for name in audiences})
    asked.answer(msgspec.to_builtins(found))
    few = asked.word("audience_few", least=asked.shop.settings.audiences.least)
    lines = table("", "", ">" + asked.word("audience_both"), ">", ">")
    for pair in found.pairs:
        shares = [f"{part:.0%}" if part is not None else "–" for part in (pair.of_first, pair.of_second)]
        lines.add_row(pair.first, pair.second, few if pair.both is None else f"{pair.both:,}", *shares)
    asked.say(lines)
    asked.then("audience", "list")


def refresh(
    ctx: typer.Context,
    audiences: Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="These alone.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compute audiences anew from the folds and the log; a running server takes them over."""
    from hawker.server import gathering

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with _control(asked) as control:
        for name in audiences or ():
            _known(control, name)
    with asked.progress() as tell:
        found = gathering.refreshed(asked.shop, only=audiences or None, progress=tell)
    asked.answer({"changed": found.changed, "audiences": [sizing.standing(one) for one in found.audiences]})
    heads = ("audience_id", ">audience_size", ">audience_ctr", "audience_judged", "")
    lines = table(*(sizing.head(asked, head) for head in heads))
    for one in found.audiences:
        lines.add_row(one.id, *sizing.numbers(asked, one.size), sizing.verdict(asked, one), one.reason)
    asked.say(lines if found.audiences else asked.word("no_audiences"))
    asked.then("serve")


def remove(ctx: typer.Context, audience: Name, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Remove an audience and who is on it; not while a campaign or another audience names it."""
    from hawker.audience import unsettle

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with _control(asked) as control:
        _known(control, audience)
        orders: list[Campaign | AdGroup] = [*control.campaigns(), *control.groups()]
        users = [one.id for one in orders if _aims(one, audience)]
        users += [one.id for one in control.audiences() if one.seed == audience]
        if users:
            raise Conflict(f"'{audience}' is named by '{users[0]}'.", remedy="Change that first.")
        control.remove("audience", [audience], by="local")
    unsettle(asked.shop, [audience])
    asked.answer({"removed": audience})
    asked.say(asked.word("audience_removed", audience=audience))
    asked.then("audience", "list")


def _control(asked: Call) -> AbstractContextManager[Control]:
    from hawker.storage.control import Control

    return closing(Control(asked.shop.control))


def _known(control: Control, name: str) -> Audience:
    held = {one.id: one for one in control.audiences()}
    if name not in held:
        remedy = nearest(name, list(held)) if held else "Make one: hawker audience create"
        raise NotFound(f"There is no audience '{name[:80]}'.", remedy=remedy)
    return held[name]


def _aims(order: Campaign | AdGroup, name: str) -> bool:
    return name in order.targeting.audiences or name in order.targeting.not_audiences


def _measured(moment: Moment, rule: Expression) -> tuple[Size, str]:
    import numpy as np

    from hawker.audience import semantic
    from hawker.audience import size as sizes
    from hawker.audience.rules.evaluate import taken

    outcome = taken({"": rule}, moment, nearness=lambda text: semantic.nearness(moment, text, keep=False))[""]
    codes = np.flatnonzero(outcome.members).astype(np.int32)
    found = sizes.measured(moment, codes, sizes.answers(moment))
    return found, outcome.reason or found.reason


def _ids(file: Path, column: str) -> list[str]:
    """The ids in a file: JSON, CSV with a heading, or one a line."""
    try:
        text = file.read_text("utf-8-sig")
        if text.lstrip().startswith(("[", "{")):
            held = json.loads(text)
            return [str(one) for one in (held["shoppers"] if isinstance(held, dict) else held)]
        rows = list(csv.reader(text.splitlines()))
    except (ValueError, KeyError, UnicodeError, csv.Error) as error:
        raise UnreadableFile(f"'{file}' is no list of ids: {error}.", remedy="Give one id a line.") from error
    except OSError as error:
        raise UnreadableFile(f"'{file}' cannot be read: {error.strerror}.") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    if column and column.lower() not in head:
        raise BadInput(f"'{file}' has no column '{column}'.", remedy=nearest(column, head) if head else "")
    named = column.lower() or next((name for name in _COLUMNS if name in head), "")
    place = head.index(named) if named else 0
    return [row[place] for row in (rows[1:] if named else rows) if len(row) > place and row[place].strip()]
