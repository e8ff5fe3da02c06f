"""How alike texts are, and how much of a product they tell: what variants of copy are measured by."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from hawker.records.catalogue import Product

ORDER = 4
_TOKEN = re.compile(r"[a-z0-9]+(?:[.'-][a-z0-9]+)*|[^\w\s]")
_VALUES = re.compile(r"[、,，/]")


def self_bleu(texts: Sequence[str], *, language: str) -> float | None:
    """The mean BLEU-4 of each text against the others (Zhu and others, 2018); None of fewer than two.

    Words and marks are tokens, in Chinese characters. Counts of two and more tokens are smoothed by
    one (Lin and Och, 2004), which is the stricter way for short texts: no overlap still scores a little.

    >>> self_bleu(["a red boat with sails"] * 2, language="en")
    1.0
    """
    if len(texts) < 2:
        return None
    rows = [tokens(text, language=language) for text in texts]
    return math.fsum(_bleu(row, rows[:i] + rows[i + 1 :]) for i, row in enumerate(rows)) / len(rows)


def tokens(text: str, *, language: str) -> list[str]:
    """What BLEU counts: characters of Chinese, words and marks of what is written with spaces."""
    if language.startswith("zh"):
        return [char for char in text.casefold() if not char.isspace()]
    return _TOKEN.findall(text.casefold())


def nearest_pair(texts: Sequence[str]) -> float:
    """The edit similarity of the two texts that are most alike, 0 to 1; 0 of fewer than two.

    >>> nearest_pair(["boat", "coat", "kite"])
    0.75
    """
    folded = [text.casefold() for text in texts]
    pairs = ((one, other) for i, one in enumerate(folded) for other in folded[i + 1 :])
    return max((Levenshtein.normalized_similarity(one, other) for one, other in pairs), default=0.0)


def told(product: Product, text: str) -> tuple[int, int]:
    """How many of the values in a product's attributes a text names, and how many there are.

    Values that are joined ('复古、简约') count one by one.

    >>> told(Product("1", "coat", attributes={"style": "plain、warm"}), "A warm coat.")
    (1, 2)
    """
    said = text.casefold()
    values = [value for held in product.attributes.values() for value in _VALUES.split(held) if value]
    return sum(value.casefold() in said for value in values), len(values)


def _bleu(row: list[str], others: Sequence[list[str]]) -> float:
    if not row:
        return 0.0
    logs = 0.0
    for order in range(1, ORDER + 1):
        own = _grams(row, order)
        most: Counter[tuple[str, ...]] = Counter()
        for other in others:
            most |= _grams(other, order)
        hits, count = (own & most).total(), own.total()
        if order > 1:
            hits, count = hits + 1, count + 1
        if hits == 0:
            return 0.0
        logs += math.log(hits / count) / ORDER
    near = min((len(other) for other in others), key=lambda size: (abs(size - len(row)), size))
    return math.exp(logs + min(0.0, 1.0 - near / len(row)))


def _grams(row: list[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row[i : i + order]) for i in range(len(row) - order + 1))
