"""`hawker recommend`: what a page would be told to recommend, and why."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table
from hawker.errors import BadInput

Shopper = Annotated[str, typer.Option("--shopper", metavar="ID", help="For whom.")]
Kind = Annotated[
    str,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="for_you, similar, bought_together, complete_basket, next_purchase or trending.",
    ),
]
Product = Annotated[str, typer.Option("--product", metavar="ID", help="What the page is about.")]
Basket = Annotated[
    list[str] | None, typer.Option("--basket", metavar="ID", help="What lies in the basket; several.")
]
Category = Annotated[str, typer.Option("--category", metavar="PATH", help="A category and all below it.")]
Most = Annotated[int, typer.Option("--most", metavar="N", min=1, max=100, help="How many to list.")]


def recommend(
    ctx: typer.Context,
    shopper: Shopper = "",
    kind: Kind = "for_you",
    product: Product = "",
    basket: Basket = None,
    category: Category = "",
    most: Most = 8,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Recommend products as the shop's pages would be told to: hawker recommend --shopper u-42."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    given = {"shopper": shopper, "kind": kind, "product": product, "category": category, "number": most}
    url = "/v1/recommend?" + urlencode(
        [
            *((name, value) for name, value in given.items() if value),
            *(("basket", one) for one in basket or ()),
        ]
    )
    with asked.progress() as tell:
        tell(asked.word("loading"), 0.0)
        answer = answered(asked, url)
    asked.answer(answer)
    show(asked, answer)
    asked.then("serve", "--get", url)


def answered(asked: Call, url: str) -> dict[str, Any]:
    """The answer of the shop's server; raises `BadInput` where it refuses."""
    from hawker import server

    status, _, body = server.answer(asked.shop, url)
    told: dict[str, Any] = json.loads(body)
    if status != 200:
        raise BadInput(told.get("detail", ""), remedy=told.get("remedy", ""))
    return told


def show(asked: Call, answer: dict[str, Any]) -> None:
    """The products with their reasons, as a table."""
    from hawker.records.money import display

    if answer["note"]:
        told = {name: answer[name] for name in ("asked", "kind", "told")}
        asked.say(asked.word("recommend_kind", **told), style="dim")
    if answer["path"] != "personalised":
        asked.say(asked.word("recommend_contextual", reason=answer["reason"]), style="dim")
    if not answer["products"]:
        asked.say(asked.word("recommend_no_purchase"))
        return
    heads = ("product", "title", "price", "why_shown", "source_part")
    lines = table(*(f"{'>' if head == 'price' else ''}{asked.word(head)}" for head in heads))
    for one in answer["products"]:
        cost = one.get("sale_price") or one.get("price") or 0
        price = display(cost, one.get("currency", "")) if cost else "–"
        lines.add_row(one["id"], one["title"], price, one["words"], one["source"])
    asked.say(lines)
