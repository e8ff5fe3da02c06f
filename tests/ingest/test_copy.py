"""Products to write copy for, read from the public files as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from hawker.errors import BadInput, MissingData
from hawker.ingest.datasets import copy

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def test_a_page_keeps_what_it_says_and_loses_the_boilerplate(tmp_path: Path) -> None:
    (tmp_path / copy.AMAZON).write_text(
        "Uniq Id,Product Name,Category,Selling Price,Model Number,About Product,Image\n"
        'u1,"Boat, red",Toys & Games | Boats,$9.60,B-1,'
        '"Make sure this fits by entering your model number. | Floats. | Has sails &amp; oars.",a.jpg|b.jpg\n'
        'u2,Kite,,"$5.00 - $9.00",,,\n',
        "utf-8",
    )
    boat, kite = copy.amazon(tmp_path)
    assert boat.description == "Floats.\nHas sails & oars."
    assert (boat.category, boat.mpn, boat.price, boat.image) == (
        "Toys & Games > Boats",
        "B-1",
        9_600_000,
        "a.jpg",
    )
    assert (kite.description, kite.price) == ("", 0)


def test_an_attribute_set_is_a_product_named_by_its_noun(tmp_path: Path) -> None:
    (tmp_path / copy.ADVERTISE).write_text(
        '{"content": "类型#裙*风格#复古*风格#简约*裙长#连衣裙", "summary": "不读"}\n', "utf-8"
    )
    (found,) = copy.advertise(tmp_path)
    assert (found.title, found.category) == ("连衣裙", "服饰 > 裙")
    assert found.attributes == {"类型": "裙", "风格": "复古、简约", "裙长": "连衣裙"}
    assert "不读" not in str(found)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="adgen_535"):
        copy.advertise(tmp_path)
    (tmp_path / copy.AMAZON).write_text("Product Name\nx\n", "utf-8")
    with pytest.raises(BadInput, match="About Product"):
        copy.amazon(tmp_path)


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
def test_the_files_as_published() -> None:
    pages, sets = copy.amazon(DATA / "amazon_products"), copy.advertise(DATA / "adgen_zh")
    assert (len(pages), len(sets)) == (1_000, 535)
    assert sum(bool(page.description) for page in pages) > 900
    assert all(one.attributes for one in sets)
