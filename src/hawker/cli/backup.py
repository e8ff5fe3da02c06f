"""`hawker backup` and `hawker restore`: a shop as one file, taken while it is served, and back again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hawker.cli.call import AsJson, Quiet, call

To = Annotated[Path, typer.Argument(metavar="FILE", help="The file to make.")]
From = Annotated[Path, typer.Argument(metavar="FILE", help="A file that hawker backup made.", exists=True)]


def backup(ctx: typer.Context, file: To, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Copy the shop, its money and its secrets into one file; servers may go on."""
    from hawker import __version__
    from hawker.storage import backup as copies

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with asked.progress() as tell:
        tell(asked.word("copying"), 0.1)
        made = copies.backup(asked.shop, file, version=__version__)
    asked.answer(
        {"file": str(file), "parts": len(made.parts), "bytes": made.bytes, "elsewhere": list(made.elsewhere)}
    )
    asked.say(asked.word("copied", file=str(file), parts=len(made.parts), size=made.bytes / 1e6))
    if made.elsewhere:
        asked.say(asked.word("copied_elsewhere"), style="yellow")
    asked.then("restore", str(file))


def restore(ctx: typer.Context, file: From, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Make a shop from such a file, in a new folder (-C), every part checked."""
    from hawker.storage import backup as copies

    asked = call(ctx, as_json=as_json, quiet=quiet)
    made = copies.restore(file, asked.folder)
    asked.answer({"folder": str(asked.folder), "parts": len(made.parts), "made": made.made})
    asked.say(asked.word("restored", folder=str(asked.folder), made=made.made[:19].replace("T", " ")))
    if made.elsewhere:
        asked.say(asked.word("restored_elsewhere"), style="yellow")
    asked.then("check")
