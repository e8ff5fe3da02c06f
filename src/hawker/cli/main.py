"""The verbs in their order, and what an error looks like: a message and a remedy, never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hawker.cli.call import Call, nearest_shop
from hawker.errors import BadInput, HawkerError, MissingData, MissingExtra

BAD_INPUT = 2
MISSING = 3
FAILED = 1
STOPPED = 130


VERBS = (
    "demo",
    "init",
    "ingest",
    "check",
    "adapt",
    "train",
    "evaluate",
    "audience",
    "write",
    "model",
    "models",
    "serve",
    "key",
    "report",
    "statement",
    "credit",
    "replay",
    "explain",
    "search",
    "recommend",
    "ask",
    "forget",
    "backup",
    "restore",
)
"""In the order in which a shop needs them."""


class Verbs(TyperGroup):
    """The group of verbs; whatever one of them raises ends here as a few calm lines."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in their order."""
        return sorted(super().list_commands(ctx), key=VERBS.index)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; errors become exit codes: 2 bad input, 3 something to install, 1 all else."""
        try:
            return super().invoke(ctx)
        except (HawkerError, OSError, KeyboardInterrupt) as error:
            _told(ctx.obj or Call(Path()), error)
            raise typer.Exit(code(error)) from None
        except Exception as error:
            if isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "exit_code"):
                raise
            _told(ctx.obj or Call(Path()), error)
            raise typer.Exit(FAILED) from None


def code(error: BaseException) -> int:
    """The exit code of an error.

    >>> code(BadInput("no")), code(MissingExtra("no")), code(OSError("no"))
    (2, 3, 1)
    """
    if isinstance(error, BadInput):
        return BAD_INPUT
    if isinstance(error, MissingExtra | MissingData):
        return MISSING
    return STOPPED if isinstance(error, KeyboardInterrupt) else FAILED


def _told(call: Call, error: BaseException) -> None:
    if call.debug:
        raise error
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif isinstance(error, HawkerError):
        call.refuse(error.message, error.remedy, kind=type(error).__name__)
    elif isinstance(error, KeyboardInterrupt):
        call.refuse("Stopped.", "", kind="Stopped")
    elif isinstance(error, OSError):
        name = f"'{error.filename}': " if error.filename else ""
        call.refuse(f"{name}{error.strerror or error}.", "", kind=type(error).__name__)
    else:
        remedy = "This is a fault of Hawker's: run it again as hawker --debug … and report what it prints."
        call.refuse(f"{type(error).__name__}: {error}", remedy, kind=type(error).__name__)


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Hawker: an open, self-hosted advertising engine for online shops.",
    epilog="A shop is a folder. Begin with hawker demo, or with hawker init my-shop.",
)


def _version(asked: bool) -> None:
    if asked:
        from hawker import __version__

        typer.echo(f"hawker {__version__}")
        raise typer.Exit


@app.callback()
def begin(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("-C", metavar="FOLDER", help="The shop's folder; else the one you are in.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Find the shop that the verb is about."""
    del version
    ctx.obj = Call(folder or nearest_shop(Path.cwd()), named=folder is not None, debug=debug)


def _register() -> None:
    from hawker.cli.adapt import adapt
    from hawker.cli.ask import ask
    from hawker.cli.audience import group as audiences
    from hawker.cli.backup import backup, restore
    from hawker.cli.check import check
    from hawker.cli.demo import demo
    from hawker.cli.evaluate import evaluate
    from hawker.cli.explain import explain
    from hawker.cli.forget import forget
    from hawker.cli.ingest import group
    from hawker.cli.init import init
    from hawker.cli.key import group as keys
    from hawker.cli.model import group as models
    from hawker.cli.models import group as fetched
    from hawker.cli.recommend import recommend
    from hawker.cli.replay import replay
    from hawker.cli.report import report
    from hawker.cli.search import search
    from hawker.cli.serve import serve
    from hawker.cli.statement import credit, statement
    from hawker.cli.train import train
    from hawker.cli.write import group as writing

    app.command()(demo)
    app.command()(init)
    app.command()(backup)
    app.command()(restore)
    app.add_typer(group(), name="ingest")
    app.command()(check)
    app.command()(adapt)
    app.command()(train)
    app.command()(evaluate)
    app.add_typer(models(), name="model")
    app.add_typer(fetched(), name="models")
    app.add_typer(audiences(), name="audience")
    app.add_typer(writing(), name="write")
    app.command()(serve)
    app.add_typer(keys(), name="key")
    app.command()(report)
    app.command()(statement)
    app.command()(credit)
    app.command()(replay)
    app.command()(explain)
    app.command()(search)
    app.command()(recommend)
    app.command()(ask)
    app.command()(forget)


_register()


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    app(prog_name="hawker")
