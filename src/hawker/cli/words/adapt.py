"""What `hawker adapt` says, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "adapted": (
        "Adapted {base} by {task}, from {rows:,} examples; judged on what came later.",
        "已用{task}调适 {base}，学习样本 {rows:,} 个，并以之后的数据评判。",
    ),
    "adapt_resumed": (" A training that was cut short was taken up.", "已从中断处继续训练。"),
    "adapt_interests": ("what shoppers met next", "顾客接下来遇到的商品"),
    "adapt_pairs": ("pairs of searches or histories with products", "搜索或历史与商品的配对"),
    "adapt_pretrain": ("masked words and next visits", "遮盖词与后续到访"),
    "adapt_category": ("categories", "商品类目"),
    "adapt_relevance": ("relevance of products to histories", "商品与历史的相关性"),
    "adapt_ndcg10": ("NDCG@10 of what came next", "后续商品 NDCG@10"),
    "adapt_ndcg10_serving": ("the same, beside what serves", "同一指标，与线上向量比较"),
    "adapt_ndcg10_of_few": ("NDCG@10 among 21 products", "21 件商品中的 NDCG@10"),
    "adapt_accuracy": ("categories told rightly", "类目判断正确率"),
    "adapt_likelihood": ("log-likelihood of masked text", "遮盖文本的对数似然"),
    "adapt_before": ("before", "调适前"),
    "adapt_after": ("after", "调适后"),
    "adapt_difference": ("difference, paired", "配对差值"),
    "adapt_serves": (
        "{version} serves now, and the products' vectors are its own; rankers trained with the old ones do "
        "without the match until they are trained again.",
        "{version} 已上线，商品向量已随之更新；用旧向量训练的排序模型在重新训练之前不使用匹配特征。",
    ),
    "adapt_stays": (
        "{version} is kept but does not serve: {reason}.",
        "{version} 已保存但未上线：{reason}。",
    ),
    "adapt_curves": ("Curves: tensorboard --logdir {folder}", "训练曲线：tensorboard --logdir {folder}"),
    "taught": (
        "{base} learned the shop's approved copy ({rows}); judged by drafts for products it never saw.",
        "{base} 已学习本店通过审核的文案（{rows}），并以从未见过的商品评判。",
    ),
    "taught_text": ("texts", "文本"),
    "taught_imitate": ("lines to imitate", "示范文案"),
    "taught_prefer": ("lines preferred to others", "偏好对"),
    "taught_passed": ("drafts that pass the gate as they are", "初稿直接通过审查"),
    "taught_unsupported": ("drafts with an unsupported claim", "含无依据说法的初稿"),
    "taught_prior": ("click prior of headlines that passed", "通过标题的点击先验"),
    "taught_writes": (
        "{version} writes from now on where a writer 'adapted' is asked for.",
        "{version} 已启用：使用撰写者“adapted”即可。",
    ),
}
