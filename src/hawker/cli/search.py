"""`hawker search`: what a shopper who typed this would find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from hawker.cli.call import AsJson, Call, Quiet, call, table

if TYPE_CHECKING:
    from hawker.records.search import Filters
    from hawker.retrieval.search import Found

Query = Annotated[str, typer.Argument(metavar="QUERY", help="What was typed.")]
Category = Annotated[str, typer.Option("--category", metavar="PATH", help="A category and all below it.")]
Brand = Annotated[list[str] | None, typer.Option("--brand", metavar="NAME", help="Any of these brands.")]
Under = Annotated[float, typer.Option("--under", metavar="PRICE", help="The most it may cost.")]
Most = Annotated[int, typer.Option("--most", metavar="N", min=1, max=100, help="How many to list.")]


def search(
    ctx: typer.Context,
    query: Query,
    category: Category = "",
    brand: Brand = None,
    under: Under = 0.0,
    most: Most = 10,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Search the shop's catalogue as its shoppers do, without ads: hawker search "red shoes under 50"."""
    asked = call(ctx, as_json=as_json, quiet=quiet)
    shop = asked.shop
    with asked.progress() as tell:
        tell(asked.word("indexing"), 0.0)
        from hawker.records.money import micros
        from hawker.records.search import Filters
        from hawker.retrieval import search_shop

        made = search_shop.build(shop)
        narrowed = Filters(category=category, brands=tuple(brand or ()), most=micros(under))
        found = made.find(query, filters=narrowed, size=most)
    asked.answer(
        {
            "query": query,
            "understood": found.question.text,
            "suggestion": found.question.suggestion,
            "relaxed": found.relaxed,
            "total": found.total,
            "filters": msgspec.to_builtins(found.filters),
            "facets": msgspec.to_builtins(found.facets),
            "results": [
                {
                    "id": hit.product.id,
                    "title": hit.product.title,
                    "score": hit.score,
                    "words": list(hit.words),
                }
                for hit in found.hits
            ],
        }
    )
    _show(asked, found, products=len(made))
    asked.then("serve", "--get", "/v1/search?" + _typed(query), why="")


def _show(asked: Call, found: Found, *, products: int) -> None:
    from hawker.records.catalogue import on_sale
    from hawker.records.money import display

    if found.question.suggestion:
        asked.say(asked.word("did_you_mean", text=found.question.suggestion))
    if bounds := _bounds(found.filters):
        asked.say(asked.word("price_read", bounds=bounds), style="dim")
    if not found.hits:
        asked.say(asked.word("found_none"))
        return
    code = "found_relaxed" if found.relaxed else "found_all"
    asked.say(asked.word(code, total=found.total, products=products))
    asked.say("")
    lines = table(asked.word("product"), asked.word("title"), ">" + asked.word("price"), asked.word("met"))
    for hit in found.hits:
        cost = on_sale(hit.product)
        price = display(cost, hit.product.currency) if cost else "–"
        lines.add_row(hit.product.id, hit.product.title, price, " ".join(hit.words))
    asked.say(lines)
    kinds = ", ".join(f"{one.value} {one.count:,}" for one in found.facets.categories[:4])
    if kinds:
        asked.say("")
        asked.say(f"{asked.word('kinds')}  {kinds}", style="dim")


def _bounds(filters: Filters) -> str:
    from hawker.records.money import display

    least = f"≥ {display(filters.least)}" if filters.least else ""
    most = f"≤ {display(filters.most)}" if filters.most else ""
    return " ".join(part for part in (least, most) if part)


def _typed(query: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"query": query})
