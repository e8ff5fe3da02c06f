"""Lines for a shelf label: what a shopper may do with it, since the catalogue says nothing more of it."""

from __future__ import annotations

from collections.abc import Iterator

from hawker.creative.draft import english_facts as facts
from hawker.creative.draft import english_names as naming
from hawker.creative.draft import trade
from hawker.creative.draft.line import Line
from hawker.creative.draft.words import words
from hawker.records.catalogue import Product, levels


def titles(product: Product) -> Iterator[Line]:
    """Headlines of type, size, label and shelf."""
    kind = naming.names(product)[-1]
    size, low = trade.measure(product.size), facts.lowered(kind)
    yield Line(kind, 1.0, frozenset({"name"}))
    if size:
        yield Line(f"{kind}, {size}", 1.1, frozenset({"name", "size"}))
        yield Line(f"{kind} in the {size} size", 0.6, frozenset({"name", "size"}))
    if _own(product):
        yield Line(f"Store-brand {low}", 0.9, frozenset({"name", "label"}))
    place = _place(product)
    if place:
        yield Line(f"{kind} from {place}", 0.85, frozenset({"name", "place"}))
    yield Line(f"Pick up {low}", 0.7, frozenset({"name", "pick"}))
    yield Line(f"{kind} for your basket", 0.65, frozenset({"name", "basket"}))
    yield Line(f"Running low on {low}?", 0.6 if _used_up(product) else -1.0, frozenset({"name", "low"}))
    yield Line(f"On the list: {low}", 0.55, frozenset({"name", "list"}))
    yield Line(f"Time for {low}", 0.5, frozenset({"name", "time"}))


def lines(product: Product) -> Iterator[Line]:
    """Lines of one or two short sentences, in number right."""
    kind = naming.names(product)[-1]
    size, low = trade.measure(product.size), facts.lowered(kind)
    them = "them" if naming.plural(kind) else "it"
    place = _place(product)
    sized = f"{kind}, {size}" if size else kind
    rest = "the rest of the week's groceries" if _used_up(product) else "whatever else you came for"
    told = [
        (f"{sized}. Add {them} to your basket with {rest}.", "basket"),
        (f"Put {low} on your shopping list and pick {them} up on your next visit.", "list"),
        (f"Planning the next shop? Keep {low} in mind when you fill the basket.", "plan"),
    ]
    if _used_up(product):
        told.append((f"Running low on {low}? Have a look and add {them} to your next order.", "low"))
    if size and not size.endswith(("in", "ft")):
        told.append((f"Looking for {low} in the {size} size? Add {them} to this week's list.", "size"))
    if _own(product):
        told.append((f"{sized}, under our store's own label. Add {them} to your list.", "label"))
    if place:
        told.append((f"From {place}: {low}. Take a look while you are planning your next shop.", "place"))
    told += [(f"Put {low} on your list.", "put"), (f"Shopping for {low}? Start here.", "start")]
    for turn, (text, key) in enumerate(told):
        yield Line(text, 1.0 - 0.02 * turn, frozenset({f"frame:{key}", f"use:{key}", "name"}))


def _own(product: Product) -> bool:
    return product.label.casefold() in ("private", "own", "own label", "private label")


def _place(product: Product) -> str:
    """Where in the shop it stands, '' where the department is not one that shoppers know."""
    path = levels(product.category)
    return words("en").tables["shelves"].get(path[0].casefold(), "") if path else ""


def _used_up(product: Product) -> bool:
    """Whether it is food, drink or what a household uses up."""
    return _place(product) not in ("", "the flower stand", "the toy section", "the garden section")
