"""The writer that needs no model: always a legal draft or fewer, never an invention."""

from __future__ import annotations

import pytest

from hawker.creative.draft import Extractive
from hawker.creative.layout import LAYOUTS, width
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Kind

BOWL = Product(
    "b1",
    "Bakewell Enamel Mixing Bowl, Navy - 2 Quart",
    description="A deep bowl with a rolled rim.\nFeatures a pouring lip and a flat base.\nStacks with other bowls.",
    category="Kitchen > Baking > Mixing Bowls",
    brand="Bakewell",
    color="Navy",
)
DRESS = Product(
    "d1",
    "素野集 亚麻宽松连衣裙 米白 夏季",
    description="面料为亚麻,透气干爽。宽松剪裁,腰间配同料系带。颜色为米白,适合夏季穿着。",
    category="服饰鞋包 > 女装 > 连衣裙",
    brand="素野集",
    color="米白",
    material="亚麻",
    attributes={"季节": "夏季"},
)
MILK = Product(
    "m1",
    "Fluid milk white only, 1 ga",
    category="GROCERY > FLUID MILK PRODUCTS > FLUID MILK WHITE ONLY",
    size="1 GA",
)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("product", [BOWL, DRESS, MILK], ids=lambda product: product.id)
def test_every_kind_has_its_parts_within_their_widths(product: Product, kind: Kind) -> None:
    drafts = Extractive().draft(Brief(product, kind), n=3, seed=1)
    assert drafts
    for draft in drafts:
        assert (draft.product, draft.kind, draft.writer) == (product.id, kind, "extractive")
        assert set(draft.parts) <= set(LAYOUTS[kind])
        for name, part in LAYOUTS[kind].items():
            lines = draft.parts.get(name, ())
            assert part.least <= len(lines) <= part.most
            assert all(0 < width(line) <= part.width for line in lines)
