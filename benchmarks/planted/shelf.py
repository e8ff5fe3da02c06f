"""What errors are planted about: real English products, Chinese attribute sets, the invented shop."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hawker import ingest
from hawker.errors import NotFound
from hawker.records.catalogue import Product
from hawker.simulate.world import world
from hawker.storage.shop import Settings, Shop

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
_SHAPES = ("裙长", "裙型", "衣样式", "裤长", "裤型", "类型")


def products(language: str, *, data: Path = DATA) -> list[Product]:
    """English: 1,000 pages of a large shop. Chinese: 535 attribute sets and the invented shop's catalogue."""
    name = "amazon_products/test_sample_1000.csv" if language == "en" else "adgen_zh/adgen_535.jsonl"
    if not (data / name).is_file():
        raise NotFound(f"{name} is absent.", remedy="Name the folder of the data sets with --data.")
    if language == "zh":
        return [*attribute_sets(data / name), *world("zh", shoppers=3, days=1).products]
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop.create(Path(folder) / "shop", Settings(currency="USD"))
        ingest.catalogue(shop, data / name)
        return list(shop.catalogue.values())


def attribute_sets(path: Path) -> list[Product]:
    """AdvertiseGen's attributes as products; its advertising texts are left aside."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        fields: dict[str, str] = {}
        for part in json.loads(line)["content"].split("*"):
            key, value = part.split("#", 1)
            fields[key] = f"{fields[key]}、{value}" if key in fields else value
        color, material = fields.pop("颜色", ""), fields.pop("材质", "")
        kind = next((fields[key] for key in _SHAPES if key in fields), "服饰").split("、")[0]
        noun = kind if kind.endswith(tuple("裙裤衫衣套装服饰甲")) else kind + fields["类型"]
        title = "".join([*(value.split("、")[0] for value in (color, material) if value), noun])
        found.append(
            Product(
                id=f"adgen-{number}",
                title=title,
                category="服饰",
                color=color,
                material=material,
                language="zh",
                attributes=fields,
            )
        )
    return found
