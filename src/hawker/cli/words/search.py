"""What `hawker search` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "indexing": ("Reading the catalogue", "正在读取商品目录"),
    "found_all": ("{total:,} of {products:,} products", "共 {total:,} 件，全店 {products:,} 件商品"),
    "found_relaxed": ("{total:,} products have some of the words", "{total:,} 件商品只符合部分词语"),
    "found_none": ("Nothing was found.", "没有找到商品。"),
    "did_you_mean": ("Did you mean: {text}", "您是不是要找：{text}"),
    "price_read": ("Read as a price: {bounds}", "按价格理解：{bounds}"),
    "product": ("Product", "商品"),
    "title": ("Title", "标题"),
    "met": ("Words met", "符合的词"),
    "kinds": ("Among them", "其中"),
}
