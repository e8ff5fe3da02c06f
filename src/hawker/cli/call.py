"""One call of a verb: which shop it is about, and how it answers: in words, in silence, or as JSON."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hawker.cli.words import words
from hawker.errors import HawkerError
from hawker.privacy import masking

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from hawker.records.finding import Finding
    from hawker.statistics import Estimate
    from hawker.storage.shop import Shop

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same result.")]
Progress = Callable[[str, float], None]

PATIENCE = 1.0
"""Seconds that may pass in silence before a progress bar appears."""
SHOWN = 20
"""Findings that are listed; the rest are counted."""
_ALMOST = 0.999
"""A bar is never full: one step's end is the next one's beginning, and the clock goes on."""
_COLOURS = {0: "dim", 1: "yellow", 2: "red"}


class Call:
    """The verb's end of the conversation. Results go to stdout; progress and errors to stderr."""

    def __init__(self, folder: Path, *, named: bool = False, debug: bool = False) -> None:
        self.folder = folder
        self.named = named
        self.debug = debug
        self.json = False
        self.quiet = False

    def answering(self, *, as_json: bool, quiet: bool) -> Call:
        """The same call, answering as the verb's options say."""
        self.json, self.quiet = as_json, quiet
        return self

    @cached_property
    def shop(self) -> Shop:
        """The shop; raises `NoShop` where the folder is none, `BadSetting` where its settings are wrong."""
        from hawker.storage.shop import Shop

        shop = Shop(self.folder)
        _ = shop.settings
        return shop

    @cached_property
    def language(self) -> str:
        """The language of the shop, where there is one."""
        try:
            return self.shop.settings.language
        except HawkerError:
            return "en"

    @cached_property
    def out(self) -> Console:
        """Where results go."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """Where progress and errors go."""
        return _console(sys.stderr)

    def word(self, code: str, **values: Any) -> str:
        """A sentence or heading in the shop's language."""
        return words(code, self.language, **values)

    def say(self, text: RenderableType, *, style: str = "") -> None:
        """Print something for a person, unless JSON or silence was asked for."""
        if self.json or self.quiet:
            return
        if self.out.is_terminal:
            self.out.print(text, style=style, markup=False)
            return
        with self.out.capture() as held:
            self.out.print(text, style=style, markup=False)
        for line in held.get().splitlines():
            self.out.file.write(line.rstrip() + "\n")

    def answer(self, document: Mapping[str, Any]) -> None:
        """Print the one JSON object, where it was asked for."""
        if self.json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")

    def then(self, *command: str, why: str = "") -> None:
        """The last line: the natural next command, ready to be typed."""
        where = ["-C", str(self.folder)] if self.named else []
        line = " ".join(map(_typed, ["hawker", *where, *command]))
        self.say("")
        from rich.text import Text

        told = [(f"{self.word('next')}  ", "dim"), (line, "bold"), (f"   {why}" if why else "", "dim")]
        self.say(Text.assemble(*told, no_wrap=True, overflow="ignore"))

    def refuse(self, message: str, remedy: str, *, kind: str) -> None:
        """Say on stderr what went wrong and what to do now; as JSON too, where that was asked for."""
        from rich.text import Text

        told = Text.assemble((message, "red"), f"\n{remedy}" if remedy else "")
        self.err.print(told, soft_wrap=True)
        self.answer({"error": {"kind": kind, "message": message, "remedy": remedy}})

    def findings(self, found: Sequence[Finding]) -> None:
        """List what was found, the worst first, as a table that leaves the message room."""
        if not found:
            return
        ordered = sorted(found, key=lambda finding: (-finding.severity, -finding.count))
        lines = table("", self.word("place"), self.word("finding"), ">" + self.word("rows"))
        for finding in ordered[:SHOWN]:
            colour = _COLOURS[int(finding.severity)]
            mark = {0: "·", 1: "!", 2: "✗"}[int(finding.severity)]
            count = f"{finding.count:,}" if finding.count > 1 else ""
            lines.add_row(
                mark, finding.place, masking.text(finding.message), count, style=colour if mark != "!" else ""
            )
        self.say("")
        self.say(lines)
        if len(ordered) > SHOWN:
            self.say(self.word("more_findings", count=len(ordered) - SHOWN), style="dim")

    def estimated(self, figure: Estimate, spec: str) -> tuple[str, str]:
        """An estimate as two cells: its value and its interval, or why there is none."""
        if figure.value is None or figure.low is None or figure.high is None:
            return "–", figure.reason
        return f"{figure.value:{spec}}", f"{figure.low:{spec}} … {figure.high:{spec}}"

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A callback (step, share) behind which a bar appears on stderr when it takes longer."""
        if self.quiet or not self.err.is_terminal:
            yield lambda _step, _share: None
            return
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        line = BarColumn(complete_style="cyan", finished_style="cyan")
        columns = (
            TextColumn("{task.description}"),
            line,
            TaskProgressColumn(style="dim"),
            TimeElapsedColumn(),
        )
        bar, lock = Bar(*columns, console=self.err, transient=True), Lock()
        task, over = bar.add_task("…", total=1.0), False

        def begin() -> None:
            with lock:
                if not over:
                    bar.start()

        def tell(step: str, share: float) -> None:
            bar.update(task, completed=min(share, _ALMOST), description=_short(step) or None)

        timer = Timer(PATIENCE, begin)
        timer.daemon = True
        timer.start()
        try:
            yield tell
        finally:
            timer.cancel()
            with lock:
                over = True
                bar.stop()


def call(ctx: typer.Context, *, as_json: bool = False, quiet: bool = False) -> Call:
    """The call a verb is part of, answering as its options say."""
    found: Call = ctx.obj
    return found.answering(as_json=as_json, quiet=quiet)


def table(*headings: str) -> Table:
    """A plain table; a heading that begins with '>' stands over figures, which align to the right."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for heading in headings:
        figures = heading.startswith(">")
        made.add_column(
            heading.lstrip(">"), justify="right" if figures else "left", no_wrap=figures, overflow="fold"
        )
    return made


def indented(text: RenderableType, by: int = 3) -> RenderableType:
    """A paragraph that keeps its indent where it wraps."""
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, by))


def nearest_shop(here: Path) -> Path:
    """The shop one is in: this folder or the nearest above it that holds a shop.toml; else this one."""
    for folder in (here, *here.parents):
        if (folder / "shop.toml").is_file():
            return Path(os.path.relpath(folder, here))
    return Path()


def plain(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings for JSON; people that a message quotes are masked."""
    return [
        {
            "place": finding.place,
            "reason": finding.reason,
            "message": masking.text(finding.message),
            "severity": finding.severity.name.lower(),
            "count": finding.count,
        }
        for finding in found
    ]


def bounds(figure: Estimate) -> dict[str, float | str | None]:
    """An estimate for JSON: value, low and high, or the reason why there are none."""
    found: dict[str, float | str | None] = {"value": figure.value, "low": figure.low, "high": figure.high}
    return found if figure else {**found, "reason": figure.reason}


def _console(stream: Any) -> Console:
    from rich.console import Console

    width = None if stream.isatty() or os.environ.get("COLUMNS") else 120
    return Console(file=stream, highlight=False, width=width)


def _typed(word: str) -> str:
    """A word as a shell needs it: quoted only where it must be.

    >>> _typed("my shop"), _typed("茶铺/logs")
    ("'my shop'", '茶铺/logs')
    """
    return word if re.fullmatch(r"[\w./:@%+=-]+", word) else shlex.quote(word)


def _short(step: str, most: int = 40) -> str:
    return step if len(step) <= most else step[: most - 1] + "…"
