"""`hawker serve`: the shop's ads over HTTP, or one request answered without a server."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table

if TYPE_CHECKING:
    from rich.table import Table

Host = Annotated[str, typer.Option("--host", help="Loopback only, until there are keys.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")]
Workers = Annotated[int, typer.Option("--workers", metavar="N", help="So many processes on one port.")]
Get = Annotated[
    str,
    typer.Option(
        "--get", metavar="URL", help="Answer this one request, such as '/v1/decide?placement=home'."
    ),
]
Database = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        help="PostgreSQL for campaigns and money, such as 'postgresql://hawker@db/shop'. "
        "A password belongs in HAWKER_DATABASE.",
    ),
]
State = Annotated[
    str,
    typer.Option(
        "--state",
        metavar="URL",
        help="Redis for the caps of several processes, such as 'redis://cache:6379/0'. "
        "A password belongs in HAWKER_STATE.",
    ),
]

REFUSED = 2
BROKEN = 1


def serve(
    ctx: typer.Context,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    get: Get = "",
    workers: Workers = 1,
    database: Database = "",
    state: State = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer requests for ads and take in events, until stopped with Ctrl-C."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    for name, url in (("HAWKER_DATABASE", database), ("HAWKER_STATE", state)):
        if url:
            os.environ[name] = url  # for this process and those it starts
    shop = asked.shop
    if get:
        with asked.progress() as tell:
            tell(asked.word("loading"), 0.0)
            from hawker import server

            status, _, body = server.answer(shop, get)
        sys.stdout.write(body.decode("utf-8", "replace").rstrip("\n") + "\n")
        if status >= 400:
            raise typer.Exit(BROKEN if status >= 500 else REFUSED)
        return
    from hawker import server

    def started(address: str) -> None:
        asked.answer({"address": address, "shop": shop.settings.name})
        asked.say(asked.word("serving", name=shop.settings.name, address=address))
        asked.say(_doors(asked, address), style="dim")
        if not server.keyed(shop):
            asked.say(asked.word("keyless"), style="yellow")
        asked.say(asked.word("stop"), style="dim")
        sys.stdout.flush()

    asked.say(asked.word("warming"), style="dim")
    server.run(shop, host=host, port=port, started=started, workers=workers)
    asked.then("report")


def _doors(asked: Call, address: str) -> Table:
    """What to open first."""
    lines = table("", "")
    lines.show_header = False
    placements = asked.shop.settings.placements
    ask = f"/v1/decide?placement={placements[0].name}{_where(asked)}" if placements else ""
    for path, what in (("/docs", "docs_page"), (ask, "ask_page"), ("/health", "health_page")):
        if path:
            lines.add_row(f"  {address}{path}", asked.word(what))
    return lines


def _where(asked: Call) -> str:
    """The store to ask for, where ads run store by store: the one with most of the last flights."""
    from urllib.parse import quote

    from hawker.storage import tables

    path = asked.shop.table("flights")
    if not path.is_file():
        return ""
    order = 'max("end") DESC, count(*) DESC'
    query = f"SELECT location FROM {tables.quoted(path)} GROUP BY location ORDER BY {order} LIMIT 1"
    found = tables.connect().execute(query).fetchone()
    return f"&location={quote(str(found[0]))}" if found and found[0] else ""
