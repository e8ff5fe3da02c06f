"""Products to write copy for: Amazon's pages in English, AdvertiseGen's attribute sets in Chinese.

Amazon's text is Amazon's, AdvertiseGen's for research: whoever has them gives them; nothing is passed on.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from hawker.errors import BadInput, MissingData
from hawker.records.catalogue import LEVELS, Product
from hawker.records.markup import clean
from hawker.records.money import micros

AMAZON, ADVERTISE = "test_sample_1000.csv", "adgen_535.jsonl"
_NAMED = ("裤型", "裙型", "衣样式", "裙长", "裤长", "类型")
_BOILERPLATE = "Make sure this fits by entering your model number."
JOINT = "、"
"""What joins the values of an attribute that is given more than once."""


def amazon(folder: Path) -> tuple[Product, ...]:
    """The pages of `test_sample_1000.csv` as products: title, category, model, what the page says 'about'."""
    lines = _there(folder / AMAZON).read_text("utf-8-sig").splitlines(keepends=True)
    rows = csv.DictReader(lines)
    needed = {"Uniq Id", "Product Name", "Category", "About Product"}
    if not needed <= set(rows.fieldnames or ()):
        raise BadInput(f"{AMAZON} lacks the columns {sorted(needed - set(rows.fieldnames or ()))}.")
    return tuple(_page(row) for row in rows)


def advertise(folder: Path) -> tuple[Product, ...]:
    """The attribute sets of `adgen_535.jsonl` as products, titled by their most telling noun; no description.

    The copy that people wrote for them is left out.
    """
    lines = _there(folder / ADVERTISE).read_text("utf-8").splitlines()
    return tuple(_set(number, json.loads(line)["content"]) for number, line in enumerate(lines, 1))


def _page(row: dict[str, str]) -> Product:
    about = (clean(line) for line in (row["About Product"] or "").split(" | "))
    path = [level.strip() for level in (row["Category"] or "").split("|") if level.strip()]
    return Product(
        id=row["Uniq Id"],
        title=clean(row["Product Name"]),
        description="\n".join(line for line in about if line and line != _BOILERPLATE),
        category=LEVELS.join(path),
        mpn=(row.get("Model Number") or "").strip(),
        price=_price(row.get("Selling Price") or ""),
        currency="USD",
        image=(row.get("Image") or "").split("|")[0],
        language="en",
    )


def _price(text: str) -> int:
    """The price in micros, 0 where the page gives a range or none."""
    try:
        return micros(text.strip().lstrip("$").replace(",", ""))
    except (ValueError, ArithmeticError, BadInput):
        return 0


def _set(number: int, content: str) -> Product:
    held: dict[str, list[str]] = {}
    for pair in content.split("*"):
        name, _, value = pair.partition("#")
        held.setdefault(name, []).append(value)
    title = next(held[name][0] for name in (*_NAMED, *held) if name in held)
    return Product(
        id=f"adgen-{number}",
        title=title,
        category=LEVELS.join(("服饰", *held.get("类型", [])[:1])),
        language="zh",
        attributes={name: JOINT.join(values) for name, values in held.items()},
    )


def _there(path: Path) -> Path:
    if not path.is_file():
        raise MissingData(f"There is no '{path}'.", remedy=f"Put {path.name} into that folder.")
    return path
