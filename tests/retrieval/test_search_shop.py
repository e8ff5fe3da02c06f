"""A shop's search is made of what lies in its folder: rules, vectors and the table that embeds a query."""

from __future__ import annotations

from pathlib import Path

from tests.retrieval.test_search import PRODUCTS

from hawker import language
from hawker.language import space, static
from hawker.retrieval import search_shop
from hawker.storage import vectors
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products


def test_a_shops_vectors_and_table_serve_its_search(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    write_products(shop.table("catalogue"), PRODUCTS)
    assert search_shop.build(shop).meaning is None
    texts = [product.title for product in PRODUCTS]
    floor = language.encoder("tfidf", texts=texts)
    made = space.fit(floor.passages(texts), asked=floor.queries(texts), encoder="toy-1")
    about = vectors.About(made.name, "toy-1")
    matrix = made.project(floor.passages(texts))
    vectors.switch(shop, vectors.ProductVectors(tuple(one.id for one in PRODUCTS), matrix, made, about))
    assert search_shop.build(shop).meaning is None, "no table yet embeds a query"
    static.save(shop, static.distil(texts, made.asked(floor.queries(texts)), space=made.name))
    served = search_shop.build(Shop(shop.folder))
    assert served.meaning is not None
    assert served.find("trail running shoes").hits[0].product.id == "r1"
