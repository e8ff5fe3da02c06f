"""`hawker forget`: a shopper leaves every store, with a signed receipt; or all that has had its time."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table
from hawker.errors import BadInput, Conflict

if TYPE_CHECKING:
    from hawker.privacy.receipt import Receipt
    from hawker.storage.shop import Shop

Who = Annotated[str, typer.Argument(metavar="[SHOPPER]", help="The id as the shop gives it.")]
Expired = Annotated[
    bool, typer.Option("--expired", help="Remove what is older than the shop's settings allow instead.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]

PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.25


def forget(
    ctx: typer.Context,
    shopper: Who = "",
    expired: Expired = False,
    yes: Yes = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Erase a shopper from the log, the records, lists, folds and all else, and print the receipt."""
    if bool(shopper) == expired:
        raise BadInput("Give a shopper's id, or --expired.", remedy="hawker forget u-42")
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    if expired:
        _expired(asked, shop)
        return
    ask = not yes and not as_json and sys.stdin.isatty()
    if ask and not typer.confirm(asked.word("forget_ask", shopper=shopper), err=True):
        asked.say(asked.word("forget_kept"))
        return
    with asked.progress() as tell:
        tell(asked.word("forgetting"), 0.1)
        receipt = _erased(shop, shopper)
    asked.answer(msgspec.to_builtins(receipt))
    _told(asked, receipt)
    asked.then("report")


def _erased(shop: Shop, shopper: str) -> Receipt:
    """Erase, beside running servers too: each lets go of the shopper within a second."""
    from hawker.privacy import erasure

    journal = erasure.begin(shop, shopper)
    until = time.monotonic() + PATIENCE_SECONDS
    while (done := erasure.complete(shop, journal)) is None:
        if time.monotonic() > until:
            raise Conflict(
                "A server of this shop does not let go of the shopper.",
                remedy="It goes on by itself: when that server answers again or ends, at the next start.",
            )
        time.sleep(_LOOK_SECONDS)
    return done


def _told(asked: Call, receipt: Receipt) -> None:
    asked.say(asked.word("forgotten", id=receipt.id))
    lines = table(asked.word("store"), ">" + asked.word("removed"), ">" + asked.word("kept_unnamed"))
    for one in receipt.stores:
        lines.add_row(f"  {asked.word(f'store_{one.store}')}", f"{one.removed:,}", f"{one.kept:,}")
    asked.say(lines)
    if receipt.models:
        asked.say(asked.word("models_until", count=len(receipt.models), day=receipt.models[0].until))
    asked.say(asked.word("signed", file=f"receipts/{receipt.id}.json"), style="dim")


def _expired(asked: Call, shop: Shop) -> None:
    """Enforce the periods that the settings give."""
    from hawker.delivery.engine import clock
    from hawker.privacy import retention

    swept = retention.enforce(shop, now=clock(shop.settings.clock)())
    late = [model for model in retention.overdue(shop) if model.serving]
    asked.answer({"removed": {one.store: one.removed for one in swept}, "overdue": msgspec.to_builtins(late)})
    lines = table(asked.word("store"), ">" + asked.word("removed"))
    for one in swept:
        lines.add_row(f"  {asked.word(f'store_{one.store}')}", f"{one.removed:,}")
    asked.say(lines)
    for model in late:
        asked.say(asked.word("model_overdue", version=model.version, day=model.until), style="yellow")
    asked.then("train") if late else asked.then("check")
