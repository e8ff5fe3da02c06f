"""What short texts are made of: words (Chinese ones found by rjieba), pairs of words, and pieces of words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Sequence

import numpy as np
import rjieba

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[{_HAN}]+|\d+(?:[.,]\d+)*|[^\W\d_{_HAN}]+")
_LONGEST = 200  # characters of a query that are read
_MOST = 24  # words of a query that are read
_PIECES = (3, 4)


def words(text: str) -> list[str]:
    """Lower-case words and numbers in their order.

    >>> words("Trail-running SHOES 42码女士跑鞋")
    ['trail', 'running', 'shoes', '42', '码', '女士', '跑鞋']
    """
    found: list[str] = []
    for part in _PART.findall(unicodedata.normalize("NFKC", text[:_LONGEST]).lower()):
        if han(part):
            found.extend(rjieba.cut(part))
        else:
            found.append(part)
    return found[:_MOST]


def pieces(word: str) -> list[str]:
    """What a word is made of: characters and their pairs in Chinese, else three and four letters in a row.

    >>> pieces("跑鞋"), pieces("cup")
    (['跑', '鞋', '跑鞋'], ['<cu', 'cup', 'up>', '<cup', 'cup>'])
    """
    if han(word):
        return [*word, *(word[i : i + 2] for i in range(len(word) - 1))]
    held = f"<{word}>"
    return [held[i : i + n] for n in _PIECES for i in range(len(held) - n + 1)]


def han(word: str) -> bool:
    """Whether a word begins with an ideograph or a kana.

    >>> han("茶"), han("tea")
    (True, False)
    """
    return "\u3040" <= word[0] <= "\u9fff" or "\uf900" <= word[0] <= "\ufaff"


def joined(parts: Sequence[str]) -> str:
    """Words as one text, without a blank between Chinese ones.

    >>> joined(["女士", "跑鞋"]), joined(["nike", "跑鞋"])
    ('女士跑鞋', 'nike 跑鞋')
    """
    out = ""
    for word in parts:
        out += word if not out or (han(out[-1]) and han(word)) else f" {word}"
    return out


def vocabulary(texts: Iterable[str], *, most: int, seed: int = 7) -> list[str]:
    """What people may ask of a shop with these texts, at most so many: the commonest words, then fragments.

    Fragments are one to four words of a text, in a row or with gaps; they have three places of ten, and
    those that the words leave.
    """
    cut = [words(text) for text in texts]
    held = Counter(word for each in cut for word in set(each))
    ranked = sorted(held, key=lambda word: (-held[word], word))
    found = dict.fromkeys(ranked[: most - 3 * most // 10])
    found.update(dict.fromkeys(_drawn(cut, most=most - len(found), seed=seed, without=found)))
    return list(found)


def fragments(texts: Iterable[str], *, most: int, seed: int = 7) -> list[str]:
    """Distinct fragments of texts, at most so many: one to four words, in a row or with gaps."""
    return _drawn([words(text) for text in texts], most=most, seed=seed, without=())


def _drawn(cut: list[list[str]], *, most: int, seed: int, without: Container[str]) -> list[str]:
    able = [each for each in cut if len(each) > 1]
    chance = np.random.default_rng(seed)
    found: dict[str, None] = {}
    for _ in range(4 * most if able else 0):
        if len(found) >= most:
            break
        drawn = _fragment(able[int(chance.integers(len(able)))], chance)
        if drawn not in without:
            found[drawn] = None
    return list(found)


def _fragment(cut: Sequence[str], chance: np.random.Generator) -> str:
    count = min(len(cut), int(chance.choice([1, 2, 2, 3, 3, 4])))
    if chance.random() < 0.5:
        start = int(chance.integers(len(cut) - count + 1))
        return joined(cut[start : start + count])
    return joined([cut[i] for i in np.sort(chance.permutation(len(cut))[:count])])
