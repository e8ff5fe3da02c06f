"""What is said of the products' vectors, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "vectors_made": (
        "{products:,} products as vectors: {texts:,} distinct texts, {embedded:,} of them new, by {encoder}",
        "{products:,} 件商品已转为向量：不同文本 {texts:,} 条（新增 {embedded:,} 条），编码器 {encoder}",
    ),
    "vectors_table": (
        "  queries never seen come within a cosine of {near:.2f} of what it would say",
        "  未见过的查询与编码器结果的余弦相似度约为 {near:.2f}",
    ),
}
