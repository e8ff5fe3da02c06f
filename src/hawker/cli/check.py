"""`hawker check`: what is wrong with the shop's data; the exit code is the worst that was found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hawker.cli.call import AsJson, Call, Quiet, call, plain
from hawker.records.finding import Severity

Page = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the data-quality page there.")
]


def check(ctx: typer.Context, html: Page = None, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Look over the data; exit 0 in order (or notes), 1 warnings, 2 errors."""
    from hawker.ingest.check import check as look_over
    from hawker.storage import database

    asked = call(ctx, as_json=as_json, quiet=quiet)
    with asked.progress() as tell:
        tell("check", 0.0)
        result = look_over(asked.shop)
    counts = Counter(finding.severity for finding in result.findings)
    asked.answer({"exit_code": result.exit_code, "findings": plain(result.findings)})
    if result.findings:
        asked.say(
            asked.word(
                "checked",
                errors=counts[Severity.ERROR],
                warnings=counts[Severity.WARNING],
                notes=counts[Severity.NOTE],
            )
        )
        asked.findings(result.findings)
    else:
        asked.say(asked.word("in_order"))
    if html:
        _page(asked, html)
    reasons = {finding.reason for finding in result.findings if finding.severity is Severity.ERROR}
    if "no_catalogue" in reasons:
        asked.then("ingest", "catalogue", "FILE")
    elif "no_events" in reasons:
        asked.then("ingest", "behaviour", "FILE")
    elif not database.exists(asked.shop.control):
        asked.then("ingest", "campaigns", "FILE")
    else:
        asked.then("train")
    raise typer.Exit(result.exit_code)


def _page(asked: Call, target: Path) -> None:
    from hawker.measurement import html, quality
    from hawker.storage import files

    files.write(target, html(quality(asked.shop), language=asked.language))
    asked.say(asked.word("written", file=target))
