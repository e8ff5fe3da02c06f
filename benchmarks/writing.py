"""Is the copy that Hawker writes without a model legal, true and varied, and how fast is it written?

    python -m benchmarks.writing [--data FOLDER] [--sample N] [--peers] [--json]

One thousand Amazon pages (English) and 535 AdvertiseGen attribute sets (Chinese), four native ads each by
`creative.draft.Extractive`; beside it `templates`: four patterns in fixed order, filled from the same fields
and cut where the room ends. Nothing is trained on either; the writer's word lists were mended by reading
what it wrote for 200 and 100 of them (--sample 200, the first of a fixed order).

valid           share of the ads written with every part there and within its width, and no two headlines
                of a product within edit similarity .8
written         share of the ads asked for that came: a product of one fact gets two of four, not two more
passed          share of the ads written that the whole gate lets through (ground, law, length, safety,
                language, duplicates)
unsupported     share that say something no field bears out: `gate` by `creative.ground`, `second` by
                `benchmarks.second_look`, which shares nothing with the gate
self_bleu4      mean over products of each description's BLEU-4 against the three others: `creative.likeness`
in_range        share of descriptions 60 to 90 wide (30 to 45 Chinese characters)
coverage        AdvertiseGen: share of the given values that the widest description names, mean over products
ads_per_s       ads a second of processor time, one thread; reading the catalogue's words is counted
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _answer
from benchmarks.second_look import unsupported
from hawker.creative import gate, ground, likeness
from hawker.creative.draft import Extractive
from hawker.creative.layout import LAYOUTS, width
from hawker.ingest.datasets import copy
from hawker.records.catalogue import Product, levels
from hawker.records.draft import Brief, Draft, Kind
from hawker.records.finding import Severity
from hawker.statistics import Moments, mean

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
KIND, VARIANTS, ALIKE, SEED = Kind.NATIVE, 4, 0.8, 17
LOW, HIGH = 60, 90
SETS: dict[str, tuple[str, Callable[[Path], tuple[Product, ...]]]] = {
    "amazon": ("amazon_products", copy.amazon),
    "advertisegen": ("adgen_zh", copy.advertise),
}
Writer = Callable[[Sequence[Product]], list[tuple[Draft, ...]]]


def extractive(products: Sequence[Product]) -> list[tuple[Draft, ...]]:
    """Hawker's writer that needs no model."""
    writer = Extractive.of(products)
    return [writer.draft(Brief(product, KIND), n=VARIANTS, seed=SEED) for product in products]


def templates(products: Sequence[Product]) -> list[tuple[Draft, ...]]:
    """The reference: four patterns in fixed order, whatever the product has to say."""
    return [tuple(_pattern(product, turn) for turn in range(VARIANTS)) for product in products]


def _pattern(product: Product, turn: int) -> Draft:
    values = list(product.attributes.values()) or product.description.split("\n")
    first, last = values[0], values[-1]
    leaf = (levels(product.category) or ("",))[-1]
    if product.language == "zh":
        heads = (product.title, f"精选{product.title}", f"{product.title}推荐", f"{first}{product.title}")
        lines = (
            f"{product.title}，{'，'.join(values)}。",
            f"这款{product.title}采用{first}设计，{last}，值得拥有。",
            f"喜欢{last}的你，来看看这款{product.title}吧，{first}，细节到位。",
            f"{leaf}好选择：{product.title}，{first}，{last}，日常穿搭都合适。",
        )
        call = "立即选购"
    else:
        heads = (product.title, f"Shop {product.title}", f"New: {product.title}", f"{product.title} deals")
        lines = (
            f"{product.title}. {first}",
            f"Shop {product.title} today. {last}",
            f"Looking for {leaf}? Try {product.title}. {first}",
            f"{product.title}: the right choice in {leaf}. {last}",
        )
        call = "Shop now"
    title, line = _cut(heads[turn], "title"), _cut(lines[turn], "description")
    parts: dict[str, tuple[str, ...]] = {"title": (title,), "description": (line,), "call_to_action": (call,)}
    return Draft(product.id, KIND, product.language, parts, writer="templates", seed=turn)


def _cut(text: str, part: str) -> str:
    while width(text) > LAYOUTS[KIND][part].width:
        text = text[:-1]
    return text.rstrip()


def measure(write: Writer, sets: dict[str, list[Product]]) -> dict[str, Any]:
    """One writer on both sets, and on them together."""
    found = {name: _on(write, products) for name, products in sets.items()}
    asked = sum(VARIANTS * len(products) for products in sets.values())
    came = sum(part["ads"] for part in found.values())

    def joined(key: str) -> float:
        return float(sum(part[key] * part["ads"] for part in found.values()) / max(1, came))

    seconds = sum(part["cpu_seconds"] for part in found.values())
    return {
        "valid": round(joined("valid"), 5),
        "written": round(came / asked, 5),
        "passed": round(joined("passed"), 5),
        "unsupported": {
            by: round(
                sum(found[name]["unsupported"][by] * found[name]["ads"] for name in sets)
                / max(1, sum(found[name]["ads"] for name in sets)),
                5,
            )
            for by in ("gate", "second")
        },
        "self_bleu4": max(part["self_bleu4"]["value"] for part in found.values()),
        "coverage": found["advertisegen"]["coverage"],
        "ads_per_s": round(came / seconds, 1),
        **found,
    }


def _on(write: Writer, products: list[Product]) -> dict[str, Any]:
    started = time.process_time()
    written = write(products)
    seconds = time.process_time() - started
    asked = VARIANTS * len(products)
    drafts = [
        (product, made, draft) for product, made in zip(products, written, strict=True) for draft in made
    ]
    lines = [[draft.parts["description"][0] for draft in made] for made in written]
    wide = [LOW <= width(line) <= HIGH for row in lines for line in row]
    spoken = products[0].language
    alike = (likeness.self_bleu(row, language=spoken) for row in lines)
    told = [
        likeness.told(product, max(row, key=width))
        for product, row in zip(products, lines, strict=True)
        if product.attributes and row
    ]
    return {
        "valid": round(sum(_valid(made) for made in written) / len(drafts), 5),
        "written": round(len(drafts) / asked, 5),
        "passed": round(sum(_passed(*one) for one in drafts) / len(drafts), 5),
        "unsupported": {
            "gate": round(sum(_invented(product, draft) for product, _, draft in drafts) / len(drafts), 5),
            "second": round(
                sum(bool(_second(product, draft)) for product, _, draft in drafts) / len(drafts), 5
            ),
        },
        "self_bleu4": _estimate([value for value in alike if value is not None]),
        "in_range": round(sum(wide) / len(wide), 4),
        "coverage": _estimate([named / all_ for named, all_ in told]) if told else None,
        "ads_per_s": round(len(drafts) / seconds, 1),
        "cpu_seconds": round(seconds, 2),
        "products": len(products),
        "ads": len(drafts),
    }


def _valid(made: Sequence[Draft]) -> int:
    """How many of a product's ads have their parts, within their widths, under headlines that differ."""
    kept: list[str] = []
    for draft in made:
        layout = LAYOUTS[draft.kind]
        whole = set(draft.parts) <= set(layout) and all(
            part.least <= len(draft.parts.get(name, ())) <= part.most
            and all(0 < width(line) <= part.width for line in draft.parts.get(name, ()))
            for name, part in layout.items()
        )
        head = draft.parts.get("title", ("",))[0]
        if whole and likeness.nearest_pair([head, *kept]) < ALIKE:
            kept.append(head)
    return len(kept)


def _passed(product: Product, made: Sequence[Draft], draft: Draft) -> bool:
    before = made[: made.index(draft)]
    found = gate.check(draft, Brief(product, draft.kind), others=before)
    return all(one.severity is not Severity.ERROR for one in found)


def _invented(product: Product, draft: Draft) -> bool:
    texts = [line for lines in draft.parts.values() for line in lines]
    return any(one.severity is Severity.ERROR for text in texts for one in ground.check(text, product))


def _second(product: Product, draft: Draft) -> list[str]:
    """What the second look finds; call to action and parts apart, as a reader sees them."""
    texts = [line for lines in draft.parts.values() for line in lines]
    return [claim for text in texts for claim in unsupported(product, text, language=draft.language)]


def _estimate(values: list[float]) -> dict[str, Any]:
    return _answer.estimate(mean(Moments.of(np.array(values))))


def main() -> int:
    """Run it; exits 2 where the data are missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--sample", type=int, default=0, help="products of Amazon, half as many of AdvertiseGen"
    )
    parser.add_argument("--peers", action="store_true", help="language models beside (100 English products)")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    return _answer.ended(lambda: _found(asked.data, asked.sample, peers=asked.peers), line=asked.json)


def _found(folder: Path, sample: int, *, peers: bool) -> dict[str, Any]:
    sets = {name: list(load(folder / place)) for name, (place, load) in SETS.items()}
    if sample:
        for name, most in (("amazon", sample), ("advertisegen", sample // 2)):
            order = np.random.default_rng(SEED).permutation(len(sets[name]))[:most]
            sets[name] = [sets[name][i] for i in order.tolist()]
    found: dict[str, Any] = {}
    for name, write in (("extractive", extractive), ("templates", templates)):
        print(name, file=sys.stderr)
        found[name] = measure(write, sets)
    if peers:
        found |= import_module("benchmarks.peers.writing").measure(sets["amazon"])
    return found


if __name__ == "__main__":
    sys.exit(main())
