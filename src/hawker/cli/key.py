"""`hawker key`: who may call the API; a key is told once, when it is made, and can be revoked."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table
from hawker.errors import BadRecord, NotFound, nearest
from hawker.records.key import Key, Role

if TYPE_CHECKING:
    from hawker.storage.keys import Keys

RoleName = Annotated[
    str, typer.Option("--role", metavar="ROLE", help="shop, advertiser, reader, or page for browsers.")
]
Name = Annotated[str, typer.Option("--name", help="What the list calls it.")]
For = Annotated[str, typer.Option("--advertiser", metavar="ID", help="Whose things its holder sees.")]
Origins = Annotated[
    list[str] | None,
    typer.Option("--origin", metavar="URL", help="Pages that may use a publishable key; repeat."),
]
Days = Annotated[int, typer.Option("--days", min=0, help="How long it is valid; 0: until it is revoked.")]
_DAY = 86_400_000_000


def group() -> typer.Typer:
    """`key` with what can be done to keys."""
    made = typer.Typer(no_args_is_help=True, help="Who may call the API.")
    made.command("create")(create)
    made.command("list")(listed)
    made.command("revoke")(revoke)
    return made


def create(
    ctx: typer.Context,
    role: RoleName = "shop",
    name: Name = "",
    advertiser: For = "",
    origin: Origins = None,
    days: Days = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a key and print it: it is shown this once and kept only as a digest."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    now = time.time_ns() // 1000
    if advertiser:
        _known(asked, advertiser)
    with _keys(asked) as keys:
        key, secret = keys.create(
            _role(role),
            now=now,
            name=name,
            advertiser=advertiser,
            origins=origin or (),
            expires=now + days * _DAY if days else 0,
        )
    asked.answer({**_document(key), "secret": secret})
    asked.say(secret, style="bold")
    asked.say(asked.word("key_once", id=key.id, role=asked.word(f"role_{key.role}")), style="dim")
    asked.then("key", "list")


def listed(ctx: typer.Context, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """List the keys, without their secrets."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    with _keys(asked) as keys:
        found = keys.all()
    asked.answer({"keys": [_document(key) for key in found]})
    if not found:
        asked.say(asked.word("no_keys"))
        asked.then("key", "create", "--role", "shop")
        return
    headings = ("id", "secret", "key_role", "key_name", "key_for", "created", "used", "state")
    lines = table(*(asked.word(f"key_{name}" if not name.startswith("key_") else name) for name in headings))
    for key in found:
        lines.add_row(
            key.id,
            key.shown,
            asked.word(f"role_{key.role}"),
            key.name,
            key.advertiser or ", ".join(key.origins),
            _day(key.created),
            _day(key.used),
            asked.word(f"key_{_state(key)}"),
        )
    asked.say(lines)
    asked.then("serve")


def revoke(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning that the list shows.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """End a key: a server that runs refuses it within a second."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    with _keys(asked) as keys:
        found = keys.revoke(key, now=time.time_ns() // 1000)
    asked.answer(_document(found))
    asked.say(asked.word("key_ended", id=found.id))
    asked.then("key", "list")


def _keys(asked: Call) -> AbstractContextManager[Keys]:
    from hawker.storage.keys import Keys

    return closing(Keys(asked.shop.control))


def _known(asked: Call, advertiser: str) -> None:
    """Refuse an advertiser that nothing in the shop names: its key would open nothing."""
    from hawker.storage.control import Control

    control = Control(asked.shop.control)
    known = {one.id for one in control.advertisers()} | {one.advertiser for one in control.campaigns()} - {""}
    control.close()
    if advertiser not in known:
        remedy = nearest(advertiser, sorted(known)) if known else "Put it first, or a campaign that names it."
        raise NotFound(f"There is no advertiser '{advertiser[:80]}'.", remedy=remedy)


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise BadRecord(
            f"There is no role '{name[:40]}'.", remedy=nearest(name, [role.value for role in Role])
        ) from None


def _document(key: Key) -> dict[str, Any]:
    return {**msgspec.to_builtins(key), "state": _state(key)}


def _state(key: Key) -> str:
    if key.revoked:
        return "revoked"
    return "expired" if key.expires and key.expires <= time.time_ns() // 1000 else "valid"


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).strftime("%Y-%m-%d") if moment else "–"
