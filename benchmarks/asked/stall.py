"""The shops that are asked: real titles or the invented shop's goods, facts drawn by seed, and policies."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random

from msgspec.structs import replace

from benchmarks import planted
from hawker.records.catalogue import Availability, Product
from hawker.storage import tables
from hawker.storage.shop import Settings, Shop

COLOURS = ("red", "green", "blue", "black", "white", "yellow", "orange", "purple", "pink", "grey")
MATERIALS = ("cotton", "bamboo", "steel", "leather", "glass", "rubber", "wool", "aluminium", "paper", "wood")
COUNTRIES = ("Portugal", "Japan", "Mexico", "Poland", "Canada", "Vietnam", "Denmark", "Turkey")
_COLOURED = re.compile(r"colou?r|" + "|".join((*COLOURS, "gray", "silver", "gold", "brown")), re.IGNORECASE)
_MADE = re.compile(
    r"material|plastic|metal|fabric|foam|vinyl|plush|fiber|polyester|nylon|silicone|made (of|from|with)|"
    + "|".join((*MATERIALS, "aluminum")),
    re.IGNORECASE,
)
_WEIGHED = re.compile(r"weigh|\d\s*-?(kg|g|lbs?|oz|ounces?|pounds?|grams?)\b|heavy|light", re.IGNORECASE)
_ORIGIN = re.compile(r"\bmade in|manufactured|imported|origin|" + "|".join(COUNTRIES), re.IGNORECASE)
_WARRANTED = re.compile(r"warrant|guarantee", re.IGNORECASE)


@cache
def lines(language: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """The phrasings of `LANGUAGE.toml`, by group and kind."""
    text = files(__package__).joinpath(f"{language}.toml").read_text("utf-8")
    return {
        group: {kind: tuple(value.strip("\n").splitlines()) for kind, value in kinds.items()}
        for group, kinds in tomllib.loads(text).items()
    }


def goods(language: str, *, seed: int) -> list[Product]:
    """The catalogue: prices as found; stock, sales and what the pages leave out drawn by `seed`.

    Nothing is drawn that the page of a product speaks of itself.
    """
    rng = Random(f"{seed} {language}")
    found = [one for one in planted.products(language) if not one.id.startswith("adgen-") and one.price]
    return [_counted(_drawn(one, rng) if language == "en" else one, rng) for one in found]


def _drawn(product: Product, rng: Random) -> Product:
    said = f"{product.title} {product.description}"
    attributes = dict(product.attributes)
    if not _WEIGHED.search(said):
        attributes["Weight"] = f"{rng.randrange(2, 90) * 50} g"
    if not _ORIGIN.search(said):
        attributes["Country of origin"] = rng.choice(COUNTRIES)
    if not _WARRANTED.search(said):
        attributes["Warranty"] = f"{rng.choice((6, 12, 18, 24, 36))} months"
    cut = round(product.price * rng.choice((70, 80, 85, 90)) // 100, -4)
    return replace(
        product,
        attributes=attributes,
        color="" if _COLOURED.search(said) else rng.choice(COLOURS),
        material="" if _MADE.search(said) else rng.choice(MATERIALS),
        sale_price=cut if rng.random() < 0.3 else 0,
    )


def _counted(product: Product, rng: Random) -> Product:
    left = 0 if rng.random() < 0.08 else rng.randrange(2, 400)
    state = Availability.IN_STOCK if left else Availability.OUT_OF_STOCK
    return replace(product, stock=left, availability=state)


def rules(language: str, *, seed: int) -> dict[str, str]:
    """What the shop's policies say, by name, as figures."""
    rng = Random(f"{seed} rules {language}")
    opens = rng.choice((8, 9, 10))
    if language == "en":
        figures = {"ship": f"{rng.choice((3, 4, 5))}.90", "express": f"{rng.choice((9, 11, 14))}.50"}
        figures |= {"wrap": f"{rng.choice((2, 3))}.25", "free": str(rng.choice((45, 55, 65)))}
    else:
        figures = {"ship": str(rng.choice((6, 8, 12))), "express": str(rng.choice((18, 22, 26)))}
        figures |= {"wrap": str(rng.choice((7, 11, 13))), "free": str(rng.choice((69, 79, 129)))}
    return figures | {
        "days": rng.choice(("2 to 4", "3 to 5")) if language == "en" else rng.choice(("2至4", "3至5")),
        "window": str(rng.choice((14, 21, 30))),
        "cancel": str(rng.choice((2, 3, 4))),
        "opens": str(opens),
        "closes": str(opens + 8),
    }


def page(language: str, *, seed: int) -> str:
    """The policies as the shop writes them, in Markdown."""
    text = "\n".join(lines(language)["policies"]["page"])
    for name, value in rules(language, seed=seed).items():
        text = text.replace(f"{{{name}}}", value)
    return text.replace("${", "$").strip() + "\n"


def shop(folder: Path, products: Sequence[Product], *, language: str, seed: int) -> Shop:
    """A shop folder with these products and the policies."""
    currency = "USD" if language == "en" else "CNY"
    made = Shop.create(folder, Settings(name="asked", currency=currency, language=language))
    tables.write_products(made.table("catalogue"), list(products))
    (made.folder / "policies.md").write_text(page(language, seed=seed), "utf-8")
    return made
